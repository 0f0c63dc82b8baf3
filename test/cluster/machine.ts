import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCgroups } from "../../local/node/cgroups";
import { whyNoNode } from "../../local/node/available";
import { addresses, nodeLayout } from "../../local/node/layout";
import { run } from "../../local/processes";

/** Why a test on a real node is skipped, for its output; undefined where it can run. */
export async function whySkipped(): Promise<string | undefined> {
  const reason = process.env.NODES === "simulated" ? "NODES=simulated" : await whyNoNode();
  return reason === undefined ? undefined : `SKIPPED: no real node here: ${reason}`;
}

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
export async function machineState(): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const name of settings)
    state[name] = (await readFile(join("/proc/sys", name), "utf8").catch(() => "absent")).trim();
  for (const folder of folders)
    state[folder] = (await readdir(folder).catch(() => ["absent"])).sort().join(" ");
  return state;
}

/** What is there of the node in `cluster`, in words. */
export async function leftOf(cluster: string): Promise<string[]> {
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
