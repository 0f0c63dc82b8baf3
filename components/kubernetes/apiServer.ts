import type { input as inputs } from "@pulumi/kubernetes/types";

/** Ports of the API server: of its Service, and of its own on nodes. */
export const apiServerPorts = [443, 6443];

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
