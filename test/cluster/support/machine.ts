import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCgroups } from "../../../local/node/cgroups";
import { whyNoNode } from "../../../local/node/available";
import { addresses, nodeLayout } from "../../../local/node/layout";
import { run } from "../../../local/processes";
import { which } from "../../../local/tools/resolve";

/** Why a test on a real node is skipped, for its output; undefined where it can run. */
export async function whySkipped(): Promise<string | undefined> {
  const reason = process.env.NODES === "simulated" ? "NODES=simulated" : await whyNoNode();
  return reason === undefined ? undefined : `SKIPPED: no real node here: ${reason}`;
}

/** Places of the system that programs of a node write to where nobody keeps them from it. */
const folders = [
  ...["/etc/cni", "/opt/cni", "/opt/containerd", "/run/containerd"],
  ...["/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"],
  ...["/run/netns", "/run/xtables.lock", "/etc/kubernetes", "/usr/libexec/kubernetes", "/var/lib/dockershim"],
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

/** Rules, interfaces and named namespaces of the machine's own network; what other tests make has networks of its own. */
const network: readonly [string, ...string[]][] = [
  ["ip", "-o", "link", "show", "type", "bridge"],
  ["ip", "-o", "link", "show", "type", "veth"],
  ["ip", "netns", "list"],
  ["ip", "rule", "list"],
  ["iptables-save"],
  ["ip6tables-save"],
  ["nft", "list", "ruleset"],
];

/** Settings, folders, mounts, network, firewall and control groups of the machine that a node could change. */
export async function machineState(): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const [program, ...args] of network) {
    if ((await which(program)) === undefined) continue;
    // Counters of packets and the time of the listing differ by themselves.
    const { stdout } = await run(program, args);
    state[[program, ...args].join(" ")] = stdout.replaceAll(/^#.*$|\[\d+:\d+\]/gm, "").trim();
  }
  for (const file of ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"])
    state[file] = await readFile(file, "utf8").catch(() => "absent");
  state.mounts = await readFile("/proc/self/mounts", "utf8");
  const cgroups = await run("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-type", "d"]);
  // Those of other nodes come and go.
  state.cgroups = cgroups.stdout
    .split("\n")
    .filter((path) => !path.includes("/ds-monitoring-"))
    .sort()
    .join("\n");
  for (const name of settings)
    state[name] = (await readFile(join("/proc/sys", name), "utf8").catch(() => "absent")).trim();
  for (const folder of folders)
    state[folder] = existsSync(folder)
      ? (await readdir(folder).catch(() => ["a file"])).sort().join(" ")
      : "absent";
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
  // Those of containers do not name the folder.
  const members = await run("sh", ["-c", `grep -ls '/${cgroup}' /proc/[0-9]*/cgroup`]);
  left.push(...members.stdout.split("\n").filter((line) => line !== ""));
  return left;
}
