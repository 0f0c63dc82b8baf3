import { buckets } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { eventCountField } from "../../contract/rollups";
import { bucketTag } from "../../contract/histograms";
import { thresholds } from "../../contract/thresholds";
import { fluxFloat, fluxString, type FluxTask, taskOption } from "../influxdb/flux";
import { asOf } from "./asOf";
import { ago, ofList } from "./rules/define";

/** Windows that are counted from minutes; longer ones from hours, and the minutes since the last of them. */
const ofMinutes = ["5m", "30m", "1h", "6h"];

/** Columns of {@link errorBudgets}: requests in a window, and those of them that failed the objective. */
export const requestsIn = (window: string): string => `requests_${window}`;
export const failedIn = (window: string): string => `failed_${window}`;

/**
 * Flux statements that define `budgets`: a row for each objective of each model API (`service`, `environment`, `slo`), with
 * the share of requests that may fail it (`budget`), and how many there were and failed it in each window. `stop` is now.
 *
 * Telegraf reads the objectives with the Deployments. `availability` fails with a server error (5xx), `latency` in a bucket
 * of the histograms whose middle is above the objective's seconds.
 *
 * @param windows as Flux durations, e.g. `6h`
 */
export function errorBudgets(windows: readonly string[]): string {
  const counted = windows.flatMap((window) => {
    const start = ago(window);
    const parts = ofMinutes.includes(window)
      ? [["minutely", start, "stop"]]
      : [
          ["hourly", `date.truncate(t: ${start}, unit: 1h)`, "rolledUp"],
          ["minutely", "rolledUp", "stop"],
        ];
    return parts.map(
      ([bucket = "", from, to]) =>
        `    answered(bucket: ${fluxString(bucket)}, start: ${from}, stop: ${to}) |> map(fn: (r) => ({r with window: ${fluxString(window)}}))`,
    );
  });
  const sums = windows.flatMap((window) =>
    [
      [requestsIn(window), "r.requests"],
      [failedIn(window), "r.failed"],
    ].map(([column = "", value]) => ({ column, window, value })),
  );
  const samples = (measurement: string, field: string): string => `from(bucket: bucket)
            |> range(start: start, stop: stop)
            |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and r._field == ${fluxString(field)})
            |> sum()`;
  return `${asOf("seen", ofList("Deployment"))}
rolledUp = date.truncate(t: ${ago("2h")}, unit: 1h)
declared = from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: 3m, from: seen), stop: seen)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.deployment)} and r._field =~ /^slo_/)
    |> last()
    |> group(columns: ["service", "environment"])
    |> pivot(rowKey: ["service", "environment"], columnKey: ["_field"], valueColumn: "_value")
objectives = union(
    tables: [
        declared
            |> filter(fn: (r) => exists r.slo_availability)
            |> map(fn: (r) => ({service: r.service, environment: r.environment, slo: "availability", budget: 1.0 - r.slo_availability, seconds: 1.0})),
        declared
            |> filter(fn: (r) => exists r.slo_latency_p and exists r.slo_latency_seconds)
            |> map(fn: (r) => ({service: r.service, environment: r.environment, slo: "latency", budget: 1.0 - r.slo_latency_p, seconds: r.slo_latency_seconds})),
    ],
)
    |> group()
answered = (bucket, start, stop) => union(
    tables: [
        ${samples(measurements.httpRequest, eventCountField)}
            |> map(fn: (r) => ({service: r.service, environment: r.environment, slo: "availability", requests: r._value, took: if r.status_class == "5xx" then 2.0 else 0.0})),
        ${samples(measurements.requestHistogram, "duration_s")}
            |> map(fn: (r) => ({service: r.service, environment: r.environment, slo: "latency", requests: r._value, took: float(v: r.${bucketTag})})),
    ],
)
counted = union(tables: [
${counted.join(",\n")},
])
    |> group()
budgets = join(tables: {counted: counted, objectives: objectives}, on: ["service", "environment", "slo"])
    |> map(fn: (r) => ({r with failed: if r.took > r.seconds then r.requests else 0.0}))
    |> group(columns: ["service", "environment", "slo"])
    |> reduce(
        identity: {budget: 0.0, ${sums.map(({ column }) => `${column}: 0.0`).join(", ")}},
        fn: (r, accumulator) => ({
            budget: r.budget,
${sums.map(({ column, window, value }) => `            ${column}: accumulator.${column} + (if r.window == ${fluxString(window)} then ${value} else 0.0),`).join("\n")}
        }),
    )`;
}

