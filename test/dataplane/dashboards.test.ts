import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { dashboards } from "../../dashboards";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { influxClient } from "../../local/services/influxQuery";
import { queryDashboard, type DashboardData } from "../../viewer/frames/queryDashboard";
import { startViewer } from "../../viewer/pictures/startViewer";
import { findChromium, takePictures } from "../../viewer/pictures/takePictures";
import {
  apiPods,
  apiRequests,
  containerMinutes,
  sampleNow,
  sampleRequests,
  sidecar,
} from "../../viewer/sample/sampleData";
import {
  fillWithSampleData,
  startTemporaryInfluxDb,
  type TemporaryInfluxDb,
} from "../../viewer/sample/sampleInfluxDb";
import { resolveTool } from "../../local/tools/resolve";
import { accessibilityFaults } from "./support/accessibility";
import { findGrafana } from "./support/grafana";
import { asked, expectations, expectedCosts, sampleMinutes } from "./dashboardFigures";
import { uploadDashboards } from "./support/grafanaClient";
import { withTables, type PanelTables } from "./support/tables";

const models = dashboards().map(({ json }) => JSON.parse(json) as DashboardModel);

describe("the dashboards over sample data in a real InfluxDB", () => {
  let influxDb: TemporaryInfluxDb;
  const data = new Map<string, DashboardData>();

  before(async () => {
    influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
    await fillWithSampleData(influxDb);
    const run = influxClient(influxDb.grafana);
    for (const model of models) data.set(model.uid, await queryDashboard(model, { run, ...asked(model) }));
  });

  after(async () => {
    await influxDb.stop();
  });

  const dataOf = (uid: string): DashboardData => {
    const found = data.get(uid);
    assert.ok(found, `dashboard ${uid} was queried`);
    return found;
  };

  test("no panel that asks for data returns nothing", () => {
    const empty = [...data.values()].flatMap(({ dashboard, panels }) =>
      panels
        .filter(({ queries, frames }) => queries.length > 0 && !frames.some(({ length }) => length > 0))
        .map(({ panel }) => `${dashboard.title}: ${panel.title}`),
    );
    assert.deepEqual(empty, []);
  });

  test("every query variable offers values, in its order", () => {
    const offered = Object.fromEntries([...data].map(([uid, one]) => [uid, one.offered]));
    assert.deepEqual(offered, {
      "monitoring-home": { environment: ["dev"] },
      "model-approval": {
        environment: ["dev"],
        pipeline: ["penguins-training"],
        candidateModel: ["penguins"],
        candidate: ["3", "2", "1"],
        candidateRun: ["run-3"],
        candidatePipeline: ["penguins-training"],
        champion: ["2"],
        split: ["test", "train"],
      },
      "training-run": {
        environment: ["dev"],
        runPipeline: ["penguins-training"],
        runId: ["run-4", "run-3", "run-2", "run-1"],
      },
      "model-api-usage": {
        environment: ["dev"],
        service: ["churn-api", "penguins-api"],
        model: ["churn", "penguins"],
        version: ["3", "2", "1"],
      },
      "resources-and-cost": { environment: ["dev"], service: ["penguins-api"] },
      "log-lines": {
        environment: ["dev"],
        service: ["penguins-api", "penguins-training"],
        severity: ["ERROR", "INFO", "WARN"],
      },
      "platform-health": { environment: ["dev"], service: ["penguins-api", "penguins-training"] },
    });
  });

  test("a chosen variable narrows those after it and the panels", async () => {
    const model = models.find(({ uid }) => uid === "model-api-usage");
    assert.ok(model);
    const run = influxClient(influxDb.grafana);
    const narrowed = await queryDashboard(model, {
      run,
      nowMs: sampleNow,
      choose: { service: ["churn-api"] },
    });
    assert.deepEqual(narrowed.offered["model"], ["churn"]);
    assert.deepEqual(narrowed.offered["version"], ["1"]);
    const rates = narrowed.panels.find(({ panel }) => panel.title === "Request rate by service");
    assert.deepEqual(rates === undefined ? [] : withTables(rates).frames.map(({ name }) => name), [
      "churn-api",
    ]);
    const both = await queryDashboard(model, {
      run,
      nowMs: sampleNow,
      choose: { service: ["churn-api", "penguins-api"] },
    });
    assert.deepEqual(both.offered["model"], ["churn", "penguins"]);
  });

  test("over weeks the panels read hours, and count the same requests", async () => {
    const model = models.find(({ uid }) => uid === "model-api-usage");
    assert.ok(model);
    const run = influxClient(influxDb.grafana);
    const weeks = await queryDashboard(model, { run, nowMs: sampleNow, from: "now-13d" });
    const panels = weeks.panels.map(withTables);
    // The sample ends on a full hour: no request is in an hour that isn't over.
    const all = sampleRequests();
    const valuesOf = (title: string): number[] => {
      const panel = panels.find((one) => one.panel.title === title);
      return (panel?.frames ?? []).flatMap(({ rows }) =>
        rows.flatMap((row) => (typeof row[1] === "number" ? [row[1]] : [])),
      );
    };
    assert.deepEqual(valuesOf("Requests"), [all.length]);
    const perStatus = valuesOf("Requests by status class");
    assert.equal(
      perStatus.reduce((sum, value) => sum + value, 0),
      all.length,
    );
    const minutes = await influxClient(influxDb.grafana)(
      `SELECT sum("count") FROM "minutely"."http.server.request"`,
    );
    assert.equal(minutes[0]?.values[0]?.[1], all.length);
    const percentiles = panels.find((one) => one.panel.title === "Latency percentiles");
    const p99 = percentiles?.frames.find(({ name }) => name === "p99");
    const times = (p99?.rows ?? []).filter((row) => row[1] !== null).map((row) => Number(row[0]));
    const windowMs = percentiles?.intervalMs ?? NaN;
    assert.ok(windowMs >= 3_600_000, "hours are read");
    const windows = new Set(all.map(({ timeMs }) => timeMs - (timeMs % windowMs)));
    assert.deepEqual(times, [...windows].sort());
    assert.ok(valuesOf("Latency percentiles").every((value) => value > 0.05 && value <= 0.4));
  });

  test("over a month, what pods use and cost is read from hours, and is the same", async () => {
    const model = models.find(({ uid }) => uid === "resources-and-cost");
    assert.ok(model);
    const run = influxClient(influxDb.grafana);
    const month = await queryDashboard(model, { run, ...asked(model), from: "now-30d" });
    const panel = (title: string): PanelTables => {
      const found = month.panels.find((one) => one.panel.title === title);
      assert.ok(found, title);
      return withTables(found);
    };
    const { requested } = expectedCosts(sampleMinutes(containerMinutes));
    const [cost] = panel("Cost of what is requested").frames;
    const found = Number(cost?.rows[0]?.[cost.columns.indexOf("Cost")]);
    assert.ok(Math.abs(found / requested - 1) < 1e-9, `${found} instead of ${requested}`);
    const used = panel("CPU used by service").frames.find(({ name }) => name === "penguins-api requested");
    const values = (used?.rows ?? []).flatMap(([, value]) => (value === null ? [] : [value]));
    assert.ok(values.length >= containerMinutes / 60 / 3, `${values.length} windows`);
    const cores = apiPods.length * (apiRequests.cores + sidecar.requestCores);
    for (const value of values) assert.ok(Math.abs(Number(value) - cores) < 1e-9, `${value} cores`);
    assert.equal(panel("Restarts").frames[0]?.rows[0]?.[1], 1);
  });

  test("of all services only what they use is drawn, not their requests and limits", async () => {
    const model = models.find(({ uid }) => uid === "resources-and-cost");
    assert.ok(model);
    const all = await queryDashboard(model, { run: influxClient(influxDb.grafana), nowMs: sampleNow });
    for (const title of ["CPU used by service", "Memory used by service"]) {
      const found = all.panels.find(({ panel }) => panel.title === title);
      assert.ok(found);
      assert.deepEqual(
        withTables(found).frames.map(({ name }) => name),
        ["penguins-api used"],
        title,
      );
    }
  });

  test("annotations mark what happened", async () => {
    const run = influxClient(influxDb.grafana);
    let marked = 0;
    for (const model of models) {
      // The sample's trainings are older than what some dashboards show at first.
      const { annotations } = await queryDashboard(
        { ...model, panels: [] },
        { run, nowMs: sampleNow, from: "now-30d" },
      );
      for (const { annotation, marks } of annotations) {
        assert.ok(marks.length > 0, `${model.title}: ${annotation.name}`);
        marked++;
      }
    }
    assert.ok(marked > 0);
  });

  test("the viewer shows each dashboard in a browser, with every chart, no error, and readable for all", async (t) => {
    const executablePath = findChromium();
    if (executablePath === undefined) {
      t.skip(
        "SKIPPED: chromium is not on PATH: no page of the viewer was drawn (Debian: apt-get install chromium)",
      );
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-pictures-"));
    const viewer = await startViewer(influxDb.grafana, dashboards(), () => sampleNow);
    try {
      const { password } = viewer;
      const options = { password, folder, executablePath, inspect: accessibilityFaults };
      const pages = (theme: string) =>
        models.map(({ uid }) => ({ name: uid, url: `${viewer.url}/d/${uid}?theme=${theme}` }));
      const light = await takePictures({ ...options, pages: pages("light") });
      for (const { name, errors } of light) assert.deepEqual(errors, [], `${name}, light`);
      const pictures = await takePictures({ ...options, pages: pages("dark") });
      for (const [index, { name, file, errors, charts }] of pictures.entries()) {
        assert.deepEqual(errors, [], name);
        const drawn = models[index]?.panels.filter(
          ({ type }) => type === "timeseries" || type === "barchart",
        );
        assert.equal(charts, drawn?.length, `${name}: charts`);
        assert.ok((await stat(file)).size > 20_000, `${name}: ${file} shows something`);
      }
      assert.equal(pictures.length, models.length);
    } finally {
      await viewer.stop();
      await rm(folder, { recursive: true });
    }
  });

  test("a real Grafana answers every panel with the same figures", async (t) => {
    const grafana = await findGrafana();
    if (grafana === undefined) {
      t.skip(
        "SKIPPED: no Grafana on PATH and GRAFANA_URL not set: the dashboards were not shown to a Grafana",
      );
      return;
    }
    try {
      const uploaded = await uploadDashboards(grafana, influxDb.grafana, models);
      try {
        for (const [index, model] of models.entries()) {
          const stored = uploaded.models[index];
          assert.ok(stored, model.title);
          for (const [title, expect] of Object.entries(expectations[model.uid] ?? {})) {
            const panel = stored.panels.find((one) => one.title === title);
            const asked = dataOf(model.uid).panels.find((one) => one.panel.title === title);
            assert.ok(panel && asked, `${model.title}: Grafana kept "${title}"`);
            await t.test(`${model.title}: ${title}`, async () => {
              expect(withTables({ ...asked, panel, frames: await uploaded.queryPanel(panel, asked) }));
            });
          }
        }
      } finally {
        await uploaded.remove();
      }
    } finally {
      await grafana.stop();
    }
  });

  for (const model of models) {
    describe(model.title, () => {
      test("each panel with queries has an expected figure, and no figure is left over", () => {
        const titles = model.panels
          .filter(({ targets }) => (targets ?? []).length > 0)
          .map(({ title }) => title);
        assert.deepEqual([...titles].sort(), Object.keys(expectations[model.uid] ?? {}).sort());
      });

      for (const [title, expect] of Object.entries(expectations[model.uid] ?? {})) {
        test(title, () => {
          const panel = dataOf(model.uid).panels.find((one) => one.panel.title === title);
          assert.ok(panel, `there is a panel "${title}"`);
          expect(withTables(panel));
        });
      }
    });
  }
});
