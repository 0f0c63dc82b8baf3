import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { percentileError } from "../../contract/histograms";
import { measurements } from "../../contract/measurements";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { dashboards } from "../../dashboards";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { queryDashboard } from "../../viewer/frames/queryDashboard";
import { readSeries } from "../../local/services/influxQuery";
import expectedByNumPy from "../fixtures/percentiles/expected.json";
import { startTestDatabase, type TestDatabase } from "./support/database";
import { type PanelTables, withTables } from "./support/tables";

const shapes = ["slow-tail", "exponential", "pareto", "slow-hour", "wide"] as const;
const windows = { minute: 60, hour: 3600, day: 86_400, week: 7 * 86_400 } as const;
const routes = ["/a", "/b", "/c", "/d"];

type Shape = (typeof shapes)[number];
type Expected = Record<Shape, Record<keyof typeof windows, Record<string, number[]>>>;
const expected: Expected = expectedByNumPy;

/** The generator of test/fixtures/percentiles/expected.py. */
function* randoms(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 16807) % 2147483647;
    yield state / 2147483647;
  }
}

function duration(shape: Shape, uniform: number, second: number, age: number): number {
  switch (shape) {
    case "slow-tail":
      return uniform < 0.07 ? 3 + 0.1 * second : 0.02 + 0.06 * second;
    case "exponential":
      return 0.002 - 0.2 * Math.log(1 - uniform);
    case "pareto":
      return 0.01 * (1 - uniform) ** (-1 / 1.1);
    case "slow-hour":
      return (age % 21_600 < 3600 ? 2 : 0.05) * (1 + 0.2 * uniform);
    case "wide":
      return 0.0012 * 50_000 ** uniform;
  }
}

interface Request {
  /** Seconds before the end. */
  readonly age: number;
  readonly route: string;
  readonly version: string;
  readonly seconds: number;
}

function requestsOf(shape: Shape, seed: number): Request[] {
  const random = randoms(seed);
  const step = shape === "slow-tail" ? 60 / 7 : 30;
  const span = shape === "slow-tail" ? windows.day : windows.week / 4;
  return Array.from({ length: Math.floor(span / step) }, (_, index) => {
    const age = (index + 0.5) * step;
    const [uniform, second] = [random.next().value, random.next().value];
    return {
      ...{
        age,
        route: routes[index % 4] ?? "",
        version: shape === "slow-tail" ? String(1 + (Math.floor(index / 4) % 2)) : "1",
      },
      seconds: duration(shape, uniform, second, age),
    };
  });
}

/** Requests of the last minutes, one each second, over this many routes. */
const lately = (seconds: readonly number[], routeCount = 1): Request[] =>
  seconds.map((value, index) => ({
    ...{ age: 1 + index, route: `/r${index % routeCount}`, version: "1", seconds: value },
  }));

const uniform = randoms(97);
const random = (count: number): number[] => Array.from({ length: count }, () => 0.01 + uniform.next().value);

/** What is at an edge: few requests, many series, durations outside of the histograms' bounds. */
const edges: Record<string, Request[]> = {
  "one request": lately([0.0123]),
  "two requests": lately([0.5, 40]),
  "seven requests": lately(random(7)),
  "2,000 series": lately(random(3500), 2000),
  "below the first bound": lately([0, -1, -0, 1e-9, 0.0005, 0.001]),
  "above the last bound": lately([912, 5000, 1e6, 1e300]),
  both: lately([-5, 0, 0.2, 0.3, 1e6]),
};

const services: Record<string, Request[]> = {
  ...Object.fromEntries(shapes.map((shape, index) => [shape, requestsOf(shape, 11 + index)])),
  ...edges,
};

/** @param end seconds since 1970 */
function lines(service: string, end: number): string[] {
  return (services[service] ?? []).map(
    ({ age, route, version, seconds }) =>
      `http.server.request,service=${service.replaceAll(/[ ,]/g, "\\$&")},environment=test,model=m,model_version=${version},` +
      `method=GET,status_class=2xx,route=${route} duration_s=${seconds},` +
      `http.response.status_code=200 ${Math.round((end - age) * 1000)}000000`,
  );
}

