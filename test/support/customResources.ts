import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import Ajv, { type ErrorObject } from "ajv";
import { parse } from "yaml";
import { run } from "../../local/processes";

/** A CustomResourceDefinition, in the Go module that publishes it. */
export interface PublishedDefinition {
  /** Module and its version, e.g. `sigs.k8s.io/gateway-api@v1.4.1`. */
  module: string;
  /** Checksum of the module, as a go.sum has it. */
  sum: string;
  /** Path of the definition's file in the module. */
  file: string;
}

/** Why there is no definition: no Go, or no way to the module. */
export class DefinitionUnavailableError extends Error {}

interface Definition {
  spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
}

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/**
 * A check of custom resources against the schema of their definition; unlike the API server, which drops fields that it
 * does not know, it refuses them.
 *
 * @returns finds what is wrong with an object, nothing for a right one
 * @throws DefinitionUnavailableError
 */
export async function checkerOf(
  { module, sum, file }: PublishedDefinition,
  version: string,
): Promise<(object: object) => string[]> {
  const download = await run("go", ["mod", "download", "-json", module], { cwd: tmpdir() }).catch(
    (error: unknown) => {
      throw new DefinitionUnavailableError(`go does not run: ${String(error)}`);
    },
  );
  if (download.code !== 0) throw new DefinitionUnavailableError(`no ${module}: ${download.stdout}`);
  const { Dir, Sum } = JSON.parse(download.stdout) as { Dir: string; Sum: string };
  if (Sum !== sum) throw new Error(`${module} has the checksum ${Sum}, not ${sum}`);
  const definition = parse(await readFile(join(Dir, file), "utf8")) as Definition;
  const found = definition.spec.versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`${file} has no version ${version}`);
  const { properties = {}, ...rest } = closed(found.schema.openAPIV3Schema);
  const schema = { ...rest, properties: { ...properties, metadata: { type: "object" } } };
  const validate = new Ajv({ strict: false, allErrors: true, logger: false, unicodeRegExp: false }).compile(
    schema,
  );
  return (object) => (validate(object) ? [] : (validate.errors ?? []).map(messageOf));
}

function messageOf({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message}: ${JSON.stringify(params)}`;
}

/** The schema without room for unknown fields. */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const open = additionalProperties ?? rest["x-kubernetes-preserve-unknown-fields"];
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(typeof open === "object" ? { additionalProperties: closed(open) } : {}),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, closed(inner)])),
      ...(open === undefined && { additionalProperties: false }),
    }),
  };
}
