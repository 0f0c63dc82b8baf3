import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Ajv, { type ValidateFunction } from "ajv";
import { createGenerator, type Schema } from "ts-json-schema-generator";

import type { PanelModel } from "../../../viewer/frames/dashboardModel";

const ajv = new Ajv({ allErrors: true, strict: false });

/** A closed JSON Schema of a TypeScript type: a key that the type doesn't know is an error. */
function closedSchema(path: string, type: string): Schema {
  return createGenerator({ path, type, skipTypeCheck: true, additionalProperties: false }).createSchema(type);
}

function errorsOf(validate: ValidateFunction, value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath}: ${message ?? ""} ${JSON.stringify(params)}`.trim(),
  );
}

/**
 * Grafana's classic (v1) dashboard schema, derived from the Foundation SDK's types, which are generated from Grafana's
 * own. Queries are the data source's own and left open; so are a panel's options, which {@link panelValidator} checks.
 */
export function dashboardValidator(): (model: unknown) => string[] {
  const sdk = join(require.resolve("@grafana/grafana-foundation-sdk/dashboard"), "..");
  const schema = closedSchema(join(sdk, "types.gen.d.ts"), "Dashboard");
  const query = schema.definitions?.["cog.Dataquery"] ?? schema.definitions?.["Dataquery"];
  assert.ok(typeof query === "object", "the schema has a definition of queries");
  query.additionalProperties = true;
  delete query.required;
  const validate = ajv.compile(schema);
  return (model) => errorsOf(validate, model);
}

/** The panel types that the dashboards use, and whether Grafana's schema has field settings of their own. */
const panelTypes = {
  barchart: true,
  stat: false,
  statetimeline: true,
  table: true,
  text: false,
  timeseries: true,
} as const;

/** Grafana's name of a panel type, without the dash that its folder does not have. */
const folderOf = (type: string): string => type.replace("-", "");

/**
 * Options and field configuration of each panel type, by the types of `@grafana/schema` 13. Field settings are partial
 * in a dashboard, and so is an override: one setting at a time.
 */
export function panelValidator(): (panel: PanelModel) => string[] {
  const root = join(require.resolve("@grafana/schema/package.json"), "..", "dist", "types");
  const folder = mkdtempSync(join(tmpdir(), "ds-monitoring-schema-"));
  const lines = Object.entries(panelTypes).flatMap(([type, hasOwn]) => {
    const own = hasOwn ? `Partial<${type}.FieldConfig>` : "Record<string, never>";
    return [
      `import type * as ${type} from ${JSON.stringify(join(root, "raw", "composable", type, "panelcfg", "x", "types.gen"))};`,
      `export interface Of${type} { options?: ${type}.Options; settings?: Omit<Partial<FieldConfig>, "custom"> & { custom?: ${own} } }`,
    ];
  });
  const file = join(folder, "panels.ts");
  writeFileSync(
    file,
    [`import type { FieldConfig } from ${JSON.stringify(join(root, "index"))};`, ...lines].join("\n"),
  );
  try {
    const validators = Object.fromEntries(
      Object.keys(panelTypes).map((type) => [type, ajv.compile(closedSchema(file, `Of${type}`))]),
    );
    return (panel) => {
      const validate = validators[folderOf(panel.type)];
      if (validate === undefined) return [`panel type "${panel.type}" has no schema here`];
      const { options = {}, fieldConfig } = panel;
      const check = (settings: unknown, where: string): string[] =>
        errorsOf(validate, { settings }).map((error) => `${where}${error}`);
      return [
        ...errorsOf(validate, { options }),
        ...check(fieldConfig?.defaults ?? {}, ""),
        ...(fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
          properties.flatMap(({ id, value }) =>
            check(
              id.startsWith("custom.")
                ? { custom: { [id.slice("custom.".length)]: value } }
                : { [id]: value },
              `override of ${JSON.stringify(matcher.options)}, ${id}: `,
            ),
          ),
        ),
      ];
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
