import { Secret } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { sendsLogsLabel } from "../kubernetes/labels";
import { allowFlowsSpec, namespaceNamed } from "../kubernetes/networkPolicies";
import type { MonitoringConnection } from "../connection";
import { parts } from "../platform/parts";
import { RestrictedNamespace } from "../kubernetes/restrictedNamespace";

/** Arguments of {@link AppNamespace}. */
export interface AppNamespaceArgs {
  /** The platform that the namespace's pods send their logs to. */
  monitoring: MonitoringConnection;
  /**
   * Name of the namespace in the cluster.
   * @default the component's name
   */
  namespaceName?: string;
}

/**
 * A namespace for model APIs and pipelines: *restricted*, closed but for DNS and the way to the aggregator, and
 * holding the key that logging sidecars need.
 *
 * @example
 * const namespace = new AppNamespace("churn", { monitoring });
 * new ModelApi("churn", { image, model, monitoring, namespace });
 * new Pipeline("churn-training", { schedule, steps, monitoring, namespace });
 */
export class AppNamespace extends pulumi.ComponentResource {
  /** Name of the namespace. */
  public readonly namespaceName: pulumi.Output<string>;
  /** Name of the Secret whose key `sharedKey` logging sidecars show to the aggregator. */
  public readonly sharedKeySecretName: pulumi.Output<string>;

  constructor(name: string, args: AppNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:AppNamespace", name, {}, opts);

    const namespace = new RestrictedNamespace(
      name,
      { namespaceName: args.namespaceName ?? name, labels: sendsLogsLabel },
      { parent: this },
    );
    this.namespaceName = namespace.namespaceName;

    const secret = new Secret(
      `${name}-fluentd-shared-key`,
      {
        metadata: { namespace: this.namespaceName },
        immutable: true,
        stringData: { sharedKey: pulumi.secret(args.monitoring.fluentdSharedKey) },
      },
      { parent: this },
    );
    this.sharedKeySecretName = secret.metadata.name;

    new NetworkPolicy(
      `${name}-logs`,
      {
        metadata: { name: "logs", namespace: this.namespaceName },
        spec: pulumi.all([args.monitoring.namespace, args.monitoring.fluentdPort]).apply(([platform, port]) =>
          allowFlowsSpec({
            podLabels: {},
            egress: [
              {
                peers: [
                  {
                    namespaceSelector: namespaceNamed(platform),
                    podSelector: { matchLabels: parts.fluentdAggregator.podLabels },
                  },
                ],
                ports: [{ port }],
              },
            ],
          }),
        ),
      },
      { parent: this },
    );

    this.registerOutputs({
      namespaceName: this.namespaceName,
      sharedKeySecretName: this.sharedKeySecretName,
    });
  }
}
