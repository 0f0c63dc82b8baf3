import assert from "node:assert/strict";
import { test } from "node:test";

import { dashboards } from "../../../dashboards";
import type { DashboardModel } from "../../../viewer/frames/dashboardModel";
import { dashboardValidator, panelValidator } from "./grafanaSchemas";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a broken panel has no type
type Broken = any;

const models = dashboards().map(({ json }) => JSON.parse(json) as DashboardModel);

test("every dashboard is valid in Grafana's classic schema, and the schema can say no", () => {
  const errorsOf = dashboardValidator();
  for (const model of models) assert.deepEqual(errorsOf(model), [], model.title);
  const [model] = models;
  assert.ok(model);
  assert.notDeepEqual(errorsOf({ ...model, panls: [] }), [], "an unknown key");
  assert.notDeepEqual(errorsOf({ ...model, schemaVersion: "42" }), [], "a wrong type");
  assert.notDeepEqual(
    errorsOf({ ...model, panels: [{ type: "stat", gridPos: { x: 0 } }] }),
    [],
    "a broken panel",
  );
});

test("options and field settings of every panel are those of its type in Grafana 13", () => {
  const errorsOf = panelValidator();
  const errors = models.flatMap(({ title, panels }) =>
    panels
      .filter(({ type }) => type !== "row")
      .flatMap((panel) => errorsOf(panel).map((error) => `${title}, ${panel.title}: ${error}`)),
  );
  assert.deepEqual(errors, []);

  const breaches: readonly (readonly [type: string, breach: (panel: Broken) => void, error: RegExp])[] = [
    ["stat", (panel) => (panel.options.reduceOption = {}), /additionalProperty":"reduceOption"/],
    ["stat", (panel) => (panel.options.colorMode = "rainbow"), /colorMode: must be equal to one of/],
    ["stat", (panel) => (panel.fieldConfig.defaults.custom = { fillOpacity: 1 }), /custom\/fillOpacity/],
    ["table", (panel) => (panel.options.footer = { show: false }), /additionalProperty":"footer"/],
    ["table", (panel) => (panel.fieldConfig.defaults.custom.minWidth = "60"), /minWidth: must be number/],
    ["barchart", (panel) => delete panel.options.tooltip, /missingProperty":"tooltip"/],
    ["timeseries", (panel) => (panel.fieldConfig.defaults.custom.drawStyle = "lines"), /drawStyle/],
    [
      "timeseries",
      (panel) =>
        panel.fieldConfig.overrides.push({
          matcher: { id: "byName", options: "p50" },
          properties: [{ id: "custom.lineWith", value: 2 }],
        }),
      /override of "p50", custom.lineWith: .*additionalProperty":"lineWith"/,
    ],
    ["text", (panel) => (panel.options.mode = "rst"), /mode: must be equal to one of/],
    ["table", (panel) => (panel.type = "alertGroups"), /"alertGroups" has no schema here/],
  ];
  for (const [type, breach, error] of breaches) {
    const panel = structuredClone(models.flatMap(({ panels }) => panels).find((one) => one.type === type));
    assert.ok(panel, type);
    breach(panel);
    assert.match(errorsOf(panel).join("\n"), error);
  }
});
