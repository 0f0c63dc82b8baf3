import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import {
  type ApiServerArgs,
  apiServerPorts,
  kubeletPort,
  tokenMount,
  tokenVolume,
} from "../kubernetes/apiServer";
import { checked } from "../kubernetes/checked";
import { scrapedLabel, sendsLogsLabel } from "../kubernetes/labels";
import { podsLabelled, tcp, toHosts } from "../kubernetes/networkPolicies";
import { httpProbes } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import {
  type AlertmanagerEndpoint,
  type InfluxDbEndpoint,
  loginSecret,
  loginVariables,
  portOf,
} from "../platform/endpoints";
import { type PartArgs, PartObjects } from "../platform/partObjects";
import { fluentdMonitorPort, parts, serviceHost } from "../platform/parts";
import { influxDbWatchFiles, influxDbWatchScript, type PostedAlertTexts } from "./influxDbWatch";
import { inodesScript, inodesScriptName } from "./inodesScript";
import { configFolder } from "./kubernetesInputs";
import { type OtlpArgs, otlpPort } from "./otlp";
import type { PodMetricsArgs } from "./podMetrics";
import { type HttpProbe, renderTelegrafConfig } from "./telegrafConfig";

/** How Telegraf is sized and what it probes. */
export interface TelegrafDeployArgs {
  /**
   * URLs that are probed over the network. Whether a `ModelApi` has a pod that answers the kubelet is watched without
   * them.
   * @default []
   */
  probes?: pulumi.Input<HttpProbe[]>;
  /**
   * Read the Prometheus endpoints of pods: of a `ModelApi` or `Pipeline` with `metrics`, and of any pod with the label
   * `ds-monitoring/metrics: "true"`, e.g. of DCGM's exporter; `{}` for the defaults.
   * @default none is read
   */
  podMetrics?: PodMetricsArgs;
  /**
   * Take OpenTelemetry's protocol (gRPC) from apps: they need no helper then, and no log files; `{}` for the defaults.
   * @default it is not taken
   */
  otlp?: OtlpArgs;
  /**
   * Compute of the only replica.
   * @default 50m to 500m CPU, 48Mi to 256Mi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
}

/** Arguments of {@link Telegraf}. */
interface TelegrafArgs extends TelegrafDeployArgs, PartArgs, ApiServerArgs {
  /** Deployment environment; the tag `environment`. */
  environment: pulumi.Input<string>;
  /** Where the samples go, and who writes them. */
  influxDb: InfluxDbEndpoint;
  /** Base URLs of the monitor agents of the aggregator's replicas. */
  fluentdUrls: pulumi.Input<string[]>;
  /** Alertmanager whose own metrics are read. */
  alertmanager: AlertmanagerEndpoint;
  /** What is posted to it while InfluxDB does not answer. */
  influxDbAlert: pulumi.Input<PostedAlertTexts>;
  /**
   * Whether InfluxDB's own metrics are read.
   * @default true
   */
  influxDbMetrics?: boolean;
}

const user = { uid: 999 };
const configFile = "telegraf.conf";

/** What Telegraf may do at the Kubernetes API. */
export const telegrafRules: inputs.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get", "list", "watch"] },
  // Whether a ModelApi has a pod that answers, and what is wrong with any object.
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: ["list"] },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: ["list"] },
  { apiGroups: [""], resources: ["persistentvolumeclaims", "resourcequotas"], verbs: ["list"] },
  // Not nodes/proxy, which would let it run commands in any pod.
  { apiGroups: [""], resources: ["nodes/metrics", "nodes/stats", "nodes/pods"], verbs: ["get"] },
];

/**
 * Telegraf: reads the use of CPU, memory and volumes from the kubelets, and probes the APIs.
 *
 * It gets a token of an hour, renewed by the kubelet, that may read statistics.
 */
