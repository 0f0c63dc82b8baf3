import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { addresses, nodeLayout, ports, type NodeLayout } from "./layout";
import { removeCgroups } from "./cgroups";
import { provisionVolumes } from "./provisioner";
import { connectProxy, forward } from "./relay";

/**
 * Programs of the real node, bundled as dist/node.js.
 *
 * `supervise CLUSTER KUBECONFIG INIT`: outside of the node's namespaces; starts them, leads into and out of their network,
 * and provisions volumes. When the node ends, it ends, and nothing is left.
 *
 * `relay CLUSTER`: the same inside of the node's network.
 */
function main([role, cluster, kubeconfig, init]: string[]): void {
  const layout = nodeLayout(cluster as string);
  if (role === "supervise") supervise(layout, kubeconfig as string, init as string);
  else if (role === "relay") relay(layout);
  else throw new Error("usage: node.js supervise CLUSTER KUBECONFIG INIT | relay CLUSTER");
}

function relay({ sockets }: NodeLayout): void {
  forward({ host: addresses.node, port: ports.apiServer }, { path: sockets.apiServer });
  forward({ host: "127.0.0.1", port: ports.proxy }, { path: sockets.outside });
  rmSync(sockets.inside, { force: true });
  connectProxy({ path: sockets.inside });
}

function supervise(layout: NodeLayout, kubeconfig: string, init: string): void {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = new URL(config.getCurrentCluster()?.server as string);
  for (const socket of [layout.sockets.apiServer, layout.sockets.outside]) rmSync(socket, { force: true });
  forward({ path: layout.sockets.apiServer }, { host: server.hostname, port: Number(server.port) });
  const proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy;
  if (proxy === undefined || proxy === "") connectProxy({ path: layout.sockets.outside });
  else
    forward(
      { path: layout.sockets.outside },
      { host: new URL(proxy).hostname, port: Number(new URL(proxy).port || 80) },
    );

  const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  const node = spawn("unshare", [...namespaces, "sh", init, layout.mark], { stdio: "inherit" });
  keepGuard(layout, node.pid as number);
  void provisionVolumes(config, layout.volumes);
  const end = (why: string) => {
    console.error(`the node ends: ${why}`);
    node.kill("SIGKILL");
    void removeCgroups(layout.cgroup).then(() => process.exit(1));
  };
  node.once("exit", (code, signal) => end(`its first process ended with ${signal ?? code}`));
  process.once("SIGTERM", () => end("it was asked to"));
}

/** A process that does the same in case this one is killed: it waits for the end of a pipe from here. */
function keepGuard(layout: NodeLayout, node: number): void {
  const script = `
cat >/dev/null
kill -9 ${node} 2>/dev/null
for attempt in $(seq 200); do
  find /sys/fs/cgroup -depth -type d -path '*/${layout.cgroup}*' -exec rmdir {} + 2>/dev/null
  [ -n "$(find /sys/fs/cgroup -maxdepth 2 -name ${layout.cgroup})" ] || exit 0
  sleep 0.1
done`;
  const guard = spawn("sh", ["-c", script, "sh", layout.mark], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.once("exit", () => keepGuard(layout, node));
}

main(process.argv.slice(2).filter((arg) => !arg.startsWith("--")));
