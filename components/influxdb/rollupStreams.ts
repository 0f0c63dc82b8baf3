import { buckets } from "../../contract/buckets";
import {
  eventCountField,
  increaseField,
  minutesField,
  type Rollup,
  rollupField,
} from "../../contract/rollups";
import { anyOf, fluxString, fluxStrings } from "./flux";
import { aggregateWindow, type EventCount, type Resolution } from "./rollupWindows";

/** The streams of a rollup in one resolution. Each is Flux that reads between `start` and `stop`. */
interface StreamOptions {
  rollup: Rollup;
  resolution: Resolution;
}

/** A stream of one point a window, series and field. Storage computes it: only the results are read. */
function aggregated(
  { rollup, resolution }: StreamOptions,
  what: { fields: readonly string[]; aggregate: "sum" | "count" | "min" | "max"; target: string },
): string {
  // The windows of several series that lose a tag are taken together as the windows themselves were.
  const regroup = regrouped(rollup, resolution, what.aggregate === "count" ? "sum" : what.aggregate);
  return `${read(rollup, buckets[resolution.source], "start: start, stop: stop", what.fields)}
        |> ${aggregateWindow(resolution, what.aggregate)}
        |> toFloat()${regroup}
        |> map(fn: (r) => ({r with _field: ${what.target}}))`;
}

function read({ measurement }: Rollup, bucket: string, range: string, fields: readonly string[]): string {
  return `    from(bucket: ${fluxString(bucket)})
        |> range(${range})
        |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and ${anyOf("_field", fields)})`;
}

/** Flux that gives each field a name with an addition, e.g. `duration_s` the name `duration_s.p95`. */
function renamed(addition: string): string {
  return `
        |> map(fn: (r) => ({r with _field: r._field + ${fluxString(addition)}}))`;
}

/**
 * All streams of a rollup, from the next finer resolution: the number of events, statistics of the fields, amounts and
 * counters.
 *
 * @param counted field of the source that counts the events
 */
export function rollupStreams(options: StreamOptions, counted: EventCount): string[] {
  const { fields } = options.rollup;
  const fromRaw = options.resolution.source === buckets.events;
  const count = aggregated(options, {
    fields: [counted.field],
    aggregate: counted.aggregate,
    target: fluxString(eventCountField),
  });
  if (fields.length === 0) return [count, ...additions(options)];
  const statistics = (["sum", "count", "min", "max"] as const).map((statistic) =>
    aggregated(options, {
      fields: fromRaw ? fields : fields.map((field) => rollupField(field, statistic)),
      aggregate: statistic === "count" && !fromRaw ? "sum" : statistic,
      target: fromRaw ? `r._field + ${fluxString(rollupField("", statistic))}` : "r._field",
    }),
  );
  return [count, ...statistics, ...additions(options)];
}

/** A counter's growth is looked for from its last sample before the window: samples may be missing for so long. */
const counterLookBack = "10m";

/** Streams of what is added up over the series that a rollup takes together. */
function additions(options: StreamOptions): string[] {
  const { rollup, resolution } = options;
  const { amounts = [], counters = [] } = rollup;
  if (resolution.source !== buckets.events) {
    const fields = [...amounts.map(minutesField), ...counters.map(increaseField)];
    return fields.length === 0 ? [] : [aggregated(options, { fields, aggregate: "sum", target: "r._field" })];
  }
  const streams: string[] = [];
  if (amounts.length > 0) {
    // The mean of one series' samples of one minute stands for that minute.
    streams.push(`${read(rollup, buckets.events, "start: start, stop: stop", amounts)}
        |> ${aggregateWindow(resolution, "mean")}${regrouped(rollup, resolution, "sum")}${renamed(minutesField(""))}`);
  }
  if (counters.length > 0) {
    const range = `start: date.sub(d: ${counterLookBack}, from: start), stop: stop`;
    streams.push(`${read(rollup, buckets.events, range, counters)}
        |> toFloat()
        |> difference(nonNegative: true)
        |> filter(fn: (r) => r._time >= start and exists r._value)
        |> ${aggregateWindow(resolution, "sum")}${regrouped(rollup, resolution, "sum")}${renamed(increaseField(""))}`);
  }
  return streams;
}

/**
 * Flux that takes the series together which differ only in tags that the rollup leaves out; none where it keeps all.
 *
 * Grouping by time as well would make a table of each window: a hundred times as slow.
 */
function regrouped(rollup: Rollup, resolution: Resolution, aggregate: "sum" | "min" | "max"): string {
  if (rollup.tags === undefined) return "";
  if (aggregate === "sum") {
    return `${grouped(rollup)}
        |> sort(columns: ["_time"])
        |> ${aggregateWindow(resolution, "sum")}`;
  }
  return `${grouped(rollup)}
        |> sort(columns: ["_value"], desc: ${aggregate === "max"})
        |> unique(column: "_time")
        |> keep(columns: ${fluxStrings(["_measurement", "_field", "_time", "_value", ...(rollup.tags ?? [])])})`;
}

function grouped({ tags }: Rollup): string {
  if (tags === undefined) return "";
  return `
        |> group(columns: ${fluxStrings(["_measurement", "_field", ...tags])})`;
}
