// Components
export {
  Alertmanager,
  type AlertmanagerArgs,
  type AlertmanagerDeployArgs,
  type EmailArgs,
  type EmailLogin,
} from "./monitoring/alertmanager";
export { type MonitoringConnection } from "./monitoring/connection";
export {
  FluentdAggregator,
  type FluentdAggregatorArgs,
  type FluentdAggregatorDeployArgs,
} from "./monitoring/fluentdAggregator";
export {
  Grafana,
  type GrafanaArgs,
  type GrafanaDeployArgs,
  type GrafanaIngressArgs,
} from "./monitoring/grafana";
export { GrafanaContent, type GrafanaContentArgs } from "./monitoring/grafanaContent";
export { InfluxDb, type InfluxDbArgs, type InfluxDbDeployArgs } from "./monitoring/influxDb";
export {
  InfluxDbArchive,
  type InfluxDbArchiveArgs,
  type InfluxDbArchiveDeployArgs,
} from "./monitoring/influxDbArchive";
export {
  InfluxDbBackup,
  type InfluxDbBackupArgs,
  type InfluxDbBackupDeployArgs,
} from "./monitoring/influxDbBackup";
export { InfluxDbReconcile, type InfluxDbReconcileArgs } from "./monitoring/influxDbReconcile";
export {
  type DeployedOrExisting,
  type ExistingAlertmanager,
  type ExistingCredential,
  type ExistingCredentials,
  type ExistingGrafana,
  type ExistingInfluxDb,
  Monitoring,
  type MonitoringArgs,
} from "./monitoring/monitoring";
export { type AlertmanagerNeighbour, type InfluxDbClient, type Neighbour } from "./monitoring/neighbours";
export { type StorageArgs } from "./monitoring/storage";
export { Telegraf, type TelegrafArgs, type TelegrafDeployArgs } from "./monitoring/telegraf";
export { AppNamespace, type AppNamespaceArgs } from "./namespaces/appNamespace";
export { RestrictedNamespace, type RestrictedNamespaceArgs } from "./namespaces/restrictedNamespace";
export { ModelVolume, type ModelVolumeArgs } from "./workloads/modelVolume";
export { Logging, type LoggingArgs } from "./workloads/logging";
export { ModelApi, type ModelApiArgs, type ReplicaArgs, type ServedModel } from "./workloads/modelApi";
export { Pipeline, type PipelineArgs, type PipelineStep } from "./workloads/pipeline";

// Dashboards
export { type ComputePrices, type DashboardDefinition } from "../dashboards";

// Pure functions, and the types that the components take
export { type AlertRule, type Severity, type ThresholdOverride, type Unit } from "./alerts/rule";
export { type AlertRulesOptions, alertRules, type AppAlertOptions } from "./alerts/rules";
export { spotAffinity, spotTolerations } from "./cluster/nodePools";
export { type Flow, type PolicyPeer, type PolicyPort } from "./kubernetes/networkPolicies";
export {
  type PodUser,
  type RestrictedContainerSecurityContext,
  restrictedContainerSecurityContext,
  type RestrictedPodSecurityContext,
  restrictedPodSecurityContext,
} from "./kubernetes/podSecurity";
export { type ComputeQuantities, type ContainerResources, resources } from "./kubernetes/resources";
export { checkLogs, formatReport, type LogReport, type Problem } from "./logs/checkLogs";
export {
  type BuiltInFormat,
  checkFormat,
  type CustomFormat,
  type LogFormat,
  type LogSource,
} from "./logs/formats";
export { type BucketName, type RetentionDays } from "./metrics/buckets";
export {
  type DesiredBucket,
  type DesiredCredential,
  type DesiredDatabaseMapping,
  type DesiredSecret,
  type InfluxDesiredState,
} from "./metrics/desiredState";
export { type FluxTask } from "./metrics/flux";
export { type Rollup } from "./metrics/rollups";
export { type HttpProbe } from "./metrics/telegrafConfig";
export {
  logDirectory,
  type LoggedContainer,
  type LoggedPodSpec,
  type LoggingReferences,
  loggingSidecar,
  withLogging,
} from "./workloads/loggingSidecar";
export { type LoggingSelector, loggingTransform } from "./workloads/loggingTransform";
