import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CoreV1Api } from "@kubernetes/client-node";
import { readKubeconfig, removeCluster, startCluster } from "../../local/cluster/cluster";
import { nodeLayout } from "../../local/node/layout";
import { run, sleep } from "../../local/processes";
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

test("a real node runs a pod, ends whole when its supervisor is killed, starts again, and leaves nothing", async (t) => {
  const why = await whySkipped();
  if (why !== undefined) return t.skip(why);
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
