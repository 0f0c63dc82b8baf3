import { Namespace } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { allowDnsSpec, defaultDenySpec } from "./networkPolicies";
import { restrictedNamespaceLabels } from "./podSecurity";

/** Arguments of {@link RestrictedNamespace}. */
export interface RestrictedNamespaceArgs {
  /** Name of the namespace in the cluster. */
  namespaceName: pulumi.Input<string>;
  /**
   * Labels besides those of Pod Security.
   * @default {}
   */
  labels?: Record<string, string>;
  /**
   * Refuse to delete the namespace, and with it every volume claim inside.
   * @default false
   */
  protect?: boolean;
}

/**
 * A namespace in which the API server refuses pods that are not *restricted*, and in which no traffic flows but DNS
 * until a network policy allows it.
 */
export class RestrictedNamespace extends pulumi.ComponentResource {
  /** Name of the namespace; known once it exists, so that whatever uses it is created afterwards. */
  public readonly namespaceName: pulumi.Output<string>;

  constructor(name: string, args: RestrictedNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:RestrictedNamespace", name, {}, opts);

    const namespace = new Namespace(
      name,
      { metadata: { name: args.namespaceName, labels: { ...args.labels, ...restrictedNamespaceLabels() } } },
      { parent: this, protect: args.protect ?? false },
    );
    this.namespaceName = namespace.metadata.name;
    denyByDefault(name, { namespace: this.namespaceName }, this);

    this.registerOutputs({ namespaceName: this.namespaceName });
  }
}

/**
 * Denies all traffic but DNS that no other policy allows.
 *
 * @param name logical name that those of the policies begin with
 * @param pods namespace, and labels that select some of its pods
 */
export function denyByDefault(
  name: string,
  pods: { namespace: pulumi.Input<string>; podLabels?: Record<string, string> },
  parent: pulumi.Resource,
): void {
  const { namespace, podLabels } = pods;
  const specs = { "default-deny": defaultDenySpec(podLabels), dns: allowDnsSpec(podLabels) };
  for (const [policy, spec] of Object.entries(specs)) {
    // A namespace of somebody else may have policies of these names.
    const metadata = { name: podLabels === undefined ? policy : undefined, namespace };
    new NetworkPolicy(`${name}-${policy}`, { metadata, spec }, { parent });
  }
}
