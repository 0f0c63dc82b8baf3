import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import { ClusterRole, ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { apiServerPorts, tokenMount, tokenVolume } from "../kubernetes/apiServer";
import { fromSecret } from "../kubernetes/environment";
import { sendsLogsLabel } from "../kubernetes/labels";
import { anyAddress, type Flow, podsLabelled } from "../kubernetes/networkPolicies";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { httpProbes } from "../kubernetes/probes";
import { type ContainerResources, resources } from "../kubernetes/resources";
import {
  type AlertmanagerNeighbour,
  authorizationVariable,
  type InfluxDbClient,
  portOf,
} from "../platform/endpoints";
import { partMetadata, partNetworkPolicy, partServiceAccount } from "../platform/partObjects";
import { fluentdMonitorPort, parts } from "../platform/parts";
import { type HttpProbe, renderTelegrafConfig } from "./telegrafConfig";

/** How Telegraf is sized and what it asks. */
export interface TelegrafDeployArgs {
  /**
   * Addresses that are asked whether they answer, over the network. Whether a `ModelApi` has a pod that answers the
   * kubelet is watched without them.
   * @default []
   */
  probes?: HttpProbe[];
  /**
   * Compute of the only replica.
   * @default 50m to 500m CPU, 96Mi to 256Mi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link Telegraf}. */
export interface TelegrafArgs extends TelegrafDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** Deployment environment; the tag `environment`. */
  environment: string;
  /** Where the samples go, and who writes them. */
  influxDb: InfluxDbClient;
  /** Base URLs of the monitor agents of the aggregator's replicas. */
  fluentdUrls: pulumi.Input<string[]>;
  /** Alertmanager whose own metrics are read. */
  alertmanager: AlertmanagerNeighbour;
  /**
   * Whether InfluxDB's own metrics are read.
   * @default true
   */
  influxDbMetrics?: boolean;
}

const user = { uid: 999 };
const configPath = "/etc/telegraf";
const configFile = "telegraf.conf";
const kubeletPort = 10250;

/** What Telegraf may do at the Kubernetes API. */
export const telegrafRules: inputs.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get", "list", "watch"] },
  // Whether a ModelApi has a pod that answers.
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
  // Not nodes/proxy, which would let it run commands in any pod.
  { apiGroups: [""], resources: ["nodes/stats", "nodes/pods"], verbs: ["get"] },
];

/**
 * Telegraf: reads the use of CPU, memory and volumes from the kubelets, and asks the APIs whether they answer.
 *
 * It gets a token of an hour, renewed by the kubelet, that may read statistics.
 */
export class Telegraf extends pulumi.ComponentResource {
  constructor(name: string, args: TelegrafArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Telegraf", name, {}, opts);

    const { namespace, environment, influxDb, alertmanager, probes = [] } = args;
    const { labels, podLabels } = parts.telegraf;
    const common = { name, part: parts.telegraf, namespace, parent: this };

    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: {
          influxDbPassword: pulumi.secret(influxDb.password),
          ...(alertmanager.authorization && { alertmanagerAuthorization: alertmanager.authorization }),
        },
      },
      { parent: this },
    );
    const configMap = new ConfigMap(
      `${name}-config`,
      {
        metadata: { namespace, labels },
        immutable: true,
        data: {
          [configFile]: pulumi
            .all([influxDb.url, alertmanager.url, args.fluentdUrls])
            .apply(([influxDbUrl, alertmanagerUrl, fluentdUrls]) =>
              renderTelegrafConfig({
                influxDbUrl,
                influxDbMetrics: args.influxDbMetrics,
                alertmanagerUrl,
                alertmanagerAuthorization: alertmanager.authorization !== undefined,
                fluentdUrls,
                environment,
                probes,
              }),
            ),
        },
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    const role = new ClusterRole(
      name,
      {
        metadata: { name: pulumi.interpolate`${namespace}-${name}`, labels },
        rules: telegrafRules,
      },
      { parent: this },
    );
    new ClusterRoleBinding(
      name,
      {
        metadata: { name: role.metadata.name, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace }],
      },
      { parent: this },
    );

    new Deployment(
      name,
      {
        metadata: partMetadata(common),
        spec: {
          replicas: 1,
          // Two at a time would probe and count twice.
          strategy: { type: "Recreate" },
          selector: { matchLabels: podLabels },
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              containers: [
                {
                  name: "telegraf",
                  image: images.telegraf,
                  args: ["telegraf", "--strict-env-handling", "--config", `${configPath}/${configFile}`],
                  env: [
                    { name: "INFLUXDB_USERNAME", value: influxDb.username },
                    fromSecret("INFLUXDB_PASSWORD", secret.metadata.name, "influxDbPassword"),
                    ...authorizationVariable(alertmanager, secret.metadata.name),
                  ],
                  ports: [{ name: "health", containerPort: parts.telegraf.port }],
                  ...httpProbes({ port: "health", readyPath: "/" }),
                  resources:
                    args.resources ??
                    resources({ cpu: "50m", cpuLimit: "500m", memory: "96Mi", memoryLimit: "256Mi" }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [
                    { name: "config", mountPath: configPath, readOnly: true },
                    tokenMount,
                    { name: "tmp", mountPath: "/tmp" },
                  ],
                },
              ],
              volumes: [
                { name: "config", configMap: { name: configMap.metadata.name } },
                tokenVolume,
                { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
              ],
            },
          },
        },
      },
      { parent: this },
    );
    partNetworkPolicy({
      ...common,
      egress: [
        influxDb.flow,
        alertmanager.flow,
        { peers: [podsLabelled(parts.fluentdAggregator.podLabels)], ports: [{ port: fluentdMonitorPort }] },
        { peers: [anyAddress()], ports: [...apiServerPorts, kubeletPort].map((port) => ({ port })) },
        ...(probes.length > 0 ? [toProbed(probes)] : []),
      ],
    });

    this.registerOutputs();
  }
}

/** The probed APIs live in any namespace that sends logs, or outside of the cluster. */
function toProbed(probes: HttpProbe[]): Flow {
  const ports = [...new Set(probes.map((probe) => portOf(probe.url)))];
  return {
    peers: [{ namespaceSelector: { matchLabels: sendsLogsLabel } }, anyAddress()],
    ports: ports.map((port) => ({ port })),
  };
}
