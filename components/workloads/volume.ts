import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { claimSpec, type StorageArgs } from "../platform/storage";
import type { AppNamespace } from "./namespace";

/** Size, storage class and access of a {@link ModelVolume}; the class must offer the access mode. */
export interface ModelStorageArgs extends StorageArgs {
  /**
   * Who may mount it: `ReadWriteMany`, pods of many nodes, or `ReadWriteOnce`, of one.
   * @default "ReadWriteMany"
   */
  accessMode?: pulumi.Input<"ReadWriteMany" | "ReadWriteOnce">;
  /**
   * Refuse to delete or replace it.
   * @default true
   */
  protect?: boolean;
}

/** Arguments of {@link ModelVolume}. */
export interface ModelVolumeArgs extends ModelStorageArgs {
  /** Namespace to live in: an {@link AppNamespace}, or the name of a namespace that exists. */
  namespace: AppNamespace | pulumi.Input<string>;
}

/**
 * A volume that outlives runs: a {@link Pipeline} leaves its approved models there, a {@link ModelApi} serves them.
 *
 * @example
 * const models = new ModelVolume("churn-models", { namespace, size: "10Gi", storageClassName: "nfs" });
 * new Pipeline("churn-training", { schedule, steps, monitoring, namespace, models });
 * new ModelApi("churn", { image, model, monitoring, namespace, models });
 */
export class ModelVolume extends pulumi.ComponentResource {
  /** Name of the claim. */
  public readonly claimName: pulumi.Output<string>;

  constructor(name: string, args: ModelVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:ModelVolume", name, {}, opts);

    const { namespace, accessMode = "ReadWriteMany", protect = true } = args;
    const app = pulumi.Resource.isInstance(namespace) ? namespace : undefined;
    const claim = new PersistentVolumeClaim(
      name,
      {
        metadata: {
          name,
          namespace: pulumi.Resource.isInstance(namespace) ? namespace.namespaceName : namespace,
        },
        spec: claimSpec(args, accessMode),
      },
      // A pod that somebody started by hand may still use it: only the end of the namespace ends that too.
      { parent: this, protect, deletedWith: app?.created },
    );

    this.claimName = claim.metadata.name;
    this.registerOutputs({ claimName: this.claimName });
  }
}

/** Name of the claim of a component's models; a new one is made in its namespace. */
export function modelsClaim(
  name: string,
  given: ModelVolume | ModelStorageArgs | pulumi.Input<string>,
  namespace: AppNamespace,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  if (pulumi.Resource.isInstance(given)) return given.claimName;
  if (pulumi.Output.isInstance(given) || typeof given === "string" || given instanceof Promise) {
    return pulumi.output(given);
  }
  return new ModelVolume(`${name}-models`, { ...given, namespace }, { parent }).claimName;
}
