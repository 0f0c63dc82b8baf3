import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { fromSecret } from "../kubernetes/environment";
import { readsEventsLabel, sendsLogsLabel } from "../kubernetes/labels";
import { podsLabelled, tcp } from "../kubernetes/networkPolicies";
import { httpProbes } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import type { Endpoint } from "../platform/endpoints";
import { generatedPassword } from "../platform/generatedPassword";
import { type KeepingPartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import type { StorageArgs } from "../platform/storage";
import { memoryLimits, memoryVariables } from "./memoryLimits";

/** How a deployed InfluxDB is sized. */
export interface InfluxDbDeployArgs {
  /**
   * Volume of the data.
   * @default { size: "50Gi" }
   */
  storage?: StorageArgs;
  /**
   * Compute of the only replica: InfluxDB 2 OSS does not cluster.
   * @default 250m to 2 CPU, 512Mi to 2Gi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
}

/** Arguments of {@link InfluxDb}. */
interface InfluxDbArgs extends InfluxDbDeployArgs, KeepingPartArgs {
  /** Organization that owns the buckets, e.g. `ds-monitoring`. */
  organization: pulumi.Input<string>;
  /** Bucket of the raw events, e.g. `events`. */
  bucket: string;
  /** Where its tasks post the alerts. */
  alertmanager: Endpoint;
  /**
   * Whether an archive of the raw events reads it.
   * @default false
   */
  archive?: boolean;
}

const user = { uid: 1000 };
const adminUsername = "admin";
const credentialsPath = "/run/secrets/influxdb";

/** Pods of apps, of any namespace of theirs, that read the raw events. */
const readingApps = {
  namespaceSelector: { matchLabels: sendsLogsLabel },
  podSelector: { matchLabels: readsEventsLabel },
};

/**
 * InfluxDB 2 on a volume of its own.
 *
 * The image's DOCKER_INFLUXDB_INIT_* variables run once, on an empty volume; whatever may change later (buckets,
 * retention, credentials, tasks) is done by {@link InfluxDbReconcile}.
 */
export class InfluxDb extends pulumi.ComponentResource {
  /** Token that may do everything. Secret. InfluxDB stores a hash of it only: a lost one can't be read back. */
  public readonly operatorToken: pulumi.Output<string>;

  constructor(name: string, args: InfluxDbArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDb", name, {}, opts);

    const { protect } = args;
    const { port } = parts.influxDb;
    const compute = pulumi.output(
      args.resources ?? resources({ cpu: "250m", cpuLimit: "2", memory: "512Mi", memoryLimit: "2Gi" }),
    );
    const memory = compute.apply(({ limits }) => memoryLimits(limits?.["memory"]));
    const objects = new PartObjects(name, parts.influxDb, args, this);
    this.operatorToken = generatedPassword(`${name}-operator-token`, this, protect);
    const secretName = objects.secret("credentials", {
      password: generatedPassword(`${name}-password`, this, protect),
      operatorToken: this.operatorToken,
    });
    objects.service({ http: port });
    objects.statefulSet(
      {
        user,
        // InfluxDB flushes its caches at the end; a kill means a replay of the write-ahead log.
        terminationGracePeriodSeconds: 60,
        container: {
          name: "influxdb",
          image: images.influxdb,
          env: [
            { name: "DOCKER_INFLUXDB_INIT_MODE", value: "setup" },
            { name: "DOCKER_INFLUXDB_INIT_USERNAME", value: adminUsername },
            { name: "DOCKER_INFLUXDB_INIT_PASSWORD_FILE", value: `${credentialsPath}/password` },
            { name: "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE", value: `${credentialsPath}/operatorToken` },
            { name: "DOCKER_INFLUXDB_INIT_ORG", value: args.organization },
            { name: "DOCKER_INFLUXDB_INIT_BUCKET", value: args.bucket },
            // For the program `influx` in the pod: what the setup wrote into /etc/influxdb2 is gone after a restart.
            fromSecret("INFLUX_TOKEN", secretName, "operatorToken"),
            { name: "INFLUX_ORG", value: args.organization },
            { name: "INFLUXD_BOLT_PATH", value: "/var/lib/influxdb2/influxd.bolt" },
            { name: "INFLUXD_SQLITE_PATH", value: "/var/lib/influxdb2/influxd.sqlite" },
            { name: "INFLUXD_ENGINE_PATH", value: "/var/lib/influxdb2/engine" },
            { name: "INFLUXD_REPORTING_DISABLED", value: "true" },
            ...memoryVariables.map((name) => ({ name, value: memory.apply((values) => values[name] ?? "") })),
          ],
          ports: [{ name: "http", containerPort: port }],
          ...httpProbes({ port: "http", readyPath: "/health", startupSeconds: 600 }),
          resources: compute,
          volumeMounts: [
            { name: "data", mountPath: "/var/lib/influxdb2" },
            { name: "config", mountPath: "/etc/influxdb2" },
            { name: "tmp", mountPath: "/tmp" },
            { name: "credentials", mountPath: credentialsPath, readOnly: true },
          ],
        },
        volumes: [
          { name: "config", emptyDir: { sizeLimit: "16Mi" } },
          { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
          { name: "credentials", secret: { secretName, defaultMode: 0o440 } },
        ],
      },
      { volumeName: "data", storage: args.storage ?? { size: "50Gi" }, protect },
    );
    const clients = [
      ...[parts.fluentdAggregator, parts.grafana, parts.telegraf],
      ...[parts.influxDbReconcile, parts.influxDbBackup],
      ...(args.archive === true ? [parts.influxDbArchive] : []),
    ];
    objects.networkPolicy({
      ingress: [
        { from: [...clients.map(({ podLabels }) => podsLabelled(podLabels)), readingApps], ports: tcp(port) },
      ],
      egress: [args.alertmanager.egress],
    });

    this.registerOutputs({ operatorToken: this.operatorToken });
  }
}
