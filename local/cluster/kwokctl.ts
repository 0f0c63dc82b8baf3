import { join } from "node:path";
import { addresses, nodeLayout } from "../node/layout";
import { freePorts } from "../ports";
import { run } from "../processes";
import type { ResolvedTool } from "../tools/resolve";

/** The parts of the control plane. `kwok` simulates nodes, and is absent beside a real one. */
export const controlPlaneParts = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
] as const;

export const readySeconds = 90;
const clusterName = "local";

/** The folder that kwokctl makes for the cluster in `directory`. */
export function clusterFolder(directory: string): string {
  return join(directory, "clusters", clusterName);
}

/** Run kwokctl on the cluster in `directory`. */
export function kwokctl(tool: ResolvedTool, directory: string, args: readonly string[]) {
  return run(tool.path, ["--name", clusterName, "--v", "ERROR", ...args], {
    env: { ...process.env, KWOK_WORKDIR: directory },
    timeoutMs: (readySeconds + 30) * 1000,
  });
}

/** Where the certificates of the cluster in `directory` are. Its administrator's is that of the servers, too. */
export function certificatesOf(directory: string) {
  const file = (name: string) => join(clusterFolder(directory), "pki", name);
  return { authority: file("ca.crt"), clientCertificate: file("admin.crt"), clientKey: file("admin.key") };
}

/**
 * Configuration of a cluster with a real node, or with those that `kwok` simulates. Every port is chosen here: kwokctl's own
 * choice collides when two clusters are created at once.
 */
export async function kwokctlConfig(
  directory: string,
  tools: Record<(typeof controlPlaneParts)[number], ResolvedTool>,
  kwok: ResolvedTool | undefined,
): Promise<object> {
  const [etcdPort, etcdPeerPort, kubeApiserverPort, kubeControllerManagerPort, kubeSchedulerPort, kwokPort] =
    await freePorts(6);
  return {
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    options: {
      runtime: "binary",
      bindAddress: "127.0.0.1",
      disableQPSLimits: true,
      etcdPort,
      etcdPeerPort,
      kubeApiserverPort,
      kubeControllerManagerPort,
      kubeSchedulerPort,
      etcdBinary: tools.etcd.path,
      kubeApiserverBinary: tools["kube-apiserver"].path,
      kubeControllerManagerBinary: tools["kube-controller-manager"].path,
      kubeSchedulerBinary: tools["kube-scheduler"].path,
      ...(kwok === undefined
        ? { disable: ["kwok-controller"], kubeApiserverCertSANs: [addresses.apiServer, addresses.node] }
        : { kwokControllerPort: kwokPort, kwokControllerBinary: kwok.path }),
    },
    componentsPatches: kwok === undefined ? realNodePatches(directory) : simulatedNodePatches(directory),
  };
}

/** They have no rivals, yet on a busy machine they lose the election for want of an answer, and exit. */
const noElection = [{ key: "leader-elect", value: "false" }];

function commonPatches(directory: string, controllerManager: object[]): object[] {
  // Its default is a folder of the system, which it makes.
  const plugins = { key: "flex-volume-plugin-dir", value: join(directory, "volume-plugins") };
  return [
    { name: "kube-controller-manager", extraArgs: [...noElection, plugins, ...controllerManager] },
    { name: "kube-scheduler", extraArgs: noElection },
  ];
}

function simulatedNodePatches(directory: string): object[] {
  // Without the provisioner volume claims stay pending, and StatefulSets never become ready.
  return commonPatches(directory, [{ key: "enable-hostpath-provisioner", value: "true" }]);
}

function realNodePatches(directory: string): object[] {
  const { clientCertificate, clientKey } = certificatesOf(directory);
  return [
    {
      name: "kube-apiserver",
      extraArgs: [
        { key: "service-cluster-ip-range", value: addresses.services },
        // Pods reach it at the node's address, on a port that stays the same: see local/node/objects.ts.
        { key: "endpoint-reconciler-type", value: "none" },
        { key: "egress-selector-config-file", value: egressFile(directory) },
        { key: "kubelet-preferred-address-types", value: "InternalIP" },
        { key: "kubelet-client-certificate", value: clientCertificate },
        { key: "kubelet-client-key", value: clientKey },
      ],
    },
    ...commonPatches(directory, []),
  ];
}

/** Configuration of the API server's way to the node, which has a network of its own. */
export function egressFile(directory: string): string {
  return join(directory, "egress.json");
}

/** The content of {@link egressFile}. */
export function egressConfig(directory: string): object {
  const uds = { udsName: nodeLayout(directory).sockets.inside };
  const connection = { proxyProtocol: "HTTPConnect", transport: { uds } };
  return {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [{ name: "cluster", connection }],
  };
}

/** What kwokctl says went wrong: the `err` of the last line of its JSON log. */
export function failure(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  const match = /"err":("(?:[^"\\]|\\.)*")/.exec(line);
  if (match !== null) return JSON.parse(match[1] as string) as string;
  return line === "" ? "the API server does not answer" : line.slice(0, 300);
}
