import assert from "node:assert/strict";

import { defaultPrices } from "../../dashboards";
import {
  apiPods,
  apiRequests,
  containerMinutes,
  apiSeverity,
  lineException,
  requestException,
  sampleTrace,
  sampleAlerts,
  failedSteps,
  gpuMib,
  pipelineTasks,
  samplePipeline,
  servedDrift,
  platformMinutes,
  sampleNow,
  sampleObjectives,
  sampleRuns,
  sampleStart,
  sidecar,
  splitShares,
  sampleCpuCores,
  sampleF1,
  sampleGpus,
  sampleMemoryBytes,
  sampleRemoved,
  sampleRequests,
  sampleVerdict,
  type SampleRequest,
} from "../../viewer/sample/sampleData";
import { lagMinutes } from "../../viewer/sample/sampleInfluxDb";
import type { QueryDashboardOptions } from "../../viewer/frames/queryDashboard";
import type { Cell, PanelTables, Table } from "./support/tables";

/**
 * What each panel has to show of the sample data, computed from the data itself and not through InfluxDB: by dashboard,
 * then by the panel's title.
 */
export type Expectation = (data: PanelTables) => void;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const bytesPerGib = 1024 ** 3;

// ---- reading panels ----

type RowObject = Record<string, Cell>;

function onlyTable(data: PanelTables): RowObject[] {
  assert.equal(data.frames.length, 1, `${data.panel.title}: one table`);
  const { columns, rows } = data.frames[0] as Table;
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])));
}

