import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  buildDashboard,
  chained,
  countOverTime,
  linesOfSeries,
  ofChosenServices,
  rollups,
  row,
  timeSeries,
  totalCount,
} from "../../../dashboards";
import type { RunQuery } from "../../../local/services/influxQuery";
import type { DashboardModel } from "../../../viewer/frames/dashboardModel";
import { queryDashboard } from "../../../viewer/frames/queryDashboard";
import { dashboardPage } from "../../../viewer/page/page";

const nowMs = Date.UTC(2026, 2, 18, 12);
const measurement = "http.server.request";

const { json } = buildDashboard({
  uid: "rates",
  title: "Rates",
  description: "How much is asked?",
  from: "now-24h",
  variables: chained({ measurement }, [
    { name: "environment", description: "Where the APIs run" },
    { name: "service", description: "The API" },
  ]),
  rows: [
    row("Verdict", [
      timeSeries("Requests by service", {
        description: "Requests in each window.",
        unit: "short",
        link: linesOfSeries,
        size: [24, 8],
        ...countOverTime(rollups(measurement), ofChosenServices, totalCount("requests"), "service"),
      }),
    ]),
  ],
});

/** An InfluxDB with requests of some services in the last minute. */
const withServices =
  (services: readonly string[]): RunQuery =>
  (query) =>
    Promise.resolve(
      query.startsWith("SHOW")
        ? [{ name: measurement, columns: ["key", "value"], values: services.map((one) => ["key", one]) }]
        : services.map((service) => ({
            name: measurement,
            tags: { service },
            columns: ["time", "requests"],
            values: [[nowMs - 60_000, 7]],
          })),
    );

async function page(address: string, services: readonly string[] = ["churn-api", "penguins-api"]) {
  const query = new URLSearchParams(address);
  const [from, to] = ["from", "to"].map((name) => query.get(name) ?? undefined);
  const model = JSON.parse(json) as DashboardModel;
  const data = await queryDashboard(model, { run: withServices(services), nowMs, from, to });
  return dashboardPage(data, { query, dashboards: [model], refreshMs: 0, theme: "dark" });
}

describe("a page of the viewer", () => {
  test("has a link for each series of a chart, or one where there is one", async () => {
    const several = await page("");
    assert.match(several, /<details class="links"><summary>Its lines<\/summary>/);
    for (const service of ["churn-api", "penguins-api"])
      assert.match(
        several,
        new RegExp(`<a href="/d/log-lines\\?var-service=${service}&[^"]+">${service}</a>`),
      );
    assert.match(
      await page("", ["churn-api"]),
      /<a class="links" href="\/d\/log-lines\?var-service=churn-api&[^"]+">Its lines<\/a>/,
    );
  });

  test("keeps the end of a range of its own when a variable is chosen, and has none to keep of a common one", async () => {
    const [from, to] = ["2026-03-18T11:00:00.000Z", "2026-03-18T12:00:00.000Z"];
    const zoomed = await page(`from=${from}&to=${to}`);
    assert.match(
      zoomed,
      new RegExp(`<option value="${from}" selected>2026-03-18 11:00 to 2026-03-18 12:00<`),
    );
    assert.match(zoomed, new RegExp(`<input type="hidden" name="to" value="${to}">`));
    assert.doesNotMatch(await page("from=now-6h"), /name="to"/);
  });

  test("leads to itself in the other theme, with all that is chosen", async () => {
    assert.match(
      await page("from=now-6h&theme=dark"),
      /<a class="theme" href="\?from=now-6h&amp;theme=light">light theme<\/a>/,
    );
  });
});
