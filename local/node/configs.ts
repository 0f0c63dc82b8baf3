import { join } from "node:path";
import { stringify } from "yaml";
import { addresses, nodeName, ports, type NodeLayout } from "./layout";

/** The image of the container that holds a pod's namespaces; assembled. */
export const pauseImage = "ds-monitoring.local/pause:1";

/** Where the control plane's certificates are. */
export interface Certificates {
  authority: string;
  clientCertificate: string;
  clientKey: string;
}

/**
 * The configuration files of the node's programs, by their name in the node's folder.
 *
 * @param options.snapshotter how containerd keeps the layers of images
 */
export function nodeConfigs(
  layout: NodeLayout,
  options: { certificates: Certificates; runc: string; snapshotter: "overlayfs" | "native" },
): Record<string, string> {
  const { certificates } = options;
  return {
    "containerd.toml": containerd(layout, options),
    "kubelet.yaml": stringify(kubelet(layout, certificates)),
    "kube-proxy.yaml": stringify(kubeProxy(layout)),
    "kubeconfig.yaml": stringify(kubeconfig(certificates)),
    "resolv.conf": "options ndots:5\n",
    [join("cni", "10-pods.conflist")]: JSON.stringify(podNetwork(layout)),
  };
}

function containerd(layout: NodeLayout, options: { runc: string; snapshotter: string }): string {
  const text = JSON.stringify;
  return `version = 3
root = ${text(layout.file("containerd"))}
state = "/run/containerd"
# Opening a port for its own figures is of no use here.
disabled_plugins = ["io.containerd.internal.v1.tracing"]
[grpc]
address = ${text(layout.containerd)}
[plugins."io.containerd.cri.v1.images"]
snapshotter = ${text(options.snapshotter)}
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = ${text(pauseImage)}
[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE nobody may be made less likely to be killed than this process is.
restrict_oom_score_adj = true
# A profile would be loaded into the kernel, and stay.
disable_apparmor = true
enable_unprivileged_ports = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [${text(layout.file("cni", "bin"))}]
conf_dir = ${text(layout.file("cni"))}
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = ${text(options.runc)}
SystemdCgroup = false
[plugins."io.containerd.internal.v1.opt"]
path = ${text(layout.file("containerd", "opt"))}
`;
}

function kubelet(layout: NodeLayout, certificates: Certificates): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: addresses.node,
    port: ports.kubelet,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificates.authority },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    clusterDNS: [addresses.dns],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${layout.containerd}`,
    failCgroupV1: false,
    failSwapOn: false,
    // Assembled images can't be pulled again.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "500Mi" },
    oomScoreAdj: 0,
    podLogsDir: layout.file("pod-logs"),
    resolvConf: layout.file("resolv.conf"),
    volumePluginDir: layout.file("volume-plugins"),
    nodeStatusUpdateFrequency: "5s",
    shutdownGracePeriod: "0s",
  };
}

function kubeProxy(layout: NodeLayout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: addresses.node,
    clientConnection: { kubeconfig: layout.file("kubeconfig.yaml") },
    clusterCIDR: addresses.podRange,
    // They belong to the whole machine.
    conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: "0s", tcpEstablishedTimeout: "0s" },
    hostnameOverride: nodeName,
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    mode: "iptables",
    nodePortAddresses: ["primary"],
  };
}

/** The API server as the node and its pods reach it. */
function kubeconfig({ authority, clientCertificate, clientKey }: Certificates): object {
  const server = `https://${addresses.node}:${ports.apiServer}`;
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "local", cluster: { server, "certificate-authority": authority } }],
    users: [{ name: "node", user: { "client-certificate": clientCertificate, "client-key": clientKey } }],
    contexts: [{ name: "node", context: { cluster: "local", user: "node" } }],
    "current-context": "node",
  };
}

function podNetwork(layout: NodeLayout): object {
  return {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: layout.file("cni", "addresses"),
          ranges: [[{ subnet: addresses.pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
