import { buckets, defaultRetentionDays, type RetentionDays } from "../../contract/buckets";
import {
  defaultRollups,
  eventCountField,
  keptBucket,
  keptMeasurements,
  requestUniques,
  type Rollup,
} from "../../contract/rollups";
import { checkTimeZone, defaultTimeZone } from "../../contract/timeZone";
import { anyOf, fluxString, type FluxTask, taskOption } from "./flux";
import { histogramTasks } from "./histogramTasks";
import { type Schedule, schedules } from "./rollupSchedules";
import { rollupStreams } from "./rollupStreams";
import { uniquesTasks } from "./uniquesTasks";
import { type EventCount, findBehind, taskHead, written } from "./rollupWindows";

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
  /**
   * Time zone of days and weeks, a name of the IANA database.
   * @default "UTC"
   */
  timeZone?: string;
}

/**
 * The tasks that downsample: events -> minutely -> hourly -> daily -> weekly, unique values, and kept events.
 *
 * Each run compares the number of events in source and target, window by window, and computes all windows from the
 * first that is short. Late events, a stopped task and a first run are the same case: the target is behind. Writing a
 * window again replaces it (same measurement, tags and time). Everything is made of the next finer resolution, also
 * percentiles (of histograms) and unique values (of sketches).
 *
 * @throws RangeError that names the rollup and the fix
 */
export function rollupTasks(options: RollupTasksOptions = {}): FluxTask[] {
  const {
    rollups = defaultRollups,
    retentionDays = defaultRetentionDays,
    timeZone = defaultTimeZone,
  } = options;
  checkTimeZone(timeZone);
  for (const rollup of rollups) checkRollup(rollup);
  return [
    ...schedules(retentionDays, timeZone).flatMap((schedule) =>
      rollups.map((rollup) => rollupTask(rollup, schedule)),
    ),
    ...histogramTasks(rollups, retentionDays, timeZone),
    ...uniquesTasks(requestUniques, rollups, { retentionDays, timeZone }),
    ...keepTasks(retentionDays),
  ];
}

function rollupTask(rollup: Rollup, [label, resolution, schedule, comparison]: Schedule): FluxTask {
  const { measurement, countedField } = rollup;
  const name = `rollup ${label} ${measurement}`;
  const target = { bucket: buckets[resolution.target], measurement, field: eventCountField };
  const source: EventCount =
    resolution.source === buckets.events
      ? { bucket: buckets.events, measurement, field: countedField, aggregate: "count" }
      : { ...target, bucket: buckets[resolution.source], aggregate: "sum" };
  return {
    name,
    flux: `${taskHead(name, resolution, schedule)}

${findBehind(source, target, resolution, comparison)}

${written(rollupStreams({ rollup, resolution }, source), resolution)}`,
  };
}

/**
 * Copy the kept events: each minute those of the last hour, as a mail about a run leads to dashboards of them; late ones
 * are found in the whole raw retention. Copies of copies replace themselves.
 */
function keepTasks(retentionDays: RetentionDays): FluxTask[] {
  const name = `keep ${keptBucket} events`;
  const task = (of: string, every: string, start: string): FluxTask => ({
    name: of,
    flux: `${taskOption(of, { every, offset: "20s" })}

from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${start})
    |> filter(fn: (r) => ${anyOf("_measurement", keptMeasurements)})
    |> to(bucket: ${fluxString(keptBucket)})
`,
  });
  return [task(name, "1m", "-1h"), task(`${name} late`, "15m", `-${retentionDays.events}d`)];
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
