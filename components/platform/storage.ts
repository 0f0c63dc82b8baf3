import type { input as inputs } from "@pulumi/kubernetes/types";
import type * as pulumi from "@pulumi/pulumi";
import { checked } from "../kubernetes/checked";
import { bytesOf } from "../kubernetes/quantities";

/** A volume that outlives the pod that uses it. */
export interface StorageArgs {
  /** Size as a Kubernetes quantity, e.g. `50Gi`. Claims of a StatefulSet are immutable: docs/operations.md says how to grow one. */
  size: pulumi.Input<string>;
  /**
   * Storage class.
   * @default the cluster's default class
   */
  storageClassName?: pulumi.Input<string>;
}

/**
 * The spec of a claim; by default, one node mounts it at a time.
 *
 * @throws Error when the size is no quantity above 0
 */
export function claimSpec(
  storage: StorageArgs,
  accessMode: pulumi.Input<"ReadWriteOnce" | "ReadWriteMany"> = "ReadWriteOnce",
): inputs.core.v1.PersistentVolumeClaimSpec {
  return {
    accessModes: [accessMode],
    storageClassName: storage.storageClassName,
    resources: { requests: { storage: checked(storage.size, bytesOf) } },
  };
}
