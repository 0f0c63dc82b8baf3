import * as pulumi from "@pulumi/pulumi";
import type { AppAlertOptions } from "../components/alerts/rules";
import type { EmailArgs } from "../components/alertmanager/alertmanager";
import type { MonitoringConnection } from "../components/connection";
import type { GrafanaIngressArgs } from "../components/grafana/grafana";
import type { InfluxDbArchiveDeployArgs } from "../components/influxdb/influxDbArchive";
import type { InfluxDbBackupDeployArgs } from "../components/influxdb/influxDbBackup";
import type { ExistingAlertmanager, ExistingGrafana, ExistingInfluxDb } from "../components/monitoring";
import type { StorageArgs } from "../components/platform/storage";
import type { ReplicaArgs, ServedModel } from "../components/workloads/modelApi";
import type { PodUser } from "../components/kubernetes/podSecurity";

// What programs in other languages see. scripts/providerSchema.ts makes the schema from it, and Pulumi's analysis of
// TypeScript reads interfaces only: no unions, intersections, aliases of object types or readonly arrays. arguments.ts
// checks what the types can't say, and turns it into the library's arguments.

/** Compute of a container, as Kubernetes quantities. */
export interface Compute {
  /** CPU in cores that the scheduler sets aside, e.g. `250m`. */
  cpu: string;
  /** CPU that it may use at most, e.g. `1`. */
  cpuLimit: string;
  /** Memory that the scheduler sets aside, e.g. `256Mi`. */
  memory: string;
  /** Memory that it may use at most, e.g. `512Mi`. */
  memoryLimit: string;
}

/** A part that is deployed on a volume of its own. */
export interface StoredPart {
  /** Its volume. */
  storage?: StorageArgs;
  /** Compute of one replica. */
  resources?: Compute;
}

/** The aggregator of the logs. */
export interface Aggregator {
  /** How many there are, each with a volume of its own; 1 by default. */
  replicas?: number;
  /** Volume of the buffer of each. */
  storage?: StorageArgs;
  /** Compute of one replica. */
  resources?: Compute;
}

/** A deployed Alertmanager. */
export interface DeployedAlertmanager {
  /** The mail server and the recipients. */
  email: EmailArgs;
  /** Volume of silences and of what was sent already; 1Gi by default. */
  storage?: StorageArgs;
  /** Compute of the only replica. */
  resources?: Compute;
}

/** A deployed Grafana. */
export interface DeployedGrafana {
  /** URL under which people reach it, for links in mails; by default the host of `ingress`, or the Service's own. */
  externalUrl?: string;
  /** The way in from outside of the cluster; none by default. */
  ingress?: GrafanaIngressArgs;
  /** Compute of the only replica. */
  resources?: Compute;
}

/** Exactly one of the two. */
export interface AlertmanagerChoice {
  /** A new one. */
  deploy?: DeployedAlertmanager;
  /** One that somebody else runs. */
  existing?: ExistingAlertmanager;
}

/** Exactly one of the two. */
export interface InfluxDbChoice {
  /** A new one; `{}` for the defaults. */
  deploy?: StoredPart;
  /** One that somebody else runs. */
  existing?: ExistingInfluxDb;
}

/** Exactly one of the two. */
export interface GrafanaChoice {
  /** A new one; `{}` for the defaults. */
  deploy?: DeployedGrafana;
  /** One that somebody else runs. */
  existing?: ExistingGrafana;
}

/** Which alerts there are. */
export interface AlertOptions {
  /** Thresholds of single apps. */
  apps?: AppAlertOptions[];
  /** Names of rules that are not wanted. */
  disabled?: string[];
}

/** Days that each resolution is kept. */
export interface RetentionDays {
  /** 14 by default. */
  events?: number;
  /** 90 by default. */
  minutely?: number;
  /** 365 by default. */
  hourly?: number;
  /** 730 by default. */
  daily?: number;
  /** 1826 by default. */
  weekly?: number;
}

export interface MonitoringArgs {
  /** Deployment environment, e.g. `prod`; the tag `environment`. */
  environment: string;
  /** Whom alerts are mailed to by a new Alertmanager, or one that exists. */
  alertmanager: AlertmanagerChoice;
  /** Where the data is kept; deployed by default. */
  influxDb?: InfluxDbChoice;
  /** Where the dashboards are; deployed by default. */
  grafana?: GrafanaChoice;
  /** The aggregator of the logs. */
  fluentdAggregator?: Aggregator;
  /** Which alert rules there are, and their thresholds for single apps; every rule by default. */
  alerts?: AlertOptions;
  /** URL of the folder of runbooks that mails link to. */
  runbookBaseUrl?: string;
  /** Days that each resolution is kept. */
  retentionDays?: RetentionDays;
  /** Backups of a deployed InfluxDB; none by default. */
  backup?: InfluxDbBackupDeployArgs;
  /** Archive of the raw events before they expire; none by default. */
  archive?: InfluxDbArchiveDeployArgs;
  /** Name of the namespace; `monitoring` by default. */
  namespaceName?: string;
  /** Refuse to delete or replace whatever holds data, or a password of its first start; true by default. */
  protectData?: boolean;
}

