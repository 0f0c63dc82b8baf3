import { resourcePolicy } from "../core/define";
import { checkContainers } from "../core/pods";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";
import { isLiteralSecret, isSecret, plainSecrets, secretArguments } from "./secretText";

export const noPlainSecrets = resourcePolicy({
  name: "no-plain-secrets",
  description:
    "Passwords, tokens and keys are in Secrets, never in environment literals, arguments or ConfigMaps.",
  validate: (resource) => {
    if (resource.type === "kubernetes:core/v1:ConfigMap") return configMapProblems(resource.properties);
    return checkContainers(resource, ({ name, value }) => [
      ...listOf(get(value, "env"))
        .filter((variable) => holdsSecret(variable))
        .map(
          (variable) =>
            `Container «${name}»: ${String(get(variable, "name"))} has a literal value: use valueFrom.secretKeyRef.`,
        ),
      ...secretArguments([...textsOf(get(value, "command")), ...textsOf(get(value, "args"))]).map(
        (key) => `Container «${name}»: an argument sets ${key} in plain text: pass it as a Secret.`,
      ),
    ]);
  },
});

function textsOf(list: Value): string[] {
  return listOf(list).filter((item) => typeof item === "string");
}

function holdsSecret(variable: Value): boolean {
  const name = get(variable, "name");
  const value = get(variable, "value");
  if (typeof name !== "string") return false;
  // A literal is a literal, known or not.
  if (value instanceof Unknown) return isSecret(name);
  if (typeof value !== "string") return false;
  return isLiteralSecret(name, value) || plainSecrets(value).length > 0;
}

/** Data that is not known at preview is checked by the same policy before the update creates the ConfigMap. */
function configMapProblems(properties: Value): string[] {
  return entriesOf(get(properties, "data")).flatMap(([key, text]) => {
    if (typeof text !== "string") return [];
    const found = isLiteralSecret(key, text) ? [key] : plainSecrets(text, key);
    return found.map((name) => `ConfigMap key «${key}» holds ${name} in plain text: put it into a Secret.`);
  });
}
