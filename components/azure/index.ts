// The entry `ds-monitoring/azure`: apart from the rest, so that a stack without AKS needs no @pulumi/azure-native.
export { AksCluster } from "./aksCluster";
export {
  type AksClusterArgs,
  type ClusterNetworkArgs,
  type EntraArgs,
  type MaintenanceWindowArgs,
} from "./aksClusterArgs";
export { BackupStorage, type BackupStorageArgs, type BackupStorageOptions } from "./backupStorage";
export { aksGateway, aksIngress, type KeyVaultCertificateArgs } from "./ingress";
export { type NodePoolArgs, spotAffinity, spotTolerations, type UserPoolArgs } from "./nodePools";
