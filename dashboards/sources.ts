import type { EventName } from "../contract/events";
import { buckets, type BucketName } from "../contract/buckets";
import { windowsBelow, windowsFrom, type Condition, type Source } from "./influxql";

/** Measurements besides the log contract's events: counted uniques, and what Telegraf samples. */
type SampledMeasurement =
  | "http.server.request.unique"
  | "http_response"
  | "kubernetes_deployment"
  | "log.lag"
  | "kubernetes_pod_container"
  | "kubernetes_pod_volume"
  | "fluentd"
  | "storage_bucket_series_num"
  | "task_executor_total_runs_complete"
  | "task_executor_errors_counter"
  | "alertmanager_alerts"
  | "alertmanager_notifications_failed_total";

/** What a dashboard can read. */
export type Measurement = EventName | SampledMeasurement;

/** A measurement at a resolution: each bucket is a retention policy of the database that InfluxQL reads. */
export function source(bucket: BucketName, measurement: Measurement): Source<BucketName> {
  return { retentionPolicy: buckets[bucket], measurement };
}

/** Rollups of a measurement at each resolution, and when a panel reads it. Exactly one of them answers. */
export interface Rollups {
  readonly resolutions: readonly {
    readonly source: Source;
    readonly when: Condition;
    /** Length of its windows, in minutes. */
    readonly minutes: number;
  }[];
}

const hourMs = 3_600_000;

/** Minutes for windows below an hour, hours from there on: a month of minutes is half a million points. */
export function rollups(measurement: Measurement): Rollups {
  return {
    resolutions: [
      { source: source("minutely", measurement), when: windowsBelow(hourMs), minutes: 1 },
      { source: source("hourly", measurement), when: windowsFrom(hourMs), minutes: 60 },
    ],
  };
}
