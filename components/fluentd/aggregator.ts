import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { fromSecret } from "../kubernetes/environment";
import { sendsLogsLabel } from "../kubernetes/labels";
import { type Flow, podsLabelled } from "../kubernetes/networkPolicies";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { spreadOverNodes } from "../kubernetes/podSpreading";
import { httpProbes } from "../kubernetes/probes";
import { bytesOf } from "../kubernetes/quantities";
import { type ContainerResources, resources } from "../kubernetes/resources";
import { generatedPassword } from "../platform/generatedPassword";
import type { InfluxDbClient } from "../platform/endpoints";
import {
  partMetadata,
  partNetworkPolicy,
  type PartObjectOptions,
  partService,
  partServiceAccount,
} from "../platform/partObjects";
import { fluentdMonitorPort, type Part, parts, serviceHost, serviceUrl } from "../platform/parts";
import { type StorageArgs, volumeClaimTemplate } from "../platform/storage";
import { fluentdArguments } from "./contractFiles";
import { aggregatorDataPath, configPath } from "./paths";
import { renderAggregatorConfig } from "./aggregatorConfig";

/** How the aggregator is sized. */
export interface FluentdAggregatorDeployArgs {
  /**
   * How many there are, each with a volume of its own. A Fluentd process uses one CPU at most; from 2 on, the sidecars'
   * batches are spread over them, one is enough while another is away, and a PodDisruptionBudget keeps all but one
   * through node drains.
   * @default 1
   */
  replicas?: number;
  /**
   * Volume of the buffer that holds events while InfluxDB is away. 10Gi hold about 20 million events.
   * @default { size: "10Gi" }
   */
  storage?: StorageArgs;
  /**
   * Compute of one replica; a Fluentd process uses one CPU at most.
   * @default 250m to 1 CPU, 256Mi to 1Gi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link FluentdAggregator}. */
export interface FluentdAggregatorArgs extends FluentdAggregatorDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** Deployment environment of events that name none. */
  environment: string;
  /** Where the events go, and who writes them. */
  influxDb: InfluxDbClient;
  /**
   * Refuse to delete or replace what holds the buffer.
   * @default true
   */
  protect?: boolean;
}

/** Uid and gid of `fluent` in the stock image since 1.19. */
const user = { uid: 999 };
const defaultStorage: StorageArgs = { size: "10Gi" };

/** Share of the volume that the buffer of points may fill; what InfluxDB refused lies beside it. */
const bufferShare = 0.7;

/**
 * The one way in for logs: takes what the sidecars forward, turns it into points and writes them to InfluxDB, with a
 * buffer on a volume for the time that InfluxDB is away.
 */
export class FluentdAggregator extends pulumi.ComponentResource {
  /** Host name, as seen from any namespace of the cluster. */
  public readonly host: pulumi.Output<string>;
  /** Port of the forward input. */
  public readonly port: pulumi.Output<number>;
  /** The key that a sidecar has to show. Secret. */
  public readonly sharedKey: pulumi.Output<string>;
  /** Base URL of each replica's monitor agent, as seen from the namespace's Telegraf. */
  public readonly monitorUrls: pulumi.Output<string[]>;

