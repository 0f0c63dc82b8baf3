import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2";
import { Secret, Service } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import { modelApiComponent } from "../kubernetes/labels";
import { podsOf, tcp } from "../kubernetes/networkPolicies";
import { spreadOverNodes } from "../kubernetes/podSpreading";
import { httpProbes, minReadySeconds } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import { generatedPassword } from "../platform/generatedPassword";
import { parts } from "../platform/parts";
import { scrapedPod } from "./metricsEndpoint";
import type { AppNamespace } from "./namespace";
import { Pipeline } from "./pipeline";
import { type SloArgs, sloAnnotations } from "./slo";
import { type AppContainerArgs, Workload, type WorkloadArgs } from "./workload";

/** The model that an API serves. */
export interface ServedModel {
  /** Name of the model; the tag `model`. */
  name: pulumi.Input<string>;
  /** Version of the model; the tag `model_version`. */
  version: pulumi.Input<string>;
}

/** How many replicas a {@link ModelApi} runs. */
export interface ReplicaArgs {
  /** Least number of replicas. From 2 on, a PodDisruptionBudget keeps all but one through node drains. */
  min: pulumi.Input<number>;
  /** Largest number of replicas. Above `min`, a HorizontalPodAutoscaler moves between the two. */
  max: pulumi.Input<number>;
  /**
   * CPU use that the autoscaler aims at, in percent of the request.
   * @default 70
   */
  targetCpuPercent?: pulumi.Input<number>;
}

/** A daily comparison of what a {@link ModelApi} serves with the training of its model. */
export interface DriftCheckArgs {
  /**
   * Reference profile that the training wrote with `Run.profile`, beside the model: relative to the volume of `models`, or
   * absolute, in the image.
   * @default "profile.json"
   */
  profile?: pulumi.Input<string>;
  /**
   * When it runs, as a cron expression in UTC. Each run compares the last 24 hours.
   * @default "0 5 * * *"
   */
  schedule?: pulumi.Input<string>;
}

/** Arguments of {@link ModelApi}. */
export interface ModelApiArgs extends WorkloadArgs, AppContainerArgs {
  /** The model that is served. */
  model: ServedModel;
  /**
   * Port that the API listens on.
   * @default 8080
   */
  port?: pulumi.Input<number>;
  /**
   * Path that answers 2xx when the API can serve.
   * @default "/healthz"
   */
  healthPath?: pulumi.Input<string>;
  /**
   * Path that answers 2xx while the process lives, with or without a model. An API that has to wait for its first model
   * longer than two minutes needs one, or it is restarted.
   * @default healthPath
   */
  livePath?: pulumi.Input<string>;
  /**
   * How many replicas run.
   * @default { min: 1, max: 3, targetCpuPercent: 70 }
   */
  replicas?: ReplicaArgs;
  /**
   * Compute of one replica.
   * @default 100m to 1 CPU, 384Mi to 512Mi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
  /**
   * Who may call the API, besides the platform's probe. Callers of another namespace need a policy there that lets them.
   * @default the pods of its own namespace
   */
  callers?: pulumi.Input<pulumi.Input<inputs.networking.v1.NetworkPolicyPeer>[]>;
  /**
   * Compares the features that the API has written (`prediction(…, features={…})` of the helper `ds_monitoring`) with the
   * training, each day, in the API's own image: `{}` for the defaults. Drift is on the API's dashboard, and mailed.
   * @default none
   */
  driftCheck?: DriftCheckArgs;
  /**
   * Service level objectives. What is left of their error budgets is on the API's dashboard; burning it too fast is mailed.
   * @default none
   */
  slo?: SloArgs;
}

