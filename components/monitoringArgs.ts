import type * as pulumi from "@pulumi/pulumi";
import type { RetentionDays } from "../contract/buckets";
import type { Rollup } from "../contract/rollups";
import type { ComputePrices, DashboardDefinition } from "../dashboards";
import type { AlertmanagerDeployArgs } from "./alertmanager/alertmanager";
import type { AlertRulesOptions } from "./alerts/rules";
import type { DeployedOrExisting, ExistingAlertmanager, ExistingGrafana, ExistingInfluxDb } from "./existing";
import type { FluentdAggregatorDeployArgs } from "./fluentd/aggregator";
import type { GrafanaDeployArgs } from "./grafana/grafana";
import type { InfluxDbDeployArgs } from "./influxdb/influxDb";
import type { InfluxDbArchiveDeployArgs } from "./influxdb/influxDbArchive";
import type { InfluxDbBackupDeployArgs } from "./influxdb/influxDbBackup";
import type { PodPlacement } from "./platform/partObjects";
import type { TelegrafDeployArgs } from "./telegraf/telegraf";

/** Arguments of `Monitoring`. */
export interface MonitoringArgs extends PodPlacement {
  /** Deployment environment, e.g. `prod`; the tag `environment`. */
  environment: pulumi.Input<string>;
  /** A new Alertmanager and the recipients of its mails, or one that exists. */
  alertmanager: DeployedOrExisting<AlertmanagerDeployArgs, ExistingAlertmanager>;
  /**
   * Where the data is kept.
   * @default { deploy: {} }
   */
  influxDb?: DeployedOrExisting<InfluxDbDeployArgs, ExistingInfluxDb>;
  /**
   * Where the dashboards are.
   * @default { deploy: {} }
   */
  grafana?: DeployedOrExisting<GrafanaDeployArgs, ExistingGrafana>;
  /**
   * Dashboards besides the platform's. Apps bring theirs to a deployed Grafana themselves; for an existing Grafana
   * they are listed here.
   * @default []
   */
  dashboards?: readonly DashboardDefinition[];
  /**
   * Prices of the node pools, for the panels of cost.
   * @default defaultPrices: those of a D-series node, in US dollars
   */
  prices?: ComputePrices;
  /**
   * The aggregator of the logs.
   * @default {}
   */
  fluentdAggregator?: FluentdAggregatorDeployArgs;
  /**
   * The agent that reads resource usage and probes the APIs.
   * @default {}
   */
  telegraf?: TelegrafDeployArgs;
  /**
   * Which alert rules there are, and their thresholds for single apps.
   * @default every rule, with its own threshold
   */
  alerts?: AlertRulesOptions;
  /**
   * URL of the folder of runbooks that mails link to.
   * @default "docs/runbooks": their path in this repository
   */
  runbookBaseUrl?: pulumi.Input<string>;
  /**
   * Days that each resolution is kept.
   * @default the days of the table of buckets in docs/metrics.md
   */
  retentionDays?: Partial<RetentionDays>;
  /**
   * Measurements of the apps' own events that are downsampled, besides the platform's.
   * @default []
   */
  rollups?: readonly Rollup[];
  /**
   * Time zone of the days and weeks of rollups and dashboards, a name of the IANA database, e.g. `Europe/Berlin`. Days that
   * exist are not made anew: docs/metrics.md.
   * @default "UTC"
   */
  timeZone?: string;
  /**
   * Backups of a deployed InfluxDB.
   * @default none
   */
  backup?: InfluxDbBackupDeployArgs;
  /**
   * Archive of the raw events before they expire.
   * @default none
   */
  archive?: InfluxDbArchiveDeployArgs;
  /**
   * Name of the new namespace. Excludes `namespace`.
   * @default "monitoring"
   */
  namespaceName?: pulumi.Input<string>;
  /**
   * Name of a namespace that exists, instead of a new one. All traffic of the platform's pods that they don't need is
   * denied there too; other pods and the namespace's own labels stay as they are.
   * @default none: a new namespace is created
   */
  namespace?: pulumi.Input<string>;
  /**
   * Ports under which Telegraf and the reader of dashboards may reach the Kubernetes API server: that of its Service, and
   * its own on nodes. Network policies see the one behind the Service's address.
   * @default [443, 6443]
   */
  apiServerPorts?: pulumi.Input<number[]>;
  /**
   * Whether Cilium enforces the cluster's network policies, as Azure CNI powered by Cilium does. Nodes and the API server
   * are then allowed by a CiliumNetworkPolicy: a NetworkPolicy can't name them there.
   * @default false; true where the stack makes the cluster (`cluster.deploy`)
   */
  cilium?: boolean;
  /**
   * Refuse to delete or replace what holds data, or a password of its first start.
   * @default true
   */
  protect?: boolean;
}