  constructor(name: string, args: FluentdAggregatorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:FluentdAggregator", name, {}, opts);

    const { namespace, environment, influxDb, storage = defaultStorage, replicas = 1 } = args;
    requireReplicas(name, replicas);
    const bufferBytes = Math.floor(bytesOf(storage.size) * bufferShare);
    const { labels, podLabels, port } = parts.fluentdAggregator;
    const common = { name, part: parts.fluentdAggregator, namespace, parent: this };

    this.sharedKey = generatedPassword(`${name}-shared-key`, {}, this);
    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: { sharedKey: this.sharedKey, influxDbPassword: pulumi.secret(influxDb.password) },
      },
      { parent: this },
    );
    const configMap = new ConfigMap(
      `${name}-config`,
      {
        metadata: { namespace, labels },
        immutable: true,
        data: influxDb.url.apply((influxDbUrl) =>
          renderAggregatorConfig({ influxDbUrl, environment, bufferBytes }),
        ),
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    partService({
      ...common,
      portName: "forward",
      // Telegraf asks the only replica for the state of its buffer through the Service.
      morePorts: [{ name: "monitor", port: fluentdMonitorPort }],
    });
    const monitored =
      replicas === 1
        ? [parts.fluentdAggregator]
        : Array.from({ length: replicas }, (_, ordinal) => replicaService(common, ordinal));

    new StatefulSet(
      name,
      {
        metadata: partMetadata(common),
        spec: {
          replicas,
          // By name: the Service is ready only when it has pods, so waiting for it would never end.
          serviceName: parts.fluentdAggregator.name,
          selector: { matchLabels: podLabels },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
          volumeClaimTemplates: [volumeClaimTemplate("buffer", storage, podLabels)],
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              // What is in memory is written to the buffer volume at the end.
              terminationGracePeriodSeconds: 60,
              ...(replicas > 1 && { topologySpreadConstraints: spreadOverNodes(podLabels) }),
              containers: [
                {
                  name: "fluentd",
                  image: images.fluentd,
                  args: ["fluentd", ...fluentdArguments(configPath)],
                  env: [
                    fromSecret("FLUENTD_SHARED_KEY", secret.metadata.name, "sharedKey"),
                    { name: "INFLUXDB_USERNAME", value: influxDb.username },
                    fromSecret("INFLUXDB_PASSWORD", secret.metadata.name, "influxDbPassword"),
                  ],
                  ports: [
                    { name: "forward", containerPort: port },
                    { name: "monitor", containerPort: fluentdMonitorPort },
                  ],
                  ...httpProbes({ port: "monitor", readyPath: "/api/plugins.json" }),
                  resources:
                    args.resources ??
                    resources({ cpu: "250m", cpuLimit: "1", memory: "256Mi", memoryLimit: "1Gi" }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [
                    { name: "buffer", mountPath: aggregatorDataPath },
                    { name: "config", mountPath: configPath, readOnly: true },
                    { name: "tmp", mountPath: "/tmp" },
                  ],
                },
              ],
              volumes: [
                { name: "config", configMap: { name: configMap.metadata.name } },
                { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
              ],
            },
          },
        },
      },
      { parent: this, protect: args.protect ?? true },
    );
    partNetworkPolicy({ ...common, ingress: [fromSidecars, fromTelegraf], egress: [influxDb.flow] });
    if (replicas > 1) {
      new PodDisruptionBudget(
        name,
        { metadata: partMetadata(common), spec: { maxUnavailable: 1, selector: { matchLabels: podLabels } } },
        { parent: this },
      );
    }

    this.host = pulumi.output(namespace).apply((ns) => serviceHost(parts.fluentdAggregator, ns));
    this.port = pulumi.output(port);
    this.monitorUrls = pulumi
      .output(namespace)
      .apply((ns) => monitored.map((one) => serviceUrl({ ...one, port: fluentdMonitorPort }, ns)));
    this.registerOutputs({ host: this.host, port: this.port, sharedKey: this.sharedKey });
  }
}

function requireReplicas(name: string, replicas: number): void {
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new Error(
      `FluentdAggregator "${name}": replicas must be a whole number, at least 1, e.g. 2; got ${replicas}`,
    );
  }
}

/**
 * A Service to one replica's monitor agent, named as its pod: the Service of all would answer for another one each time.
 * The name of a pod is found in DNS only behind a headless Service, which the sidecars' could not become in place.
 *
 * @returns the replica, as Telegraf sees it
 */
function replicaService(common: PartObjectOptions, ordinal: number): Part {
  const pod = `${common.part.name}-${ordinal}`;
  const podLabels = { ...common.part.podLabels, "statefulset.kubernetes.io/pod-name": pod };
  const part: Part = { ...common.part, name: pod, podLabels, port: fluentdMonitorPort };
  partService({ ...common, name: `${common.name}-${ordinal}`, part, portName: "monitor" });
  return part;
}

const fromSidecars: Flow = {
  peers: [{ namespaceSelector: { matchLabels: sendsLogsLabel }, podSelector: {} }],
  ports: [{ port: parts.fluentdAggregator.port }],
};

const fromTelegraf: Flow = {
  peers: [podsLabelled(parts.telegraf.podLabels)],
  ports: [{ port: fluentdMonitorPort }],
};
