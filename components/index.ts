export {
  AksCluster,
  AksClusterArgs,
  ClusterNetworkArgs,
  EntraArgs,
  MaintenanceWindowArgs,
} from "./cluster/aksCluster";
export { NodePoolArgs, UserPoolArgs, spotAffinity, spotTolerations } from "./cluster/nodePools";
export { InfluxDb, InfluxDbArgs, InfluxDbDeployArgs } from "./monitoring/influxDb";
export { Monitoring, MonitoringArgs } from "./monitoring/monitoring";
export { StorageArgs } from "./monitoring/storage";
export { RestrictedNamespace, RestrictedNamespaceArgs } from "./namespaces/restrictedNamespace";
