import { type BucketName, buckets, defaultRetentionDays, type RetentionDays } from "../../contract/buckets";
import {
  defaultRollups,
  eventCountField,
  increaseField,
  keptBucket,
  keptMeasurements,
  minutesField,
  requestUniques,
  type Rollup,
  rollupField,
  rollupQuantiles,
  type Uniques,
} from "../../contract/rollups";
import {
  anyOf,
  fluxFloat,
  fluxString,
  fluxStrings,
  type FluxTask,
  taskOption,
  type TaskSchedule,
} from "./flux";

/** Options of {@link rollupTasks}. */
export interface RollupTasksOptions {
  /**
   * What is rolled up.
   * @default defaultRollups
   */
  rollups?: readonly Rollup[];
  /**
   * Retention of the buckets, which bounds how far back a rollup may be computed again.
   * @default defaultRetentionDays
   */
  retentionDays?: RetentionDays;
}

/** A resolution: whole windows of `source` become one point each in `target`. */
interface Resolution {
  target: BucketName;
  /** Bucket whose sums, counts, minima and maxima are taken together. */
  source: BucketName;
  /** Length of a window, as a Flux duration. */
  window: string;
  /** Shift of the windows: Flux counts weeks from Thursday, 1970-01-01. */
  windowOffset: string;
}

/** A task that keeps a resolution up to date. */
interface Pass {
  /** Told apart in the task's name. */
  label: string;
  schedule: TaskSchedule;
  /** Windows by which source and target are compared; a multiple of the resolution's window. */
  compareWindow: string;
  /** How far back they are compared. */
  lookBack: string;
  /** Longest range that one run computes. */
  longestRange: string;
}

/**
 * Hours of late minutes, or of hours, that one run computes. Raw events in windows of minutes take memory: below 1 GB for the 250,000
 * events that six hours have at a million a day.
 */
export const lateRangeHours = 6;

const minutely: Resolution = { target: "minutely", source: "events", window: "1m", windowOffset: "0s" };
const hourly: Resolution = { target: "hourly", source: "minutely", window: "1h", windowOffset: "0s" };
const daily: Resolution = { target: "daily", source: "hourly", window: "1d", windowOffset: "0s" };
const weekly: Resolution = { target: "weekly", source: "daily", window: "1w", windowOffset: "4d" };

/**
 * The tasks that downsample: events -> minutely -> hourly -> daily -> weekly, unique values, and kept events.
 *
 * Each run compares the number of events in source and target, window by window, and computes all windows from the
 * first that is short. Late events, a stopped task and a first run are the same case: the target is behind. Writing a
 * window again replaces it (same measurement, tags and time). Sums and counts come from the next finer resolution;
 * percentiles and unique values, which cannot be added up, from the raw events.
 */
export function rollupTasks(options: RollupTasksOptions = {}): FluxTask[] {
  const rollups = options.rollups ?? defaultRollups;
  const retentionDays = options.retentionDays ?? defaultRetentionDays;
  for (const rollup of rollups) checkRollup(rollup);
  const passes: [Resolution, Pass][] = [
    [
      minutely,
      {
        label: "",
        schedule: { every: "1m", offset: "15s" },
        compareWindow: "1m",
        lookBack: "1h",
        longestRange: "1h",
      },
    ],
    [
      minutely,
      {
        label: " late",
        schedule: { every: "15m", offset: "40s" },
        compareWindow: "1h",
        lookBack: `${retentionDays.events}d`,
        longestRange: `${lateRangeHours}h`,
      },
    ],
    [
      hourly,
      {
        label: "",
        schedule: { every: "15m", offset: "2m" },
        compareWindow: "1h",
        lookBack: `${Math.min(retentionDays.minutely, 31)}d`,
        longestRange: `${lateRangeHours}h`,
      },
    ],
    [
      daily,
      {
        label: "",
        schedule: { every: "1h", offset: "4m" },
        compareWindow: "1d",
        lookBack: `${Math.min(retentionDays.hourly, 31)}d`,
        longestRange: daily.window,
      },
    ],
    [
      weekly,
      {
        label: "",
        schedule: { every: "6h", offset: "10m" },
        compareWindow: "1w",
        lookBack: `${Math.min(retentionDays.daily, 56)}d`,
        longestRange: weekly.window,
      },
    ],
  ];
  return [
    ...passes.flatMap(([resolution, pass]) =>
      rollups.map((rollup) => rollupTask({ rollup, resolution, pass, retentionDays })),
    ),
    ...uniquesTasks(requestUniques, rollups, retentionDays),
    keepTask(retentionDays),
  ];
}

