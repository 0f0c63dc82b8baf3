import type * as pulumi from "@pulumi/pulumi";
import type { NodePoolArgs, UserPoolArgs } from "./nodePools";

/** Address ranges of a cluster; they must not overlap each other, nor any network that it is peered with. */
export interface ClusterNetworkArgs {
  /**
   * Range of the virtual network.
   * @default "10.100.0.0/16"
   */
  addressSpace?: string;
  /**
   * Range of the nodes' subnet.
   * @default "10.100.0.0/20"
   */
  nodeRange?: string;
  /**
   * Range of the pods, an overlay: only this cluster sees it.
   * @default "10.244.0.0/16"
   */
  podRange?: string;
  /**
   * Range of the Services.
   * @default "10.0.0.0/16"
   */
  serviceRange?: string;
  /**
   * Address of the cluster's DNS, in `serviceRange`.
   * @default "10.0.0.10"
   */
  dnsServiceIp?: string;
}

/** Sign-in with Entra (Azure Active Directory). */
export interface EntraArgs {
  /** Object ids of the groups whose members administer the cluster. */
  adminGroupObjectIds: string[];
  /**
   * Object ids of the service principals that deploy to the cluster without being members of those groups. Each gets
   * the role "Azure Kubernetes Service RBAC Cluster Admin" on the cluster, without which Kubernetes answers 403.
   * @default none
   */
  deployerObjectIds?: string[];
  /**
   * Whether the cluster's own certificates, which no one can revoke for one person, stop working.
   * @default true
   */
  disableLocalAccounts?: boolean;
}

/** When Azure may upgrade the cluster and its nodes. */
export interface MaintenanceWindowArgs {
  /**
   * Day of the week.
   * @default "Sunday"
   */
  day?: "Monday" | "Tuesday" | "Wednesday" | "Thursday" | "Friday" | "Saturday" | "Sunday";
  /**
   * Begin, UTC.
   * @default "02:00"
   */
  startTime?: string;
  /**
   * Length in hours, 4 to 24.
   * @default 4
   */
  durationHours?: number;
}

/** Arguments of {@link AksCluster}. */
export interface AksClusterArgs {
  /** Azure region, e.g. `eastus`. */
  location: string;
  /** Tags of every resource. The policy pack asks for project, environment, owner and cost-center. */
  tags: Record<string, string>;
  /** Nodes for the cluster's own pods. */
  systemPool: NodePoolArgs;
  /**
   * Nodes for workloads, by the name of the pool.
   * @default {}
   */
  userPools?: Record<string, UserPoolArgs>;
  /**
   * Tier of the control plane: `Standard` has an uptime guarantee and a price.
   * @default "Free"
   */
  tier?: "Free" | "Standard";
  /**
   * Kubernetes version, e.g. `1.36`, without the patch: the cluster upgrades that by itself, in the window.
   * @default what AKS recommends
   */
  kubernetesVersion?: string;
  /**
   * Address ranges.
   * @default {}
   */
  network?: ClusterNetworkArgs;
  /**
   * Sign-in with Entra.
   * @default none: the kubeconfig is then a certificate of a cluster administrator (`system:masters`), for dev only
   */
  entra?: EntraArgs;
  /**
   * Give the API server no public address. `pulumi up` must then run inside of the network.
   * @default false
   */
  privateCluster?: boolean;
  /**
   * Ranges from which the public API server may be reached.
   * @default everywhere
   */
  authorizedIpRanges?: string[];
  /**
   * Install the managed ingress controller (class `webapprouting.kubernetes.azure.com`), which brings a public address.
   * Microsoft supports it until November 2026; Grafana's `gateway` needs none.
   * @default false
   */
  ingressController?: boolean;
  /**
   * Install the CSI driver of Azure Blob Storage, which brings the storage classes `azureblob-nfs-premium` and
   * `azureblob-fuse-premium` (`storageProfile.blobCSIDriver`).
   * @default false
   */
  blobCsiDriver?: boolean;
  /**
   * Resource id of an Azure container registry from which the nodes may pull images (role AcrPull), e.g. that of
   * `monitoring.imageRegistry`.
   * @default none
   */
  registryId?: pulumi.Input<string>;
  /**
   * When Azure may upgrade the cluster and its nodes.
   * @default {}
   */
  maintenance?: MaintenanceWindowArgs;
  /**
   * Refuse to delete or replace the cluster: with it go the disks of all its volumes.
   * @default true
   */
  protect?: boolean;
}
