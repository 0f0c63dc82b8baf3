import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { StorageArgs } from "../platform/storage";
import type { AppNamespace } from "./namespace";

/** Arguments of {@link ModelVolume}. */
export interface ModelVolumeArgs {
  /** Namespace to live in. */
  namespace: AppNamespace;
  /** Size and class; the class must offer `accessMode`. */
  storage: StorageArgs;
  /**
   * Who may mount it: pods of many nodes, or of one.
   * @default "ReadWriteMany"
   */
  accessMode?: "ReadWriteMany" | "ReadWriteOnce";
  /**
   * Refuse to delete or replace it.
   * @default true
   */
  protect?: boolean;
}

/**
 * A volume that outlives runs: a {@link Pipeline} leaves its approved models there, a {@link ModelApi} serves them.
 *
 * @example
 * const storage = { size: "10Gi", storageClassName: "azurefile-csi" };
 * const models = new ModelVolume("churn-models", { namespace, storage });
 * new Pipeline("churn-training", { schedule, steps, monitoring, namespace, models });
 * new ModelApi("churn", { image, model, monitoring, namespace, models });
 */
export class ModelVolume extends pulumi.ComponentResource {
  /** Name of the claim. */
  public readonly claimName: pulumi.Output<string>;

  constructor(name: string, args: ModelVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:ModelVolume", name, {}, opts);

    const { storage, accessMode = "ReadWriteMany", protect = true } = args;
    const claim = new PersistentVolumeClaim(
      name,
      {
        metadata: { name, namespace: args.namespace.namespaceName },
        spec: {
          accessModes: [accessMode],
          storageClassName: storage.storageClassName,
          resources: { requests: { storage: storage.size } },
        },
      },
      { parent: this, protect },
    );

    this.claimName = claim.metadata.name;
    this.registerOutputs({ claimName: this.claimName });
  }
}
