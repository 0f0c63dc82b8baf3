// The platform
export { type MonitoringConnection } from "./connection";
export {
  type DeployedOrExisting,
  type ExistingAlertmanager,
  type ExistingCredentials,
  type ExistingGrafana,
  type ExistingInfluxDb,
  type Login,
} from "./existing";
export { Monitoring } from "./monitoring";
export { type MonitoringArgs } from "./monitoringArgs";
export { type AlertmanagerDeployArgs, type EmailArgs } from "./alertmanager/alertmanager";
export { type QuietTimeArgs } from "./alertmanager/quietTimes";
export type {
  EmailReceiverArgs,
  MsTeamsReceiverArgs,
  OpsgenieReceiverArgs,
  PagerDutyReceiverArgs,
  ReceiverArgs,
  SlackReceiverArgs,
  WebhookReceiverArgs,
} from "./alertmanager/receivers";
export { type AlertRulesOptions, type AppAlertOptions } from "./alerts/rules";
export { type FluentdAggregatorDeployArgs } from "./fluentd/aggregator";
export { type FullTextArgs, type FullTextKind, type FullTextLogin } from "./fluentd/fullText";
export { type LogTransportTlsArgs } from "./fluentd/transport";
export type { GrafanaEntraArgs, GrafanaGroupsArgs } from "./grafana/entra";
export type { GrafanaGatewayArgs } from "./grafana/gateway";
export type { GrafanaDeployArgs } from "./grafana/grafana";
export type { GrafanaIngressArgs } from "./grafana/ingress";
export { type InfluxDbDeployArgs } from "./influxdb/influxDb";
export { type InfluxDbArchiveDeployArgs } from "./influxdb/influxDbArchive";
export { type InfluxDbBackupDeployArgs, type ObjectStoreArgs } from "./influxdb/influxDbBackup";
export { type StorageArgs } from "./platform/storage";
export { type TelegrafDeployArgs } from "./telegraf/telegraf";
export { type OtlpArgs } from "./telegraf/otlp";
export { type PodMetricsArgs } from "./telegraf/podMetrics";
export { type HttpProbe } from "./telegraf/telegrafConfig";
export { type RetentionDays } from "../contract/buckets";
export { type Rollup } from "../contract/rollups";

// Applications
export {
  type DriftCheckArgs,
  ModelApi,
  type ModelApiArgs,
  type ReplicaArgs,
  type ServedModel,
} from "./workloads/modelApi";
export { type LatencyObjectiveArgs, type SloArgs } from "./workloads/slo";
export { Pipeline, type PipelineArgs, type PipelineStep } from "./workloads/pipeline";
export { type MetricsEndpointArgs } from "./workloads/metricsEndpoint";
export { AppNamespace, type AppNamespaceArgs } from "./workloads/namespace";
export { type ModelStorageArgs, ModelVolume, type ModelVolumeArgs } from "./workloads/volume";
export { type AppContainerArgs, type WorkloadArgs } from "./workloads/workload";

// Pods of your own, and a Grafana of your own
export { type PodUser } from "./kubernetes/podSecurity";
export { Logging, type LoggingArgs } from "./workloads/logging";
export { loggingTransform } from "./workloads/loggingTransform";
export {
  type LoggedContainer,
  type LoggedPodSpec,
  type LoggingReferences,
  withLogging,
} from "./fluentd/sidecar";
export { type BuiltInFormat, type CustomFormat, type LogFormat, type LogSource } from "../contract/formats";
export { GrafanaContent, type GrafanaContentArgs } from "./grafana/grafanaContent";
