import { type BucketName, buckets } from "./buckets";
import { measurements } from "./measurements";

/** What a rollup keeps of each numeric field `f`: the field `f.sum`, `f.count`, … */
export const rollupStatistics = ["sum", "count", "min", "max"] as const;

/** A statistic of a numeric field in a rollup. Means are `f.sum / f.count`, over any number of windows. */
export type RollupStatistic = (typeof rollupStatistics)[number];

/**
 * Field of a rollup that holds an amount times minutes, added up over the series that the rollup takes together: of the
 * cores that each pod uses, core-minutes. It can be added up over any time; by the minutes of a window it is the amount of
 * all pods together.
 */
export function minutesField(field: string): string {
  return `${field}.minutes`;
}

/** Field of a rollup that holds by how much the counters of all its series grew in its window; their resets count as 0. */
export function increaseField(field: string): string {
  return `${field}.increase`;
}

/** Field of a rollup that holds the number of events of its window. */
export const eventCountField = "count";

/** Field of a rollup, e.g. `rollupField("duration_s", "max")` is `duration_s.max`. */
export function rollupField(field: string, statistic: RollupStatistic): string {
  return `${field}.${statistic}`;
}

/** What of a measurement is rolled up. */
export interface Rollup {
  /** Measurement, the same in each bucket. */
  measurement: string;
  /** A field that each event has: it counts the events. */
  countedField: string;
  /** Numeric fields whose statistics are kept. */
  fields: readonly string[];
  /**
   * Numeric fields whose histograms are kept, for percentiles: in the measurement `<measurement>.histogram`.
   * @default none
   */
  histograms?: readonly string[];
  /**
   * Tags that the histograms keep: fewer than the rollup's, as each of their series has up to 145 buckets.
   * @default those of the rollup
   */
  histogramTags?: readonly string[];
  /**
   * Fields of amounts that several series have at once, such as the cores that pods use: `f.minutes` adds up
   * each one's mean of a minute, in units times minutes. A minute needs a sample of each series.
   * @default none
   */
  amounts?: readonly string[];
  /**
   * Counters: `f.increase` holds by how much those of all series grew in the window.
   * @default none
   */
  counters?: readonly string[];
  /**
   * Tags that the rollup keeps; points that differ in others are taken together.
   * @default all tags
   */
  tags?: readonly string[];
}

const resourceTags = ["service", "environment", "namespace", "container_name"] as const;

/** Use, request and limit of a container: each says something by itself, and adds up over the containers of an app. */
const containerAmounts = [
  "cpu_usage_nanocores",
  "memory_working_set_bytes",
  "resource_requests_millicpu_units",
  "resource_requests_memory_bytes",
  "resource_limits_millicpu_units",
  "resource_limits_memory_bytes",
];

/** Of a GPU: 1, its use (0 to 1), bytes of its memory, and watts. */
const gpuAmounts = ["gpus", "utilization", "memory_used_bytes", "memory_free_bytes", "power_watts"];

/**
 * What the platform rolls up by itself.
 *
 * Names of pods and nodes come and go with each run, so the rollups of resources leave them out: what stays is the
 * container of an app, over all of its pods.
 */
export const defaultRollups: readonly Rollup[] = [
  {
    measurement: measurements.httpRequest,
    countedField: "http.response.status_code",
    fields: ["duration_s", "prediction.score"],
    histograms: ["duration_s", "prediction.score"],
    histogramTags: ["service", "environment", "model", "model_version", "route"],
  },
  { measurement: measurements.log, countedField: "body", fields: [] },
  { measurement: measurements.unparsed, countedField: "body", fields: [] },
  { measurement: measurements.deadLetter, countedField: "dead_letter.line", fields: [] },
  {
    measurement: measurements.taskEnd,
    countedField: "cicd.pipeline.run.id",
    fields: ["duration_s", "cpu_s", "mem_peak_bytes", "mem_limit_bytes"],
  },
  { measurement: measurements.runEnd, countedField: "cicd.pipeline.run.id", fields: ["duration_s"] },
  {
    measurement: measurements.probe,
    countedField: "result_code",
    fields: ["response_time"],
    tags: ["service", "environment", "server", "result"],
  },
  {
    measurement: measurements.deployment,
    countedField: "replicas_available",
    fields: ["replicas_desired", "replicas_available"],
    tags: ["service", "environment", "namespace"],
  },
  {
    measurement: measurements.container,
    countedField: "memory_working_set_bytes",
    fields: containerAmounts,
    amounts: containerAmounts,
    counters: ["restarts_total"],
    tags: resourceTags,
  },
  {
    measurement: measurements.podVolume,
    countedField: "used_bytes",
    fields: ["used_bytes", "capacity_bytes"],
    tags: ["service", "environment", "namespace", "volume_name"],
  },
  {
    measurement: measurements.gpu,
    countedField: "gpus",
    fields: gpuAmounts,
    amounts: gpuAmounts,
    tags: ["service", "environment", "namespace", "gpu_model"],
  },
];

/**
 * Hashes that a sketch of unique values keeps: the least of all, as numbers from 0 to 1. Fewer values than that are counted
 * exactly. Of more, the greatest that is kept tells how dense all are: a k-minimum-values sketch (Bar-Yossef et al. 2002),
 * whose standard error is 1/√(k − 2), 1.1 %. The sketch of a longer time has the least hashes of its parts' sketches.
 */
export const sketchSize = 8192;

/** Unique values per whole day and week, from sketches of hours. */
export interface Uniques {
  /** Measurement of the raw events. */
  measurement: string;
  /** Measurement that the counts are written to, in `daily` and `weekly`. */
  target: string;
  /** Measurement of the sketches: of hours in `minutely`, of days in `daily`. */
  sketch: string;
  /** Tags by which values are counted apart. */
  tags: readonly string[];
  /** Field of the target -> field of the raw events whose distinct values it counts. */
  fields: Readonly<Record<string, string>>;
}

/** Unique requests (by fingerprint: method, route and content) and unique users (by pseudonym) of a model API. */
export const requestUniques: Uniques = {
  measurement: measurements.httpRequest,
  target: measurements.uniqueRequests,
  sketch: measurements.uniqueSketch,
  tags: ["service", "environment", "model"],
  fields: { requests: "request.fingerprint", users: "enduser.pseudo.id" },
};

/**
 * Events that are few and that people compare over years: copied as they are, with their own time, into `weekly`.
 *
 * Their fields keep their plain names there (`f1`, not `f1.sum`), so the run id, the reason of a decision and the
 * data version of a model outlive the raw events.
 */
export const keptMeasurements: readonly string[] = [
  measurements.runStart,
  measurements.runEnd,
  measurements.taskEnd,
  measurements.runSummary,
  measurements.mlClass,
  measurements.outliers,
  measurements.drift,
  measurements.metric,
  measurements.confusion,
  measurements.decision,
];

/** Bucket of {@link keptMeasurements}. */
export const keptBucket: BucketName = buckets.weekly;
