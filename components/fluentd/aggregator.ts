import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import { sendsLogsLabel } from "../kubernetes/labels";
import { podsLabelled, tcp } from "../kubernetes/networkPolicies";
import { spreadOverNodes } from "../kubernetes/podSpreading";
import { httpProbes } from "../kubernetes/probes";
import { bytesOf } from "../kubernetes/quantities";
import { resources } from "../kubernetes/resources";
import { existingEndpoint, type InfluxDbEndpoint, loginSecret, loginVariables } from "../platform/endpoints";
import { generatedPassword } from "../platform/generatedPassword";
import { PartObjects } from "../platform/partObjects";
import { fluentdMonitorPort, type Part, parts, serviceHost, serviceUrl } from "../platform/parts";
import type { StorageArgs } from "../platform/storage";
import { renderAggregatorConfig } from "./aggregatorConfig";
import { fluentdArguments } from "./contractFiles";
import { checkFullText, type FullTextArgs } from "./fullText";
import { aggregatorDataPath, configPath, temporaryDirectory, tlsPath } from "./paths";
import { logTransport, type LogTransportTlsArgs } from "./transport";

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
   * @default 250m to 1 CPU, 192Mi to 1Gi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
  /**
   * Encrypts the lines on their way from the sidecars: `{}` for certificates of a private CA. Sidecars of other stacks
   * follow with their next `pulumi up`; until then their lines wait in their buffers.
   * @default none: plain TCP; only who has the shared key may send
   */
  tls?: LogTransportTlsArgs;
  /**
   * Sends the texts of lines to a server for full text too, beside InfluxDB: Loki, Elasticsearch or OpenSearch.
   * @default none
   */
  fullText?: FullTextArgs;
}

/** Arguments of {@link FluentdAggregator}. */
export interface FluentdAggregatorArgs extends FluentdAggregatorDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** Deployment environment of events that name none. */
  environment: pulumi.Input<string>;
  /** Where the events go, and who writes them. */
  influxDb: InfluxDbEndpoint;
  /**
   * Refuse to delete or replace what holds the buffer.
   * @default true
   */
  protect?: boolean;
}

/** Uid and gid of `fluent` in the stock image since 1.19. */
const user = { uid: 999 };
const defaultStorage: StorageArgs = { size: "10Gi" };

/** Share of the volume that the buffer of points may fill; dead letters and full text are beside it. */
const bufferShare = 0.7;

/**
 * The aggregator of all logs: receives what the sidecars forward, turns it into points and writes them to InfluxDB, with a
 * buffer on a volume for the time that InfluxDB is away.
 */
export class FluentdAggregator extends pulumi.ComponentResource {
  /** Host name, as seen from any namespace of the cluster. */
  public readonly host: pulumi.Output<string>;
  /** Port of the forward input. */
  public readonly port: pulumi.Output<number>;
  /** The key that a sidecar has to send. Secret. */
  public readonly sharedKey: pulumi.Output<string>;
  /** Certificate of the CA that a sidecar trusts, in PEM; undefined for plain TCP. */
  public readonly caCertificate?: pulumi.Output<string>;
  /** Base URL of each replica's monitor agent, as seen from the namespace's Telegraf. */
  public readonly monitorUrls: pulumi.Output<string[]>;

