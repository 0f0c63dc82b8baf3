/** One port of a network policy. */
export interface PolicyPort {
  /** Number of the port on the pod, not on its Service. */
  port: number;
  /**
   * Transport protocol.
   * @default "TCP"
   */
  protocol?: "TCP" | "UDP";
}

/**
 * One side of a flow: pods by label, namespaces by label, or addresses. Both selectors together mean those pods in those
 * namespaces.
 */
export interface PolicyPeer {
  /**
   * Namespaces by their labels.
   * @default the policy's own, with `podSelector`
   */
  namespaceSelector?: {
    /** Labels that a namespace must have, e.g. `{ "kubernetes.io/metadata.name": "shop" }`. */
    matchLabels: Record<string, string>;
  };
  /**
   * Pods by their labels; `{}` means every pod.
   * @default every pod, with `namespaceSelector`
   */
  podSelector?: {
    /** Labels that a pod must have. */
    matchLabels?: Record<string, string>;
  };
  /** Addresses outside of the cluster; excludes the selectors. */
  ipBlock?: {
    /** Addresses in CIDR notation, e.g. `10.2.0.0/24`. */
    cidr: string;
    /** Parts of `cidr` that are not meant. */
    except?: string[];
  };
}

/** Who may reach the pods of a policy, or whom they may reach, on which ports. */
export interface Flow {
  /** Any of these; an empty list is refused, because Kubernetes reads it as *everyone*. */
  peers: PolicyPeer[];
  /** Any of these; an empty list is refused, because Kubernetes reads it as *every port*. */
  ports: PolicyPort[];
}

/** The spec of a `networking.k8s.io/v1` NetworkPolicy. */
export interface NetworkPolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes: ("Ingress" | "Egress")[];
  ingress?: { from: PolicyPeer[]; ports: Required<PolicyPort>[] }[];
  egress?: { to: PolicyPeer[]; ports: Required<PolicyPort>[] }[];
}

/** Refuses every flow of every pod of the namespace that no other policy allows. */
export function defaultDenySpec(): NetworkPolicySpec {
  return { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
}

/** Lets every pod of the namespace ask the cluster's DNS. */
export function allowDnsSpec(): NetworkPolicySpec {
  return {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [
      toEgress({
        peers: [
          {
            namespaceSelector: namespaceNamed("kube-system"),
            podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
          },
        ],
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      }),
    ],
  };
}

/**
 * Lets the selected pods have exactly these flows.
 *
 * @throws Error when a flow names no peer or no port.
 */
export function allowFlowsSpec(options: {
  podLabels: Record<string, string>;
  ingress?: Flow[];
  egress?: Flow[];
}): NetworkPolicySpec {
  const { podLabels, ingress = [], egress = [] } = options;
  for (const flow of [...ingress, ...egress]) {
    if (flow.peers.length === 0 || flow.ports.length === 0) {
      throw new Error(
        "a network flow needs at least one peer and one port: an empty list would allow all of them",
      );
    }
  }
  return {
    podSelector: { matchLabels: podLabels },
    policyTypes: [
      ...(ingress.length > 0 ? (["Ingress"] as const) : []),
      ...(egress.length > 0 ? (["Egress"] as const) : []),
    ],
    ...(ingress.length > 0 && {
      ingress: ingress.map((flow) => ({ from: flow.peers, ports: withProtocol(flow.ports) })),
    }),
    ...(egress.length > 0 && { egress: egress.map(toEgress) }),
  };
}

/** Selects a namespace by its name; the API server itself sets this label. */
export function namespaceNamed(name: string): { matchLabels: Record<string, string> } {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

/** Pods of the policy's own namespace. */
export function podsLabelled(matchLabels: Record<string, string>): PolicyPeer {
  return { podSelector: { matchLabels } };
}

/**
 * Addresses outside of the cluster, and those of nodes, which no selector can name.
 *
 * The cloud's metadata address is left out: it hands out the node's identity.
 */
export function anyAddress(): PolicyPeer {
  return { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } };
}

function toEgress(flow: Flow) {
  return { to: flow.peers, ports: withProtocol(flow.ports) };
}

function withProtocol(ports: PolicyPort[]): Required<PolicyPort>[] {
  return ports.map(({ port, protocol = "TCP" }) => ({ port, protocol }));
}