/** The part of a script that finds the first window in which the target has fewer events than the source. */
interface Comparison {
  source: { bucket: string; measurement: string; field: string; aggregate: "count" | "sum" };
  target: { bucket: string; measurement: string; field: string };
  window: string;
  windowOffset: string;
  lookBack: string;
  longestRange: string;
}

/**
 * Flux that defines `start` and `stop`: whole windows from the first that is short of events, oldest first. When none
 * is short they enclose an empty range far ahead, so that the rest of the script reads and writes nothing.
 */
function findBehind(comparison: Comparison): string {
  const { source, target, window, windowOffset, lookBack, longestRange } = comparison;
  const counts = (side: { bucket: string; measurement: string; field: string }, aggregate: string): string =>
    `from(bucket: ${fluxString(side.bucket)})
    |> range(start: compareStart, stop: compareStop)
    |> filter(fn: (r) => r._measurement == ${fluxString(side.measurement)} and r._field == ${fluxString(side.field)})
    |> aggregateWindow(every: ${window}, offset: ${windowOffset}, fn: ${aggregate}, timeSrc: "_start", createEmpty: false)
    |> toFloat()
    |> group(columns: ["_time"])
    |> sum()`;
  return `compareStop = ${truncate("now()", window, windowOffset)}
compareStart = date.sub(d: ${lookBack}, from: compareStop)

inSource = ${counts(source, source.aggregate)}

inTarget = ${counts(target, "sum")}
    |> map(fn: (r) => ({r with _value: -r._value}))

short = union(tables: [inSource, inTarget])
    |> group(columns: ["_time"])
    |> sum()
    |> filter(fn: (r) => r._value > 0.5)
    |> group()
    |> sort(columns: ["_time"])
    |> limit(n: 1)
    |> findColumn(fn: (key) => true, column: "_time")
start = if length(arr: short) > 0 then short[0] else 2200-01-01T00:00:00Z
longest = date.add(d: ${longestRange}, to: start)
stop = if longest < compareStop or length(arr: short) == 0 then longest else compareStop`;
}

/** Flux for the start of the window that a time is in. */
function truncate(time: string, window: string, offset: string): string {
  if (offset === "0s") return `date.truncate(t: ${time}, unit: ${window})`;
  return `date.add(d: ${offset}, to: date.truncate(t: date.sub(d: ${offset}, from: ${time}), unit: ${window}))`;
}

interface RollupTaskOptions {
  rollup: Rollup;
  resolution: Resolution;
  pass: Pass;
  retentionDays: RetentionDays;
}

function rollupTask({ rollup, resolution, pass, retentionDays }: RollupTaskOptions): FluxTask {
  const { measurement, countedField, fields } = rollup;
  const name = `rollup ${resolution.target}${pass.label} ${measurement}`;
  const fromRaw = resolution.source === buckets.events;
  const counted = fromRaw
    ? { field: countedField, aggregate: "count" as const }
    : { field: eventCountField, aggregate: "sum" as const };

  const streams = [
    aggregated(rollup, resolution, {
      fields: [counted.field],
      aggregate: counted.aggregate,
      target: fluxString(eventCountField),
    }),
  ];
  if (fields.length > 0) {
    for (const statistic of ["sum", "count", "min", "max"] as const) {
      streams.push(
        aggregated(rollup, resolution, {
          fields: fromRaw ? fields : fields.map((field) => rollupField(field, statistic)),
          aggregate: statistic === "count" && !fromRaw ? "sum" : statistic,
          target: fromRaw ? `r._field + ${fluxString(rollupField("", statistic))}` : "r._field",
        }),
      );
    }
    for (const statistic of rollup.percentiles === false ? [] : (["p50", "p95", "p99"] as const)) {
      streams.push(percentile(rollup, resolution, pass, statistic));
    }
  }
  streams.push(...additions(rollup, resolution));

  return {
    name,
    flux: `import "date"

${taskOption(name, pass.schedule)}

${findBehind({
  source: { bucket: buckets[resolution.source], measurement, ...counted },
  target: { bucket: buckets[resolution.target], measurement, field: eventCountField },
  window: pass.compareWindow,
  windowOffset: resolution.windowOffset,
  lookBack: pass.lookBack,
  longestRange: pass.longestRange,
})}

${rawRange(resolution, retentionDays)}

${together(streams)}
    |> to(bucket: ${fluxString(buckets[resolution.target])})
`,
  };
}

/**
 * Flux that defines `rawStart` and `rawStop`: the part of the range whose raw events are all still there. A window
 * whose events are partly expired keeps the percentiles that were written while it was whole.
 */
