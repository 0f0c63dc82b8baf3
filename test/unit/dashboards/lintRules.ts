import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { thresholds } from "../../../contract/thresholds";
import { dashboards, dashboardTag } from "../../../dashboards";
import { repositoryRoot } from "../../../local/paths";
import { maxDashboardBytes } from "../../../dashboards/definition";
import { dataPanels, type DashboardModel, type PanelModel } from "../../../viewer/frames/dashboardModel";

/** What each of our dashboards keeps to, by name. A rule throws an AssertionError that names what breaks it. */
export type LintRule = (model: DashboardModel) => void;

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

/** What links lead to. */
const targets = dashboards().map(({ json }) => JSON.parse(json) as DashboardModel);

function linksOf({ fieldConfig }: PanelModel): { title: string; url: string }[] {
  return (fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === "links")
    .flatMap(({ value }) => value as { title: string; url: string }[]);
}

export const lintRules: Readonly<Record<string, LintRule>> = {
  "each panel has a title, a description, a unit and a text for no data": (model) => {
    const panels = dataPanels(model);
    for (const panel of panels) {
      assert.ok(panel.title.trim().length > 2, `panel ${panel.id} has a title`);
      assert.ok((panel.description ?? "").length > 20, `"${panel.title}" says which question it answers`);
      if ((panel.targets ?? []).length === 0) continue;
      assert.ok(panel.fieldConfig?.defaults.unit, `"${panel.title}" has a unit`);
      assert.ok(panel.fieldConfig.defaults.noValue, `"${panel.title}" says that there is no data`);
      const { noValue } = panel.fieldConfig.defaults;
      assert.notEqual(noValue, "0", `"${panel.title}": no data is not zero`);
      assert.notEqual(noValue, "no data", `"${panel.title}" says what is missing`);
      const [page] = /docs\/[\w/]+\.md/.exec(noValue) ?? [];
      if (page !== undefined) assert.ok(existsSync(join(repositoryRoot, page)), `"${panel.title}": ${page}`);
    }
  },
  "titles and ids of panels are unique": (model) => {
    const panels = dataPanels(model);
    const titles = panels.map(({ title }) => title);
    assert.deepEqual([...new Set(titles)], titles);
    const ids = model.panels.map(({ id }) => id);
    assert.deepEqual(
      ids,
      [...ids.keys()].map((index) => index + 1),
    );
  },
  "the first row is the verdict": (model) => {
    assert.equal(model.panels[0]?.type, "row");
    assert.match(model.panels[0].title, /^Verdict: /);
  },
  "panels fill the grid's rows, and none overlaps another": (model) => {
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
  },
  "no data source is hard-coded": (model) => {
    const panels = dataPanels(model);
    for (const panel of panels) {
      for (const { datasource } of panel.targets ?? [])
        assert.equal(datasource?.uid, "${datasource}", panel.title);
      if ((panel.targets ?? []).length > 0) assert.equal(panel.datasource?.uid, "${datasource}", panel.title);
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
  },
  "each variable is narrowed by all before it that it can be narrowed by": (model) => {
    const chain = model.templating.list.filter(({ type }) => type === "query");
    assert.equal(chain[0]?.name, "environment");
    chain.forEach((variable, index) => {
      for (const before of chain.slice(0, index)) {
        // A hidden one is there for links.
        if (before.name === "champion" || before.hide === 2) continue;
        assert.ok(
          variable.query?.includes(`\${${before.name}:regex}`),
          `${variable.name} is narrowed by ${before.name}: ${variable.query ?? ""}`,
        );
      }
      assert.ok(variable.label && variable.description, `${variable.name} has a label and a description`);
    });
  },
  "queries use the variables and the time range, and nothing that a dashboard does not have": (model) => {
    const panels = dataPanels(model);
    const names = model.templating.list.map(({ name }) => name);
    const isTimeless = (model as { timepicker?: { hidden?: boolean } }).timepicker?.hidden === true;
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
        if (isTimeless) assert.doesNotMatch(query, /\$timeFilter/, `"${panel.title}" has no time range`);
        // Of one run, or of the newest few, all is shown: of any time.
        else
          assert.match(
            query,
            /\$timeFilter|now\(\) - |\$\{runId:regex\}|LIMIT \d+$/,
            `"${panel.title}" keeps to the time range`,
          );
        assert.match(query, /\$\{environment:regex\}/, `"${panel.title}" keeps to the environment`);
      }
    }
  },
  "each figure leads to the detail behind it": (model) => {
    for (const panel of dataPanels(model).filter(({ targets }) => (targets ?? []).length > 0)) {
      const links = linksOf(panel);
      // Raw lines are the detail.
      const isRaw = (panel.targets ?? []).every(({ query }) => / FROM "events"\."log[."]/.test(query));
      if (!(panel.type === "table" && isRaw)) assert.ok(links.length > 0, `"${panel.title}" leads nowhere`);
      for (const { title, url } of links) {
        assert.ok(title.trim() !== "", `"${panel.title}": a link has a title`);
        if (url.startsWith("/alerting/")) continue;
        const [, uid, query = ""] = /^\/d\/([^?]+)\?(.*)$/.exec(url) ?? [];
        const target = targets.find((one) => one.uid === uid);
        assert.ok(target, `"${panel.title}" leads to no dashboard: ${url}`);
        assert.ok(
          query.includes("${environment:queryparam}"),
          `"${panel.title}" keeps the environment: ${url}`,
        );
        const given = [...query.matchAll(/var-(\w+)=|\$\{(\w+):queryparam\}/g)];
        for (const name of given.map(([, one, carried]) => one ?? carried ?? "")) {
          assert.ok(
            target.templating.list.some((variable) => variable.name === name),
            `"${panel.title}" gives ${name}, which ${target.title} does not have`,
          );
        }
        for (const [, column = ""] of url.matchAll(/__data\.fields\.(\w+)/g)) {
          assert.ok(
            JSON.stringify(panel).includes(`:"${column}"`) ||
              JSON.stringify(panel).includes(`AS \\"${column}\\"`),
            `"${panel.title}" has no column ${column} for its link`,
          );
        }
        for (const [, label = ""] of url.matchAll(/__field\.labels\.(\w+)/g)) {
          for (const { query: text } of panel.targets ?? []) {
            const tags = text.slice(text.lastIndexOf("GROUP BY"));
            assert.ok(tags.includes(`"${label}"`), `"${panel.title}" has a label ${label}`);
          }
        }
      }
    }
  },
  "a tile that can be green shows nothing where its samples are old": (model) => {
    for (const { title, type, fieldConfig, targets = [] } of dataPanels(model)) {
      if (type !== "stat") continue;
      if (!JSON.stringify(fieldConfig?.defaults.thresholds ?? {}).includes('"green"')) continue;
      for (const { query } of targets)
        assert.match(query, /time >= (now\(\)|\$\{__to\}ms) - \d+[mh]\b/, `"${title}" shows nothing old`);
    }
  },
  "thresholds are those of the alerts": (model) => {
    const panels = dataPanels(model);
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
  },
  "a share is shown with a number of what it is a share of, in the same dashboard": (model) => {
    const panels = dataPanels(model);
    const queries = panels.flatMap(({ targets }) => (targets ?? []).map(({ query }) => query)).join("\n");
    assert.match(queries, /AS "(n|requests|count|lines|probes|firing)"/);
  },
  "its links carry variables and time": (model) => {
    const links = (model as unknown as { links: Record<string, unknown>[] }).links;
    assert.deepEqual(
      links.map(({ type, tags, includeVars, keepTime }) => ({ type, tags, includeVars, keepTime })),
      [{ type: "dashboards", tags: [dashboardTag], includeVars: true, keepTime: true }],
    );
    assert.ok(model.tags.includes(dashboardTag));
  },
  "it fits into a ConfigMap": (model) => {
    const json = JSON.stringify(model, null, 2);
    assert.ok(Buffer.byteLength(json) < maxDashboardBytes / 4);
  },
};
