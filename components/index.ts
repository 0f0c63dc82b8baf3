// Components
export {
  Alertmanager,
  type AlertmanagerArgs,
  type AlertmanagerDeployArgs,
  type EmailArgs,
  type EmailLogin,
} from "./alertmanager/alertmanager";
export { type MonitoringConnection } from "./connection";
export {
  FluentdAggregator,
  type FluentdAggregatorArgs,
  type FluentdAggregatorDeployArgs,
} from "./fluentd/aggregator";
export {
  Grafana,
  type GrafanaArgs,
  type GrafanaDeployArgs,
  type GrafanaIngressArgs,
} from "./grafana/grafana";
export { GrafanaContent, type GrafanaContentArgs } from "./grafana/grafanaContent";
export { InfluxDb, type InfluxDbArgs, type InfluxDbDeployArgs } from "./influxdb/influxDb";
export {
  InfluxDbArchive,
  type InfluxDbArchiveArgs,
  type InfluxDbArchiveDeployArgs,
} from "./influxdb/influxDbArchive";
export {
  InfluxDbBackup,
  type InfluxDbBackupArgs,
  type InfluxDbBackupDeployArgs,
} from "./influxdb/influxDbBackup";
export { InfluxDbReconcile, type InfluxDbReconcileArgs } from "./influxdb/influxDbReconcile";
export {
  type DeployedOrExisting,
  type ExistingAlertmanager,
  type ExistingCredential,
  type ExistingCredentials,
  type ExistingGrafana,
  type ExistingInfluxDb,
  Monitoring,
  type MonitoringArgs,
} from "./monitoring";
export { type AlertmanagerNeighbour, type InfluxDbClient, type Neighbour } from "./platform/endpoints";
export { type StorageArgs } from "./platform/storage";
export { Telegraf, type TelegrafArgs, type TelegrafDeployArgs } from "./telegraf/telegraf";
export { AppNamespace, type AppNamespaceArgs } from "./workloads/namespace";
export { type ModelStorageArgs, ModelVolume, type ModelVolumeArgs } from "./workloads/volume";
export { Logging, type LoggingArgs } from "./workloads/logging";
export { ModelApi, type ModelApiArgs, type ReplicaArgs, type ServedModel } from "./workloads/modelApi";
export { Pipeline, type PipelineArgs, type PipelineStep } from "./workloads/pipeline";
export { type AppContainerArgs, type WorkloadArgs } from "./workloads/workload";

// Dashboards
export { type ComputePrices, type DashboardDefinition } from "../dashboards";

// Pure functions, and the types that the components take
export { type AlertRule, type Severity, type ThresholdOverride, type Unit } from "./alerts/rule";
export { type AlertRulesOptions, alertRules, type AppAlertOptions } from "./alerts/rules";
export { type Flow, type PolicyPeer, type PolicyPort } from "./kubernetes/networkPolicies";
export {
  type PodUser,
  type RestrictedContainerSecurityContext,
  restrictedContainerSecurityContext,
  type RestrictedPodSecurityContext,
  restrictedPodSecurityContext,
} from "./kubernetes/podSecurity";
export { type ComputeQuantities, type ContainerResources, resources } from "./kubernetes/resources";
export { checkLogs, formatReport, type LogReport, type Problem } from "../contract/checkLogs";
export {
  type BuiltInFormat,
  checkFormat,
  type CustomFormat,
  type LogFormat,
  type LogSource,
} from "../contract/formats";
export { type BucketName, type RetentionDays } from "../contract/buckets";
export {
  type DesiredBucket,
  type DesiredCredential,
  type DesiredDatabaseMapping,
  type DesiredSecret,
  type InfluxDesiredState,
} from "./influxdb/desiredState";
export { type FluxTask } from "./influxdb/flux";
export { type Rollup } from "../contract/rollups";
export { type HttpProbe } from "./telegraf/telegrafConfig";
export {
  type LoggedContainer,
  type LoggedPodSpec,
  type LoggingReferences,
  loggingSidecar,
  withLogging,
} from "./fluentd/sidecar";
export { logDirectory } from "./fluentd/paths";
export { type LoggingSelector, loggingTransform } from "./workloads/loggingTransform";