function rawRange(resolution: Resolution, retentionDays: RetentionDays): string {
  const { window, windowOffset } = resolution;
  return `firstWholeRaw = date.add(d: ${window}, to: ${truncate(
    `date.sub(d: ${retentionDays.events}d, from: now())`,
    window,
    windowOffset,
  )})
rawStart = if start < firstWholeRaw then firstWholeRaw else start
rawStop = if rawStart < stop then stop else date.add(d: ${window}, to: rawStart)`;
}

/** A stream of one point a window, series and field. Storage computes it: only the results are read. */
function aggregated(
  rollup: Rollup,
  resolution: Resolution,
  what: { fields: readonly string[]; aggregate: "sum" | "count" | "min" | "max"; target: string },
): string {
  // The windows of several series that lose a tag are taken together as the windows themselves were.
  const regroup = regrouped(rollup, resolution, what.aggregate === "count" ? "sum" : what.aggregate);
  return `    from(bucket: ${fluxString(buckets[resolution.source])})
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(rollup.measurement)} and ${anyOf("_field", what.fields)})
        |> aggregateWindow(every: ${resolution.window}, offset: ${resolution.windowOffset}, fn: ${what.aggregate}, timeSrc: "_start", createEmpty: false)
        |> toFloat()${regroup}
        |> map(fn: (r) => ({r with _field: ${what.target}}))`;
}

/** A counter's growth is looked for from its last sample before the window: samples may be missing for so long. */
const counterLookBack = "10m";

/** Streams of what is added up over the series that a rollup takes together. */
function additions(rollup: Rollup, resolution: Resolution): string[] {
  const { amounts = [], counters = [] } = rollup;
  if (resolution.source !== buckets.events) {
    const finer = [...amounts.map(minutesField), ...counters.map(increaseField)];
    if (finer.length === 0) return [];
    return [aggregated(rollup, resolution, { fields: finer, aggregate: "sum", target: "r._field" })];
  }
  const window = (fn: string): string =>
    `aggregateWindow(every: ${resolution.window}, offset: ${resolution.windowOffset}, fn: ${fn}, timeSrc: "_start", createEmpty: false)`;
  const read = (start: string, fields: readonly string[]): string =>
    `    from(bucket: ${fluxString(buckets.events)})
        |> range(start: ${start}, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(rollup.measurement)} and ${anyOf("_field", fields)})`;
  const named = (field: string): string =>
    `${regrouped(rollup, resolution, "sum")}
        |> map(fn: (r) => ({r with _field: r._field + ${fluxString(field)}}))`;
  return [
    ...(amounts.length === 0
      ? []
      : [
          // The mean of one series' samples of one minute stands for that minute.
          `${read("start", amounts)}
        |> ${window("mean")}${named(minutesField(""))}`,
        ]),
    ...(counters.length === 0
      ? []
      : [
          `${read(`date.sub(d: ${counterLookBack}, from: start)`, counters)}
        |> toFloat()
        |> difference(nonNegative: true)
        |> filter(fn: (r) => r._time >= start and exists r._value)
        |> ${window("sum")}${named(increaseField(""))}`,
        ]),
  ];
}

/**
 * Flux that takes the series together which differ only in tags that the rollup leaves out; none where it keeps all.
 *
 * Grouping by time as well would make a table of each window: a hundred times as slow.
 */
function regrouped(rollup: Rollup, resolution: Resolution, together: "sum" | "min" | "max"): string {
  if (rollup.tags === undefined) return "";
  const { window, windowOffset } = resolution;
  const group = `
        |> group(columns: ${fluxStrings(["_measurement", "_field", ...rollup.tags])})`;
  if (together === "sum") {
    return `${group}
        |> sort(columns: ["_time"])
        |> aggregateWindow(every: ${window}, offset: ${windowOffset}, fn: sum, timeSrc: "_start", createEmpty: false)`;
  }
  return `${group}
        |> sort(columns: ["_value"], desc: ${together === "max"})
        |> unique(column: "_time")
        |> keep(columns: ${fluxStrings(["_measurement", "_field", "_time", "_value", ...rollup.tags])})`;
}

/**
 * A stream of one percentile a window, series and field, from the raw events.
 *
 * A range of one window is not divided into windows: that alone takes sixty times as long and keeps all events in
 * memory. A t-digest reads them once and keeps no list of them; with 1000 centroids the error is below the noise of
 * any window that has more events than that, and windows with fewer are exact up to interpolation.
 */