/**
 * The InfluxDB task that writes what is left of each error budget: 1 minus the share of it that the failed requests of the
 * last 30 days took, below 0 where they took more. Measurement `slo.error_budget`, field `left`, tags `service`,
 * `environment` and `slo`, bucket `minutely`.
 */
export function errorBudgetTask(): FluxTask {
  const name = "error budgets";
  const window = `${thresholds.budgetDays}d`;
  const requests = `r.${requestsIn(window)}`;
  return {
    name,
    flux: `import "date"

${taskOption(name, { every: "5m", offset: "30s" })}

stop = now()
${errorBudgets([window])}
budgets
    |> filter(fn: (r) => ${requests} > 0.0)
    |> map(fn: (r) => ({_time: stop, _measurement: ${fluxString(measurements.errorBudget)}, _field: "left", _value: 1.0 - r.${failedIn(window)} / ${requests} / r.budget, service: r.service, environment: r.environment, slo: r.slo}))
    |> group(columns: ["_measurement", "_field", "service", "environment", "slo"])
    |> to(bucket: ${fluxString(buckets.minutely)})
`,
  };
}

/** A window of a burn rate, and what takes its place where it has too few requests. */
export interface BurnWindows {
  long: string;
  short: string;
  rate: number;
}

/**
 * Flux that gives, of `budgets`, the greatest burn rate by the rate that is too fast: the lower one of the long and the
 * short window. Columns `burn` and `span` are texts.
 *
 * At low traffic a short window holds few requests or none: the shortest one that has {@link thresholds.leastRequests} of
 * those that are counted takes its place, at last the long one; fewer than {@link thresholds.leastErrors} failed requests in
 * the long window are none.
 *
 * @param windows those that are counted, the shortest first
 */
export function burning(windows: readonly string[], pairs: readonly BurnWindows[]): string {
  // Where it is used, there are requests: five failed in the long window, twenty are in the others.
  const rate = (window: string): string => `r.${failedIn(window)} / r.${requestsIn(window)} / r.budget`;
  const short = ({ long, short: from }: BurnWindows): string =>
    windows
      .slice(windows.indexOf(from), windows.indexOf(long))
      .map(
        (window) =>
          `if r.${requestsIn(window)} >= ${fluxFloat(thresholds.leastRequests)} then ${rate(window)} else `,
      )
      .join("") + rate(long);
  const rows = pairs.map((pair) => {
    const [, amount = "", unit = ""] = /^(\d+)(\w)$/.exec(pair.long) ?? [];
    return `    budgets
        |> filter(fn: (r) => r.${failedIn(pair.long)} >= ${fluxFloat(thresholds.leastErrors)})
        |> map(fn: (r) => {
            long = ${rate(pair.long)}
            short = ${short(pair)}
            burn = if long < short then long else short

            return {r with _time: stop, _value: burn / ${fluxFloat(pair.rate)}, burn: string(v: math.round(x: burn * 10.0) / 10.0), span: ${fluxString(`${amount} ${unit}`)}}
        })`;
  });
  const [only = "", ...others] = rows;
  const all = others.length === 0 ? only.trimStart() : `union(tables: [\n${rows.join(",\n")},\n])`;
  return `${all}
    |> group(columns: ["service", "environment", "slo"])
    |> sort(columns: ["_value"])
    |> tail(n: 1)`;
}