/** The nearest rank, as NumPy's `inverted_cdf`, of what histograms can hold: 1 ms to 911 s. */
function nearestRank(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((one, other) => one - other);
  const found = sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? NaN;
  return Math.min(Math.max(found, 0.001), 911);
}

const dashboard = JSON.parse(
  dashboards().find(({ uid }) => uid === "model-api-usage")?.json ?? "",
) as DashboardModel;
const tile = "Latency, 95th percentile";

/** Panels over time -> the series that a request is in, and their percentiles. */
const overTime: Record<string, (request: Request) => Record<string, number>> = {
  "Latency percentiles": () => ({ p50: 0.5, p95: 0.95, p99: 0.99 }),
  "Latency (p95) by route": ({ route }) => ({ [route]: 0.95 }),
  "Latency (p95) by model version": ({ version }) => ({ [`version ${version}`]: 0.95 }),
};

describe("percentiles of merged histograms, against NumPy", () => {
  let database: TestDatabase;
  // A whole hour, so that minutes and hours have the same requests.
  const end = Math.floor(Date.now() / 3_600_000) * 3600;

  before(async () => {
    database = await startTestDatabase();
    await database.reconcile({ ...influxDesiredState(), tasks: [] });
    for (const service of Object.keys(services)) await database.client.write(lines(service, end));
    for (const [kind, bucket] of [
      ["minutely late", "minutely"],
      ["minutely", "minutely"],
      ["hourly", "hourly"],
    ]) {
      const name = `histogram ${kind ?? ""} ${measurements.httpRequest}`;
      const task = influxDesiredState().tasks.find((one) => one.name === name);
      assert.ok(task, name);
      const total = async (): Promise<unknown> =>
        (
          await database.client.influxql(
            `SELECT sum("duration_s.total") AS n FROM "${bucket ?? ""}"."${measurements.requestHistogram}"`,
          )
        )[0]?.["n"];
      for (let found: unknown = NaN; ;) {
        await database.client.flux(task.flux, new Date(end * 1000));
        const now = await total();
        if (now === found) break;
        found = now;
      }
    }
  });
  after(() => database.remove());

  /** The panels of percentiles of the dashboard, by their titles, as people see them. */
  async function shown(service: string, seconds: number, without = ""): Promise<Map<string, PanelTables>> {
    const { url, token } = database.influxd;
    const { panels } = await queryDashboard(
      {
        ...dashboard,
        panels: dashboard.panels.filter(
          ({ title }) => (title === tile || title in overTime) && title !== without,
        ),
      },
      {
        run: async (text) => {
          const parameters = new URLSearchParams({ db: "monitoring", epoch: "ms", q: text });
          const headers = { authorization: `Token ${token}` };
          return readSeries(text, await fetch(`${url}/query?${parameters.toString()}`, { headers }));
        },
        nowMs: end * 1000,
        choose: { service: [service] },
        from: new Date((end - seconds) * 1000).toISOString(),
      },
    );
    return new Map(panels.map((panel) => [panel.panel.title, withTables(panel)]));
  }

  const rowsOf = (panels: Map<string, PanelTables>, title: string) =>
    (panels.get(title)?.frames ?? []).flatMap(({ columns, rows }) =>
      rows.flatMap(([time, ...values]) =>
        values.flatMap((value, index) =>
          value === null
            ? []
            : [{ name: columns[index + 1] ?? "", time: Number(time), value: Number(value) }],
        ),
      ),
    );

  /** Each point of the panels over time: of the requests in its window, and no window without a point. */
  function checkOverTime(panels: Map<string, PanelTables>, service: string, from: number): void {
    for (const [title, seriesOf] of Object.entries(overTime)) {
      if (!panels.has(title)) continue;
      const windowMs = panels.get(title)?.intervalMs ?? NaN;
      const expectedPoints = new Map<string, { share: number; durations: number[] }>();
      for (const request of services[service] ?? []) {
        const timeMs = (end - request.age) * 1000;
        if (timeMs < from) continue;
        for (const [series, share] of Object.entries(seriesOf(request))) {
          const key = `${series} at ${timeMs - (timeMs % windowMs)}`;
          const point = expectedPoints.get(key) ?? { share, durations: [] };
          point.durations.push(request.seconds);
          expectedPoints.set(key, point);
        }
      }
      const points = new Map(
        rowsOf(panels, title).map(({ name, time, value }) => [`${name} at ${time}`, value]),
      );
      assert.deepEqual([...points.keys()].sort(), [...expectedPoints.keys()].sort(), title);
      for (const [key, { share, durations }] of expectedPoints) {
        near(points.get(key), nearestRank(durations, share), `${title}, ${key}`);
      }
    }
  }

  function near(actual: number | undefined, exact: number | undefined, what: string): void {
    assert.ok(
      actual !== undefined && exact !== undefined && Math.abs(actual / exact - 1) <= percentileError + 1e-3,
      `${what}: ${actual} for ${exact}`,
    );
  }

  for (const shape of shapes) {
    for (const [window, seconds] of Object.entries(windows) as [keyof typeof windows, number][]) {
      it(`${shape}, ${window}: the tile by NumPy, and each point of the panels over time`, async () => {
        const panels = await shown(shape, seconds);
        const [point, ...more] = rowsOf(panels, tile);
        assert.equal(more.length, 0);
        near(point?.value, expected[shape][window]["all"]?.[1], "tile");
        const inside = (services[shape] ?? []).filter(({ age }) => age <= seconds);
        for (const [group, exact] of Object.entries(expected[shape][window])) {
          const durations = inside
            .filter(({ route }) => [route, "all"].includes(group))
            .map((one) => one.seconds);
          const ranks = [0.5, 0.95, 0.99].map((share) => nearestRank(durations, share));
          for (const [index, rank] of ranks.entries()) {
            assert.ok(Math.abs(rank / (exact[index] ?? NaN) - 1) < 1e-9, `nearest rank of ${group}`);
          }
        }
        checkOverTime(panels, shape, (end - seconds) * 1000);
      });
    }
  }

  for (const service of Object.keys(edges)) {
    it(`${service}: the tile, and each point of the panels over time`, async () => {
      // A chart of 2,000 lines takes Grafana's code minutes, and nobody can read it.
      const without = service === "2,000 series" ? "Latency (p95) by route" : "";
      const panels = await shown(service, 7200, without);
      const durations = (services[service] ?? []).map(({ seconds }) => seconds);
      near(rowsOf(panels, tile)[0]?.value, nearestRank(durations, 0.95), "tile");
      checkOverTime(panels, service, (end - 7200) * 1000);
    });
  }

  it("a time range that begins within an hour, or a minute: of the whole ones in it", async () => {
    for (const [seconds, unit] of [
      [5 * windows.day + 1234, windows.hour],
      [windows.hour + 34, windows.minute],
    ] as const) {
      const panels = await shown("slow-hour", seconds);
      const from = Math.ceil((end - seconds) / unit) * unit;
      const inside = (services["slow-hour"] ?? []).filter(({ age }) => end - age >= from);
      near(
        rowsOf(panels, tile)[0]?.value,
        nearestRank(
          inside.map((one) => one.seconds),
          0.95,
        ),
        `${seconds} s`,
      );
      checkOverTime(panels, "slow-hour", from * 1000);
    }
  });

  it("the mean of minutes' percentiles was no percentile: of a day whose slow 7 % take 3 s, p95 is 3 s", () => {
    near(3.06, expected["slow-tail"].day["all"]?.[1], "p95 of the day");
  });
});
