import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

import { dashboards } from "../../../dashboards";

/**
 * Grafana's classic (v1) dashboard schema, derived from the Foundation SDK's types, which are generated from Grafana's
 * own. It is closed: a key that the schema doesn't know is an error. Queries are the data source's own and left open.
 */
function classicDashboardValidator(): (model: unknown) => string[] {
  const sdk = join(require.resolve("@grafana/grafana-foundation-sdk/dashboard"), "..");
  const schema = createGenerator({
    path: join(sdk, "types.gen.d.ts"),
    type: "Dashboard",
    skipTypeCheck: true,
    additionalProperties: false,
  }).createSchema("Dashboard");
  const query = schema.definitions?.["cog.Dataquery"] ?? schema.definitions?.["Dataquery"];
  assert.ok(typeof query === "object", "the schema has a definition of queries");
  query.additionalProperties = true;
  delete query.required;
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  return (model) => {
    validate(model);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${instancePath}: ${message ?? ""} ${JSON.stringify(params)}`.trim(),
    );
  };
}

test("every dashboard is valid in Grafana's classic schema, and the schema can say no", () => {
  const errorsOf = classicDashboardValidator();
  for (const { title, json } of dashboards()) {
    assert.deepEqual(errorsOf(JSON.parse(json)), [], title);
  }
  const [first] = dashboards();
  assert.ok(first);
  const model = JSON.parse(first.json) as Record<string, unknown>;
  assert.notDeepEqual(errorsOf({ ...model, panls: [] }), [], "an unknown key");
  assert.notDeepEqual(errorsOf({ ...model, schemaVersion: "42" }), [], "a wrong type");
  assert.notDeepEqual(
    errorsOf({ ...model, panels: [{ type: "stat", gridPos: { x: 0 } }] }),
    [],
    "a broken panel",
  );
});
