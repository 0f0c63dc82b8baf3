import { command, type Tool } from "./tool";

export const kubernetesVersion = ["k8s.io/component-base/version.gitVersion"];
/** A part of Kubernetes. All come from one minor version: upstream supports no mixture. */
export function kubernetes(name: string, seconds: number, purpose: string): Tool {
  return {
    purpose,
    onPath: { range: ">=1.34 <1.35" },
    build: {
      folder: "kubernetes",
      ...command("k8s.io/kubernetes", name),
      versionVariables: kubernetesVersion,
      seconds,
    },
  };
}

const containerd = {
  folder: "containerd",
  versionVariables: ["github.com/containerd/containerd/v2/version.Version"],
  // Snapshotters for file systems that a local run does not use.
  tags: ["no_btrfs", "no_devmapper", "no_zfs"],
};

/** A program of containerd. */
function containerdProgram(name: string, seconds: number, args: string[], purpose: string): Tool {
  return {
    purpose,
    onPath: { range: ">=2.1 <3", args },
    build: { ...containerd, ...command("github.com/containerd/containerd/v2", name), seconds },
  };
}

/** A program that containerd calls to connect pods. Never from PATH, where `bridge` is another program. */
function networkPlugin(path: string, seconds: number): Tool {
  const module = "github.com/containernetworking/plugins";
  return {
    purpose: "connects the pods of the node",
    build: { folder: "cni-plugins", package: `${module}/plugins/${path}`, versionedBy: module, seconds },
  };
}

/** `iptables` and its companions of both protocols, in the variant on nftables. */
const iptablesPrograms = Object.fromEntries(
  ["iptables", "ip6tables"].flatMap((name) =>
    ["", "-save", "-restore"].map((suffix) => [`${name}${suffix}`, `usr/sbin/${name}-nft${suffix}`]),
  ),
);

/** The tools of a real node. */
export const nodeTools = {
  kubelet: kubernetes("kubelet", 40, "runs the pods of the node"),
  pause: {
    purpose: "holds the namespaces of a pod",
    build: {
      folder: "kubernetes",
      package: "./pause",
      versionedBy: "k8s.io/kubernetes",
      seconds: 3,
    },
  },
  "kube-proxy": kubernetes("kube-proxy", 10, "leads the addresses of Services to pods"),
  containerd: containerdProgram("containerd", 60, ["--version"], "runs containers"),
  "containerd-shim-runc-v2": containerdProgram("containerd-shim-runc-v2", 5, ["-v"], "watches a container"),
  ctr: containerdProgram("ctr", 5, ["--version"], "gives images to containerd"),
  runc: {
    purpose: "starts containers",
    onPath: { range: ">=1.2 <2" },
    build: {
      folder: "runc",
      package: "github.com/opencontainers/runc",
      versionedBy: "github.com/opencontainers/runc",
      tags: ["seccomp"],
      env: { CGO_ENABLED: "1" },
      needsLibrary: { name: "libseccomp", debian: "libseccomp-dev" },
      needsPrograms: { cc: "a C compiler (gcc or clang)" },
      seconds: 15,
    },
  },
  "cni-bridge": networkPlugin("main/bridge", 15),
  "cni-loopback": networkPlugin("main/loopback", 2),
  "cni-host-local": networkPlugin("ipam/host-local", 2),
  "cni-portmap": networkPlugin("meta/portmap", 3),
  coredns: {
    purpose: "the DNS of the cluster",
    build: {
      folder: "coredns",
      package: ".",
      versionedBy: "github.com/coredns/coredns",
      seconds: 75,
    },
  },
  "kube-router": {
    purpose: "enforces network policies",
    onPath: { range: ">=2 <3" },
    build: {
      folder: "kube-router",
      ...command("github.com/cloudnativelabs/kube-router/v2", "kube-router"),
      versionVariables: ["github.com/cloudnativelabs/kube-router/v2/pkg/version.Version"],
      seconds: 40,
    },
  },
  iptables: {
    purpose: "rules of the node's own network",
    onPath: { range: ">=1.8 <2" },
    debian: {
      packages: [
        ...["iptables", "libxtables12", "libip4tc2", "libip6tc2", "libmnl0", "libnftnl11"],
        ...["libnetfilter-conntrack3", "libnfnetlink0"],
      ],
      programs: iptablesPrograms,
    },
    install: "the package iptables of your system",
  },
  ipset: {
    purpose: "sets of addresses for network policies",
    onPath: { range: ">=7 <8" },
    debian: { packages: ["ipset", "libipset13", "libmnl0"], programs: { ipset: "usr/sbin/ipset" } },
    install: "the package ipset of your system",
  },
} satisfies Readonly<Record<string, Tool>>;
