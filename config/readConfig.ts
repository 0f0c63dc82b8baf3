import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ErrorObject } from "ajv";
import { parse } from "yaml";
import { nearest } from "../contract/nearest";
import { entriesOf, type Schema } from "./kinds";
import { renamedKeys } from "./renamedKeys";
import generated from "./schema.json";
import type { StackConfig } from "./stackConfig";
import { validate } from "./validate";

const schema = generated as Schema;

/**
 * Reads and checks the config of the stack, before anything is created.
 *
 * @param directory folder of the stack's file
 * @throws Error that names the key, what is allowed and an example
 */
export function readConfig(
  { name: project }: pulumi.Config,
  directory = pulumi.getRootDirectory(),
): StackConfig {
  const prefix = `${project}:`;
  const given = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), parsed(text)]),
  );
  for (const key of Object.keys(given)) {
    const renamed = renamedKeys[key];
    if (renamed !== undefined) {
      throw new Error(`${prefix}${key} is now ${prefix}${renamed}: see docs/configuration.md`);
    }
  }
  if (!validate(given)) throw new Error(problemOf(prefix, validate.errors?.[0]));
  const read = { encryptedKeys: encryptedKeys(prefix), plainTexts: plainTexts(stackFile(directory), prefix) };
  return withSecrets(schema, given, "", read) as StackConfig;
}

/** A value as YAML wrote it: the engine hands over everything as text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function problemOf(prefix: string, error: ErrorObject | undefined): string {
  if (error === undefined) return `${prefix} is not valid`;
  const { keyword, data } = error;
  const schema = error.parentSchema as Schema;
  const { additionalProperty, missingProperty } = error.params as Record<string, string | undefined>;
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((before, part) => (/^\d+$/.test(part) ? `${before}[${part}]` : joined(before, part)), "");
  const at = (key: string) => prefix + joined(path, key);
  const keys = Object.keys(schema.properties ?? {});
  if (additionalProperty !== undefined) {
    const meant = meantBy(additionalProperty, schema);
    const hint = meant === undefined ? "" : ` (did you mean ${at(meant)}?)`;
    return `${at(additionalProperty)} is not known${hint}: the allowed keys are ${keys.join(", ")}`;
  }
  if (missingProperty !== undefined) {
    const missing = schema.properties?.[missingProperty] ?? {};
    return `${at(missingProperty)} is not set: ${fixOf(joined(path, missingProperty), missing)}`;
  }
  if (keyword === "maxProperties") {
    const fix = "a part is either deployed or exists already; remove one of the two";
    return `${keys.map(at).join(" and ")} exclude each other: ${fix}`;
  }
  const shown = schema.secret === true ? `a ${typeof data}` : JSON.stringify(data);
  return `${prefix}${path} is ${shown}: ${fixOf(path, schema)}`;
}

function fixOf(path: string, { allowed, example, secret }: Schema): string {
  if (secret === true) return `it must be a secret: run \`pulumi config set --secret --path ${path}\``;
  const key = path.endsWith("]") ? "" : `${path.split(".").at(-1)}: `;
  return `it must be ${allowed}, e.g. in Pulumi.<stack>.yaml \`${key}${example}\``;
}

/** The key that was probably meant: a similar one of the mapping, or the same one a level deeper. */
function meantBy(key: string, { properties = {} }: Schema): string | undefined {
  const deeper = Object.keys(properties).find((name) => properties[name]?.properties?.[key] !== undefined);
  return nearest(key, Object.keys(properties)) ?? (deeper && joined(deeper, key));
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** What is known of how the secrets are written in the stack's file. */
interface ReadSecrets {
  /** Keys in which the engine decrypted something. */
  encryptedKeys: ReadonlySet<string>;
  /** Texts of the file by their paths. */
  plainTexts: ReadonlyMap<string, string>;
}

/** The value with its secrets as outputs, so that the engine encrypts them in the state; all else stays plain. */
function withSecrets(schema: Schema, value: unknown, path: string, read: ReadSecrets): unknown {
  if (schema.secret === true) {
    requireEncrypted(path, String(value), read);
    return pulumi.secret(String(value));
  }
  if (Array.isArray(schema.type)) return String(value);
  if (Array.isArray(value)) {
    return value.map((entry, index) => withSecrets(schema.items ?? {}, entry, `${path}[${index}]`, read));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const inner = schema.properties?.[key] ?? entriesOf(schema) ?? {};
      return [key, withSecrets(inner, entry, joined(path, key), read)];
    }),
  );
}

/** @throws Error with the fix, where another secret of the same key is encrypted: this one was forgotten */
function requireEncrypted(path: string, value: string, { encryptedKeys, plainTexts }: ReadSecrets): void {
  const key = path.split(".")[0] ?? "";
  const fix = `encrypt it with \`pulumi config set --secret --path ${path}\``;
  if (!encryptedKeys.has(key)) {
    void pulumi.log.warn(`${path} is in plain text in the stack's config: ${fix}`);
  } else if (plainTexts.get(path) === value) {
    throw new Error(`${path} is in plain text in the stack's config, beside encrypted secrets: ${fix}`);
  }
}

/** The keys of the config in which the engine decrypted something; of the values in them it does not say which. */
function encryptedKeys(prefix: string): Set<string> {
  const keys = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[];
  return new Set(keys.map((key) => key.slice(prefix.length)));
}

/** The stack's file, where Pulumi has it by default; another one (`--config-file`) is not looked at. */
function stackFile(directory: string): unknown {
  const file = join(directory, `Pulumi.${pulumi.getStack()}.yaml`);
  return existsSync(file) ? (parse(readFileSync(file, "utf8")) as unknown) : undefined;
}

function plainTexts(file: unknown, prefix: string): Map<string, string> {
  const texts = new Map<string, string>();
  const { config = {} } = (file ?? {}) as { config?: Record<string, unknown> };
  const collect = (path: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) texts.set(path, String(value));
    else for (const [key, inner] of Object.entries(value)) collect(joined(path, key), inner);
  };
  for (const [key, value] of Object.entries(config)) collect(key.slice(prefix.length), value);
  return texts;
}
