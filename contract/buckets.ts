/** Names of the buckets, one for each resolution; also the names of the retention policies that InfluxQL reads. */
export const buckets = {
  /** Raw events, as the apps logged them, and Telegraf's samples. */
  events: "events",
  /** Rollups of whole minutes. */
  minutely: "minutely",
  /** Rollups of whole hours: what dashboards read for weeks and months. */
  hourly: "hourly",
  /** Rollups of whole days (UTC). */
  daily: "daily",
  /** Rollups of whole weeks, from Monday 00:00 UTC, and the machine-learning events that are kept as they are. */
  weekly: "weekly",
} as const satisfies { readonly [Name in BucketName]: Name };

/** A bucket's name: the resolution of its points. */
export type BucketName = keyof RetentionDays;

/** Organization that owns the buckets. */
export const defaultOrganization = "ds-monitoring";

/** Database that InfluxQL reads: `FROM "daily"."http.server.request"` in the database `monitoring`. */
export const database = "monitoring";

/** How long each bucket keeps its points, in days. */
export type RetentionDays = Record<"events" | "minutely" | "hourly" | "daily" | "weekly", number>;

/** The least days of raw events from which last week's minutes, histograms and sketches can be made at any time. */
export const minimumEventsDays = 14;

/** Raw events as short as they may be kept. */
export const defaultRetentionDays: RetentionDays = {
  events: minimumEventsDays,
  minutely: 90,
  hourly: 365,
  daily: 730,
  weekly: 1826,
};

/** Seconds of a day. */
export const secondsPerDay = 86_400;

/**
 * Length of a bucket's shard groups, in seconds.
 *
 * InfluxDB drops whole shard groups: a point lives for its retention and up to one shard group more. Short groups
 * follow the retention closely, long ones keep the number of shards (files, memory, planning of queries) small. A
 * tenth to a fifteenth of the retention, in whole days, up to a year's quarter, does both.
 *
 * @param retentionDays days that the bucket keeps its points, at least 1
 */
export function shardGroupSeconds(retentionDays: number): number {
  const days = Math.min(91, Math.max(1, Math.floor(retentionDays / 12)));
  return days * secondsPerDay;
}
