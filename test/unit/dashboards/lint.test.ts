import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { dashboards } from "../../../dashboards";
import type { DashboardModel } from "../../../viewer/frames/dashboardModel";
import { lintRules } from "./lintRules";

/** A dashboard that keeps to every rule, free to be broken: any part may be written. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a broken dashboard has no type
type Broken = any;

function sound(): Broken {
  const usage = dashboards().find(({ uid }) => uid === "model-api-usage");
  assert.ok(usage);
  return JSON.parse(usage.json);
}

/** The first panel that asks for data. */
const panelOf = (model: Broken): Broken =>
  model.panels.find((panel: { targets?: unknown[] }) => (panel.targets ?? []).length > 0);
/** Its link. */
const linkOf = (model: Broken): Broken =>
  panelOf(model)
    .fieldConfig.overrides.flatMap(({ properties }: Broken) => properties)
    .find(({ id }: Broken) => id === "links").value[0];
const queryVariables = (model: Broken): Broken[] =>
  model.templating.list.filter(({ type }: { type: string }) => type === "query");

/** Ways to break each rule: what is done to the dashboard, and what the rule says of it. */
const breaches: Readonly<
  Record<string, readonly (readonly [breach: (model: Broken) => void, message: RegExp])[]>
> = {
  "each panel has a title, a description, a unit and a text for no data": [
    [(model) => (panelOf(model).title = ""), /has a title/],
    [(model) => (panelOf(model).description = "n"), /which question it answers/],
    [(model) => delete panelOf(model).fieldConfig.defaults.unit, /has a unit/],
    [(model) => delete panelOf(model).fieldConfig.defaults.noValue, /there is no data/],
    [(model) => (panelOf(model).fieldConfig.defaults.noValue = "0"), /no data is not zero/],
    [(model) => (panelOf(model).fieldConfig.defaults.noValue = "no data"), /says what is missing/],
    [(model) => (panelOf(model).fieldConfig.defaults.noValue = "none: docs/nothing.md"), /docs.nothing.md/],
  ],
  "titles and ids of panels are unique": [
    [(model) => (model.panels[2].title = model.panels[1].title), /deep/],
    [(model) => (model.panels[2].id = model.panels[1].id), /deep/],
  ],
  "the first row is the verdict": [
    [(model) => (model.panels[0].title = "Details"), /did not match/],
    [(model) => model.panels.shift(), /row/],
  ],
  "panels fill the grid's rows, and none overlaps another": [
    [(model) => (panelOf(model).gridPos.w = 25), /within 24 columns|overlaps/],
    [(model) => (panelOf(model).gridPos.x += 1), /overlaps/],
    [(model) => (panelOf(model).gridPos.h -= 1), /no holes/],
  ],
  "no data source is hard-coded": [
    [(model) => (panelOf(model).targets[0].datasource.uid = "influxdb"), /influxdb/],
    [(model) => (panelOf(model).datasource.uid = "influxdb"), /./],
    [(model) => (queryVariables(model)[0].datasource.uid = "influxdb"), /environment/],
    [(model) => (model.annotations.list[0].datasource.uid = "influxdb"), /./],
    [(model) => model.templating.list.shift(), /datasource/],
  ],
  "each variable is narrowed by all before it that it can be narrowed by": [
    [
      (model) => {
        const last = queryVariables(model).at(-1);
        last.query = last.query.replaceAll("${service:regex}", ".*");
      },
      /is narrowed by service/,
    ],
    [(model) => (queryVariables(model)[0].name = "where"), /environment/],
    [(model) => delete queryVariables(model)[1].description, /a label and a description/],
  ],
  "queries use the variables and the time range, and nothing that a dashboard does not have": [
    [(model) => (panelOf(model).targets[0].query += " ${nothing}"), /a variable "nothing"/],
    [
      (model) => {
        const [target] = panelOf(model).targets;
        target.query = target.query.replaceAll("$timeFilter", "time > 0");
      },
      /keeps to the time range/,
    ],
    [
      (model) => {
        const [target] = panelOf(model).targets;
        target.query = target.query.replaceAll("${environment:regex}", "prod");
      },
      /keeps to the environment/,
    ],
  ],
  "each figure leads to the detail behind it": [
    [(model) => (panelOf(model).fieldConfig.overrides = []), /leads nowhere/],
    [(model) => (linkOf(model).title = ""), /has a title/],
    [(model) => (linkOf(model).url = "/d/nowhere?${environment:queryparam}"), /leads to no dashboard/],
    [(model) => (linkOf(model).url = "/d/log-lines?var-service=x"), /keeps the environment/],
    [
      (model) => (linkOf(model).url = "/d/log-lines?${environment:queryparam}&var-route=x"),
      /gives route, which Logs does not have/,
    ],
    [
      (model) =>
        (linkOf(model).url = "/d/log-lines?${environment:queryparam}&var-text=${__data.fields.Nothing}"),
      /has no column Nothing/,
    ],
    [
      (model) =>
        (linkOf(model).url = "/d/log-lines?${environment:queryparam}&var-service=${__field.labels.service}"),
      /has a label service/,
    ],
  ],
  "a tile that can be green shows nothing where its samples are old": [
    [
      (model) => {
        const ratio = model.panels.find(({ title }: Broken) => title === "Error ratio");
        ratio.targets[0].query = ratio.targets[0].query.replaceAll("${__to}ms - ", "${__to}ms + ");
      },
      /"Error ratio" shows nothing old/,
    ],
    [
      (model) => {
        const requests = model.panels.find(({ title }: Broken) => title === "Requests");
        requests.fieldConfig.defaults.thresholds.steps[0].color = "green";
      },
      /"Requests" shows nothing old/,
    ],
  ],
  "thresholds are those of the alerts": [
    [
      (model) =>
        (panelOf(model).fieldConfig.defaults.thresholds = {
          mode: "absolute",
          steps: [
            { value: null, color: "green" },
            { value: 0.123, color: "red" },
          ],
        }),
      /0\.123 is no alert's limit/,
    ],
    [
      (model) =>
        panelOf(model).fieldConfig.overrides.push({
          matcher: { id: "byName", options: "x" },
          properties: [
            { id: "thresholds", value: { mode: "absolute", steps: [{ value: 17, color: "red" }] } },
          ],
        }),
      /17 is no alert's limit/,
    ],
  ],
  "a share is shown with a number of what it is a share of, in the same dashboard": [
    [
      (model) => {
        for (const panel of model.panels)
          for (const target of panel.targets ?? [])
            target.query = target.query.replace(/AS "(n|requests|count|lines|probes|firing)"/g, 'AS "x"');
      },
      /did not match/,
    ],
  ],
  "its links carry variables and time": [
    [(model) => (model.links[0].keepTime = false), /keepTime/],
    [(model) => (model.links[0].includeVars = false), /includeVars/],
    [(model) => (model.tags = []), /./],
  ],
  "it fits into a ConfigMap": [[(model) => (model.description = "x".repeat(1024 ** 2)), /./]],
};

test("each rule has a dashboard that breaks it, and no breach is left over", () => {
  assert.deepEqual(Object.keys(breaches).sort(), Object.keys(lintRules).sort());
});

for (const [name, check] of Object.entries(lintRules)) {
  describe(name, () => {
    test("lets a sound dashboard pass", () => check(sound() as DashboardModel));

    (breaches[name] ?? []).forEach(([breach, message], index) => {
      test(`refuses a broken one (${index + 1}: ${String(message)})`, () => {
        const model = sound();
        breach(model);
        assert.throws(
          () => check(model as DashboardModel),
          (error: Error) => error instanceof assert.AssertionError && message.test(error.message),
        );
      });
    });
  });
}
