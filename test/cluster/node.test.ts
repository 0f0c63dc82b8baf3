import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CoreV1Api } from "@kubernetes/client-node";
import { readKubeconfig, removeCluster, startCluster } from "../../local/cluster/cluster";
import { whyNoNode } from "../../local/node/available";
import { hasCgroups } from "../../local/node/cgroups";
import { addresses, nodeLayout } from "../../local/node/layout";
import { run, sleep } from "../../local/processes";

/** Places of the system that programs of a node write to where nobody keeps them from it. */
const folders = [
  ...["/etc/cni", "/opt/cni", "/opt/containerd", "/run/containerd"],
  ...["/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"],
];
const settings = [
  ...[
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/ipv4/ip_forward",
  ],
  ...["kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/netfilter/nf_conntrack_max"],
];

/** Settings and folders of the machine that a node could change. */
async function machineState(): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const name of settings)
    state[name] = (await readFile(join("/proc/sys", name), "utf8").catch(() => "absent")).trim();
  for (const folder of folders)
    state[folder] = (await readdir(folder).catch(() => ["absent"])).sort().join(" ");
  return state;
}

/** What is there of the node in `cluster`, in words. */
async function leftOf(cluster: string): Promise<string[]> {
  const { directory, cgroup } = nodeLayout(cluster);
  const left: string[] = [];
  if (await hasCgroups(cgroup)) left.push(`cgroup ${cgroup}`);
  const mounts = await readFile("/proc/self/mounts", "utf8");
  left.push(...mounts.split("\n").filter((line) => line.includes(directory)));
  const network = await run("ip", ["-o", "address"]);
  const routes = await run("ip", ["route", "show", "table", "all"]);
  const ours = [addresses.node, addresses.podRange.split(".").slice(0, 2).join("."), "cni0"];
  left.push(
    ...(network.stdout + routes.stdout)
      .split("\n")
      .filter((line) => ours.some((part) => line.includes(part))),
  );
  const processes = await run("ps", ["-axww", "-o", "pid=,command="]);
  left.push(...processes.stdout.split("\n").filter((line) => line.includes(directory)));
  return left;
}

async function dnsPodIsReady(kubeconfig: string, logs: string): Promise<void> {
  const api = readKubeconfig(kubeconfig).makeApiClient(CoreV1Api);
  for (let attempt = 0; attempt < 240; attempt++) {
    const { items } = await api.listNamespacedPod({
      namespace: "kube-system",
      labelSelector: "k8s-app=kube-dns",
    });
    const ready = items.some(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
    );
    // Through the API server to the kubelet, by the sockets between their networks. After a restart the pod counts as
    // ready until the kubelet has seen that its container is gone, which has no log then.
    const name = items[0]?.metadata?.name as string;
    const text = ready
      ? await api.readNamespacedPodLog({ namespace: "kube-system", name }).catch(() => "")
      : "";
    if (text.includes("CoreDNS-")) return;
    await sleep(500);
  }
  assert.fail(`the pod of CoreDNS is not ready after 120 s: the node's logs are in ${logs}`);
}

const reason = process.env.NODES === "simulated" ? "NODES=simulated" : undefined;

test("a real node runs a pod, ends whole when its supervisor is killed, starts again, and leaves nothing", async (t) => {
  const why = reason ?? (await whyNoNode());
  if (why !== undefined) return t.skip(`SKIPPED: no real node here: ${why}`);
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-node-"));
  const directory = join(folder, "cluster");
  const { file, logs, mark } = nodeLayout(directory);
  const start = () => startCluster({ directory, nodes: "real", stackImages: false });
  try {
    const before = await machineState();
    const { kubeconfig } = await start();
    await dnsPodIsReady(kubeconfig, logs);

    const { stdout } = await run("ps", ["-axww", "-o", "pid=,command="]);
    const supervisor = stdout.split("\n").find((line) => line.includes(`${file("node.js")} supervise`));
    assert.ok(supervisor !== undefined && supervisor.includes(mark), "the supervisor runs");
    process.kill(Number.parseInt(supervisor, 10), "SIGKILL");
    const deadline = Date.now() + 60_000;
    let left = await leftOf(directory);
    while (left.length > 0 && Date.now() < deadline) {
      await sleep(500);
      left = await leftOf(directory);
    }
    assert.deepEqual(left, [], "left when the supervisor was killed");

    assert.equal((await start()).fresh, false, "the cluster starts again with its data");
    await dnsPodIsReady(kubeconfig, logs);
    await removeCluster(directory);
    assert.deepEqual(await leftOf(directory), [], "left after the cluster was removed");
    assert.deepEqual(await machineState(), before, "settings and folders of the machine");
  } finally {
    await removeCluster(directory);
    await rm(folder, { recursive: true, force: true });
  }
});
