export { InfluxDb, InfluxDbArgs, InfluxDbDeployArgs } from "./monitoring/influxDb";
export { Monitoring, MonitoringArgs } from "./monitoring/monitoring";
export { StorageArgs } from "./monitoring/storage";
export { RestrictedNamespace, RestrictedNamespaceArgs } from "./namespaces/restrictedNamespace";
