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
  /** The namespace itself: what is in it goes with it. */
  public readonly namespace: Namespace;

  constructor(name: string, args: RestrictedNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:RestrictedNamespace", name, {}, opts);

    this.namespace = new Namespace(
      name,
      { metadata: { name: args.namespaceName, labels: { ...args.labels, ...restrictedNamespaceLabels() } } },
      { parent: this, protect: args.protect ?? false },
    );
    this.namespaceName = this.namespace.metadata.name;
    denyByDefault(name, { namespace: this.namespaceName }, this);

    this.registerOutputs({ namespaceName: this.namespaceName });
  }
}

/** @throws Error with the fix, when a namespace is both new and one that exists */
export function requireOneNamespace(
  component: string,
  args: { namespace?: pulumi.Input<string>; namespaceName?: pulumi.Input<string> },
): void {
  if (args.namespace === undefined || args.namespaceName === undefined) return;
  throw new Error(
    `${component}: namespace and namespaceName exclude each other: give the name of a namespace that exists as ` +
      "namespace, or that of a new one as namespaceName",
  );
}

/**
 * The name of a namespace that exists. It is read, because nothing else refuses a wrong name early: a patch would create
 * the namespace.
 *
 * @throws Error in the preview, when there is none of that name
 */
export function existingNamespace(
  name: string,
  namespace: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return Namespace.get(`${name}-existing-namespace`, namespace, { parent }).id;
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
