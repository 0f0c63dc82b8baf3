import type { EventName } from "../components/logs/contract";
import { buckets } from "../components/metrics/buckets";
import type { BucketName } from "../components/metrics/buckets";
import type { Source } from "./influxql";

/** Measurements besides the log contract's events: counted uniques, and what Telegraf samples. */
type SampledMeasurement =
  | "http.server.request.unique"
  | "http_response"
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
