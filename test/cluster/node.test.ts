import assert from "node:assert/strict";
import { mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CoreV1Api } from "@kubernetes/client-node";
import { clusterProcesses, readKubeconfig, removeCluster, startCluster } from "../../local/cluster/cluster";
import { nodeLayout } from "../../local/node/layout";
import { endProcesses, processes, run, sleep } from "../../local/processes";
import { waitFor } from "../dataplane/support/waitFor";
import { leftOf, machineState, whySkipped } from "./support/machine";

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

/** Ids of the processes that run this program of the node: its folder is where they work. */
async function programOf(folder: string, name: string): Promise<number[]> {
  const all = await processes();
  const found = all.filter(({ command }) => command.split(" ")[0]?.split("/").at(-1) === name);
  const places = await Promise.all(found.map(({ pid }) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return found.filter((_, index) => places[index] === folder).map(({ pid }) => pid);
}

const title =
  "a real node runs a pod, starts its programs again when they are killed, ends whole when its supervisor is killed, starts again as after a reboot, and leaves nothing";

// Where no tool is there yet, all are built.
test(title, { timeout: 45 * 60_000 }, async (t) => {
  const why = await whySkipped();
  if (why !== undefined) return t.skip(why);
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-node-"));
  const directory = join(folder, "cluster");
  const layout = nodeLayout(directory);
  const { file, logs, mark } = layout;
  const start = () => startCluster({ directory, nodes: "real", stackImages: false });
  try {
    const before = await machineState();
    const { kubeconfig } = await start();
    await dnsPodIsReady(kubeconfig, logs);

    for (const name of ["kubelet", "containerd", "kube-proxy", "kube-router"]) {
      const killed = await programOf(layout.directory, name);
      assert.equal(killed.length, 1, `${name} runs`);
      for (const pid of killed) process.kill(pid, "SIGKILL");
      await waitFor(`another ${name}`, 30_000, async () => {
        const [another] = await programOf(layout.directory, name);
        return another !== undefined && !killed.includes(another) ? another : undefined;
      });
    }
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

    // Now only files are left, as after a reboot.
    await endProcesses(await clusterProcesses(directory), 0);
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