  constructor(name: string, args: FluentdAggregatorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:FluentdAggregator", name, {}, opts);

    const { namespace, influxDb, storage = defaultStorage, replicas = 1, fullText } = args;
    requireReplicas(name, replicas);
    if (fullText !== undefined) checkFullText(name, fullText);
    const size = checked(storage.size, bytesOf);
    const { podLabels, port } = parts.fluentdAggregator;
    const objects = new PartObjects(name, parts.fluentdAggregator, args, this);
    this.sharedKey = generatedPassword(`${name}-shared-key`, this);
    const secretName = objects.secret("credentials", {
      sharedKey: this.sharedKey,
      ...loginSecret(influxDb),
      ...(fullText?.login && {
        fullTextUsername: pulumi.secret(fullText.login.username),
        fullTextPassword: pulumi.secret(fullText.login.password),
      }),
    });
    const fullTextServer = fullText && existingEndpoint(fullText);
    const transport = args.tls === undefined ? undefined : logTransport(args.tls, objects);
    this.caCertificate = transport?.caCertificate;
    const config = pulumi
      .all([influxDb.url, args.environment, size, fullTextServer?.url, fullText?.caCertificate])
      .apply(([influxDbUrl, environment, known, fullTextUrl, caCertificate]) =>
        renderAggregatorConfig({
          influxDbUrl,
          environment,
          ...(transport !== undefined && { tlsPath }),
          bufferBytes: Math.floor(bytesOf(known) * bufferShare),
          ...(fullText !== undefined &&
            fullTextUrl !== undefined && {
              fullText: {
                kind: fullText.kind,
                url: fullTextUrl,
                index: fullText.index,
                tenant: fullText.tenant,
                hasLogin: fullText.login !== undefined,
                caCertificate,
              },
            }),
        }),
      );
    const configName = objects.configMap("config", config);
    // Telegraf reads the state of the only replica's buffer through the Service.
    objects.service({ forward: port, monitor: fluentdMonitorPort });
    const monitored =
      replicas === 1
        ? [parts.fluentdAggregator]
        : Array.from({ length: replicas }, (_, ordinal) => replicaService(objects, ordinal));
    objects.statefulSet(
      {
        user,
        // What is in memory is written to the buffer volume at the end.
        terminationGracePeriodSeconds: 60,
        ...(replicas > 1 && { topologySpreadConstraints: spreadOverNodes(podLabels) }),
        container: {
          name: "fluentd",
          image: images.fluentd,
          args: ["fluentd", ...fluentdArguments(configPath)],
          env: [
            fromSecret("FLUENTD_SHARED_KEY", secretName, "sharedKey"),
            { name: "INFLUXDB_USERNAME", value: influxDb.username },
            { name: "TMPDIR", value: temporaryDirectory },
            ...loginVariables(secretName),
            ...(fullText?.login === undefined
              ? []
              : [
                  fromSecret("FULL_TEXT_USERNAME", secretName, "fullTextUsername"),
                  fromSecret("FULL_TEXT_PASSWORD", secretName, "fullTextPassword"),
                ]),
          ],
          ports: [
            { name: "forward", containerPort: port },
            { name: "monitor", containerPort: fluentdMonitorPort },
          ],
          ...httpProbes({ port: "monitor", readyPath: "/api/plugins.json" }),
          resources:
            args.resources ?? resources({ cpu: "250m", cpuLimit: "1", memory: "192Mi", memoryLimit: "1Gi" }),
          volumeMounts: [
            { name: "buffer", mountPath: aggregatorDataPath },
            { name: "config", mountPath: configPath, readOnly: true },
            ...(transport === undefined ? [] : [{ name: "tls", mountPath: tlsPath, readOnly: true }]),
          ],
        },
        volumes: [
          { name: "config", configMap: { name: configName } },
          ...(transport === undefined ? [] : [{ name: "tls", secret: { secretName: transport.secretName } }]),
        ],
      },
      { volumeName: "buffer", storage, replicas, protect: args.protect },
    );
    objects.networkPolicy({
      ingress: [fromSidecars, fromTelegraf],
      egress: [influxDb.egress, ...(fullTextServer === undefined ? [] : [fullTextServer.egress])],
    });
    if (replicas > 1) {
      new PodDisruptionBudget(
        name,
        { metadata: objects.metadata, spec: { maxUnavailable: 1, selector: { matchLabels: podLabels } } },
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
 * A Service to one replica's monitor agent, named as its pod: the Service of all would reach another one each time.
 * The name of a pod is found in DNS only behind a headless Service, which the sidecars' could not become in place.
 *
 * @returns the replica, as Telegraf reaches it
 */
function replicaService(objects: PartObjects, ordinal: number): Part {
  const name = `${objects.part.name}-${ordinal}`;
  const podLabels = { ...objects.part.podLabels, "statefulset.kubernetes.io/pod-name": name };
  const part: Part = { ...objects.part, name, podLabels, port: fluentdMonitorPort };
  objects.service({ monitor: part.port }, { name: `${objects.name}-${ordinal}`, part });
  return part;
}

const fromSidecars = {
  from: [{ namespaceSelector: { matchLabels: sendsLogsLabel }, podSelector: {} }],
  ports: tcp(parts.fluentdAggregator.port),
};

const fromTelegraf = { from: [podsLabelled(parts.telegraf.podLabels)], ports: tcp(fluentdMonitorPort) };
