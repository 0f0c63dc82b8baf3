// The entry `ds-monitoring/azure`: apart from the rest, so that a stack without AKS needs no @pulumi/azure-native.
export {
  AksCluster,
  type AksClusterArgs,
  type ClusterNetworkArgs,
  type EntraArgs,
  type MaintenanceWindowArgs,
} from "./cluster/aksCluster";
export { type KubeLogin } from "./cluster/kubeconfig";
export { type NodePoolArgs, type UserPoolArgs } from "./cluster/nodePools";
