import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { type Flow, podsLabelled } from "../kubernetes/networkPolicies";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { httpProbes } from "../kubernetes/probes";
import { type ContainerResources, resources } from "../kubernetes/resources";
import { generatedPassword } from "../platform/generatedPassword";
import type { Neighbour } from "../platform/endpoints";
import { partMetadata, partNetworkPolicy, partService, partServiceAccount } from "../platform/partObjects";
import { parts, serviceUrl } from "../platform/parts";
import { type StorageArgs, volumeClaimTemplate } from "../platform/storage";

/** How a deployed InfluxDB is sized. */
export interface InfluxDbDeployArgs {
  /**
   * Volume of the data.
   * @default { size: "50Gi" }
   */
  storage?: StorageArgs;
  /**
   * Compute of the only replica: InfluxDB 2 OSS does not cluster.
   * @default 250m to 2 CPU, 1Gi to 2Gi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link InfluxDb}. */
export interface InfluxDbArgs extends InfluxDbDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** Organization that owns the buckets, e.g. `ds-monitoring`. */
  organization: string;
  /** Bucket of the raw events, e.g. `events`. */
  bucket: string;
  /** Where its tasks post the alerts. */
  alertmanager: Neighbour;
  /**
   * Whether an archive of the raw events reads it.
   * @default false
   */
  archive?: boolean;
  /**
   * Refuse to delete or replace what holds the data and the credentials of the first start.
   * @default true
   */
  protect?: boolean;
}

const user = { uid: 1000 };
const adminUsername = "admin";
const credentialsPath = "/run/secrets/influxdb";

/** The keys of the Secret of {@link InfluxDb}. */
export const influxDbSecretKeys = { password: "password", operatorToken: "operatorToken" } as const;

/**
 * InfluxDB 2 on a volume of its own.
 *
 * The image's DOCKER_INFLUXDB_INIT_* variables run once, on an empty volume; whatever may change later (buckets,
 * retention, credentials, tasks) is the business of {@link InfluxDbReconcile}.
 */
export class InfluxDb extends pulumi.ComponentResource {
  /** Base URL, as seen from any namespace of the cluster. */
  public readonly url: pulumi.Output<string>;
  /** Token that may do everything. Secret. InfluxDB stores a hash of it only: a lost one can't be read back. */
  public readonly operatorToken: pulumi.Output<string>;

  constructor(name: string, args: InfluxDbArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDb", name, {}, opts);

    const { namespace } = args;
    const { labels, podLabels, port } = parts.influxDb;
    const protect = args.protect ?? true;
    const common = { name, part: parts.influxDb, namespace, parent: this };

    const password = generatedPassword(`${name}-password`, { protect }, this);
    this.operatorToken = generatedPassword(`${name}-operator-token`, { protect }, this);
    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: {
          [influxDbSecretKeys.password]: password,
          [influxDbSecretKeys.operatorToken]: this.operatorToken,
        },
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    partService({ ...common, portName: "http" });

    new StatefulSet(
      name,
      {
        metadata: partMetadata(common),
        spec: {
          replicas: 1,
          // By name: the Service is ready only when it has pods, so waiting for it would never end.
          serviceName: parts.influxDb.name,
          selector: { matchLabels: podLabels },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
          volumeClaimTemplates: [volumeClaimTemplate("data", args.storage ?? { size: "50Gi" }, podLabels)],
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              // InfluxDB flushes its caches at the end; a kill means a replay of the write-ahead log.
              terminationGracePeriodSeconds: 60,
              containers: [
                {
                  name: "influxdb",
                  image: images.influxdb,
                  env: [
                    { name: "DOCKER_INFLUXDB_INIT_MODE", value: "setup" },
                    { name: "DOCKER_INFLUXDB_INIT_USERNAME", value: adminUsername },
                    {
                      name: "DOCKER_INFLUXDB_INIT_PASSWORD_FILE",
                      value: `${credentialsPath}/${influxDbSecretKeys.password}`,
                    },
                    {
                      name: "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE",
                      value: `${credentialsPath}/${influxDbSecretKeys.operatorToken}`,
                    },
                    { name: "DOCKER_INFLUXDB_INIT_ORG", value: args.organization },
                    { name: "DOCKER_INFLUXDB_INIT_BUCKET", value: args.bucket },
                    { name: "INFLUXD_BOLT_PATH", value: "/var/lib/influxdb2/influxd.bolt" },
                    { name: "INFLUXD_SQLITE_PATH", value: "/var/lib/influxdb2/influxd.sqlite" },
                    { name: "INFLUXD_ENGINE_PATH", value: "/var/lib/influxdb2/engine" },
                    { name: "INFLUXD_REPORTING_DISABLED", value: "true" },
                  ],
                  ports: [{ name: "http", containerPort: port }],
                  ...httpProbes({ port: "http", readyPath: "/health", startupSeconds: 600 }),
                  resources:
                    args.resources ??
                    resources({ cpu: "250m", cpuLimit: "2", memory: "1Gi", memoryLimit: "2Gi" }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [
                    { name: "data", mountPath: "/var/lib/influxdb2" },
                    { name: "config", mountPath: "/etc/influxdb2" },
                    { name: "tmp", mountPath: "/tmp" },
                    { name: "credentials", mountPath: credentialsPath, readOnly: true },
                  ],
                },
              ],
              volumes: [
                { name: "config", emptyDir: { sizeLimit: "16Mi" } },
                { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
                { name: "credentials", secret: { secretName: secret.metadata.name, defaultMode: 0o440 } },
              ],
            },
          },
        },
      },
      { parent: this, protect },
    );

    partNetworkPolicy({
      ...common,
      ingress: [fromClients(args.archive ?? false)],
      egress: [args.alertmanager.flow],
    });

    this.url = pulumi.output(namespace).apply((ns) => serviceUrl(parts.influxDb, ns));
    this.registerOutputs({ url: this.url, operatorToken: this.operatorToken });
  }
}

const clients = [
  parts.fluentdAggregator,
  parts.grafana,
  parts.telegraf,
  parts.influxDbReconcile,
  parts.influxDbBackup,
];

function fromClients(archive: boolean): Flow {
  return {
    peers: [...clients, ...(archive ? [parts.influxDbArchive] : [])].map(({ podLabels }) =>
      podsLabelled(podLabels),
    ),
    ports: [{ port: parts.influxDb.port }],
  };
}
