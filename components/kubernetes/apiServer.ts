import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "./checked";
import { anyAddress, tcp } from "./networkPolicies";

/**
 * Lets a client reach the API server, whose address no selector can name.
 *
 * @param ports of its Service, and of its own on nodes: network policies see the one behind the Service's address
 * @param more ports of nodes that the client needs too
 * @throws Error when there is none: a rule without ports allows all
 */
export function toApiServer(
  ports: pulumi.Input<number[]> = [443, 6443],
  ...more: number[]
): inputs.networking.v1.NetworkPolicyEgressRule {
  const some = pulumi.output(checked(ports, requirePorts));
  return { to: [anyAddress()], ports: some.apply((known) => tcp(...known, ...more)) };
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
