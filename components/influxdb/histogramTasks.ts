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
    flux: `${taskHead(name, resolution, schedule, ["array", "math"])}

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
  const windows = aggregateWindow(resolution, "sum");
  return `ratio = ${fluxFloat(histogramRatio)}
bounds = logarithmicBins(start: ${fluxFloat(firstBound)}, factor: ratio, count: ${histogramBounds.length - 1}, infinity: true)
last = ${fluxFloat(firstBound)} * math.pow(x: ratio, y: ${fluxFloat(histogramBounds.length - 1)})
middleOf = (bound) => string(v: math.round(x: math.mMin(x: bound, y: last) / math.sqrt(x: ratio) * 1000000.0) / 1000000.0)

// Functions of Flux itself do it: one of ours for each event takes ten times as long. Of bounds with the same cumulative
// count the first is that of a bucket with values; a bound below all values makes the difference of the first bucket.
counts = ${read}${grouped}
    |> toFloat()
    |> window(every: ${resolution.window})
    |> histogram(bins: array.concat(arr: [-math.maxfloat], v: bounds))
    |> unique()
    |> difference()
    |> map(fn: (r) => ({r with _measurement: ${of}, _time: r._start, ${bucketTag}: middleOf(bound: r.le)}))
    |> drop(columns: ["le", "_start", "_stop"])
    |> group(columns: ["_time", "_value"], mode: "except")

totals = ${read}
    |> ${aggregateWindow(resolution, "count")}
    |> toFloat()${grouped}
    |> sort(columns: ["_time"])
    |> ${windows}
inBucket = (bucket, suffix) => totals
    |> map(fn: (r) => ({r with _measurement: ${of}, ${bucketTag}: bucket, _field: r._field + suffix}))

${written(
  [
    "    counts",
    `    inBucket(bucket: ${fluxString(startBucket)}, suffix: ${fluxString(startField(""))})`,
    `    inBucket(bucket: ${fluxString(totalBucket)}, suffix: ${fluxString(totalField(""))})`,
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