export class Telegraf extends pulumi.ComponentResource {
  constructor(name: string, args: TelegrafArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Telegraf", name, {}, opts);

    const { influxDb, alertmanager, probes = [] } = args;
    const objects = new PartObjects(name, parts.telegraf, args, this);
    const secretName = objects.secret("credentials", loginSecret(influxDb, alertmanager));
    const config = pulumi
      .all([influxDb.url, alertmanager.url, args.fluentdUrls, args.environment, probes])
      .apply(([influxDbUrl, alertmanagerUrl, fluentdUrls, environment, known]) =>
        renderTelegrafConfig({
          influxDbUrl,
          influxDbMetrics: args.influxDbMetrics,
          alertmanagerUrl,
          alertmanagerAuthorization: alertmanager.authorization !== undefined,
          fluentdUrls,
          environment,
          probes: known,
          kubernetes: { podMetrics: args.podMetrics },
          otlp: args.otlp,
        }),
      );
    const configName = objects.configMap("config", {
      [configFile]: config,
      [inodesScriptName]: inodesScript,
      [influxDbWatchFiles.script]: influxDbWatchScript,
      [influxDbWatchFiles.alert]: pulumi.jsonStringify(args.influxDbAlert),
    });
    objects.clusterRole(telegrafRules);
    objects.deployment(
      {
        user,
        container: {
          name: "telegraf",
          image: images.telegraf,
          args: ["telegraf", "--strict-env-handling", "--config", `${configFolder}/${configFile}`],
          env: [
            { name: "INFLUXDB_USERNAME", value: influxDb.username },
            // Of many long answers at once, Go's garbage is collected before the kernel ends the container.
            { name: "GOMEMLIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory" } } },
            ...loginVariables(secretName, alertmanager),
          ],
          ports: [
            { name: "health", containerPort: parts.telegraf.port },
            ...(args.otlp === undefined ? [] : [{ name: "otlp", containerPort: otlpPort }]),
          ],
          ...httpProbes({ port: "health", readyPath: "/" }),
          resources:
            args.resources ??
            resources({ cpu: "50m", cpuLimit: "500m", memory: "48Mi", memoryLimit: "256Mi" }),
          volumeMounts: [
            { name: "config", mountPath: configFolder, readOnly: true },
            tokenMount,
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
        volumes: [
          { name: "config", configMap: { name: configName } },
          tokenVolume,
          { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
        ],
      },
      // Two at a time would probe and count twice.
      { strategy: { type: "Recreate" } },
    );
    const toNodes = objects.toApiServer(apiServerPorts(args, kubeletPort), args.cilium);
    const toProbes = pulumi
      .all([checked(probes, portsOf), toNodes])
      // A rule without ports would allow all of them.
      .apply(([known, nodes]) => (known.length === 0 ? nodes : toProbed(known)));
    if (args.otlp !== undefined) objects.service({ otlp: otlpPort });
    objects.networkPolicy({
      ingress: args.otlp === undefined ? [] : [{ from: [sendingNamespaces], ports: tcp(otlpPort) }],
      egress: [
        influxDb.egress,
        alertmanager.egress,
        { to: [podsLabelled(parts.fluentdAggregator.podLabels)], ports: tcp(fluentdMonitorPort) },
        toNodes,
        ...(Array.isArray(probes) && probes.length === 0 ? [] : [toProbes]),
        ...(args.podMetrics === undefined ? [] : [toScraped]),
      ],
    });

    this.registerOutputs();
  }
}

/** Every pod of the namespaces that send logs. */
const sendingNamespaces = { namespaceSelector: { matchLabels: sendsLogsLabel } };

/** Pods that ask to be read, in any namespace; on which port, they say themselves. */
const toScraped = {
  to: [{ namespaceSelector: {}, podSelector: { matchLabels: scrapedLabel } }],
  ports: [{ port: 1, endPort: 65535, protocol: "TCP" }],
};

/** URL to which apps send OpenTelemetry's protocol. */
export function otlpUrl(namespace: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.output(namespace).apply((name) => `http://${serviceHost(parts.telegraf, name)}:${otlpPort}`);
}

/** The probed APIs live in any namespace that sends logs, or outside of the cluster. */
function toProbed(probes: HttpProbe[]) {
  const hosts = probes.map(({ url }) => new URL(url).hostname);
  const { to, ports } = toHosts(hosts, portsOf(probes));
  return { to: [sendingNamespaces, ...to], ports };
}

/** @throws Error naming the probe's URL that is none */
function portsOf(probes: HttpProbe[]): number[] {
  return [...new Set(probes.map((probe) => portOf(probe.url)))];
}
