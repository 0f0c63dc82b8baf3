import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { percentileError } from "../../contract/histograms";
import { measurements } from "../../contract/measurements";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { equals, timeFilter } from "../../dashboards/influxql";
import { percentiles, type PercentileOptions } from "../../dashboards/percentiles";
import { rollups } from "../../dashboards/sources";
import { expandQuery, panelIntervalMs } from "../../viewer/frames/macros";
import { toFrames } from "../../viewer/frames/influxQlFrames";
import { transform } from "../../viewer/frames/panelFrames";
import { readSeries } from "../../local/services/influxQuery";
import expectedByNumPy from "../fixtures/percentiles/expected.json";
import { startTestDatabase, type TestDatabase } from "./support/database";

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

/** @param end seconds since 1970 */
function lines(shape: Shape, seed: number, end: number): string[] {
  const random = randoms(seed);
  const step = shape === "slow-tail" ? 60 / 7 : 30;
  const span = shape === "slow-tail" ? windows.day : windows.week / 4;
  return Array.from({ length: Math.floor(span / step) }, (_, index) => {
    const age = (index + 0.5) * step;
    const [uniform, second] = [random.next().value, random.next().value];
    return (
      `http.server.request,service=${shape},environment=test,model=m,model_version=1,method=GET,status_class=2xx,` +
      `route=${routes[index % 4] ?? ""} duration_s=${duration(shape, uniform, second, age)},` +
      `http.response.status_code=200 ${Math.round((end - age) * 1000)}000000`
    );
  });
}

describe("percentiles of merged histograms, against NumPy", () => {
  let database: TestDatabase;
  // A whole hour, so that minutes and hours have the same requests.
  const end = Math.floor(Date.now() / 3_600_000) * 3600;

  before(async () => {
    database = await startTestDatabase();
    await database.reconcile({ ...influxDesiredState(), tasks: [] });
    await database.client.write(shapes.flatMap((shape, index) => lines(shape, 11 + index, end)));
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

  /** What a panel shows, by series. */
  async function shown(
    shape: Shape,
    seconds: number,
    options: Pick<PercentileOptions, "percentiles" | "by">,
  ): Promise<Record<string, number>> {
    const range = { fromMs: (end - seconds) * 1000, toMs: end * 1000 - 1 };
    const { targets, transformations } = percentiles({
      of: rollups(measurements.requestHistogram),
      field: "duration_s",
      where: [equals("service", shape), timeFilter],
      ...options,
    });
    const frames = [];
    for (const [index, { query }] of targets.entries()) {
      const text = expandQuery(query.render(), {
        range,
        variables: {},
        nowMs: end * 1000,
        intervalMs: panelIntervalMs(range, 100, "1m"),
      });
      const parameters = new URLSearchParams({ db: "monitoring", epoch: "ms", q: text });
      const answer = await fetch(`${database.influxd.url}/query?${parameters.toString()}`, {
        headers: { authorization: `Token ${database.influxd.token}` },
      });
      const refId = String.fromCharCode("A".charCodeAt(0) + index);
      const series = await readSeries(text, answer);
      frames.push(...toFrames(series, { resultFormat: "table" }).map((frame) => ({ ...frame, refId })));
    }
    return Object.fromEntries(
      (await transform(frames, transformations as Parameters<typeof transform>[1])).flatMap(({ fields }) =>
        fields.slice(1).map(({ name, config, values }) => [config.displayName ?? name, Number(values[0])]),
      ),
    );
  }

  function near(actual: number | undefined, exact: number | undefined, what: string): void {
    assert.ok(
      actual !== undefined && exact !== undefined && Math.abs(actual / exact - 1) <= percentileError + 1e-3,
      `${what}: ${actual} for ${exact}`,
    );
  }

  for (const shape of shapes) {
    for (const [window, seconds] of Object.entries(windows) as [keyof typeof windows, number][]) {
      it(`${shape}, ${window}: tile, p50 to p99, and by route`, async () => {
        const exact = expected[shape][window];
        const [p50, p95, p99] = exact["all"] ?? [];
        const tile = await shown(shape, seconds, { percentiles: ["p95"] });
        near(tile["p95"], p95, "tile");
        const all = await shown(shape, seconds, { percentiles: ["p50", "p95", "p99"] });
        near(all["p50"], p50, "p50");
        near(all["p95"], p95, "p95");
        near(all["p99"], p99, "p99");
        const byRoute = await shown(shape, seconds, { percentiles: ["p95"], by: "route" });
        const known = routes.filter((route) => exact[route] !== undefined);
        assert.deepEqual(Object.keys(byRoute).sort(), known);
        for (const route of known) near(byRoute[route], exact[route]?.[1], route);
      });
    }
  }

  it("the mean of minutes' percentiles was no percentile: of a day whose slow 7 % take 3 s, p95 is 3 s", () => {
    near(3.06, expected["slow-tail"].day["all"]?.[1], "p95 of the day");
  });
});
