import type { input as inputs } from "@pulumi/kubernetes/types";

/** A volume that outlives the pod that uses it. */
export interface StorageArgs {
  /** Size as a Kubernetes quantity, e.g. `50Gi`. Claims of a StatefulSet are immutable: docs/operations.md says how to grow one. */
  size: string;
  /**
   * Storage class.
   * @default the cluster's default class
   */
  storageClassName?: string;
}

/** The claim that a StatefulSet makes for each of its pods. */
export function volumeClaimTemplate(
  name: string,
  storage: StorageArgs,
  labels: Record<string, string>,
): inputs.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name, labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: storage.storageClassName,
      resources: { requests: { storage: storage.size } },
    },
  };
}
