import { buckets } from "../components/metrics/buckets";
import type { BucketName } from "../components/metrics/buckets";
import type { Source } from "./influxql";

/** A measurement at a resolution: each bucket is a retention policy of the database that InfluxQL reads. */
export function source(bucket: BucketName, measurement: string): Source<BucketName> {
  return { retentionPolicy: buckets[bucket], measurement };
}
