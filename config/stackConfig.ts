import * as pulumi from "@pulumi/pulumi";
import type { AksClusterArgs } from "../components/azure";
import type {
  DeployedOrExisting,
  EmailArgs,
  GrafanaIngressArgs,
  MonitoringArgs,
  StorageArgs,
} from "../components";
import { readClusterConfig } from "./cluster";
import { readExistingAlertmanager, readExistingGrafana, readExistingInfluxDb, refuseBoth } from "./existing";
import {
  type ConfigSource,
  listOf,
  mapping,
  optional,
  positiveInteger,
  required,
  textLike,
  refuseUnknownKeys,
  trueOrFalse,
} from "./reader";

/** What a stack's configuration says, checked; docs of each key are in Pulumi.yaml. */
export interface StackConfig {
  environment: string;
  protectData: boolean;
  cluster: DeployedOrExisting<AksClusterArgs, ExistingCluster>;
  influxDb: Required<MonitoringArgs>["influxDb"];
  grafana: Required<MonitoringArgs>["grafana"];
  alertmanager: MonitoringArgs["alertmanager"];
  fluentdReplicas: number;
  storage: Record<"fluentd" | "sample", StorageArgs>;
  backup: MonitoringArgs["backup"];
  archive: MonitoringArgs["archive"];
  retentionDays: RetentionConfig;
  runbookBaseUrl?: string;
  sampleWorkloads: boolean;
  sampleRegistry: string;
}

/** A cluster that somebody else runs. */
export interface ExistingCluster {
  /**
   * Contents of a kubeconfig. Secret.
   * @default KUBECONFIG
   */
  kubeconfig?: pulumi.Output<string>;
  /**
   * Context in it.
   * @default the current one
   */
  context?: string;
}

/** Days that each resolution is kept; what is left out keeps the library's default. */
export interface RetentionConfig {
  events?: number;
  minutely?: number;
  hourly?: number;
  daily?: number;
  weekly?: number;
}

/** Every key of a stack, of which Pulumi.yaml says what each is. */
const stackKeys = [
  ...[
    "environment",
    "protectData",
    "cluster",
    "kubeconfig",
    "kubeContext",
    "storageClass",
    "influxDbStorage",
  ],
  ...[
    "fluentdStorage",
    "fluentdReplicas",
    "alertmanagerStorage",
    "sampleStorageClass",
    "sampleStorage",
    "retentionDays",
    "email",
  ],
  ...["existingInfluxDb", "influxDbToken", "influxDbTokenFluentd", "influxDbTokenTelegraf"],
  ...["influxDbTokenGrafana", "influxDbTokenArchive", "existingGrafana", "grafanaAuth", "backup", "archive"],
  ...["existingAlertmanager", "alertmanagerAuthorization"],
  ...["smtpPassword", "grafanaIngress", "runbookBaseUrl", "sampleWorkloads", "sampleRegistry"],
];

