import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { alertRules } from "../../../components/alerts/rules";
import { thresholds } from "../../../components/alerts/thresholds";
import {
  checkDashboardDefinitions,
  DASHBOARD_TAG,
  dashboards,
  MAX_DASHBOARD_BYTES,
} from "../../../dashboards";
import type { DashboardDefinition } from "../../../dashboards";
import { dataPanels } from "../../../local/dashboardPreview/dashboardModel";
import type { DashboardModel, PanelModel } from "../../../local/dashboardPreview/dashboardModel";

const definitions = dashboards();
const models = definitions.map(({ json }) => JSON.parse(json) as DashboardModel);

/** Everything in a model that is a string, with its path. */
function strings(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => strings(inner, `${path}.${key}`));
}

/** Values of threshold steps but the first, which has none. */
function stepsOf(panel: PanelModel): number[] {
  const overrides = (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.filter(({ id }) => id === "thresholds").map(({ value }) => value),
  );
  const configs = [panel.fieldConfig?.defaults.thresholds, ...overrides] as (
    { steps: { value: number | null }[] } | undefined
  )[];
  return configs.flatMap((config) =>
    (config?.steps ?? []).flatMap(({ value }) => (value === null ? [] : [value])),
  );
}

test("uids are stable: alert mails and bookmarks hold them", () => {
  assert.deepEqual(
    definitions.map(({ uid, title }) => [uid, title]),
    [
      ["monitoring-home", "Home"],
      ["model-approval", "Model approval"],
      ["model-api-usage", "Model API usage"],
      ["resources-and-cost", "Resources and cost"],
      ["platform-health", "Platform health"],
    ],
  );
});

test("every alert rule links to a dashboard and to variables that are there", () => {
  for (const rule of alertRules()) {
    const model = models.find(({ uid }) => uid === rule.dashboardUid);
    assert.ok(model, `${rule.name}: there is a dashboard "${rule.dashboardUid}"`);
    const variables = model.templating.list.map(({ name }) => name);
    for (const name of Object.keys(rule.dashboardVariables)) {
      assert.ok(variables.includes(name), `${rule.name}: ${model.title} has a variable "${name}"`);
    }
  }
});

