import assert from "node:assert/strict";
import { test } from "node:test";

import { expandQuery, expandVariables, panelIntervalMs, timeRange } from "../../../viewer/frames/macros";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const range = { fromMs: 1_000, toMs: 1_000 + dayMs };

test("time range, interval and its milliseconds are put in as Grafana does", () => {
  assert.equal(
    expandQuery(
      "SELECT x WHERE $timeFilter AND time >= now() - 7d GROUP BY time($__interval), $__interval_ms",
      {
        range,
        nowMs: 5_000,
        intervalMs: 120_000,
        variables: {},
      },
    ),
    "SELECT x WHERE time >= 1000ms and time <= 86401000ms AND time >= 5000ms - 7d GROUP BY time(2m), 120000",
  );
});

test("one value is escaped, several become alternatives, all is put in as it is", () => {
  const expand = (values: string[], allValue?: string): string =>
    expandVariables("/^${v:regex}$/", { v: { values, allValue } });
  assert.equal(expand(["/predict"]), "/^\\/predict$/");
  assert.equal(expand(["a.b", "c|d"]), "/^(a\\.b|c\\|d)$/");
  assert.equal(expand(["a", "b"], ".*"), "/^.*$/");
  assert.equal(expand([]), "/^()$/", "no value matches only what has none");
});

test("variables of links become query parameters", () => {
  const variables = { environment: { values: ["dev", "a b"] }, all: { values: ["x"], allValue: ".*" } };
  assert.equal(
    expandVariables("?${environment:queryparam}&${all:queryparam}", variables),
    "?var-environment=dev&var-environment=a%20b&var-all=%24__all",
  );
  assert.equal(expandVariables("for ${environment}", variables), "for dev,a b");
});

test("an unknown variable or format is named", () => {
  assert.throws(() => expandVariables("${x}", { y: { values: [] } }), /"\$\{x\}" is no variable.*y/);
  assert.throws(() => expandVariables("${y:csv}", { y: { values: ["1"] } }), /"\$\{y:csv\}": the format/);
});

test("the interval is the range by the panel's points, rounded, and not below the minimum", () => {
  assert.equal(panelIntervalMs(range, 1800), minuteMs);
  assert.equal(panelIntervalMs(range, 600), 2 * minuteMs);
  assert.equal(panelIntervalMs(range, 600, "5m"), 5 * minuteMs);
  assert.equal(panelIntervalMs({ fromMs: 0, toMs: 30 * dayMs }, 600), hourMs);
  assert.equal(panelIntervalMs({ fromMs: 0, toMs: 5 * minuteMs }, 600), 500);
  assert.equal(panelIntervalMs({ fromMs: 0, toMs: 365 * dayMs }, 100), dayMs);
});

test("intervals are written with the largest unit that fits", () => {
  const written = [500, 1_000, 2 * minuteMs, 6 * hourMs, dayMs].map((intervalMs) =>
    expandQuery("$__interval", { range, intervalMs, nowMs: 0, variables: {} }),
  );
  assert.deepEqual(written, ["500ms", "1s", "2m", "6h", "1d"]);
});

test("time ranges are read, and what is none is named", () => {
  assert.deepEqual(timeRange("now-6h", "now", 10 * hourMs), { fromMs: 4 * hourMs, toMs: 10 * hourMs });
  assert.throws(() => timeRange("1 day", "now", 0), /"1 day" is no time/);
  assert.throws(() => panelIntervalMs(range, 600, "1 day"), /Invalid interval/);
});
