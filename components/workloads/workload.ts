import { ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { patterns } from "../../contract/patterns";
import type { LogSource } from "../../contract/formats";
import type { DashboardDefinition } from "../../dashboards";
import { connectionOf, type MonitoringConnection } from "../connection";
import { type LoggedContainer, type LoggedPodSpec, withLogging } from "../fluentd/sidecar";
import { placeAppDashboards } from "../grafana/appDashboards";
import { checked } from "../kubernetes/checked";
import { ownerLabel, selectorLabels, standardLabels } from "../kubernetes/labels";
import { type PodUser, restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { captureMount, capturedCommand, captureVolume } from "./capturedOutput";
import { identityVariables } from "./identity";
import { Logging } from "./logging";
import type { MetricsEndpointArgs } from "./metricsEndpoint";
import { type AppNamespace, appNamespace } from "./namespace";
import { modelsClaim, type ModelStorageArgs, type ModelVolume } from "./volume";

/** Arguments that a {@link ModelApi} and a {@link Pipeline} share. */
export interface WorkloadArgs {
  /** The platform: `monitoring.connection`, or `Monitoring.fromStack(…)` in another stack. */
  monitoring: pulumi.Input<MonitoringConnection>;
  /**
   * Namespace to live in: an {@link AppNamespace}, e.g. `namespace` of another component of the app, or the name of a
   * namespace that exists.
   * @default a new one with the component's name
   */
  namespace?: AppNamespace | pulumi.Input<string>;
  /**
   * Volume of approved models at /models (also in the variable MODEL_DIR): a {@link ModelVolume}, the name of a claim that
   * exists, e.g. `models` of another component of the app, or the size of a new one, e.g. `{ size: "10Gi" }`. A pipeline
   * writes it, an API mounts it read-only.
   * @default none
   */
  models?: ModelVolume | ModelStorageArgs | pulumi.Input<string>;
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
   * User that the containers run as.
   * @default { uid: 10001 }
   */
  user?: PodUser;
  /**
   * Team that its alerts go to, where a receiver of the platform has it among its `owners`, e.g. `risk`.
   * @default none: its alerts go to the receivers of all apps
   */
  owner?: pulumi.Input<string>;
  /**
   * What the pods may call, besides the aggregator and DNS. Each rule names at least one peer and one port.
   * @default []
   */
  egress?: pulumi.Input<pulumi.Input<inputs.networking.v1.NetworkPolicyEgressRule>[]>;
  /**
   * Taints of nodes that the pods accept, e.g. those of spot nodes.
   * @default none
   */
  tolerations?: pulumi.Input<pulumi.Input<inputs.core.v1.Toleration>[]>;
  /**
   * Nodes that the pods prefer or need, also by the other pods on them.
   * @default none
   */
  affinity?: pulumi.Input<inputs.core.v1.Affinity>;
  /**
   * Labels of the nodes that the pods may run on.
   * @default any node
   */
  nodeSelector?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Arguments of a container with the app's own program. */
export interface AppContainerArgs {
  /** Image with tag or digest, e.g. `registry.example.com/churn:1.4.0`. */
  image: pulumi.Input<string>;
  /**
   * What to run instead of the image's entrypoint.
   * @default the image's own
   */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Arguments of the command.
   * @default the image's own
   */
  args?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Environment variables: values by name, or Kubernetes' own list where a value comes from a Secret.
   * @default {}
   */
  env?: Record<string, pulumi.Input<string>> | inputs.core.v1.EnvVar[];
  /**
   * Copy what it prints to log files, for a program that writes none: each line becomes an event. Needs `command`, and
   * `sh` in the image.
   * @default false
   */
  captureStdout?: boolean;
  /**
   * Prometheus endpoint that the platform reads where its `telegraf.podMetrics` is set; of a pipeline in its last step only.
   * @default none
   */
  metrics?: MetricsEndpointArgs;
}

const modelDirectory = "/models";

/** Seconds in which a container finishes what it has begun when it is told to stop. */
const stopSeconds = 30;

/** What a {@link ModelApi} and a {@link Pipeline} are both made of; creates all but the workload itself. */
export class Workload {
  public readonly monitoring: MonitoringConnection;
  public readonly namespace: AppNamespace;
  /** Name of the claim of the models' volume. */
  public readonly models: pulumi.Output<string> | undefined;
  public readonly labels: Record<string, string>;
  /** Labels that select the pods. */
  public readonly podLabels: Record<string, string>;
  /** Metadata of the objects that have the component's name. */
  public readonly metadata: inputs.meta.v1.ObjectMeta & { name: string };
  private readonly logging: Logging;
  private readonly serviceAccount: ServiceAccount;
  private captureVolume: inputs.core.v1.Volume | undefined;

  constructor(
    private readonly name: string,
    private readonly args: WorkloadArgs,
    private readonly options: {
      kind: "ModelApi" | "Pipeline";
      /** Value of the label `app.kubernetes.io/component`. */
      component: string;
      serviceVersion?: pulumi.Input<string>;
      /** Whether the models are only read. */
      readOnlyModels: boolean;
      parent: pulumi.Resource;
    },
  ) {
    const { kind, component, serviceVersion, parent } = options;
    requireDnsLabel(kind, "name", name);
    const title = `${kind} "${name}"`;
    const identity = { name, instance: name };
    this.labels = standardLabels({ ...identity, component });
    this.podLabels = selectorLabels(identity);
    this.monitoring = connectionOf(args.monitoring, `${title}: monitoring`);
    const { monitoring, labels } = this;
    this.namespace = appNamespace(name, args.namespace, monitoring, parent);
    const { namespaceName } = this.namespace;
    const owner = args.owner && checked(args.owner, (known) => requireDnsLabel(title, "owner", known));
    // Not on the pods: another team must not roll them.
    const owned = owner && { [ownerLabel]: owner };
    this.metadata = { name, namespace: namespaceName, labels: { ...labels, ...owned } };
    this.models =
      args.models === undefined ? undefined : modelsClaim(name, args.models, this.namespace, parent);
    const { dashboards = [], logs } = args;
    const place = { name, namespace: namespaceName, labels, parent };
    placeAppDashboards({ title, ...place, monitoring: args.monitoring, dashboards });
    this.logging = new Logging(
      `${name}-logging`,
      { monitoring, namespace: this.namespace, service: name, serviceVersion, logs },
      { parent },
    );
    this.serviceAccount = new ServiceAccount(
      name,
      { metadata: this.metadata, automountServiceAccountToken: false },
      { parent },
    );
  }

  /**
   * A restricted container that may write to /tmp and its mounts only.
   *
   * @param own the caller's arguments
   * @param container its other fields; `env` are variables that the caller may replace
   * @param attributes more resource attributes, e.g. `{ "ml.model.name": "churn" }`
   */
  container(
    own: AppContainerArgs,
    container: LoggedContainer & { env: inputs.core.v1.EnvVar[] },
    attributes: Record<string, pulumi.Input<string>> = {},
  ): LoggedContainer {
    const { image, args, env = {}, captureStdout = false } = own;
    const title = `${this.options.kind} "${this.name}"`;
    const command = captureStdout ? capturedCommand(title, own.command) : own.command;
    if (captureStdout) {
      this.captureVolume ??= captureVolume(this.name, this.namespace.namespaceName, this.options.parent);
    }
    const given = Array.isArray(env) ? env : Object.entries(env).map(([name, value]) => ({ name, value }));
    const ours = [
      ...identityVariables(this.name, this.monitoring, attributes),
      ...container.env,
      ...(this.models ? [{ name: "MODEL_DIR", value: modelDirectory }] : []),
    ];
    const models = { name: "models", mountPath: modelDirectory, readOnly: this.options.readOnlyModels };
    return {
      image,
      command,
      args,
      ...container,
      // A name may be there once: the caller's own value replaces ours.
      env: [...ours.filter(({ name }) => !given.some((own) => own.name === name)), ...given],
      securityContext: restrictedContainerSecurityContext(),
      volumeMounts: [
        { name: "tmp", mountPath: "/tmp" },
        ...(container.volumeMounts ?? []),
        ...(this.models ? [models] : []),
        ...(captureStdout ? [captureMount] : []),
      ],
    };
  }

  /** The restricted pod of these containers, with the sidecar and the volumes that the containers mount. */
  pod(spec: LoggedPodSpec): inputs.core.v1.PodSpec {
    const { user = { uid: 10001 }, tolerations, affinity, nodeSelector } = this.args;
    const readOnly = this.options.readOnlyModels;
    return withLogging(
      {
        ...restrictedPod({ serviceAccountName: this.serviceAccount.metadata.name, user }),
        terminationGracePeriodSeconds: stopSeconds,
        tolerations,
        affinity,
        nodeSelector,
        ...spec,
        volumes: [
          { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
          ...(spec.volumes ?? []),
          ...(this.captureVolume ? [this.captureVolume] : []),
          ...(this.models
            ? [{ name: "models", persistentVolumeClaim: { claimName: this.models, readOnly } }]
            : []),
        ],
      },
      this.logging,
    );
  }

  /**
   * Lets the pods call what the argument `egress` and the rules of `ours` name, and be called as those of `ingress` say.
   *
   * @returns the spec of a NetworkPolicy
   * @throws Error naming the rule of `egress` that allows everything
   */
  policySpec(
    ingress?: pulumi.Input<inputs.networking.v1.NetworkPolicyIngressRule>[],
    ours: pulumi.Input<inputs.networking.v1.NetworkPolicyEgressRule>[] = [],
  ): inputs.networking.v1.NetworkPolicySpec {
    const given = this.args.egress && checked(this.args.egress, (rules) => this.requireNarrow(rules));
    const egress =
      ours.length === 0 ? given : pulumi.all([given ?? [], pulumi.all(ours)]).apply((rules) => rules.flat());
    return {
      podSelector: { matchLabels: this.podLabels },
      policyTypes: [...(ingress ? ["Ingress"] : []), ...(egress ? ["Egress"] : [])],
      ingress,
      egress,
    };
  }

  private requireNarrow(rules: { to?: unknown[]; ports?: unknown[] }[]): void {
    for (const [index, { to = [], ports = [] }] of rules.entries()) {
      if (to.length === 0 || ports.length === 0) {
        throw new Error(
          `${this.options.kind} "${this.name}": egress[${index}] needs at least one peer in \`to\` and one port in ` +
            "`ports`: Kubernetes reads an empty list as all of them",
        );
      }
    }
  }
}

/** Names that become names in the cluster are checked early. */
export function requireDnsLabel(component: string, what: string, value: string): void {
  if (!patterns.dnsLabel.test(value)) {
    throw new Error(
      `${component}: ${what} "${value}" must be a DNS label: lower-case letters, digits and "-", ` +
        `at most 63, beginning with a letter, e.g. "churn-api"`,
    );
  }
}