for (const model of models) {
  describe(`lint of ${model.title}`, () => {
    const panels = dataPanels(model);

    test("each panel has a title, a description, a unit and a text for no data", () => {
      for (const panel of panels) {
        assert.ok(panel.title.trim().length > 2, `panel ${panel.id} has a title`);
        assert.ok((panel.description ?? "").length > 20, `"${panel.title}" says which question it answers`);
        if ((panel.targets ?? []).length === 0) continue;
        assert.ok(panel.fieldConfig?.defaults.unit, `"${panel.title}" has a unit`);
        assert.ok(panel.fieldConfig.defaults.noValue, `"${panel.title}" says that there is no data`);
        assert.notEqual(panel.fieldConfig.defaults.noValue, "0", `"${panel.title}": no data is not zero`);
      }
    });

    test("titles and ids of panels are unique", () => {
      const titles = panels.map(({ title }) => title);
      assert.deepEqual([...new Set(titles)], titles);
      const ids = model.panels.map(({ id }) => id);
      assert.deepEqual(
        ids,
        [...ids.keys()].map((index) => index + 1),
      );
    });

    test("the first row is the verdict", () => {
      assert.equal(model.panels[0]?.type, "row");
      assert.match(model.panels[0].title, /^Verdict: /);
    });

    test("panels fill the grid's rows, and none overlaps another", () => {
      const taken = new Set<string>();
      for (const { title, gridPos } of model.panels) {
        assert.ok(gridPos.x + gridPos.w <= 24, `"${title}" ends within 24 columns`);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            assert.ok(!taken.has(`${x},${y}`), `"${title}" overlaps at column ${x}, line ${y}`);
            taken.add(`${x},${y}`);
          }
        }
      }
      const height = Math.max(...model.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
      assert.equal(taken.size, 24 * height, "no holes in the grid");
    });

    test("no data source is hard-coded", () => {
      for (const panel of panels) {
        for (const { datasource } of panel.targets ?? [])
          assert.equal(datasource?.uid, "${datasource}", panel.title);
        if ((panel.targets ?? []).length > 0)
          assert.equal(panel.datasource?.uid, "${datasource}", panel.title);
      }
      for (const variable of model.templating.list.filter(({ type }) => type === "query")) {
        assert.equal(variable.datasource?.uid, "${datasource}", variable.name);
      }
      for (const { datasource, name } of model.annotations.list ?? []) {
        assert.equal(datasource?.uid, "${datasource}", name);
      }
      assert.deepEqual(
        [model.templating.list[0]?.name, model.templating.list[0]?.type],
        ["datasource", "datasource"],
      );
    });

    test("each variable is narrowed by all before it that it can be narrowed by", () => {
      const chain = model.templating.list.filter(({ type }) => type === "query");
      assert.equal(chain[0]?.name, "environment");
      chain.forEach((variable, index) => {
        for (const before of chain.slice(0, index)) {
          if (before.name === "champion") continue;
          assert.ok(
            variable.query?.includes(`\${${before.name}:regex}`),
            `${variable.name} is narrowed by ${before.name}: ${variable.query ?? ""}`,
          );
        }
        assert.ok(variable.label && variable.description, `${variable.name} has a label and a description`);
      });
    });

    test("queries use the variables and the time range, and nothing that a dashboard does not have", () => {
      const names = model.templating.list.map(({ name }) => name);
      for (const [path, text] of strings(model)) {
        for (const match of text.matchAll(/\$\{(\w+)(?::\w+)?\}/g)) {
          const name = match[1] ?? "";
          assert.ok(
            names.includes(name) || name.startsWith("__"),
            `${path} uses a variable "${name}" of its own`,
          );
        }
      }
      for (const panel of panels) {
        for (const { query } of panel.targets ?? []) {
          assert.match(query, /\$timeFilter/, `"${panel.title}" keeps to the time range`);
          assert.match(query, /\$\{environment:regex\}/, `"${panel.title}" keeps to the environment`);
        }
      }
    });

    test("thresholds are those of the alerts", () => {
      const { sizing, ...limits } = thresholds;
      const known = [...Object.values(limits), ...Object.values(sizing)];
      for (const panel of panels) {
        for (const step of stepsOf(panel)) {
          // Counts of things that should not happen: from the first on.
          assert.ok(
            known.includes(step as never) || step === 1 || step === 2,
            `"${panel.title}": ${step} is no alert's limit`,
          );
        }
      }
    });

    test("a share is shown with a number of what it is a share of, in the same dashboard", () => {
      const queries = panels.flatMap(({ targets }) => (targets ?? []).map(({ query }) => query)).join("\n");
      assert.match(queries, /AS "(n|requests|count|lines|probes|firing)"/);
    });

    test("its links carry variables and time", () => {
      const links = (model as unknown as { links: Record<string, unknown>[] }).links;
      assert.deepEqual(
        links.map(({ type, tags, includeVars, keepTime }) => ({ type, tags, includeVars, keepTime })),
        [{ type: "dashboards", tags: [DASHBOARD_TAG], includeVars: true, keepTime: true }],
      );
      assert.ok(model.tags.includes(DASHBOARD_TAG));
    });

    test("it fits into a ConfigMap", () => {
      const { json } = definitions.find(({ uid }) => uid === model.uid) as DashboardDefinition;
      assert.ok(Buffer.byteLength(json) < MAX_DASHBOARD_BYTES / 4);
    });
  });
}

describe("options", () => {
  test("prices change the cost, and the unit is the currency", () => {
    const costs = dashboards({ prices: { currency: "eur", vcpuHour: 0.5, gibHour: 0.125 } }).find(
      ({ uid }) => uid === "resources-and-cost",
    );
    assert.ok(costs);
    assert.match(costs.json, /"currencyEUR"/);
    assert.match(costs.json, /sum\(\\"cores\\"\) \* 0\.5/);
  });

  test("a price that is no amount is refused by its name", () => {
    assert.throws(
      () => dashboards({ prices: { currency: "usd", vcpuHour: NaN, gibHour: 0 } }),
      /prices\.vcpuHour is NaN/,
    );
  });

  test("data source and folder are taken over", () => {
    const [first] = dashboards({ dataSourceUid: "other", folder: "Mine", alertmanagerName: "AM" });
    assert.equal(first?.folder, "Mine");
    assert.match(first.json, /"value": "other"/);
    assert.match(first.json, /"alertmanager": "AM"/);
  });
});

describe("checkDashboardDefinitions", () => {
  const own = (changes: Partial<DashboardDefinition>): DashboardDefinition => ({
    uid: "mine",
    title: "Mine",
    folder: "Apps",
    json: '{"uid":"mine"}',
    ...changes,
  });

  test("takes an app's own dashboard beside ours", () => {
    checkDashboardDefinitions([...definitions, own({})]);
  });

  for (const [what, list, message] of [
    ["a repeated uid", [own({}), own({})], /used twice/],
    ["a uid that no URL holds", [own({ uid: "a b" })], /1 to 40 letters/],
    ["text that is not JSON", [own({ json: "{" })], /not JSON/],
    ["another uid in the JSON", [own({ json: '{"uid":"other"}' })], /another one/],
    [
      "one that no ConfigMap holds",
      [own({ json: JSON.stringify({ uid: "mine", x: "x".repeat(1024 ** 2) }) })],
      /split it/,
    ],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => checkDashboardDefinitions(list), message);
    });
  }
});
