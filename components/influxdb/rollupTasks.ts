import { buckets, defaultRetentionDays, type RetentionDays } from "../../contract/buckets";
import {
  defaultRollups,
  eventCountField,
  keptBucket,
  keptMeasurements,
  requestUniques,
  type Rollup,
  type Uniques,
} from "../../contract/rollups";
import { anyOf, fluxString, fluxStrings, type FluxTask, taskOption, type TaskSchedule } from "./flux";
import { rollupStreams } from "./rollupStreams";
import {
  type Comparison,
  daily,
  type EventCount,
  findBehind,
  hourly,
  minutely,
  rawRange,
  type Resolution,
  weekly,
  written,
} from "./rollupWindows";

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

/**
 * Hours of late minutes, or of hours, that one run computes. Raw events in windows of minutes take memory: below 1 GB
 * for the 250,000 events that six hours have at a million a day.
 */
export const lateRangeHours = 6;

/** A task that keeps a resolution up to date; its name is `rollup <label> <measurement>`. */
type Schedule = readonly [label: string, Resolution, TaskSchedule, Comparison];

function schedules({ events, ...kept }: RetentionDays): Schedule[] {
  const days = (retention: number, most: number) => `${Math.min(retention, most)}d`;
  const late = { window: "1h", lookBack: `${events}d`, range: `${lateRangeHours}h` };
  const hours = { ...late, lookBack: days(kept.minutely, 31) };
  return [
    ["minutely", minutely, { every: "1m", offset: "15s" }, { window: "1m", lookBack: "1h", range: "1h" }],
    ["minutely late", minutely, { every: "15m", offset: "40s" }, late],
    ["hourly", hourly, { every: "15m", offset: "2m" }, hours],
    [
      "daily",
      daily,
      { every: "1h", offset: "4m" },
      { window: "1d", lookBack: days(kept.hourly, 31), range: "1d" },
    ],
    [
      "weekly",
      weekly,
      { every: "6h", offset: "10m" },
      { window: "1w", lookBack: days(kept.daily, 56), range: "1w" },
    ],
  ];
}

/**
 * The tasks that downsample: events -> minutely -> hourly -> daily -> weekly, unique values, and kept events.
 *
 * Each run compares the number of events in source and target, window by window, and computes all windows from the
 * first that is short. Late events, a stopped task and a first run are the same case: the target is behind. Writing a
 * window again replaces it (same measurement, tags and time). Sums and counts come from the next finer resolution;
 * percentiles and unique values, which cannot be added up, from the raw events.
 *
 * @throws RangeError that names the rollup and the fix
 */
export function rollupTasks(options: RollupTasksOptions = {}): FluxTask[] {
  const { rollups = defaultRollups, retentionDays = defaultRetentionDays } = options;
  for (const rollup of rollups) checkRollup(rollup);
  return [
    ...schedules(retentionDays).flatMap((schedule) =>
      rollups.map((rollup) => rollupTask(rollup, schedule, retentionDays)),
    ),
    ...uniquesTasks(requestUniques, rollups, retentionDays),
    keepTask(retentionDays),
  ];
}

function rollupTask(
  rollup: Rollup,
  [label, resolution, schedule, comparison]: Schedule,
  retentionDays: RetentionDays,
): FluxTask {
  const { measurement, countedField } = rollup;
  const name = `rollup ${label} ${measurement}`;
  const target = { bucket: buckets[resolution.target], measurement, field: eventCountField };
  const source: EventCount =
    resolution.source === buckets.events
      ? { bucket: buckets.events, measurement, field: countedField, aggregate: "count" }
      : { ...target, bucket: buckets[resolution.source], aggregate: "sum" };
  return {
    name,
    flux: `import "date"

${taskOption(name, schedule)}

${findBehind(source, target, resolution, comparison)}

${rawRange(resolution, retentionDays)}

${written(rollupStreams({ rollup, resolution }, source, comparison.range), resolution)}`,
  };
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
  // Windows up to a window's time ago, and of those only the ones whose raw events all still exist.
  const lookBack = (windowDays: number) =>
    `${Math.max(1, Math.floor(retentionDays.events / windowDays) - 1) * windowDays}d`;
  return [
    uniquesTask(uniques, rollup, daily, { every: "1h", offset: "5m" }, lookBack(1)),
    uniquesTask(uniques, rollup, weekly, { every: "6h", offset: "15m" }, lookBack(7)),
  ];
}

function uniquesTask(
  { measurement, target, tags, fields }: Uniques,
  { countedField }: Rollup,
  resolution: Resolution,
  schedule: TaskSchedule,
  lookBack: string,
): FluxTask {
  const name = `uniques ${resolution.target} ${measurement}`;
  const streams = [
    ...Object.entries(fields).map(([to, field]) => ({ field, to, aggregate: "distinct() |> count()" })),
    { field: countedField, to: uniqueEventsField, aggregate: "count()" },
  ].map(
    ({ field, to, aggregate }) => `    from(bucket: ${fluxString(buckets.events)})
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and r._field == ${fluxString(field)})
        |> group(columns: ${fluxStrings(tags)})
        |> ${aggregate}
        |> toFloat()
        |> map(fn: (r) => ({r with _time: start, _measurement: ${fluxString(target)}, _field: ${fluxString(to)}}))`,
  );
  const { window } = resolution;
  return {
    name,
    flux: `import "date"

${taskOption(name, schedule)}

${findBehind(
  { bucket: buckets.events, measurement, field: countedField, aggregate: "count" },
  { bucket: buckets[resolution.target], measurement: target, field: uniqueEventsField },
  resolution,
  { window, lookBack, range: window },
)}

${written(streams, resolution)}`,
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

function checkRollup({ measurement, countedField, fields, amounts = [], counters = [] }: Rollup): void {
  const taken = [...fields, ...amounts, ...counters].includes(eventCountField);
  if (taken || measurement === "" || countedField === "") {
    throw new RangeError(
      `rollup of ${JSON.stringify(measurement)}: name a measurement and a countedField, and no field ` +
        `"${eventCountField}": rollups write the number of events there`,
    );
  }
}
