import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "./checked";
import { anyAddress, tcp } from "./networkPolicies";

/** How network policies let a client reach the API server, and the nodes. */
export interface ApiServerArgs {
  /**
   * Ports of the API server: of its Service, and of its own on nodes.
   * @default [443, 6443]
   */
  apiServerPorts?: pulumi.Input<number[]>;
  /**
   * Whether Cilium enforces the network policies.
   * @default false
   */
  cilium?: boolean;
}

/**
 * Ports under which a client reaches the API server.
 *
 * @param more ports of nodes that the client needs too
 * @throws Error when there is none: a rule without ports allows all
 */
export function apiServerPorts(
  { apiServerPorts = [443, 6443] }: ApiServerArgs,
  ...more: number[]
): pulumi.Output<number[]> {
  return pulumi.output(checked(apiServerPorts, requirePorts)).apply((known) => [...known, ...more]);
}

/** Lets a client reach these ports of the API server and of nodes, whose addresses no selector can name. */
export function toApiServer(ports: number[]): inputs.networking.v1.NetworkPolicyEgressRule {
  return { to: [anyAddress()], ports: tcp(...ports) };
}

/**
 * Spec of a CiliumNetworkPolicy that does what {@link toApiServer} does: for Cilium, no range of addresses matches a node
 * (learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium). `kube-apiserver` is the API server wherever it runs.
 */
export function ciliumApiServerSpec(podLabels: Record<string, string>, ports: number[]) {
  return {
    endpointSelector: { matchLabels: podLabels },
    egress: [
      {
        toEntities: ["host", "remote-node", "kube-apiserver"],
        toPorts: [{ ports: ports.map((port) => ({ port: String(port), protocol: "TCP" })) }],
      },
    ],
  };
}

function requirePorts(ports: number[]): void {
  if (ports.length > 0 && ports.every((port) => Number.isInteger(port) && port >= 1 && port <= 65535)) return;
  throw new Error(
    `Monitoring: apiServerPorts must be at least one port from 1 to 65535, e.g. [443, 6443]; got [${ports.join(", ")}]`,
  );
}

/** Port of the kubelet on each node. */
export const kubeletPort = 10250;

/**
 * What the API server's client libraries expect to find, with a token that lives for an hour and is renewed by the
 * kubelet. The pod itself gets none: only a container that mounts {@link tokenMount} does.
 */
export const tokenVolume: inputs.core.v1.Volume = {
  name: "token",
  projected: {
    sources: [
      { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
    ],
  },
};

/** How a container mounts {@link tokenVolume}. */
export const tokenMount: inputs.core.v1.VolumeMount = {
  name: "token",
  mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  readOnly: true,
};
