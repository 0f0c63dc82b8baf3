import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { formattedValueToString } from "@grafana/data";

import { dashboards } from "../../dashboards";
import { influxClient, type RunQuery } from "../../local/services/influxQuery";
import { resolveTool } from "../../local/tools/resolve";
import type { DashboardModel, PanelModel } from "../../viewer/frames/dashboardModel";
import {
  queryDashboard,
  type DashboardData,
  type QueryDashboardOptions,
} from "../../viewer/frames/queryDashboard";
import { themes } from "../../viewer/frames/panelFrames";
import { shownPanel } from "../../viewer/frames/shownFields";
import {
  fillWithSampleData,
  startTemporaryInfluxDb,
  type TemporaryInfluxDb,
} from "../../viewer/sample/sampleInfluxDb";
import { sampleAlerts, sampleNow, sampleRequests } from "../../viewer/sample/sampleData";
import { lintRules } from "../unit/dashboards/lintRules";
import { blocks } from "../unit/docs/blocks";
import { runBlock } from "../unit/docs/runBlock";
import { deploy } from "../unit/support/deploy";
import { asked } from "./dashboardFigures";
import { dashboardFaults, linkFaults, seriesColours } from "./support/shownFaults";
import { shownNames } from "./support/shownNames";

/** The panels of 0.1.0 in which a person saw a fault. */
const before010 = JSON.parse(
  readFileSync(join(__dirname, "fixtures", "dashboards-0.1.0.json"), "utf8"),
) as DashboardModel[];
const models = dashboards().map(({ json }) => JSON.parse(json) as DashboardModel);

function modelOf(list: readonly DashboardModel[], uid: string): DashboardModel {
  const model = list.find((one) => one.uid === uid);
  assert.ok(model, uid);
  return model;
}