/** The monitoring platform: Fluentd, InfluxDB, Grafana and Alertmanager. */
export declare class Monitoring extends pulumi.ComponentResource {
  /** What applications need to know; export it for other stacks. */
  readonly connection: pulumi.Output<MonitoringConnection>;
  /** URL under which people reach Grafana. */
  readonly grafanaUrl: pulumi.Output<string>;
  /** Password of Grafana's user `admin`; none for an existing Grafana. Secret. */
  readonly grafanaAdminPassword?: pulumi.Output<string>;
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions);
}

/** A text format of an application's own. */
export interface TextFormat {
  /** Regular expression with named groups: `time`, `level`, `logger`, `body`; any other becomes an attribute. */
  regexp: string;
  /** What the first line of a record looks like; by default one that is not indented nor part of a traceback. */
  multilineStart?: string;
  /** Lines that must match, tested before anything is deployed. At least one. */
  samples: string[];
}

/** Log files of an application. `format` and `text` exclude each other. */
export interface LogFiles {
  /** Files, relative to the log volume, `*` and `**` allowed; by default every *.log file but *.events.log. */
  path?: string;
  /** `auto` (the default), `json`, `logrus`, `python`, `uvicorn` or `nginx`. */
  format?: string;
  /** A format of its own. */
  text?: TextFormat;
}

/** Addresses that may be called. */
export interface Egress {
  /** Addresses, e.g. `10.2.0.0/24`. */
  cidr: string;
  /** TCP ports; at least one. */
  ports: number[];
}

export interface ModelApiArgs {
  /** Image with tag or digest, e.g. `registry.example.com/churn:1.4.0`. */
  image: pulumi.Input<string>;
  /** The model that is served. */
  model: ServedModel;
  /** The platform: the output `connection` of Monitoring, or what its stack exports. */
  monitoring: pulumi.Input<MonitoringConnection>;
  /** Port that the API listens on; 8080 by default. */
  port?: number;
  /** Path that answers 2xx when the API can serve; `/healthz` by default. */
  healthPath?: string;
  /** How many replicas run; 1 to 3 by default. */
  replicas?: ReplicaArgs;
  /** Compute of one replica. */
  resources?: Compute;
  /** Environment variables. */
  env?: Record<string, pulumi.Input<string>>;
  /** What to run instead of the image's entrypoint. */
  command?: string[];
  /** Arguments of the command. */
  args?: string[];
  /** Log files and their formats. */
  logs?: LogFiles[];
  /** User that the API runs as; 10001 by default. */
  user?: PodUser;
  /** Names of namespaces whose pods may call the API, besides its own. */
  callerNamespaces?: string[];
  /** What the API may call, besides the aggregator and DNS. */
  egress?: Egress[];
}

/** A model behind HTTP: Deployment and Service, scaled by CPU, in a namespace of its own. */
export declare class ModelApi extends pulumi.ComponentResource {
  /** Base URL, as seen from any namespace of the cluster that may call it. */
  readonly url: pulumi.Output<string>;
  /** Namespace that it lives in. */
  readonly namespaceName: pulumi.Output<string>;
  constructor(name: string, args: ModelApiArgs, opts?: pulumi.ComponentResourceOptions);
}

/** One step of a Pipeline. */
export interface Step {
  /** Name of the step, a DNS label, e.g. `train`. */
  name: string;
  /** Image with tag or digest. */
  image: pulumi.Input<string>;
  /** What to run instead of the image's entrypoint. */
  command?: string[];
  /** Arguments of the command. */
  args?: string[];
  /** Environment variables of this step. */
  env?: Record<string, pulumi.Input<string>>;
  /** Compute of this step. */
  resources?: Compute;
}

export interface PipelineArgs {
  /** When it runs, as a cron expression, e.g. `0 3 * * 1` for Mondays at three. */
  schedule: pulumi.Input<string>;
  /** The steps, in order; a step that fails ends the run. At least one. */
  steps: Step[];
  /** The platform: the output `connection` of Monitoring, or what its stack exports. */
  monitoring: pulumi.Input<MonitoringConnection>;
  /** Time zone of the schedule, as in the tz database; `Etc/UTC` by default. */
  timeZone?: string;
  /** Longest run, in seconds; 3600 by default. */
  deadlineSeconds?: number;
  /** How often a failed run is tried anew, from its first step on; 0 by default. */
  retries?: number;
  /** Whether no new run begins; false by default. */
  suspended?: boolean;
  /** Size of the volume that the steps of one run share at /work; 1Gi by default. */
  workVolumeSize?: string;
  /** Log files and their formats. */
  logs?: LogFiles[];
  /** User that the steps run as; 10001 by default. */
  user?: PodUser;
  /** Whether it may run on spot nodes; false by default. */
  spot?: boolean;
  /** What the steps may call, besides the aggregator and DNS. */
  egress?: Egress[];
}

/** Steps that run one after the other on a schedule, in a namespace of their own. */
export declare class Pipeline extends pulumi.ComponentResource {
  /** Name of the CronJob. */
  readonly cronJobName: pulumi.Output<string>;
  /** Namespace that it lives in. */
  readonly namespaceName: pulumi.Output<string>;
  constructor(name: string, args: PipelineArgs, opts?: pulumi.ComponentResourceOptions);
}
