import { buckets, type RetentionDays } from "../../contract/buckets";
import {
  bucketTag,
  firstBound,
  histogramBounds,
  histogramMeasurement,
  histogramRatio,
  startBucket,
  startField,
  totalBucket,
  totalField,
} from "../../contract/histograms";
import type { Rollup } from "../../contract/rollups";
import { anyOf, fluxFloat, fluxString, fluxStrings, type FluxTask } from "./flux";
import { type Schedule, schedules } from "./rollupSchedules";
import {
  aggregateWindow,
  type EventCount,
  findBehind,
  type Resolution,
  taskHead,
  written,
} from "./rollupWindows";

/**
 * The tasks that keep histograms of fields: counts per bucket of each minute, from the raw events, added up to hours, days
 * and weeks. They are tasks of their own, so that they are made for events that were rolled up before there were any.
 */
export function histogramTasks(
  rollups: readonly Rollup[],
  retentionDays: RetentionDays,
  timeZone: string,
): FluxTask[] {
  return schedules(retentionDays, timeZone).flatMap((schedule) =>
    rollups.flatMap((rollup) => {
      const [field] = rollup.histograms ?? [];
      return field === undefined ? [] : [histogramTask(rollup, field, schedule)];
    }),
  );
}

function histogramTask(
  rollup: Rollup,
  field: string,
  [label, resolution, schedule, comparison]: Schedule,
): FluxTask {
  const name = `histogram ${label} ${rollup.measurement}`;
  const measurement = histogramMeasurement(rollup.measurement);
  const target = { bucket: buckets[resolution.target], measurement, field: totalField(field) };
  const fromRaw = resolution.source === buckets.events;
  const source: EventCount = fromRaw
    ? { bucket: buckets.events, measurement: rollup.measurement, field, aggregate: "count" }
    : { ...target, bucket: buckets[resolution.source], aggregate: "sum" };
  return {
    name,
    flux: `${taskHead(name, resolution, schedule, ["math"])}

${findBehind(source, target, resolution, comparison)}

${fromRaw ? ofEvents(rollup, resolution) : ofHistograms(measurement, resolution)}`,
  };
}

/** Flux that makes histograms of the raw events: the counts of the buckets, and their totals. */
function ofEvents(
  { measurement, histograms = [], histogramTags, tags }: Rollup,
  resolution: Resolution,
): string {
  const of = fluxString(histogramMeasurement(measurement));
  const kept = histogramTags ?? tags;
  const read = `from(bucket: ${fluxString(buckets.events)})
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and ${anyOf("_field", histograms)})`;
  // Regrouped at once, storage does it.
  const grouped =
    kept === undefined ? "" : `\n    |> group(columns: ${fluxStrings(["_measurement", "_field", ...kept])})`;
  const byBucket =
    kept === undefined
      ? `group(columns: ["_time", "n"], mode: "except")`
      : `group(columns: ${fluxStrings(["_measurement", "_field", ...kept, "_value"])})`;
  const windows = aggregateWindow(resolution, "sum");
  return `first = ${fluxFloat(firstBound)}
last = ${fluxFloat(histogramBounds.length - 1)}
ratio = ${fluxFloat(histogramRatio)}
logRatio = math.log(x: ratio)
// The number of the bucket: bucket n ends at first * ratio ^ n.
bucketOf = (v) => if v <= first then 0.0 else math.mMin(x: last, y: math.ceil(x: math.log(x: v / first) / logRatio))
middleOf = (n) => string(v: math.round(x: first * math.pow(x: ratio, y: n - 0.5) * 1000000.0) / 1000000.0)

counts = ${read}${grouped}
    |> map(fn: (r) => ({r with _value: bucketOf(v: float(v: r._value)), n: 1.0}))
    |> ${byBucket}
    |> aggregateWindow(every: ${resolution.window}, fn: (tables=<-, column) => tables |> sum(column: "n"), timeSrc: "_start", createEmpty: false)
    |> map(fn: (r) => ({r with _measurement: ${of}, ${bucketTag}: middleOf(n: r._value), _value: r.n}))
    |> drop(columns: ["n"])

totals = (bucket, suffix) => ${read}
    |> ${aggregateWindow(resolution, "count")}
    |> toFloat()${grouped}
    |> sort(columns: ["_time"])
    |> ${windows}
    |> map(fn: (r) => ({r with _measurement: ${of}, ${bucketTag}: bucket, _field: r._field + suffix}))

${written(
  [
    "    counts",
    `    totals(bucket: ${fluxString(startBucket)}, suffix: ${fluxString(startField(""))})`,
    `    totals(bucket: ${fluxString(totalBucket)}, suffix: ${fluxString(totalField(""))})`,
  ],
  resolution,
)}`;
}

function ofHistograms(measurement: string, resolution: Resolution): string {
  return written(
    [
      `from(bucket: ${fluxString(buckets[resolution.source])})
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)})
    |> ${aggregateWindow(resolution, "sum")}`,
    ],
    resolution,
  );
}
