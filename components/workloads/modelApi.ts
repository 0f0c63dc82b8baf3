import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2";
import { Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import * as pulumi from "@pulumi/pulumi";
import type { DashboardDefinition } from "../../dashboards";
import { fromSecret } from "../kubernetes/environment";
import { modelApiComponent, selectorLabels, standardLabels } from "../kubernetes/labels";
import { allowFlowsSpec, type Flow, namespaceNamed, type PolicyPeer } from "../kubernetes/networkPolicies";
import { type PodUser, restrictedPod } from "../kubernetes/podSecurity";
import { spreadOverNodes } from "../kubernetes/podSpreading";
import { httpProbes } from "../kubernetes/probes";
import { type ContainerResources, resources } from "../kubernetes/resources";
import type { MonitoringConnection } from "../connection";
import { generatedPassword } from "../platform/generatedPassword";
import { parts } from "../platform/parts";
import type { LogSource } from "../../contract/formats";
import { placeAppDashboards } from "../grafana/appDashboards";
import { withLogging } from "../fluentd/sidecar";
import { Logging } from "./logging";
import { AppNamespace } from "./namespace";
import type { ModelVolume } from "./volume";
import {
  appContainer,
  defaultAppUser,
  environmentVariables,
  modelMount,
  modelVariables,
  modelVolume,
  requireDnsLabel,
  tmpVolume,
} from "./workload";

/** The model that an API serves. */
export interface ServedModel {
  /** Name of the model; the tag `model`. */
  name: string;
  /** Version of the model; the tag `model_version`. */
  version: string;
}

/** How many replicas a {@link ModelApi} runs. */
export interface ReplicaArgs {
  /** Least number of replicas. From 2 on, a PodDisruptionBudget keeps all but one through node drains. */
  min: number;
  /** Largest number of replicas. Above `min`, a HorizontalPodAutoscaler moves between the two. */
  max: number;
  /**
   * CPU use that the autoscaler aims at, in percent of the request.
   * @default 70
   */
  targetCpuPercent?: number;
}

/** Arguments of {@link ModelApi}. */
export interface ModelApiArgs {
  /** Image with tag or digest, e.g. `registry.example.com/churn:1.4.0`. */
  image: pulumi.Input<string>;
  /** The model that is served. */
  model: ServedModel;
  /** The platform: `monitoring.connection`, or `Monitoring.fromStack(…)` in another stack. */
  monitoring: MonitoringConnection;
  /**
   * Namespace to live in.
   * @default one of its own, with the component's name
   */
  namespace?: AppNamespace;
  /**
   * Port that the API listens on.
   * @default 8080
   */
  port?: number;
  /**
   * Path that answers 2xx when the API can serve.
   * @default "/healthz"
   */
  healthPath?: string;
  /**
   * How many replicas run.
   * @default { min: 1, max: 3, targetCpuPercent: 70 }
   */
  replicas?: ReplicaArgs;
  /**
   * Compute of one replica.
   * @default 100m to 1 CPU, 256Mi to 512Mi memory
   */
  resources?: ContainerResources;
  /**
   * Environment variables.
   * @default {}
   */
  env?: Record<string, pulumi.Input<string>>;
  /**
   * What to run instead of the image's entrypoint.
   * @default the image's own
   */
  command?: string[];
  /**
   * Arguments of the command.
   * @default the image's own
   */
  args?: string[];
  /**
   * Volume of approved models, mounted read-only at /models (also in the variable MODEL_DIR).
   * @default none: the model is in the image
   */
  models?: ModelVolume;
  /**
   * Log files and their formats, besides the *.events.log of the helper `ds_monitoring`.
   * @default every other *.log file, its format found out line by line
   */
  logs?: LogSource[];
  /**
   * Dashboards of its own, shown by the platform's Grafana; each uid is lower-case letters, digits and `-`.
   * @default []
   */
  dashboards?: readonly DashboardDefinition[];
  /**
   * User that the API runs as.
   * @default { uid: 10001 }
   */
  user?: PodUser;
  /**
   * Who may call the API, besides the platform's probe.
   * @default the pods of its own namespace
   */
  callers?: PolicyPeer[];
  /**
   * What the API may call, besides the aggregator and DNS.
   * @default []
   */
  egress?: Flow[];
}

const defaultReplicas: ReplicaArgs = { min: 1, max: 3 };

/** Seconds in which the API finishes what it has begun when it is told to stop. */
const stopSeconds = 30;

/**
 * A model behind HTTP: Deployment and Service, scaled by CPU, with its logs on the way to the dashboards.
 *
 * @example
 * new ModelApi("churn", {
 *   image: "registry.example.com/churn:1.4.0",
 *   model: { name: "churn", version: "1.4.0" },
 *   monitoring,
 * });
 *
 * @throws Error naming the argument and the fix: a name that is no DNS label, replicas that can't be, a log format whose
 * samples do not match, a dashboard that can't be placed
 */
export class ModelApi extends pulumi.ComponentResource {
  /** Base URL, as seen from any namespace of the cluster that may call it. */
  public readonly url: pulumi.Output<string>;
  /** Namespace that it lives in. */
  public readonly namespaceName: pulumi.Output<string>;

  constructor(name: string, args: ModelApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:ModelApi", name, {}, opts);

    requireDnsLabel("ModelApi", "name", name);
    const { monitoring, model, models, port = 8080, replicas = defaultReplicas } = args;
    requireReplicas(name, replicas);
    const identity = { name, instance: name };
    const labels = standardLabels({ ...identity, component: modelApiComponent });
    const podLabels = selectorLabels(identity);

    const namespace = args.namespace ?? new AppNamespace(name, { monitoring }, { parent: this });
    const metadata = { name, namespace: namespace.namespaceName, labels };
    placeAppDashboards({
      title: `ModelApi "${name}"`,
      name,
      namespace: namespace.namespaceName,
      labels,
      monitoring,
      dashboards: args.dashboards ?? [],
      parent: this,
    });
    const logging = new Logging(
      `${name}-logging`,
      { monitoring, namespace, service: name, serviceVersion: model.version, sources: args.logs },
      { parent: this },
    );
    const serviceAccount = new ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );

    const pseudonymKey = new Secret(
      `${name}-pseudonym-key`,
      {
        metadata: { namespace: namespace.namespaceName, labels },
        immutable: true,
        stringData: { key: generatedPassword(`${name}-pseudonym-key`, {}, this) },
      },
      { parent: this },
    );

    const container = appContainer({
      name: "api",
      image: args.image,
      command: args.command,
      args: args.args,
      env: [
        ...environmentVariables(
          {
            service: name,
            environment: monitoring.environment,
            attributes: { "service.version": model.version, "ml.model.name": model.name },
          },
          { PORT: String(port), ...(models && modelVariables), ...args.env },
        ),
        // All replicas hash a user alike, or each would count them anew.
        fromSecret("PSEUDONYM_KEY", pseudonymKey.metadata.name, "key"),
      ],
      resources:
        args.resources ?? resources({ cpu: "100m", cpuLimit: "1", memory: "256Mi", memoryLimit: "512Mi" }),
      volumeMounts: models && [modelMount(true)],
    });
    const deployment = new Deployment(
      name,
      {
        metadata,
        spec: {
          // Left to the autoscaler when there is one: two writers of one number undo each other.
          replicas: replicas.max > replicas.min ? undefined : replicas.min,
          selector: { matchLabels: podLabels },
          strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels },
            spec: withLogging(
              {
                ...restrictedPod({
                  serviceAccountName: serviceAccount.metadata.name,
                  user: args.user ?? defaultAppUser,
                }),
                terminationGracePeriodSeconds: stopSeconds,
                topologySpreadConstraints: spreadOverNodes(podLabels),
                containers: [
                  {
                    ...container,
                    ports: [{ name: "http", containerPort: port }],
                    ...httpProbes({ port: "http", readyPath: args.healthPath ?? "/healthz" }),
                  },
                ],
                volumes: [tmpVolume, ...(models ? [modelVolume(models.claimName, true)] : [])],
              },
              logging,
            ),
          },
        },
      },
      { parent: this },
    );
    const service = new Service(
      name,
      {
        metadata,
        spec: { selector: podLabels, ports: [{ name: "http", port, targetPort: "http" }] },
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      {
        metadata,
        spec: pulumi.output(monitoring.namespace).apply((platform) =>
          allowFlowsSpec({
            podLabels,
            ingress: [{ peers: [...(args.callers ?? ownNamespace), probesOf(platform)], ports: [{ port }] }],
            egress: args.egress,
          }),
        ),
      },
      { parent: this },
    );
    if (replicas.max > replicas.min) {
      new HorizontalPodAutoscaler(
        name,
        {
          metadata,
          spec: {
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment.metadata.name },
            minReplicas: replicas.min,
            maxReplicas: replicas.max,
            metrics: [
              {
                type: "Resource",
                resource: {
                  name: "cpu",
                  target: { type: "Utilization", averageUtilization: replicas.targetCpuPercent ?? 70 },
                },
              },
            ],
          },
        },
        { parent: this },
      );
    }
    if (replicas.min > 1) {
      new PodDisruptionBudget(
        name,
        { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: podLabels } } },
        { parent: this },
      );
    }

    this.namespaceName = namespace.namespaceName;
    this.url = pulumi.interpolate`http://${service.metadata.name}.${this.namespaceName}.svc:${port}`;
    this.registerOutputs({ url: this.url, namespaceName: this.namespaceName });
  }
}

const ownNamespace: PolicyPeer[] = [{ podSelector: {} }];

/** Telegraf, which asks the API whether it answers. */
function probesOf(platformNamespace: string): PolicyPeer {
  return {
    namespaceSelector: namespaceNamed(platformNamespace),
    podSelector: { matchLabels: parts.telegraf.podLabels },
  };
}

function requireReplicas(name: string, replicas: ReplicaArgs): void {
  const { min, max } = replicas;
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 1 || max < min) {
    throw new Error(
      `ModelApi "${name}": replicas must be whole numbers with 1 <= min <= max, e.g. { min: 2, max: 5 }; ` +
        `got { min: ${min}, max: ${max} }`,
    );
  }
}