describe("what Grafana's own code shows of the sample data", () => {
  let influxDb: TemporaryInfluxDb;
  let run: RunQuery;

  const shown = new Map<string, DashboardData>();

  before(async () => {
    influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
    await fillWithSampleData(influxDb);
    run = influxClient(influxDb.grafana);
    for (const model of models) shown.set(model.uid, await ask(model));
  });
  after(async () => {
    await influxDb.stop();
  });

  const ask = (model: DashboardModel, options: Partial<QueryDashboardOptions> = {}): Promise<DashboardData> =>
    queryDashboard(model, { run, ...asked(model), ...options });
  const dataOf = ({ uid }: DashboardModel): DashboardData => {
    const data = shown.get(uid);
    assert.ok(data, uid);
    return data;
  };
  const withoutAnnotations = (model: DashboardModel): DashboardModel => ({ ...model, annotations: {} });

  /** Texts of a panel's tiles. */
  async function tiles(
    model: DashboardModel,
    title: string,
    options: Partial<QueryDashboardOptions>,
  ): Promise<string[]> {
    const data = await ask(withoutAnnotations(model), options);
    const panel = data.panels.find((one) => one.panel.title === title);
    assert.ok(panel, title);
    return shownPanel(panel).tiles.map(({ display }) => formattedValueToString(display));
  }

  for (const model of models) {
    test(`${model.title}: names, units, texts, colours and widths of every panel`, () => {
      assert.deepEqual(dashboardFaults(dataOf(model)), []);
    });
  }

  test("links carry what the other dashboard understands, and nothing is hidden", () => {
    assert.deepEqual(linkFaults(models), []);
  });

  test("the names in docs/dashboards.md are those of today: UPDATE_DOCS=1 writes them", () => {
    const lists = models.map((model) => shownNames(dataOf(model)));
    const page = join(__dirname, "..", "..", "docs", "dashboards.md");
    const text = readFileSync(page, "utf8");
    const [before, after] = text.split(/<!-- names: generated -->[\s\S]*<!-- \/names -->/);
    const current = `${before ?? ""}<!-- names: generated -->\n\n${lists.join("\n\n")}\n\n<!-- /names -->${after ?? ""}`;
    if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(page, current);
    else assert.equal(text, current);
  });

  test("a class, a service, a version has one colour on all dashboards; by its place, as in 0.1.0, it has several", () => {
    const colours = seriesColours([...shown.values()]);
    const onSeveral = [...colours].filter(([, { panels }]) => panels > 1).map(([name]) => name);
    for (const name of ["Gentoo", "penguins-api", "body_mass_g", "Requests"])
      assert.ok(onSeveral.includes(name), `${name} is in several panels`);
    const several = (of: typeof colours): string[] =>
      [...of].filter(([, one]) => one.colours.size > 1).map(([name]) => name);
    assert.deepEqual(several(colours), []);
    const byPlace = [...shown.values()].map((data) => ({
      ...data,
      panels: data.panels.map((one) => ({
        ...one,
        panel: JSON.parse(
          JSON.stringify(one.panel).replaceAll("palette-classic-by-name", "palette-classic"),
        ) as PanelModel,
      })),
    }));
    assert.ok(several(seriesColours(byPlace)).length > 3, "in the order of the panels");
  });

  test("the example of a dashboard of your own in docs/dashboards.md is shown without a fault", async () => {
    const block = blocks.find(
      ({ where, text }) => where.startsWith("docs/dashboards.md") && text.includes("buildDashboard("),
    );
    assert.ok(block);
    const { resources } = await deploy(() => runBlock(block.text, tmpdir()));
    const texts = resources
      .filter(({ type }) => type === "kubernetes:core/v1:ConfigMap")
      .flatMap(({ inputs }) => Object.entries((inputs["data"] ?? {}) as Record<string, string>))
      .filter(([file]) => file === "churn-usage.json");
    const model = JSON.parse(texts[0]?.[1] ?? "") as DashboardModel;
    for (const check of Object.values(lintRules)) check(model);
    const data = await ask(model);
    assert.deepEqual(dashboardFaults(data), []);
    assert.deepEqual(linkFaults([...models, model]), []);
    const requests = sampleRequests().filter(
      ({ service, timeMs }) => service === "churn-api" && timeMs >= sampleNow - 86_400_000,
    );
    const ofChurn = { choose: { service: ["churn-api"] } };
    assert.deepEqual(await tiles(model, "Requests", ofChurn), [String(requests.length)]);
  });

  test("the faults of 0.1.0 are found in its dashboards", async () => {
    const found: string[] = [];
    for (const model of before010) found.push(...dashboardFaults(await ask(withoutAnnotations(model))));
    for (const fault of [
      'What fires now: Grafana has no panel "alertGroups"',
      'F1 by class and version: the name "f1" repeats',
      'Drift (PSI) by feature and version: the name "psi" repeats',
      'Outliers removed, by feature and version: the name "removed_ratio" repeats',
      'Outliers removed, by feature and version: the text "1" of "model_version" is shown as "100.0%"',
      'Class balance of the candidate: the name "share" repeats',
      'Confusion by share: the name "count" repeats',
      'Confusion of the candidate: the name "count" repeats',
      'Last line by service: "Service" shows NaN',
      "Unique users, last hour: its own time range ends when somebody zooms",
      "Confusion of the candidate: its columns need 750 of 384 pixels",
      "Sizing: 95th percentile over 7 days by request: its columns need 1050 of 917 pixels",
      "Scores by version: two series are #FA6400",
      "Memory peak by step: bars over time cover each other",
      "Unique users and requests by week: bars over time cover each other",
      'Ready pods of model APIs: "Desired" counts 2.00',
      'Training runs: an empty cell of "Error" says "no data"',
    ]) {
      assert.ok(found.includes(fault), `${fault}\nfound:\n${found.join("\n")}`);
    }
    assert.deepEqual(
      linkFaults(before010).filter((fault) => /gives|without|menu/.test(fault)).length > 4,
      true,
    );
    const links = linkFaults(before010).join("\n");
    assert.match(links, /Model API usage gives "All" as model to Model approval/);
    assert.match(links, /Home: "Last decisions" links to .* without the environment/);
    assert.match(links, /Home: links and annotations are hidden in a menu/);
  });

  test("a tile without data is not green", async () => {
    const green = themes.dark.visualization.getColorByName("green");
    let tilesWithoutData = 0;
    for (const model of models) {
      const { panels } = await ask(withoutAnnotations(model), { choose: { environment: ["none"] } });
      for (const data of panels.filter(({ panel }) => panel.type === "stat")) {
        for (const { display } of shownPanel(data).tiles) {
          assert.equal(display.text, data.panel.fieldConfig?.defaults.noValue, data.panel.title);
          assert.notEqual(display.color, green, data.panel.title);
          tilesWithoutData += 1;
        }
      }
    }
    assert.ok(tilesWithoutData > 20, `${tilesWithoutData} tiles`);
  });

  test("a decision is there whatever the time range; in 0.1.0 it was not", async () => {
    const lastHours = { from: "now-6h" };
    assert.deepEqual(await tiles(modelOf(models, "model-approval"), "Decision", lastHours), ["reject"]);
    assert.deepEqual(await tiles(modelOf(before010, "model-approval"), "Decision", lastHours), ["none yet"]);
  });

  test("a span that the title names is that span after zooming too; in 0.1.0 it was not", async () => {
    const [from, to] = [24 * 60, 1430].map((minutes) => new Date(sampleNow - minutes * 60_000).toISOString());
    const zoomed = { from, to };
    const title = "Unique users, last hour";
    const usage = modelOf(models, "model-api-usage");
    assert.deepEqual(await tiles(usage, title, zoomed), await tiles(usage, title, {}));
    const usage010 = modelOf(before010, "model-api-usage");
    assert.notDeepEqual(await tiles(usage010, title, zoomed), await tiles(usage, title, {}));
  });

  test("deployments, trainings and alerts are marked on every dashboard with charts over time; in 0.1.0 Grafana broke", async () => {
    const withCharts = models.filter(({ panels }) => panels.some(({ type }) => type === "timeseries"));
    assert.ok(withCharts.length >= 3);
    for (const model of withCharts) {
      const { annotations } = await ask(model, { from: "now-24h" });
      assert.deepEqual(
        annotations.map(({ marks }) => marks.map(({ text, tags }) => [text, ...tags])),
        [
          [
            ["1", "churn-api"],
            ["2", "penguins-api"],
            ["3", "penguins-api"],
          ],
          [["penguins-training", "error"]],
          sampleAlerts
            .filter(({ alertname }) => alertname !== "Watchdog")
            .map(({ alertname, summary }) => [summary, alertname])
            .sort((one, other) => ((one[1] ?? "") < (other[1] ?? "") ? -1 : 1)),
        ],
        model.title,
      );
    }
    await assert.rejects(ask(modelOf(before010, "model-api-usage")), /takes the number .* for tags/);
  });
});
