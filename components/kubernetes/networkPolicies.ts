import type { input as inputs } from "@pulumi/kubernetes/types";
import type * as pulumi from "@pulumi/pulumi";

type Peer = inputs.networking.v1.NetworkPolicyPeer;
type Port = inputs.networking.v1.NetworkPolicyPort;
type IngressRule = inputs.networking.v1.NetworkPolicyIngressRule;
type EgressRule = inputs.networking.v1.NetworkPolicyEgressRule;
type PolicySpec = inputs.networking.v1.NetworkPolicySpec;
type Labels = Record<string, string>;

/** Denies the pods all traffic that no other policy allows; every pod of the namespace unless labels select some. */
export function defaultDenySpec(podLabels?: Labels): PolicySpec {
  return { podSelector: podSelector(podLabels), policyTypes: ["Ingress", "Egress"] };
}

/** Lets the pods query the cluster's DNS; every pod of the namespace unless labels select some. */
export function allowDnsSpec(podLabels?: Labels): PolicySpec {
  return { podSelector: podSelector(podLabels), policyTypes: ["Egress"], egress: [toDns()] };
}

/** Lets pods query the cluster's DNS. */
export function toDns(): EgressRule {
  return {
    to: [podsOf("kube-system", { "k8s-app": "kube-dns" })],
    ports: [{ port: 53, protocol: "UDP" }, ...tcp(53)],
  };
}

/** Lets the selected pods send and receive what the rules allow; a direction without rules is left as it is. */
export function allowSpec(options: {
  podLabels: Labels;
  ingress?: pulumi.Input<IngressRule>[];
  egress?: pulumi.Input<EgressRule>[];
}): PolicySpec {
  const { podLabels, ingress = [], egress = [] } = options;
  return {
    podSelector: { matchLabels: podLabels },
    policyTypes: [...(ingress.length > 0 ? ["Ingress"] : []), ...(egress.length > 0 ? ["Egress"] : [])],
    ...(ingress.length > 0 && { ingress }),
    ...(egress.length > 0 && { egress }),
  };
}

/** Ports of a rule: the pod's own, not those of its Service. */
export function tcp(...ports: pulumi.Input<number>[]): Port[] {
  return ports.map((port) => ({ port, protocol: "TCP" }));
}

/** Selects a namespace by its name; the API server itself sets this label. */
export function namespaceNamed(name: pulumi.Input<string>) {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

/** Pods of the policy's own namespace. */
export function podsLabelled(matchLabels: Labels): Peer {
  return { podSelector: { matchLabels } };
}

/** Pods of another namespace; all of them unless labels select some. */
export function podsOf(namespace: pulumi.Input<string>, podLabels?: Labels): Peer {
  return { namespaceSelector: namespaceNamed(namespace), podSelector: podSelector(podLabels) };
}

/**
 * Addresses outside of the cluster, and those of nodes, which no selector can name.
 *
 * The cloud's metadata address is left out: it hands out the node's identity.
 */
export function anyAddress(): Peer {
  return { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } };
}

/**
 * Lets a client reach the ports of a host: outside of the cluster, or a Service, by its name `name.namespace.svc`.
 *
 * Where Cilium enforces the policies, a range of addresses matches no pod, so that the Service's namespace is named; a
 * Service in front of addresses outside of the cluster has no pods.
 */
export function toHosts(hosts: readonly string[], ports: readonly number[]): { to: Peer[]; ports: Port[] } {
  const namespaces = hosts.flatMap((host) => /(?:^|\.)([^.]+)\.svc(?:\.|$)/.exec(host)?.[1] ?? []);
  return {
    to: [...new Set(namespaces)].map((name) => podsOf(name)).concat(anyAddress()),
    ports: tcp(...ports),
  };
}

function podSelector(matchLabels: Labels | undefined) {
  return matchLabels === undefined ? {} : { matchLabels };
}
