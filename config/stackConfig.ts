import type * as pulumi from "@pulumi/pulumi";
import type { DeployedOrExisting, MonitoringArgs, StorageArgs } from "../components";
import type { AksClusterArgs, BackupStorageOptions } from "../components/azure";

/**
 * The config of a stack: its keys `ds-monitoring:cluster`, `ds-monitoring:backupStorage`, `ds-monitoring:monitoring` and `ds-monitoring:sample`.
 *
 * `npm run generate` makes schema.json and docs/configuration.md from it, with the types and the docs of the arguments.
 */
export interface StackConfig {
  /**
   * The Kubernetes cluster: a new one on AKS, or one that exists.
   * @default { existing: {} }
   */
  cluster?: DeployedOrExisting<AksClusterArgs, ExistingCluster>;
  /**
   * A storage account for InfluxDB's backups, which outlives a cluster of `cluster.deploy`; `{}` for the defaults.
   * @default none
   */
  backupStorage?: BackupStorageOptions;
  /** The platform: the arguments of `Monitoring`. */
  monitoring: MonitoringArgs;
  /**
   * The worked example, a training pipeline and its API; `{}` for the defaults.
   * @default none
   */
  sample?: SampleConfig;
}

/** A cluster that exists. */
export interface ExistingCluster {
  /**
   * Contents of a kubeconfig. Secret.
   * @default KUBECONFIG
   */
  kubeconfig?: pulumi.Input<string>;
  /**
   * Context in it.
   * @default the current one
   */
  context?: string;
}

/** How the worked example is deployed. */
export interface SampleConfig {
  /**
   * Registry that holds its images.
   * @default "localhost:5000"
   */
  registry?: string;
  /**
   * Volume of its models; the storage class must offer ReadWriteMany.
   * @default { size: "1Gi" }
   */
  storage?: StorageArgs;
}
