import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../userError";

/** The name of the real node in the cluster. */
export const nodeName = "node";

/** Addresses inside the node's own network namespace: nobody outside sees them. */
export const addresses = {
  /** The node. */
  node: "192.168.127.2",
  /** Pods, a part of `podRange`. */
  pods: "10.244.0.0/24",
  podRange: "10.244.0.0/16",
  services: "10.96.0.0/16",
  /** The Service of the API server: the first address of `services`. */
  apiServer: "10.96.0.1",
  dns: "10.96.0.10",
} as const;

/** Ports on the node's address. */
export const ports = { apiServer: 6443, kubelet: 10250, proxy: 3128 } as const;

/** Folders of the machine that the node's programs do not see: what they write there stays in the node (init.sh). */
const hiddenFolders = ["/run", "/var/log", "/var/lib"];

/** @throws UserError where the node's programs could not see their files in this folder */
export async function requireVisible(clusterDirectory: string): Promise<void> {
  const folder = await realpath(clusterDirectory);
  const hidden = hiddenFolders.find((one) => `${folder}/`.startsWith(`${one}/`));
  if (hidden === undefined) return;
  throw new UserError(
    `The state folder ${folder} is in ${hidden}, which a real node has of its own: ` +
      "set DS_MONITORING_STATE (or XDG_STATE_HOME) to a folder elsewhere, or NODES=simulated.",
  );
}

/** Where the node of a cluster has its files. All it writes is in this folder. */
export function nodeLayout(clusterDirectory: string) {
  const directory = join(clusterDirectory, "node");
  const file = (...names: string[]) => join(directory, ...names);
  return {
    directory,
    file,
    logs: file("logs"),
    volumes: file("volumes"),
    containerd: file("containerd.sock"),
    /** Sockets that lead into and out of the node's network. */
    sockets: { apiServer: file("api.sock"), outside: file("out.sock"), inside: file("in.sock") },
    /** The group of processes in each hierarchy of /sys/fs/cgroup. */
    cgroup: `ds-monitoring-${createHash("sha256").update(directory).digest("hex").slice(0, 10)}`,
    /** An argument of the processes that keep the node: they are found by it. */
    mark: `--ds-monitoring-node=${directory}`,
  };
}

export type NodeLayout = ReturnType<typeof nodeLayout>;