/** Rows in the order of one of their columns, so that the order of series does not matter. */
function sortedBy(rows: readonly RowObject[], ...columns: string[]): RowObject[] {
  const key = (row: RowObject): string => columns.map((column) => String(row[column])).join("|");
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function numbersOf(frame: Table | undefined): number[] {
  return (frame?.rows ?? []).flatMap((row) => (typeof row[1] === "number" ? [row[1]] : []));
}

/** The single value of a panel with one series. */
function single(data: PanelTables): number {
  assert.equal(data.frames.length, 1, `${data.panel.title}: one series`);
  const values = numbersOf(data.frames[0]);
  assert.equal(values.length, 1, `${data.panel.title}: one value`);
  return values[0] ?? NaN;
}

/** The series of a panel by name. */
function seriesOf(data: PanelTables): Record<string, number[]> {
  return Object.fromEntries(data.frames.map((frame) => [frame.name ?? "", numbersOf(frame)]));
}

function close(actual: Cell | undefined, expected: number, what: string): void {
  assert.ok(
    typeof actual === "number" && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${what}: ${String(actual)} instead of ${expected}`,
  );
}

function closeRows(actual: readonly RowObject[], expected: readonly RowObject[], what: string): void {
  assert.equal(actual.length, expected.length, `${what}: number of rows`);
  expected.forEach((row, index) => {
    for (const [column, value] of Object.entries(row)) {
      const found = actual[index]?.[column];
      if (typeof value === "number") close(found, value, `${what}, row ${index}, ${column}`);
      else assert.equal(found, value, `${what}, row ${index}, ${column}`);
    }
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Sums of the values by a key. */
function totals<T>(
  items: readonly T[],
  key: (item: T) => string,
  value: (item: T) => number,
): Record<string, number> {
  const result: Record<string, number> = {};
  for (const item of items) result[key(item)] = (result[key(item)] ?? 0) + value(item);
  return result;
}

function closeTotals(data: PanelTables, expected: Record<string, number>): void {
  const found = Object.fromEntries(
    Object.entries(seriesOf(data)).map(([name, values]) => [name, sum(values)]),
  );
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), `${data.panel.title}: series`);
  for (const [name, total] of Object.entries(expected))
    close(found[name], total, `${data.panel.title}, ${name}`);
}

// ---- the sample data in a range ----

const requests = sampleRequests();

/** Rollups of a minute are in a range when the minute's start is. */
function requestsSince(data: PanelTables): SampleRequest[] {
  return requests.filter(({ timeMs }) => {
    const windowStart = timeMs - (timeMs % minuteMs);
    return windowStart >= data.range.fromMs && windowStart <= data.range.toMs;
  });
}

const isError = ({ status }: SampleRequest): boolean => status >= 500;
const minutesAgo = (count: number): number[] => Array.from({ length: count + 1 }, (_, index) => index);

function uniquesByDay(what: "user" | "fingerprint", day: number): number {
  const start = sampleStart + day * dayMs;
  return uniquesBetween(what, start, start + dayMs);
}

/** Unique values are counted for each model by itself. */
function uniquesBetween(what: "user" | "fingerprint", fromMs: number, toMs: number): number {
  const inRange = requests.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
  return distinct(inRange.map((request) => `${request.model} ${request[what]}`)).length;
}

/** A day as axes show it: `17 Mar`, of UTC. */
const utcDay = (timeMs: number): string =>
  new Date(timeMs).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** The value of nearest rank, as NumPy's `inverted_cdf`. */
function nearestRank(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(Number((share * sorted.length).toFixed(6))) - 1)] ?? NaN;
}

function within5Percent(actual: Cell | undefined, expected: number, what: string): void {
  assert.ok(
    typeof actual === "number" && Math.abs(actual / expected - 1) <= 0.05,
    `${what}: ${String(actual)} is not within 5 % of ${expected}`,
  );
}

/** Each window of each series against the percentile of its requests; `shareOf` of a series' name. */
function expectPercentiles(
  data: PanelTables,
  seriesNames: readonly string[],
  options: {
    shareOf: (series: string) => number;
    isIn: (request: SampleRequest, series: string) => boolean;
    value?: (request: SampleRequest) => number;
  },
): void {
  const { shareOf, isIn, value = ({ durationS }) => durationS } = options;
  const found = data.frames.flatMap(({ columns, rows }) =>
    columns.slice(1).map((name, index) => ({ name, rows: rows.map((row) => [row[0], row[index + 1]]) })),
  );
  assert.deepEqual(
    found.map(({ name }) => name).sort(),
    [...seriesNames].sort(),
    `${data.panel.title}: series`,
  );
  for (const { name, rows } of found) {
    const items = requestsSince(data).filter((request) => isIn(request, name));
    let checked = 0;
    for (const [time, actual] of rows) {
      const inWindow = items.filter(({ timeMs }) => {
        const start = timeMs - (timeMs % minuteMs);
        return start >= Number(time) && start < Number(time) + data.intervalMs;
      });
      const what = `${data.panel.title}, ${name} at ${new Date(Number(time)).toISOString()}`;
      if (inWindow.length === 0) assert.equal(actual, null, `${what}: a window without data is a gap`);
      else {
        within5Percent(actual, nearestRank(inWindow.map(value), shareOf(name)), what);
        checked += inWindow.length;
      }
    }
    assert.equal(checked, items.length, `${data.panel.title}, ${name}: every request is in a window`);
  }
}

/** The mean over the windows, weighted by the requests of each, is the mean over all requests. */
function expectWindowedMeans(
  data: PanelTables,
  frame: Table | undefined,
  items: readonly SampleRequest[],
  value: (request: SampleRequest) => number,
): void {
  const windowMs = Number(frame?.rows[1]?.[0]) - Number(frame?.rows[0]?.[0]);
  let checked = 0;
  for (const [time, found] of frame?.rows ?? []) {
    const inWindow = items.filter(({ timeMs }) => {
      const start = timeMs - (timeMs % minuteMs);
      return start >= Number(time) && start < Number(time) + windowMs;
    });
    if (inWindow.length === 0)
      assert.equal(found, null, `${data.panel.title}: a window without data is a gap`);
    else {
      close(
        found,
        mean(inWindow.map(value)),
        `${data.panel.title} at ${new Date(Number(time)).toISOString()}`,
      );
      checked += 1;
    }
  }
  assert.ok(checked > 100, `${data.panel.title}: windows with data`);
}

const frameNamed = (data: PanelTables, name: string): Table | undefined =>
  data.frames.find((frame) => frame.name === name);

// ---- the dashboards ----

const home: Record<string, Expectation> = {
  "Firing alerts": (data) => close(single(data), sampleAlerts.length - 1, "alerts, without Watchdog"),
  "What fires now": (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Alert"),
      sampleAlerts
        .filter(({ alertname }) => alertname !== "Watchdog")
        .sort((a, b) => (a.alertname < b.alertname ? -1 : 1))
        .map(({ alertname, severity, summary, app }) => ({
          Severity: severity,
          Alert: alertname,
          What: summary,
          Service: app,
        })),
      "alerts",
    );
  },
  "Requests by service": (data) => {
    const byService = totals(
      requestsSince(data),
      ({ service }) => service,
      () => 1,
    );
    closeRows(
      sortedBy(onlyTable(data), "Service"),
      [
        { Service: "churn-api", Model: "churn", Requests: byService["churn-api"] ?? NaN },
        { Service: "penguins-api", Model: "penguins", Requests: byService["penguins-api"] ?? NaN },
      ],
      "requests",
    );
  },
  "Error ratio by service": (data) => {
    const since = requestsSince(data).filter(({ service }) => service === "penguins-api");
    closeRows(
      sortedBy(onlyTable(data), "Service"),
      [
        { Service: "churn-api", "Error ratio": 0 },
        { Service: "penguins-api", "Error ratio": since.filter(isError).length / since.length },
      ],
      "error ratio",
    );
  },
  "Last training runs": (data) => {
    closeRows(
      onlyTable(data),
      [
        { Pipeline: samplePipeline, Result: "error", Duration: 90, Run: "run-4" },
        ...[...sampleRuns].reverse().map((run) => ({
          Time: run.endMs,
          Pipeline: samplePipeline,
          Result: "success",
          Duration: 300,
          Run: `run-${run.version}`,
        })),
      ],
      "runs, newest first",
    );
  },
  "Last decisions": (data) => {
    closeRows(
      onlyTable(data),
      [...sampleRuns].reverse().map((run) => ({
        Model: "penguins",
        Version: run.version,
        Decision: run.decision,
        Reason: run.reason,
      })),
      "decisions, newest first",
    );
  },
};

const candidate = sampleRuns[2];
const champion = sampleRuns[1];
assert.ok(candidate !== undefined && champion !== undefined);
const features = Object.keys(candidate.psi);
const classes = Object.keys(candidate.classCounts) as (keyof typeof candidate.classCounts)[];
const round3 = (value: number): number => Math.round(value * 1000) / 1000;

function expectMatrix(
  data: PanelTables,
  rowColumn: string,
  rows: readonly string[],
  columns: readonly string[],
  value: (row: string, column: string) => number,
): void {
  closeRows(
    sortedBy(onlyTable(data), rowColumn),
    [...rows].sort().map((row) => ({
      [rowColumn]: row,
      ...Object.fromEntries(columns.map((column) => [column, value(row, column)])),
    })),
    data.panel.title,
  );
}

const runOf = (version: string): (typeof sampleRuns)[number] => {
  const run = sampleRuns.find((one) => one.version === version);
  assert.ok(run);
  return run;
};
const versions = sampleRuns.map(({ version }) => version);

function confusionOf(actual: string, predicted: string): number {
  if (actual !== predicted) return actual === "Chinstrap" ? 2 : 1;
  return Math.round(
    (candidate?.classCounts[actual as "Adelie"] ?? NaN) * splitShares.test * (candidate?.f1 ?? NaN),
  );
}

const modelApproval: Record<string, Expectation> = {
  Decision: (data) => {
    closeRows(onlyTable(data), [{ Decision: "reject", Reason: candidate.reason }], "decision");
  },
  "Failed checks": (data) => {
    closeRows(onlyTable(data), [{ "Failed checks": candidate.failedChecks }], "failed checks");
  },
  "F1: candidate and champion": (data) => {
    const series = seriesOf(data);
    assert.deepEqual(series, {
      Candidate: [sampleF1(candidate, "test", "_all")],
      Champion: [sampleF1(champion, "test", "_all")],
    });
  },
  "n behind the scores": (data) => {
    close(
      single(data),
      sum(Object.values(candidate.classCounts).map((n) => Math.round(n * splitShares.test))),
      "n",
    );
  },
  "Features by drift verdict": (data) => {
    closeTotals(
      data,
      totals(Object.values(candidate.psi), sampleVerdict, () => 1),
    );
  },
  "Class imbalance": (data) => {
    close(single(data), round3(candidate.classCounts.Adelie / candidate.classCounts.Chinstrap), "imbalance");
  },
  "Scores by version": (data) => {
    // In the order of time, which is the order on the x-axis.
    closeRows(
      onlyTable(data),
      sampleRuns.map((run) => {
        const f1 = sampleF1(run, "test", "_all");
        return {
          Version: run.version,
          Accuracy: round3(f1 + 0.01),
          Precision: round3(f1 + 0.005),
          Recall: round3(f1 - 0.005),
          F1: f1,
          "ROC AUC": round3(f1 + 0.03),
          "R²": round3(f1 - 0.1),
        };
      }),
      "scores",
    );
  },
  "Calibration by version": (data) => {
    closeRows(
      onlyTable(data),
      sampleRuns.map((run) => {
        const f1 = sampleF1(run, "test", "_all");
        return { Version: run.version, Brier: round3((1 - f1) / 2), "Log loss": round3(1.2 - f1) };
      }),
      "calibration",
    );
  },
  "Errors by version": (data) => {
    closeRows(
      onlyTable(data),
      sampleRuns.map((run) => {
        const f1 = sampleF1(run, "test", "_all");
        return { Version: run.version, RMSE: round3(2 - f1), MAE: round3(1.5 - f1) };
      }),
      "errors",
    );
  },
  "Every metric by version": (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Version"),
      sampleRuns.map((run) => {
        const f1 = sampleF1(run, "test", "_all");
        return { Version: run.version, f1, rmse: round3(2 - f1), log_loss: round3(1.2 - f1) };
      }),
      "metrics",
    );
  },
  "F1 by class and version": (data) => {
    expectMatrix(data, "Version", versions, classes, (version, ofClass) =>
      sampleF1(runOf(version), "test", ofClass),
    );
  },
  "Scores by class: candidate and champion": (data) => {
    const expected = ["_all", ...classes].flatMap((ofClass) =>
      [champion, candidate].map((run) => ({
        Class: ofClass,
        Version: run.version,
        F1: sampleF1(run, "test", ofClass),
        n:
          ofClass === "_all"
            ? null
            : Math.round((run.classCounts[ofClass as "Adelie"] ?? NaN) * splitShares.test),
      })),
    );
    closeRows(
      sortedBy(onlyTable(data), "Class", "Version"),
      sortedBy(expected, "Class", "Version"),
      "scores by class",
    );
  },
  "Confusion of the candidate": (data) => {
    expectMatrix(data, "Actual", classes, [...classes, "n"], (actual, predicted) =>
      predicted === "n"
        ? sum(classes.map((one) => confusionOf(actual, one)))
        : confusionOf(actual, predicted),
    );
  },
  "Confusion by share": (data) => {
    expectMatrix(data, "Actual", classes, classes, confusionOf);
  },
  "Drift by feature": (data) => {
    const rows = onlyTable(data).filter((row) => row["Comparison"] === "new_vs_old");
    closeRows(
      sortedBy(rows, "Feature"),
      [...features].sort().map((feature) => {
        const psi = candidate.psi[feature] ?? NaN;
        return {
          Feature: feature,
          PSI: psi,
          Verdict: sampleVerdict(psi),
          "n before": candidate.rows - 100,
          "n now": candidate.rows,
          Bins: 10,
          Missing: 0.01,
        };
      }),
      "drift",
    );
    // χ²₀.₉₅ of 9 degrees of freedom is 16.919 in any table of it.
    const noise = 16.919 * (1 / (candidate.rows - 100) + 1 / candidate.rows);
    for (const row of rows) {
      const found = Number(row["Noise level"]);
      assert.ok(Math.abs(found / noise - 1) < 0.002, `noise level ${found} instead of ${noise}`);
    }
  },
  "Drift (PSI) by feature and version": (data) => {
    expectMatrix(
      data,
      "Version",
      versions,
      features,
      (version, feature) => runOf(version).psi[feature] ?? NaN,
    );
  },
  "Outliers removed, by feature and version": (data) => {
    expectMatrix(data, "Version", versions, features, (version, feature) => {
      const removed = sampleRemoved(runOf(version), feature);
      return removed / (runOf(version).rows + removed);
    });
  },
  "Class balance of the candidate": (data) => {
    expectMatrix(
      data,
      "Class",
      classes,
      Object.keys(splitShares),
      (ofClass) => (candidate.classCounts[ofClass as "Adelie"] ?? NaN) / candidate.rows,
    );
  },
  "Outliers of the candidate": (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Feature"),
      [...features].sort().map((feature) => ({
        Feature: feature,
        Method: "iqr",
        "n before": candidate.rows + sampleRemoved(candidate, feature),
        "n removed": sampleRemoved(candidate, feature),
      })),
      "outliers",
    );
  },
  Decisions: (data) => {
    closeRows(
      onlyTable(data),
      sampleRuns.map((run) => ({
        Version: run.version,
        Decision: run.decision,
        Reason: run.reason,
        By: "pipeline",
        Run: `run-${run.version}`,
      })),
      "decisions",
    );
  },
  "Training runs": (data) => {
    closeRows(
      onlyTable(data),
      [
        {
          Pipeline: samplePipeline,
          Result: "error",
          Run: "run-4",
          Error: "cannot allocate 512 MiB",
        },
        ...[...sampleRuns].reverse().map(({ version }) => ({
          Pipeline: samplePipeline,
          Result: "success",
          Run: `run-${version}`,
          Error: null,
        })),
      ],
      "runs, newest first",
    );
  },
};

/** Days since the start of the sample data that are over at sampleNow. */
const finishedDays = Math.floor((sampleNow - sampleStart) / dayMs);

function expectDays(data: PanelTables, columns: Readonly<Record<string, (day: number) => number>>): void {
  closeRows(
    onlyTable(data),
    Array.from({ length: finishedDays }, (_, day) => ({
      Day: utcDay(sampleStart + day * dayMs),
      ...Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, value(day)])),
    })),
    `${data.panel.title}: finished days only`,
  );
}

function requestsOnDay(service: string, day: number): number {
  const start = sampleStart + day * dayMs;
  return requests.filter(
    (one) => one.service === service && one.timeMs >= start && one.timeMs < start + dayMs,
  ).length;
}

/** The newest figure of each series: what the objectives of churn-api leave of 30 days, which hold all requests. */
function expectBudgets(data: PanelTables): void {
  const { availability, latency } = sampleObjectives;
  const churn = requests.filter(({ service }) => service === "churn-api");
  const share = (failed: (request: SampleRequest) => boolean): number =>
    churn.filter(failed).length / churn.length;
  const expected = {
    "churn-api availability": 1 - share(isError) / (1 - availability),
    "churn-api latency": 1 - share(({ durationS }) => durationS > latency.seconds) / (1 - latency.p),
  };
  const found = Object.fromEntries(
    Object.entries(seriesOf(data)).map(([name, values]) => [name, values.at(-1)]),
  );
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected));
  for (const [name, left] of Object.entries(expected))
    close(found[name], left, `${data.panel.title}: ${name}`);
}

/** A percentile of the scores of each model. */
function expectScores(data: PanelTables, share: number): void {
  expectPercentiles(data, ["churn", "penguins"], {
    shareOf: () => share,
    isIn: (request, name) => request.model === name,
    value: ({ score }) => score,
  });
}

const modelApiUsage: Record<string, Expectation> = {
  Requests: (data) => close(single(data), requestsSince(data).length, "requests"),
  "Error ratio": (data) => {
    const since = requestsSince(data);
    close(single(data), since.filter(isError).length / since.length, "error ratio");
  },
  "Latency, 95th percentile": (data) => {
    const durations = requestsSince(data).map(({ durationS }) => durationS);
    within5Percent(single(data), nearestRank(durations, 0.95), "p95");
  },
  "Unique users, last hour": (data) => {
    const lastHour = requests.filter(({ timeMs }) => timeMs >= sampleNow - hourMs);
    close(single(data), distinct(lastHour.map(({ user }) => user)).length, "users");
  },
  "Unique users, last whole day": (data) => {
    close(numbersOf(data.frames[0]).at(-1), uniquesByDay("user", finishedDays - 1), "users");
  },
  "Unique requests, last whole day": (data) => {
    close(numbersOf(data.frames[0]).at(-1), uniquesByDay("fingerprint", finishedDays - 1), "requests");
  },
  "Error budget left": (data) => expectBudgets(data),
  "Error budget left over time": (data) => expectBudgets(data),
  "Request rate by service": (data) => {
    const windowS = 300;
    const perService = totals(
      requestsSince(data),
      ({ service }) => service,
      () => 1 / windowS,
    );
    closeTotals(data, perService);
  },
  "Error ratio by service": (data) => {
    const since = requestsSince(data).filter(({ service }) => service === "penguins-api");
    expectWindowedMeans(data, frameNamed(data, "penguins-api"), since, (request) =>
      isError(request) ? 1 : 0,
    );
    assert.equal(
      Math.max(...(seriesOf(data)["churn-api"] ?? [NaN])),
      0,
      "no errors of the quiet API: 0, not a gap",
    );
  },
  "Latency percentiles": (data) => {
    expectPercentiles(data, ["p50", "p95", "p99"], {
      shareOf: (name) => Number(name.slice(1)) / 100,
      isIn: () => true,
    });
  },
  "Latency (p95) by route": (data) => {
    expectPercentiles(data, distinct(requestsSince(data).map(({ route }) => route)), {
      shareOf: () => 0.95,
      isIn: (request, route) => request.route === route,
    });
  },
  "Latency (p95) by model version": (data) => {
    const nameOf = ({ version }: SampleRequest): string => `version ${version}`;
    expectPercentiles(data, distinct(requestsSince(data).map(nameOf)), {
      shareOf: () => 0.95,
      isIn: (request, name) => nameOf(request) === name,
    });
  },
  "Requests by status class": (data) => {
    closeTotals(
      data,
      totals(
        requestsSince(data),
        ({ status }) => `${Math.floor(status / 100)}xx`,
        () => 1,
      ),
    );
  },
  Routes: (data) => {
    const key = (one: SampleRequest): string =>
      `${one.service}|${one.route}|${Math.floor(one.status / 100)}xx`;
    const groups = distinct(requestsSince(data).map(key)).sort();
    closeRows(
      sortedBy(onlyTable(data), "Service", "Route", "Status"),
      groups.map((group) => {
        const durations = requestsSince(data)
          .filter((one) => key(one) === group)
          .map(({ durationS }) => durationS);
        const [service, route, status] = group.split("|");
        return {
          Service: service ?? "",
          Route: route ?? "",
          Status: status ?? "",
          Requests: durations.length,
          "Mean latency": mean(durations),
          Longest: Math.max(...durations),
        };
      }),
      "routes",
    );
  },
  "Predicted classes of the last 5,000 predictions": (data) => {
    const raw = requests.filter(({ timeMs }) => timeMs >= sampleNow - dayMs && timeMs <= sampleNow);
    const expected = totals(
      raw.slice(-5000),
      ({ predictionClass }) => predictionClass,
      () => 1,
    );
    closeRows(
      sortedBy(onlyTable(data), "Class"),
      Object.keys(expected)
        .sort()
        .map((name) => ({ Class: name, Predictions: expected[name] ?? NaN })),
      "classes",
    );
    const counts = onlyTable(data).map((row) => Number(row["Predictions"]));
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => b - a),
      "the most frequent first",
    );
  },
  "Prediction score, median": (data) => expectScores(data, 0.5),
  "Prediction score, 95th percentile": (data) => expectScores(data, 0.95),
  "Drift (PSI) of served features": (data) => {
    const served = servedDrift();
    closeRows(
      onlyTable(data),
      distinct(served.map(({ timeMs }) => timeMs)).map((timeMs) => ({
        Day: utcDay(timeMs),
        ...Object.fromEntries(
          served.filter((one) => one.timeMs === timeMs).map(({ feature, psi }) => [feature, psi]),
        ),
      })),
      "days with a comparison",
    );
  },
  "Comparisons of served features with the training": (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Time", "Feature"),
      sortedBy(
        servedDrift().map(({ timeMs, feature, psi }) => ({
          Time: timeMs,
          Feature: feature,
          PSI: psi,
          Verdict: sampleVerdict(psi),
          "n training": 300,
          "n served": 1000,
          "Missing in training": 0.01,
          Missing: 0.02,
          Version: "2",
        })),
        "Time",
        "Feature",
      ),
      "comparisons",
    );
  },
  "Requests by day": (data) =>
    expectDays(data, {
      "penguins-api": (day) => requestsOnDay("penguins-api", day),
      "churn-api": (day) => requestsOnDay("churn-api", day),
    }),
  "Unique users and requests by day": (data) =>
    expectDays(data, {
      Users: (day) => uniquesByDay("user", day),
      Requests: (day) => uniquesByDay("fingerprint", day),
    }),
  "Unique users and requests by week": (data) => {
    const week = [sampleStart, sampleStart + 7 * dayMs] as const;
    closeRows(
      onlyTable(data),
      [
        {
          Week: utcDay(sampleStart),
          Users: uniquesBetween("user", ...week),
          Requests: uniquesBetween("fingerprint", ...week),
        },
      ],
      "finished weeks only",
    );
  },
};

// ---- resources ----

/** Minutes since the start of the containers' samples within the last `minutes` that are over: the last sample's is not. */
export function sampleMinutes(minutes: number): number[] {
  return Array.from({ length: containerMinutes }, (_, index) => index).filter(
    (minute) => minute >= containerMinutes - minutes,
  );
}

/** Units times hours: a sample a minute stands for its minute. */
function hours(minutes: readonly number[], value: (minute: number) => number): number {
  return sum(minutes.map(value)) / 60;
}

/** What both pods cost in some minutes. */
export function expectedCosts(minutes: readonly number[]): { requested: number; idle: number } {
  const { vcpuHour, gibHour } = defaultPrices;
  const cores = apiPods.length * hours(minutes, () => apiRequests.cores + sidecar.requestCores);
  const coresUsed = apiPods.length * hours(minutes, (minute) => sampleCpuCores(minute) + sidecar.cores);
  const gib = (apiPods.length * hours(minutes, () => apiRequests.bytes + sidecar.requestBytes)) / bytesPerGib;
  const gibUsed =
    (apiPods.length * hours(minutes, (minute) => sampleMemoryBytes(minute) + sidecar.bytes)) / bytesPerGib;
  return {
    requested: cores * vcpuHour + gib * gibHour,
    idle: (cores - coresUsed) * vcpuHour + (gib - gibUsed) * gibHour,
  };
}

const lastDay = sampleMinutes(24 * 60);

/** The value at or below which 95 of 100 samples lie, by InfluxQL's nearest rank. */
function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95 + 0.5) - 1] ?? NaN;
}

function expectConstant(data: PanelTables, name: string, value: number): void {
  const values = seriesOf(data)[name];
  assert.ok(values !== undefined && values.length > 100, `${data.panel.title}, ${name}: values`);
  for (const one of values) close(one, value, `${data.panel.title}, ${name}`);
}

const resourcesAndCost: Record<string, Expectation> = {
  "Highest memory use": (data) => {
    const api = Math.max(...lastDay.map(sampleMemoryBytes)) / apiRequests.limitBytes;
    close(single(data), Math.max(api, sidecar.bytes / sidecar.limitBytes), "memory use");
  },
  Restarts: (data) => close(single(data), 1, "restarts"),
  "Cost of what is requested": (data) =>
    close(onlyTable(data)[0]?.["Cost"], expectedCosts(lastDay).requested, "cost"),
  "Idle cost": (data) => close(onlyTable(data)[0]?.["Idle cost"], expectedCosts(lastDay).idle, "idle cost"),
  "CPU used by service": (data) => {
    expectConstant(
      data,
      "penguins-api requested",
      apiPods.length * (apiRequests.cores + sidecar.requestCores),
    );
    expectConstant(
      data,
      "penguins-api limit",
      apiPods.length * 2 * (apiRequests.cores + sidecar.requestCores),
    );
    const used = seriesOf(data)["penguins-api used"] ?? [];
    const windows = Array.from({ length: 24 * 12 }, (_, index) => lastDay.slice(5 * index, 5 * index + 5));
    assert.equal(used.length, windows.length, "a value for each window of five minutes");
    windows.forEach((minutes, index) =>
      close(
        used[index],
        apiPods.length * (mean(minutes.map(sampleCpuCores)) + sidecar.cores),
        `cores used, window ${index}`,
      ),
    );
  },
  "Memory used by service": (data) => {
    expectConstant(
      data,
      "penguins-api requested",
      apiPods.length * (apiRequests.bytes + sidecar.requestBytes),
    );
    expectConstant(
      data,
      "penguins-api limit",
      apiPods.length * (apiRequests.limitBytes + sidecar.limitBytes),
    );
    const used = seriesOf(data)["penguins-api used"] ?? [];
    const last = mean(lastDay.slice(-5).map(sampleMemoryBytes));
    close(used.at(-1), apiPods.length * (last + sidecar.bytes), "memory used now");
  },
  "CPU spikes: highest of any pod by its limit": (data) => {
    expectConstant(data, "penguins-api fluentd", sidecar.cores / (2 * sidecar.requestCores));
    close(Math.max(...(seriesOf(data)["penguins-api api"] ?? [])), 0.9 / (2 * apiRequests.cores), "spike");
  },
  "Memory spikes: highest of any pod by its limit": (data) => {
    expectConstant(data, "penguins-api fluentd", sidecar.bytes / sidecar.limitBytes);
    const highest = Math.max(...lastDay.map(sampleMemoryBytes)) / apiRequests.limitBytes;
    close(Math.max(...(seriesOf(data)["penguins-api api"] ?? [])), highest, "spike");
  },
  "Sizing: 95th percentile over 7 days by request": (data) => {
    const all = sampleMinutes(containerMinutes);
    const n = all.length;
    closeRows(
      sortedBy(onlyTable(data), "Container"),
      [
        {
          Service: "penguins-api",
          Container: "api",
          "CPU p95 / request": percentile95(all.map(sampleCpuCores)) / apiRequests.cores,
          "Memory p95 / request": percentile95(all.map(sampleMemoryBytes)) / apiRequests.bytes,
          "CPU request": apiRequests.cores,
          "Memory request": apiRequests.bytes,
          n,
        },
        {
          Service: "penguins-api",
          Container: "fluentd",
          "CPU p95 / request": sidecar.cores / sidecar.requestCores,
          "Memory p95 / request": sidecar.bytes / sidecar.requestBytes,
          n,
        },
      ],
      "sizing",
    );
  },
  "Cost by service": (data) => {
    const { requested, idle } = expectedCosts(lastDay);
    closeRows(
      onlyTable(data),
      [{ Service: "penguins-api", Cost: requested, "Idle cost": idle, "Idle share": idle / requested }],
      "cost",
    );
  },
  "GPU utilisation by service": (data) => {
    const windows = Array.from({ length: 24 * 12 }, (_, index) => lastDay.slice(5 * index, 5 * index + 5));
    const found = seriesOf(data);
    for (const [service, { utilization }] of Object.entries(sampleGpus)) {
      assert.equal(found[service]?.length, windows.length, service);
      windows.forEach((minutes, index) =>
        close(found[service]?.[index], mean(minutes.map(utilization)), `${service}, window ${index}`),
      );
    }
  },
  "GPU memory by service": (data) => {
    for (const [service, { usedMib }] of Object.entries(sampleGpus)) {
      expectConstant(data, `${service} used`, usedMib * 1024 ** 2);
      expectConstant(data, `${service} free`, (gpuMib - usedMib) * 1024 ** 2);
    }
  },
  "GPU power by service": (data) => {
    for (const [service, { watts }] of Object.entries(sampleGpus)) expectConstant(data, service, watts);
  },
  "GPUs by service": (data) =>
    closeRows(
      sortedBy(onlyTable(data), "Service"),
      sortedBy(
        Object.entries(sampleGpus).map(([Service, { utilization, usedMib, watts }]) => ({
          Service,
          "GPU hours": 24,
          Utilisation: mean(lastDay.map(utilization)),
          "Idle GPU hours": hours(lastDay, (minute) => 1 - utilization(minute)),
          "Memory, highest": usedMib * 1024 ** 2,
          Energy: (24 * watts) / 1000,
        })),
        "Service",
      ),
      "GPUs",
    ),
  "Memory peak by step": (data) =>
    closeRows(
      sortedBy(onlyTable(data), "Step"),
      sortedBy(
        Object.entries(failedSteps).map(([Step, { mib }]) => ({ Step, [samplePipeline]: mib / 256 })),
        "Step",
      ),
      "peaks",
    ),
  Steps: (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Step"),
      sortedBy(
        Object.entries(failedSteps).map(([Step, { result, duration_s, mib }]) => ({
          Pipeline: samplePipeline,
          Step,
          Result: result,
          n: 1,
          "Mean time": duration_s,
          Longest: duration_s,
          "Mean CPU time": duration_s / 2,
          "Memory peak": mib * 1024 ** 2,
          "Memory limit": 256 * 1024 ** 2,
        })),
        "Step",
      ),
      "steps",
    );
  },
};

// ---- one run ----

/** Of run-3, the last that succeeded; its steps end one after the other, five minutes before its end. */
const stepEnds = Object.entries(pipelineTasks).reduce<{ step: string; seconds: number; endMs: number }[]>(
  (ends, [step, seconds]) => {
    // The run's start, and each step, take 100 ms.
    const before = ends.at(-1)?.endMs ?? candidate.endMs - 5 * minuteMs;
    return [...ends, { step, seconds, endMs: before + seconds * 1000 + 100 }];
  },
  [],
);

const run: Record<string, Expectation> = {
  Result: (data) => closeRows(onlyTable(data), [{ Result: "success" }], "result"),
  "Decision on its model": (data) =>
    closeRows(onlyTable(data), [{ Decision: candidate.decision, Reason: candidate.reason }], "decision"),
  "Duration: this run and the mean": (data) =>
    assert.deepEqual(seriesOf(data), { "This run": [300], "Mean of 90 days": [300] }),
  "Results of 90 days": (data) =>
    assert.deepEqual(seriesOf(data), { error: [1], success: [sampleRuns.length] }),
  "Features by drift verdict": (data) =>
    closeTotals(
      data,
      totals(Object.values(candidate.psi), sampleVerdict, () => 1),
    ),
  "Model of the run": (data) =>
    closeRows(
      onlyTable(data),
      [
        {
          Model: "penguins",
          Version: candidate.version,
          "Failed checks": candidate.failedChecks,
          Rows: candidate.rows,
          Data: `batch-${candidate.version}`,
          Code: `abc${candidate.version}`,
        },
      ],
      "model",
    ),
  "Steps of the run": (data) => {
    const lanes = data.frames.map(({ columns, rows }) => [columns[2], ...(rows[0] ?? [])]);
    assert.deepEqual(
      lanes.sort((a, b) => Number(a[2]) - Number(b[2])),
      stepEnds.map(({ step, seconds, endMs }) => [step, endMs - seconds * 1000, endMs, "success"]),
    );
  },
  "Duration of steps: this run and the mean": (data) =>
    closeRows(
      sortedBy(onlyTable(data), "Step"),
      sortedBy(
        stepEnds.map(({ step, seconds }) => {
          const others = step === "load" || step === "clean" ? [...sampleRuns, 1] : sampleRuns;
          return {
            Step: step,
            "This run": seconds,
            "Mean of 90 days": mean(others.map(() => seconds)),
          };
        }),
        "Step",
      ),
      "durations of steps",
    ),
  Steps: (data) =>
    closeRows(
      onlyTable(data),
      stepEnds.map(({ step, seconds, endMs }) => ({
        Time: endMs,
        Step: step,
        Result: "success",
        Duration: seconds,
        "CPU time": seconds / 2,
        "Memory peak": seconds * 4 * 1024 ** 2,
        "Rows in": candidate.rows,
        "Rows out": candidate.rows,
        Error: null,
      })),
      "steps of the run",
    ),
  "Memory peak by step": (data) =>
    closeRows(
      onlyTable(data),
      stepEnds.map(({ step, seconds }) => ({ Step: step, "Memory peak": (seconds * 4) / 256 })),
      "peaks of the run",
    ),
  "Log lines of the pipeline": (data) =>
    closeRows(
      onlyTable(data),
      [
        { Severity: "INFO", Line: "done" },
        { Severity: "WARN", Line: "a sensor's values are far from the others" },
        { Severity: "INFO", Line: "reading the batch" },
      ],
      "lines, the newest first",
    ),
  "Drift by feature": (data) =>
    closeRows(
      sortedBy(onlyTable(data), "Feature"),
      [...features].sort().map((feature) => ({
        Feature: feature,
        Verdict: sampleVerdict(candidate.psi[feature] ?? NaN),
        PSI: candidate.psi[feature] ?? NaN,
        "n before": candidate.rows - 100,
        "n now": candidate.rows,
      })),
      "drift of the run",
    ),
  "Duration of the runs of 90 days": (data) =>
    closeRows(
      onlyTable(data),
      [
        ...sampleRuns.map(({ version }) => ({ Run: `run-${version}`, Duration: 300 })),
        { Run: "run-4", Duration: 90 },
      ],
      "runs, the oldest first",
    ),
  "Runs of the pipeline": (data) =>
    closeRows(
      onlyTable(data),
      [
        { Result: "error", Duration: 90, Run: "run-4", Error: "cannot allocate 512 MiB" },
        ...[...sampleRuns].reverse().map(({ version, endMs }) => ({
          Time: endMs,
          Pipeline: samplePipeline,
          Result: "success",
          Run: `run-${version}`,
          From: endMs - 300_000 - minuteMs,
          To: endMs + minuteMs,
        })),
      ],
      "runs, the newest first",
    ),
};

// ---- platform ----

/** One sample a minute; the last, at sampleNow itself, is in no finished minute yet. */
const finishedSamples = platformMinutes;

/** Seconds since the last line or request of a service before a time. */
function lagOf(service: string, nowMs: number): number {
  const lines =
    service === "penguins-api" ? minutesAgo(platformMinutes).map((ago) => sampleNow - ago * minuteMs) : [];
  const spoke = [...requests.filter((one) => one.service === service).map(({ timeMs }) => timeMs), ...lines];
  return (nowMs - Math.max(...spoke.filter((time) => time < nowMs))) / 1000;
}

/** The API's lines in finished minutes, by severity. */
function finishedLines(): Record<ReturnType<typeof apiSeverity>, number> {
  const counts = { ERROR: 0, WARN: 0, INFO: 0 };
  for (const ago of minutesAgo(platformMinutes)) if (ago > 0) counts[apiSeverity(ago)] += 1;
  return counts;
}

/** The API's text lines of the time range, the newest first. */
const apiLines = minutesAgo(platformMinutes)
  .map((ago) => ({ ago, timeMs: sampleNow - ago * minuteMs, severity: apiSeverity(ago) }))
  .sort((a, b) => b.timeMs - a.timeMs);

/** What the link of a trace shows: a quarter of an hour before and after. */
const aroundTime = (timeMs: number) => ({ From: timeMs - 15 * minuteMs, To: timeMs + 15 * minuteMs });

const logs: Record<string, Expectation> = {
  "Lines of errors": (data) => close(single(data), finishedLines().ERROR, "lines of errors"),
  "Requests that raised": (data) =>
    close(single(data), requestsSince(data).filter(({ status }) => status === 500).length, "requests"),
  "Steps that raised": (data) =>
    close(
      single(data),
      Object.values(failedSteps).filter(({ result }) => result === "error").length,
      "steps",
    ),
  "Unparsed lines": (data) =>
    close(
      single(data),
      minutesAgo(platformMinutes).filter((ago) => ago % 20 === 0 && ago > 0).length,
      "unparsed lines",
    ),
  "Lines by severity": (data) => {
    const { ERROR, WARN, INFO } = finishedLines();
    closeTotals(data, { ERROR, WARN, INFO: INFO + finishedSamples });
  },
  "Log lines": (data) => {
    const rows = onlyTable(data);
    assert.equal(rows.length, 500, "the newest, of two services");
    closeRows(
      rows.filter(({ Service }) => Service === "penguins-api").slice(0, 200),
      apiLines.slice(0, 200).map(({ ago, timeMs, severity }) => ({
        Time: timeMs,
        Severity: severity,
        Line: `line ${ago}`,
        Exception: severity === "ERROR" ? lineException["exception.type"] : null,
        Message: severity === "ERROR" ? lineException["exception.message"] : null,
        Logger: "penguins_api",
        Pod: apiPods[0],
        Trace: severity === "ERROR" ? sampleTrace(timeMs) : null,
        ...aroundTime(timeMs),
      })),
      "lines, the newest first",
    );
  },
  Exceptions: (data) => {
    const expected = [
      ...apiLines
        .filter(({ severity }) => severity === "ERROR")
        .map(({ timeMs }) => ({ timeMs, ...lineException })),
      ...requestsSince(data)
        .filter(({ status }) => status === 500)
        .map(({ timeMs }) => ({ timeMs, ...requestException })),
    ].map(({ timeMs, ...exception }) => ({
      Time: timeMs,
      Service: "penguins-api",
      Exception: exception["exception.type"],
      Message: exception["exception.message"],
      Trace: sampleTrace(timeMs),
      ...aroundTime(timeMs),
    }));
    const [ofSteps, others] = [true, false].map((isStep) =>
      onlyTable(data).filter(({ Service }) => (Service === samplePipeline) === isStep),
    );
    closeRows(
      sortedBy(others ?? [], "Time", "Exception"),
      sortedBy(expected, "Time", "Exception"),
      "exceptions",
    );
    closeRows(
      ofSteps ?? [],
      [{ Exception: "MemoryError", Message: "cannot allocate 512 MiB", Run: "run-4" }],
      "exceptions of steps",
    );
  },
  "Lines that no format matched": (data) =>
    closeRows(
      onlyTable(data),
      apiLines
        .filter(({ ago }) => ago % 20 === 0)
        .map(({ timeMs }) => ({ Time: timeMs, Service: "penguins-api", File: "app.log", Line: "??" })),
      "unparsed lines, the newest first",
    ),
};

const platformHealth: Record<string, Expectation> = {
  "Firing alerts": (data) => close(single(data), sampleAlerts.length - 1, "alerts, without Watchdog"),
  "Failed notifications": (data) => close(single(data), 2, "failed notifications"),
  "Buffer in use": (data) => close(single(data), 1 - 0.885, "buffer"),
  "Log lag": (data) => close(single(data), lagOf("churn-api", sampleNow), "lag"),
  "Log lag by service": (data) => {
    for (const service of ["churn-api", "penguins-api"]) {
      const points = (frameNamed(data, service)?.rows ?? []).filter(([, value]) => value !== null);
      assert.equal(points.length, lagMinutes, `${service}: a value for each run of the task`);
      for (const [time, lag] of points) close(lag, lagOf(service, Number(time)), `lag of ${service}`);
    }
    assert.equal(data.frames.length, 2, "a pipeline answers no probes: its silence is no lag");
  },
  "Unparsed share": (data) => {
    const unparsed = minutesAgo(platformMinutes).filter((ago) => ago % 20 === 0 && ago > 0).length;
    const answered = requestsSince(data).filter(({ service }) => service === "penguins-api").length;
    const [table] = data.frames;
    const shares = (table?.rows ?? []).map((row) => row[table?.columns.indexOf("Unparsed share") ?? -1]);
    const [share, ...others] = shares.filter((one) => one !== null);
    close(share, unparsed / (unparsed + finishedSamples + answered), "unparsed share");
    assert.deepEqual(others, [], "other services have no such lines");
  },
  Series: (data) => close(single(data), 900 + 700 + 500 + 400 + 350 + 5 * (platformMinutes / 60), "series"),
  "Failed tasks": (data) => close(single(data), 3, "failed tasks"),
  "Dead letters": (data) => close(single(data), 3, "dead letters"),
  "Log lines by service": (data) => {
    closeTotals(data, { "penguins-api": finishedSamples, [samplePipeline]: finishedSamples });
  },
  "Unparsed lines by service": (data) => {
    closeTotals(data, {
      "penguins-api": minutesAgo(platformMinutes).filter((ago) => ago % 20 === 0 && ago > 0).length,
    });
  },
  "Buffer in use by replica and output": (data) => {
    expectConstant(data, "fluentd-aggregator-1 influxdb", 0);
    const influxdb = seriesOf(data)["fluentd-aggregator-0 influxdb"] ?? [];
    close(influxdb[0], 1 - 0.995, "before the backlog");
    close(influxdb.at(-1), 1 - 0.885, "in the backlog");
  },
  "Series over time": (data) => {
    const grown = platformMinutes / 60;
    close(Number(seriesOf(data)["Series"]?.at(-1)), 900 + 700 + 500 + 400 + 350 + 5 * grown, "series");
  },
  "Task runs by result": (data) => {
    expectConstant(data, "success", 30 / 60);
    // Three failures from one minute to the next.
    close(sum(seriesOf(data)["failed"] ?? []), 3 / 60, "failed runs by second");
  },
  "Alerts by state": (data) => {
    expectConstant(data, "suppressed", 0);
    const active = seriesOf(data)["active"] ?? [];
    assert.deepEqual(distinct(active), [1, 3]);
  },
  "Last line by service": (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Service"),
      ["penguins-api", samplePipeline].map((service) => ({
        Service: service,
        "Last line": sampleNow - minuteMs,
        "Lines in that minute": 1,
      })),
      "last lines",
    );
  },
  "Lines by service and severity": (data) => {
    const { ERROR, WARN, INFO } = finishedLines();
    closeRows(
      sortedBy(onlyTable(data), "Service", "Severity"),
      [
        { Service: "penguins-api", Severity: "ERROR", Lines: ERROR },
        { Service: "penguins-api", Severity: "INFO", Lines: INFO },
        { Service: "penguins-api", Severity: "WARN", Lines: WARN },
        { Service: samplePipeline, Severity: "INFO", Lines: finishedSamples },
      ],
      "lines",
    );
  },
  Probes: (data) => {
    closeRows(
      sortedBy(onlyTable(data), "Result"),
      [
        { Service: "penguins-api", Result: "connection_failed", Probes: 1, "Mean time": null },
        { Service: "penguins-api", Result: "success", Probes: finishedSamples - 1, "Mean time": 0.012 },
      ],
      "probes",
    );
  },
  "Ready pods of model APIs": (data) => {
    const notReady = 5;
    closeRows(
      onlyTable(data),
      [
        {
          Namespace: "churn",
          Service: "churn-api",
          Desired: 2,
          "Ready on average": (2 * (finishedSamples - notReady)) / finishedSamples,
          "Least ready": 0,
          n: finishedSamples,
        },
      ],
      "ready pods",
    );
  },
  Volumes: (data) => {
    const fullest = (60 + (platformMinutes - 1) / 60) / 100;
    closeRows(onlyTable(data), [{ Service: "influxdb", Volume: "data", "In use": fullest }], "volumes");
  },
};

/**
 * What a dashboard is asked for: that of a run for run-3 over the time that it took, as its links do; that of resources for
 * chosen services, as it shows requests and limits of those only.
 */
export function asked({ uid }: { uid: string }): Omit<QueryDashboardOptions, "run"> {
  if (uid === "resources-and-cost")
    return {
      nowMs: sampleNow,
      choose: { service: ["penguins-api", "penguins-training", "dcgm-exporter"] },
    };
  return uid !== "training-run"
    ? { nowMs: sampleNow }
    : {
        nowMs: sampleNow,
        choose: { runId: [`run-${candidate?.version ?? ""}`] },
        from: new Date((candidate?.endMs ?? NaN) - 6 * minuteMs).toISOString(),
        to: new Date((candidate?.endMs ?? NaN) + minuteMs).toISOString(),
      };
}

/** By the dashboard's uid. */
export const expectations: Readonly<Record<string, Readonly<Record<string, Expectation>>>> = {
  "monitoring-home": home,
  "model-approval": modelApproval,
  "training-run": run,
  "model-api-usage": modelApiUsage,
  "resources-and-cost": resourcesAndCost,
  "log-lines": logs,
  "platform-health": platformHealth,
};
