import { secondsPerDay } from "../../../contract/buckets";
import type { DesiredBucket } from "../desiredState";
import { type Context, differing, ownershipMark } from "./context";

interface Bucket {
  id: string;
  name: string;
  description?: string;
  retentionRules: { everySeconds: number; shardGroupDurationSeconds?: number }[];
}

/** Creates buckets and updates their retention; deletes none. */
export async function reconcileBuckets(context: Context): Promise<void> {
  const { api, desired, organizationId, bucketIds, changes } = context;
  const { buckets } = await api.request<{ buckets: Bucket[] }>({
    path: `/api/v2/buckets?limit=100&orgID=${organizationId}`,
  });
  for (const bucket of desired.buckets) {
    const existing = buckets.find(({ name }) => name === bucket.name);
    bucketIds.set(bucket.name, existing?.id ?? (await createBucket(context, bucket)));
    if (existing !== undefined) await updateBucket(context, existing, bucket);
  }
  for (const { name, description } of buckets) {
    if (description === ownershipMark && !bucketIds.has(name)) {
      const detail = "no longer desired; delete it by hand if its data may go";
      changes.push({ action: "kept", what: `bucket ${name}`, detail });
    }
  }
}

async function createBucket(context: Context, bucket: DesiredBucket): Promise<string> {
  const { id } = await context.api.request<Bucket>({
    method: "POST",
    path: "/api/v2/buckets",
    body: { orgID: context.organizationId, ...bucketBody(bucket) },
  });
  const detail = `keeps ${days(bucket.retentionSeconds)}`;
  context.changes.push({ action: "created", what: `bucket ${bucket.name}`, detail });
  return id;
}

async function updateBucket(context: Context, existing: Bucket, bucket: DesiredBucket): Promise<void> {
  const rule = existing.retentionRules[0];
  const differences = [
    ...differing("keeps", days(rule?.everySeconds), days(bucket.retentionSeconds)),
    // InfluxDB Cloud has no shard groups.
    ...(rule?.shardGroupDurationSeconds === undefined
      ? []
      : differing("shard groups of", days(rule.shardGroupDurationSeconds), days(bucket.shardGroupSeconds))),
    ...differing("description", existing.description ?? "", ownershipMark),
  ];
  if (differences.length === 0) return;
  const path = `/api/v2/buckets/${existing.id}`;
  await context.api.request({ method: "PATCH", path, body: bucketBody(bucket) });
  context.changes.push({ action: "updated", what: `bucket ${bucket.name}`, detail: differences.join(", ") });
}

function bucketBody(bucket: DesiredBucket): object {
  const { name, retentionSeconds: everySeconds, shardGroupSeconds: shardGroupDurationSeconds } = bucket;
  const retentionRules = [{ type: "expire", everySeconds, shardGroupDurationSeconds }];
  return { name, description: ownershipMark, retentionRules };
}

function days(seconds: number | undefined): string {
  return seconds === undefined ? "nothing" : `${seconds / secondsPerDay} d`;
}
