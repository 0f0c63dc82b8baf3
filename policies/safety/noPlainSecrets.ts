import { resourcePolicy } from "../core/define";
import { checkContainers } from "../core/pods";
import { entriesOf, get, listOf, type Value } from "../core/values";

const secretName =
  /(password|passwd|secret|token|api[_-]?key|shared[_-]?key|private[_-]?key|connection[_-]?string)$/i;

const keyPattern = "(?:[\\w.-]*[_.-])?(?:password|passwd|secret|token|api_?key|shared_?key|private_?key)";

/** `key = literal`, `key: literal`, `key "literal"` in a configuration. */
const assignment = new RegExp(
  `(?:^|[\\s"'{,])"?(${keyPattern})"?(?:\\s*[:=]\\s*|\\s+(?=["']))["']?([^\\s"',}]+)`,
  "gim",
);
/** `key = "literal"`, `key: "literal"` in a program, where a bare word is a variable. */
const quotedAssignment = new RegExp(
  `(?:^|[\\s"'{,])["']?(${keyPattern})["']?\\s*[:=]\\s*["']([^\\s"']+)`,
  "gim",
);
const programFile = /\.(c?js|mjs|ts|py|rb|sh)$/;
/** A reference (`${…}`, `#{…}`, `$X`, `/path`) is no literal. */
const reference = /^(\$|#\{|\/|<|null$|true$|false$|\{|\[|\|)/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export const noPlainSecrets = resourcePolicy({
  name: "no-plain-secrets",
  description:
    "Passwords, tokens and keys are in Secrets, never in environment literals, arguments or ConfigMaps.",
  validate: (resource) => {
    if (resource.type === "kubernetes:core/v1:ConfigMap") return configMapProblems(resource.properties);
    return checkContainers(resource, ({ name, value }) => [
      ...listOf(get(value, "env"))
        .filter((variable) => isLiteralSecret(variable))
        .map(
          (variable) =>
            `Container «${name}»: ${String(get(variable, "name"))} has a literal value: use valueFrom.secretKeyRef.`,
        ),
      ...[...listOf(get(value, "command")), ...listOf(get(value, "args"))]
        .filter((argument) => typeof argument === "string")
        .flatMap((argument) => plainSecrets(argument))
        .map((key) => `Container «${name}»: an argument sets ${key} in plain text: pass it as a Secret.`),
    ]);
  },
});

function isLiteralSecret(variable: Value): boolean {
  const name = get(variable, "name");
  const value = get(variable, "value");
  if (typeof name !== "string" || !secretName.test(name)) return false;
  // A literal is a literal, known or not. A reference to another variable, $(NAME), is none.
  return value !== undefined && value !== null && value !== "" && !/^\$\(\w+\)$/.test(String(value));
}

/** Data that is not known at preview is checked by the same policy before the update creates the ConfigMap. */
function configMapProblems(properties: Value): string[] {
  return entriesOf(get(properties, "data")).flatMap(([key, text]) => {
    if (typeof text !== "string") return [];
    const found =
      secretName.test(key) && !reference.test(text) && text !== "" ? [key] : plainSecrets(text, key);
    return found.map((name) => `ConfigMap key «${key}» holds ${name} in plain text: put it into a Secret.`);
  });
}

/**
 * Names of the secrets that a text holds as literals.
 *
 * @param file name of the file, by which programs are distinguished from configurations
 */
export function plainSecrets(text: string, file = ""): string[] {
  if (privateKey.test(text)) return ["a private key"];
  const pattern = programFile.test(file) ? quotedAssignment : assignment;
  const found = [...text.matchAll(pattern)]
    .filter(([, , value]) => value !== undefined && !reference.test(value))
    .map(([, key]) => key ?? "");
  return [...new Set(found)];
}
