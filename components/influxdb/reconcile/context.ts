import type { InfluxDesiredState } from "../desiredState";
import type { InfluxApi } from "../influxApi";

/** Description of what this program creates; objects without it are left alone. */
export const ownershipMark = "managed by ds-monitoring";

/** One difference that was found and, but for `kept`, removed. */
export interface Change {
  action: "created" | "updated" | "deleted" | "kept";
  /** What it is, e.g. `bucket events`. */
  what: string;
  /** Why, or what differs. */
  detail?: string;
}

/** Options of {@link reconcile}. */
export interface ReconcileOptions {
  api: InfluxApi;
  desired: InfluxDesiredState;
  /** Value of each credential's `passwordVariable` and of each secret's `valueVariable`. */
  passwords: Readonly<Record<string, string>>;
}

/** What every step needs. */
export interface Context extends ReconcileOptions {
  organizationId: string;
  /** Ids of the desired buckets by name. */
  bucketIds: Map<string, string>;
  changes: Change[];
}

/**
 * The id of a bucket.
 *
 * @throws Error when it is not in the desired state
 */
export function requiredBucket(context: Context, name: string, what: string): string {
  const id = context.bucketIds.get(name);
  if (id === undefined) {
    throw new Error(`${what} names the bucket ${name}, which is not in the desired state: add it to buckets`);
  }
  return id;
}

/** What differs, for a {@link Change}; nothing when it is as it shall be. */
export function differing(what: string, is: string, shallBe: string): string[] {
  return is === shallBe ? [] : [`${what} ${shallBe} instead of ${is === "" ? "nothing" : is}`];
}