function percentile(
  rollup: Rollup,
  resolution: Resolution,
  pass: Pass,
  statistic: keyof typeof rollupQuantiles,
): string {
  const { window, windowOffset } = resolution;
  const quantile = `quantile(q: ${fluxFloat(rollupQuantiles[statistic])}, method: "estimate_tdigest", compression: 1000.0`;
  const regroup =
    rollup.tags === undefined
      ? ""
      : `
        |> group(columns: ${fluxStrings(["_measurement", "_field", ...rollup.tags])})`;
  const aggregate =
    pass.longestRange === window
      ? `${quantile})
        |> map(fn: (r) => ({r with _time: rawStart}))`
      : `aggregateWindow(every: ${window}, offset: ${windowOffset}, fn: (tables=<-, column) => tables |> ${quantile}, column: column), timeSrc: "_start", createEmpty: false)`;
  return `    from(bucket: ${fluxString(buckets.events)})
        |> range(start: rawStart, stop: rawStop)
        |> filter(fn: (r) => r._measurement == ${fluxString(rollup.measurement)} and ${anyOf("_field", rollup.fields)})
        |> toFloat()${regroup}
        |> ${aggregate}
        |> map(fn: (r) => ({r with _field: r._field + ${fluxString(rollupField("", statistic))}}))`;
}

/** One stream of several; Flux refuses a union of one. */
function together(streams: readonly string[]): string {
  const [only, second] = streams;
  if (only !== undefined && second === undefined) return only.trimStart();
  return `union(tables: [\n${streams.join(",\n")},\n])`;
}

/** Field of a {@link Uniques} target that holds the number of raw events that were looked at. */
const uniqueEventsField = "events";

/** Unique values need a field that counts their events: without a rollup of the measurement there are none. */
function uniquesTasks(
  uniques: Uniques,
  rollups: readonly Rollup[],
  retentionDays: RetentionDays,
): FluxTask[] {
  const rollup = rollups.find(({ measurement }) => measurement === uniques.measurement);
  if (rollup === undefined) return [];
  return [
    uniquesTask(uniques, rollup, daily, { every: "1h", offset: "5m" }, retentionDays),
    uniquesTask(uniques, rollup, weekly, { every: "6h", offset: "15m" }, retentionDays),
  ];
}

function uniquesTask(
  uniques: Uniques,
  rollup: Rollup,
  resolution: Resolution,
  schedule: TaskSchedule,
  retentionDays: RetentionDays,
): FluxTask {
  const name = `uniques ${resolution.target} ${uniques.measurement}`;
  const windowDays = resolution.target === buckets.weekly ? 7 : 1;
  // Of the last whole window up to a window's time ago, and then only windows whose raw events all still exist.
  const lookBackDays = Math.max(1, Math.floor(retentionDays.events / windowDays) - 1) * windowDays;
  const streams = [
    ...Object.entries(uniques.fields).map(([target, field]) => ({
      field,
      target,
      aggregate: "distinct() |> count()",
    })),
    { field: rollup.countedField, target: uniqueEventsField, aggregate: "count()" },
  ].map(
    ({ field, target, aggregate }) => `    from(bucket: ${fluxString(buckets.events)})
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(uniques.measurement)} and r._field == ${fluxString(field)})
        |> group(columns: ${fluxStrings(uniques.tags)})
        |> ${aggregate}
        |> toFloat()
        |> map(fn: (r) => ({r with _time: start, _measurement: ${fluxString(uniques.target)}, _field: ${fluxString(target)}}))`,
  );
  return {
    name,
    flux: `import "date"

${taskOption(name, schedule)}

${findBehind({
  source: {
    bucket: buckets.events,
    measurement: uniques.measurement,
    field: rollup.countedField,
    aggregate: "count",
  },
  target: { bucket: buckets[resolution.target], measurement: uniques.target, field: uniqueEventsField },
  window: resolution.window,
  windowOffset: resolution.windowOffset,
  lookBack: `${lookBackDays}d`,
  longestRange: resolution.window,
})}

${together(streams)}
    |> to(bucket: ${fluxString(buckets[resolution.target])})
`,
  };
}

/** Copies the kept events of the whole raw retention: late ones are found, copies of copies replace themselves. */
function keepTask(retentionDays: RetentionDays): FluxTask {
  const name = `keep ${keptBucket} events`;
  return {
    name,
    flux: `${taskOption(name, { every: "15m", offset: "20s" })}

from(bucket: ${fluxString(buckets.events)})
    |> range(start: -${retentionDays.events}d)
    |> filter(fn: (r) => ${anyOf("_measurement", keptMeasurements)})
    |> to(bucket: ${fluxString(keptBucket)})
`,
  };
}

function checkRollup(rollup: Rollup): void {
  const clash = [...rollup.fields, ...(rollup.amounts ?? []), ...(rollup.counters ?? [])].find(
    (field) => field === eventCountField,
  );
  if (clash !== undefined || rollup.measurement === "" || rollup.countedField === "") {
    throw new RangeError(
      `rollup of ${JSON.stringify(rollup.measurement)}: name a measurement and a countedField, and no field "${eventCountField}": rollups write the number of events there`,
    );
  }
}
