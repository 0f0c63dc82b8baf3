import { type Namespace, NamespacePatch, Secret } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { connectionOf, type MonitoringConnection } from "../connection";
import { modelApiComponent, partOfLabel, sendsLogsLabel } from "../kubernetes/labels";
import { allowSpec, podsLabelled, podsOf, tcp, toDns } from "../kubernetes/networkPolicies";
import {
  existingNamespace,
  requireOneNamespace,
  RestrictedNamespace,
} from "../kubernetes/restrictedNamespace";
import { parts } from "../platform/parts";
import { otlpPort } from "../telegraf/otlp";

/** Arguments of {@link AppNamespace}. */
export interface AppNamespaceArgs {
  /** The platform that the namespace's pods send their logs to. */
  monitoring: pulumi.Input<MonitoringConnection>;
  /**
   * Name of the new namespace in the cluster.
   * @default the component's name
   */
  namespaceName?: pulumi.Input<string>;
  /**
   * Name of a namespace that exists, instead of a new one. It gets the label that lets its pods reach the aggregator and
   * the Secret that they need. The network policies then select the pods of {@link ModelApi} and {@link Pipeline} only;
   * other pods keep the network access that they have.
   * @default none: a new namespace is created
   */
  namespace?: pulumi.Input<string>;
}

/**
 * A namespace for model APIs and pipelines: *restricted*, closed but for DNS and the aggregator, and with the Secret that
 * logging sidecars need.
 *
 * @example
 * const namespace = new AppNamespace("churn", { monitoring });
 * new ModelApi("churn", { image, model, monitoring, namespace });
 * new Pipeline("churn-training", { schedule, steps, monitoring, namespace });
 *
 * @throws Error when both `namespaceName` and `namespace` are given, and in the preview when `namespace` does not exist
 */
export class AppNamespace extends pulumi.ComponentResource {
  /** Name of the namespace. */
  public readonly namespaceName: pulumi.Output<string>;
  /** Name of the Secret whose key `sharedKey` logging sidecars send to the aggregator. */
  public readonly sharedKeySecretName: pulumi.Output<string>;
  /** The new namespace itself; none where it exists already. */
  public readonly created?: Namespace;

  constructor(name: string, args: AppNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:AppNamespace", name, {}, opts);

    const { namespace, namespaceName } = args;
    requireOneNamespace(`AppNamespace "${name}"`, args);
    const monitoring = connectionOf(args.monitoring, `AppNamespace "${name}": monitoring`);
    if (namespace === undefined) {
      const labelled = { namespaceName: namespaceName ?? name, labels: sendsLogsLabel };
      const own = new RestrictedNamespace(name, labelled, { parent: this });
      this.created = own.namespace;
      this.namespaceName = own.namespaceName;
    } else {
      const metadata = { name: existingNamespace(name, namespace, this), labels: sendsLogsLabel };
      this.namespaceName = new NamespacePatch(name, { metadata }, { parent: this }).metadata.name;
    }

    const secret = new Secret(
      `${name}-fluentd-shared-key`,
      {
        metadata: { namespace: this.namespaceName },
        immutable: true,
        stringData: { sharedKey: pulumi.secret(monitoring.fluentdSharedKey) },
      },
      { parent: this },
    );
    this.sharedKeySecretName = secret.metadata.name;

    const adopted = namespace !== undefined;
    new NetworkPolicy(
      `${name}-logs`,
      {
        // Several components may adopt one namespace: their policies must not share a name.
        metadata: { name: adopted ? undefined : "logs", namespace: this.namespaceName },
        spec: pulumi
          .output(monitoring.otlpUrl)
          .apply((url) => logsPolicy(monitoring, adopted, url !== undefined)),
      },
      { parent: this },
    );

    this.registerOutputs({
      namespaceName: this.namespaceName,
      sharedKeySecretName: this.sharedKeySecretName,
    });
  }
}

/**
 * Lets pods reach the aggregator, Telegraf where it takes OpenTelemetry's protocol, and the model APIs of their namespace, which say themselves who may call; in an adopted
 * namespace it also does what `default-deny` and `dns` do in a new one.
 */
function logsPolicy({ namespace, fluentdPort }: MonitoringConnection, adopted: boolean, otlp: boolean) {
  const toAggregator = {
    to: [podsOf(namespace, parts.fluentdAggregator.podLabels)],
    ports: tcp(fluentdPort),
  };
  const toModelApis = {
    to: [podsLabelled({ "app.kubernetes.io/component": modelApiComponent, ...partOfLabel })],
  };
  const toTelegraf = { to: [podsOf(namespace, parts.telegraf.podLabels)], ports: tcp(otlpPort) };
  const egress = [toAggregator, toModelApis, ...(otlp ? [toTelegraf] : [])];
  return adopted
    ? {
        ...allowSpec({ podLabels: partOfLabel, egress: [toDns(), ...egress] }),
        policyTypes: ["Ingress", "Egress"],
      }
    : allowSpec({ podLabels: {}, egress });
}

/** The namespace of a component: a new one of its name, the one that is given, or one that exists and is adopted. */
export function appNamespace(
  name: string,
  given: AppNamespace | pulumi.Input<string> | undefined,
  monitoring: pulumi.Input<MonitoringConnection>,
  parent: pulumi.Resource,
): AppNamespace {
  if (pulumi.Resource.isInstance(given)) return given as AppNamespace;
  return new AppNamespace(name, { monitoring, namespace: given as pulumi.Input<string> }, { parent });
}