/**
 * A model behind HTTP: Deployment and Service, scaled by CPU. Its logs go to the dashboards.
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
  /** Namespace that it lives in; the argument `namespace` of the app's other components. */
  public readonly namespace: AppNamespace;
  /** Name of that namespace. */
  public readonly namespaceName: pulumi.Output<string>;
  /** Name of the claim of its models; the argument `models` of the app's other components. None without `models`. */
  public readonly models?: pulumi.Output<string>;

  constructor(name: string, args: ModelApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:ModelApi", name, {}, opts);

    const { model, port = 8080 } = args;
    const replicas = { min: 1, max: 3, ...args.replicas };
    const { min, max } = pulumi.output(
      checked({ min: replicas.min, max: replicas.max }, (known) => requireReplicas(name, known)),
    );
    const workload = new Workload(name, args, {
      kind: "ModelApi",
      component: modelApiComponent,
      serviceVersion: model.version,
      readOnlyModels: true,
      parent: this,
    });
    const { metadata, labels, podLabels, monitoring } = workload;
    this.namespace = workload.namespace;
    this.namespaceName = this.namespace.namespaceName;
    this.models = workload.models;

    const pseudonymKey = new Secret(
      `${name}-pseudonym-key`,
      {
        metadata: { namespace: this.namespaceName, labels },
        immutable: true,
        stringData: { key: generatedPassword(`${name}-pseudonym-key`, this) },
      },
      { parent: this },
    );
    const container = workload.container(
      args,
      {
        name: "api",
        env: [
          { name: "PORT", value: pulumi.output(port).apply(String) },
          // All replicas hash a user alike, or each would count them again.
          fromSecret("PSEUDONYM_KEY", pseudonymKey.metadata.name, "key"),
        ],
        resources:
          args.resources ?? resources({ cpu: "100m", cpuLimit: "1", memory: "384Mi", memoryLimit: "512Mi" }),
        ports: [{ name: "http", containerPort: port }],
        ...httpProbes({ port: "http", readyPath: args.healthPath ?? "/healthz", livePath: args.livePath }),
      },
      { "service.version": model.version, "ml.model.name": model.name },
    );
    const scraped = args.metrics && scrapedPod(`ModelApi "${name}"`, args.metrics, port, monitoring);
    // Outputs are never equal: they may turn out to differ.
    const autoscaled = replicas.max !== replicas.min;
    const deployment = new Deployment(
      name,
      {
        metadata: { ...metadata, annotations: sloAnnotations(name, args.slo) },
        spec: {
          // Left to the autoscaler when there is one: two writers of one number undo each other.
          replicas: autoscaled ? undefined : replicas.min,
          minReadySeconds,
          selector: { matchLabels: podLabels },
          strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels: { ...labels, ...scraped?.labels }, annotations: scraped?.annotations },
            spec: workload.pod({
              topologySpreadConstraints: spreadOverNodes(podLabels),
              containers: [container],
            }),
          },
        },
      },
      { parent: this },
    );
    if (autoscaled) {
      const target = { type: "Utilization", averageUtilization: replicas.targetCpuPercent ?? 70 };
      new HorizontalPodAutoscaler(
        name,
        {
          metadata,
          spec: {
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment.metadata.name },
            minReplicas: min,
            maxReplicas: max,
            metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
          },
        },
        { parent: this },
      );
    }
    if (replicas.min !== 1) {
      new PodDisruptionBudget(
        name,
        { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: podLabels } } },
        { parent: this },
      );
    }

    const service = new Service(
      name,
      { metadata, spec: { selector: podLabels, ports: [{ name: "http", port, targetPort: "http" }] } },
      { parent: this },
    );
    const prober = podsOf(monitoring.namespace, parts.telegraf.podLabels);
    const callers = pulumi.output(args.callers ?? [{ podSelector: {} }]).apply((own) => [...own, prober]);
    new NetworkPolicy(
      name,
      {
        metadata,
        spec: workload.policySpec([
          { from: callers, ports: tcp(port) },
          ...(scraped === undefined ? [] : [scraped.ingress]),
        ]),
      },
      { parent: this },
    );

    if (args.driftCheck !== undefined) this.checkDrift(name, args, args.driftCheck);

    this.url = pulumi.interpolate`http://${service.metadata.name}.${this.namespaceName}.svc:${port}`;
    this.registerOutputs({ url: this.url, namespaceName: this.namespaceName, models: this.models });
  }

  private checkDrift(name: string, args: ModelApiArgs, check: DriftCheckArgs): void {
    const { image, monitoring, user, tolerations, affinity, nodeSelector } = args;
    const { profile = "profile.json", schedule = "0 5 * * *" } = check;
    const command = ["python", "-m", "ds_monitoring.drift_check", name, "--profile", profile];
    new Pipeline(
      `${name}-drift`,
      {
        ...{ schedule, steps: [{ name: "compare", image, command }], readsEvents: true },
        ...{ monitoring, namespace: this.namespace, models: this.models },
        ...{ user, tolerations, affinity, nodeSelector },
      },
      { parent: this },
    );
  }
}

function requireReplicas(name: string, { min, max }: { min: number; max: number }): void {
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 1 || max < min) {
    throw new Error(
      `ModelApi "${name}": replicas must be whole numbers with 1 <= min <= max, e.g. { min: 2, max: 5 }; ` +
        `got { min: ${min}, max: ${max} }`,
    );
  }
}