const quantity = textLike(/^\d+(\.\d+)?(Mi|Gi|Ti)$/, "a Kubernetes quantity in Mi, Gi or Ti", "50Gi");
const name = textLike(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and "-"', "dev");
const anyText = textLike(/\S/, "a text", "my-context");
const imageRegistry = textLike(/^[a-z0-9][-a-z0-9.:/]*[a-z0-9]$/, "a registry", "registry.example.com/team");
const hostName = textLike(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
  "a host name",
  "grafana.example.com",
);
const webAddress = textLike(/^https?:\/\/\S+$/, "a URL", "https://docs.example.com/runbooks");
const ingressClass = textLike(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, "an ingress class", "nginx");
const cron = textLike(/^\S+( \S+){4}$/, "a schedule in the form of cron, UTC", '"30 2 * * *"');
const emailAddress = textLike(/^[^\s@]+@[^\s@]+$/, "an e-mail address", "team@example.com");
const hostAndPort = textLike(/^[^\s:]+:\d{1,5}$/, "host:port", "smtp.example.com:587");

/**
 * Reads and checks the configuration of the stack, before anything is created.
 *
 * @throws Error that names the key, what is allowed and an example
 */
export function readConfig(config: pulumi.Config): StackConfig {
  const source = stackSource(config);
  refuseUnknownKeys(source, stackKeys);
  const storageClassName = optional(source, "storageClass", name);
  const archive = readArchive(source, storageClassName);
  const influxDb = readExistingInfluxDb(source, config, archive !== undefined);
  refuseBoth(source, "existingInfluxDb", "backup");
  const influxDbStorage = {
    storageClassName,
    size: optional(source, "influxDbStorage", quantity) ?? "50Gi",
  };
  const grafana = readExistingGrafana(source, config);
  refuseBoth(source, "existingGrafana", "grafanaIngress");
  const alertmanager = readExistingAlertmanager(source, config);
  for (const key of ["email", "smtpPassword", "alertmanagerStorage"]) {
    refuseBoth(source, "existingAlertmanager", key);
  }
  const alertmanagerStorage = {
    storageClassName,
    size: optional(source, "alertmanagerStorage", quantity) ?? "1Gi",
  };
  return {
    environment: required(source, "environment", name),
    protectData: optional(source, "protectData", trueOrFalse) ?? true,
    cluster: readCluster(source, config),
    influxDb: influxDb === undefined ? { deploy: { storage: influxDbStorage } } : { existing: influxDb },
    grafana:
      grafana === undefined ? { deploy: { ingress: readGrafanaIngress(source) } } : { existing: grafana },
    alertmanager:
      alertmanager === undefined
        ? {
            deploy: {
              email: readEmail(source, config.getSecret("smtpPassword")),
              storage: alertmanagerStorage,
            },
          }
        : { existing: alertmanager },
    fluentdReplicas: optional(source, "fluentdReplicas", positiveInteger) ?? 1,
    storage: {
      fluentd: { storageClassName, size: optional(source, "fluentdStorage", quantity) ?? "10Gi" },
      sample: {
        storageClassName: optional(source, "sampleStorageClass", name) ?? storageClassName,
        size: optional(source, "sampleStorage", quantity) ?? "1Gi",
      },
    },
    backup: readBackup(source, storageClassName),
    archive,
    retentionDays: readRetention(source),
    runbookBaseUrl: optional(source, "runbookBaseUrl", webAddress),
    sampleWorkloads: optional(source, "sampleWorkloads", trueOrFalse) ?? false,
    sampleRegistry: optional(source, "sampleRegistry", imageRegistry) ?? "localhost:5000",
  };
}

function readCluster(source: ConfigSource, config: pulumi.Config): StackConfig["cluster"] {
  for (const key of ["kubeconfig", "kubeContext"]) refuseBoth(source, "cluster", key);
  const deploy = readClusterConfig(source);
  if (deploy !== undefined) return { deploy };
  return {
    existing: {
      kubeconfig: config.getSecret("kubeconfig"),
      context: optional(source, "kubeContext", anyText),
    },
  };
}

/** Values as YAML wrote them: the engine hands over everything as text. */
function stackSource(config: pulumi.Config): ConfigSource {
  return {
    prefix: `${config.name}:`,
    keys: Object.keys(pulumi.runtime.allConfig())
      .filter((key) => key.startsWith(`${config.name}:`))
      .map((key) => key.slice(config.name.length + 1)),
    get: (key) => {
      const text = config.get(key);
      if (text === undefined) return undefined;
      try {
        const value: unknown = JSON.parse(text);
        return value;
      } catch {
        return text;
      }
    },
  };
}

function readRetention(source: ConfigSource): RetentionConfig {
  const resolutions = ["events", "minutely", "hourly", "daily", "weekly"] as const;
  const days = mapping(source, "retentionDays", [...resolutions]);
  if (days === undefined) return {};
  return Object.fromEntries(
    resolutions.map((resolution) => [resolution, optional(days, resolution, positiveInteger)]),
  );
}

const storedKeys = ["size", "storageClass", "schedule"];

function readBackup(source: ConfigSource, storageClass: string | undefined): MonitoringArgs["backup"] {
  const backup = mapping(source, "backup", [...storedKeys, "keep"]);
  if (backup === undefined) return undefined;
  return { ...readStored(backup, storageClass), keep: optional(backup, "keep", positiveInteger) };
}

function readArchive(source: ConfigSource, storageClass: string | undefined): MonitoringArgs["archive"] {
  const archive = mapping(source, "archive", [...storedKeys, "keepDays"]);
  if (archive === undefined) return undefined;
  return { ...readStored(archive, storageClass), keepDays: optional(archive, "keepDays", positiveInteger) };
}

function readStored(source: ConfigSource, storageClass: string | undefined) {
  return {
    schedule: optional(source, "schedule", cron),
    storage: {
      size: required(source, "size", quantity),
      storageClassName: optional(source, "storageClass", name) ?? storageClass,
    },
  };
}

function readGrafanaIngress(source: ConfigSource): GrafanaIngressArgs | undefined {
  const ingress = mapping(source, "grafanaIngress", [
    "host",
    "className",
    "controllerNamespace",
    "tlsSecretName",
    "clusterIssuer",
  ]);
  if (ingress === undefined) return undefined;
  return {
    host: required(ingress, "host", hostName),
    className: optional(ingress, "className", ingressClass),
    controllerNamespace: optional(ingress, "controllerNamespace", name),
    tlsSecretName: optional(ingress, "tlsSecretName", name),
    clusterIssuer: optional(ingress, "clusterIssuer", name),
  };
}

function readEmail(source: ConfigSource, password: pulumi.Output<string> | undefined): EmailArgs {
  const email = mapping(source, "email", ["smarthost", "from", "to", "criticalTo", "username", "requireTls"]);
  if (email === undefined) {
    throw new Error(
      `${source.prefix}email is not set: alerts need a mail server, e.g. in Pulumi.<stack>.yaml ` +
        `\`${source.prefix}email: { smarthost: "smtp.example.com:587", from: "monitoring@example.com", ` +
        'to: ["team@example.com"] }`',
    );
  }
  const username = optional(email, "username", anyText);
  if ((username === undefined) !== (password === undefined)) {
    throw new Error(
      `${source.prefix}email.username and ${source.prefix}smtpPassword belong together: ` +
        "set both (`pulumi config set --secret smtpPassword …`) or neither",
    );
  }
  return {
    smarthost: required(email, "smarthost", hostAndPort),
    from: required(email, "from", emailAddress),
    to: required(email, "to", listOf(emailAddress)),
    criticalTo: optional(email, "criticalTo", listOf(emailAddress)),
    requireTls: optional(email, "requireTls", trueOrFalse) ?? true,
    ...(username !== undefined && password !== undefined && { login: { username, password } }),
  };
}
