import { spawn } from "node:child_process";
import { existsSync, openSync, closeSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { repositoryRoot } from "../paths";
import { endProcesses, run, sleep } from "../processes";
import { resolveTools, type ResolvedTool, type ResolveOptions, type ToolName } from "../tools/resolve";
import { UserError } from "../userError";
import { hasCgroups, makeCgroups, removeCgroups } from "./cgroups";
import { nodeConfigs, type Certificates } from "./configs";
import { dnsImage, importImages, nodeImages, stackImages } from "./images";
import { addresses, nodeLayout, nodeName, ports, type NodeLayout } from "./layout";
import { applyNodeObjects } from "./objects";

const readySeconds = 120;

const networkPlugins = ["cni-bridge", "cni-loopback", "cni-host-local", "cni-portmap"] as const;
/** The tools of a node; in this order, so that what can't be had shows early. */
export const nodePrograms = [
  ...["containerd", "containerd-shim-runc-v2", "ctr", "runc", "kubelet", "kube-proxy", "kube-router"],
  ...["iptables", "ipset", "pause", "coredns"],
  ...networkPlugins,
] as const satisfies readonly ToolName[];

type Tools = Record<(typeof nodePrograms)[number], ResolvedTool>;

/** Find or build what a node needs. */
export function resolveNodeTools(options: ResolveOptions): Promise<Tools> {
  return resolveTools<(typeof nodePrograms)[number]>(nodePrograms, options) as Promise<Tools>;
}

/**
 * Start the real node of the cluster in `clusterDirectory` unless it runs, and give it the images that it lacks.
 *
 * @throws UserError when it does not become ready; the message names the logs
 */
export async function startNode(
  clusterDirectory: string,
  cluster: { kubeconfig: string; config: KubeConfig; certificates: Certificates },
  options: ResolveOptions & { stackImages?: boolean; log: (line: string) => void },
): Promise<void> {
  const layout = nodeLayout(clusterDirectory);
  const tools = await resolveNodeTools(options);
  const images = [
    ...(await nodeImages(tools.pause, tools.coredns)),
    ...(options.stackImages === false ? [] : await stackImages(options.log)),
  ];
  const started = Date.now();
  if ((await nodeProcesses(layout)).length === 0 || !(await isReady(cluster.config))) {
    await endNode(layout);
    options.log("starting the node");
    await writeFiles(layout, tools, cluster.certificates);
    await makeCgroups(layout.cgroup);
    launch(layout, tools, cluster.kubeconfig);
    await waitFor(layout, "containerd", () => answers(layout, tools.ctr));
  }
  await importImages(layout, tools.ctr, images, options.log);
  await applyNodeObjects(cluster.config, dnsImage(tools.coredns));
  await waitFor(layout, "the kubelet", () => isReady(cluster.config));
  options.log(`the node is ready (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/**
 * End the node of the cluster in `clusterDirectory`, also what is left of one that was killed: its processes, and with
 * them its mounts and network, and its cgroups. Its files are kept.
 *
 * @returns how many of its own processes were ended
 */
export function stopNode(clusterDirectory: string): Promise<number> {
  return endNode(nodeLayout(clusterDirectory));
}

/** Whether the node of that cluster runs. */
export async function nodeRuns(clusterDirectory: string): Promise<boolean> {
  return (await nodeProcesses(nodeLayout(clusterDirectory))).length > 0;
}

async function endNode(layout: NodeLayout): Promise<number> {
  const pids = await nodeProcesses(layout);
  await endProcesses(pids, 3_000);
  if (await hasCgroups(layout.cgroup)) await removeCgroups(layout.cgroup);
  return pids.length;
}

/** Those that keep the node: its supervisor, the guard, and the first process of its namespaces. */
async function nodeProcesses({ mark }: NodeLayout): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const own = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return command.split("\0").includes(mark) ? [Number(pid)] : [];
    }),
  );
  return own.flat();
}

async function writeFiles(layout: NodeLayout, tools: Tools, certificates: Certificates): Promise<void> {
  await mkdir(layout.directory, { recursive: true });
  const bundle = join(repositoryRoot, "dist", "node.js");
  if (!existsSync(bundle)) throw new UserError("dist/node.js is missing: run `npm run build`");
  // Copies: the node outlives a change of the checkout, and is none of its processes that a killed run leaves.
  await copyFile(bundle, layout.file("node.js"));
  await copyFile(join(repositoryRoot, "local", "node", "init.sh"), layout.file("init.sh"));
  for (const folder of ["logs", "volumes", "cni/bin", "containerd", "kubelet", "pod-logs"]) {
    await mkdir(layout.file(folder), { recursive: true });
  }
  for (const socket of [layout.containerd, layout.sockets.inside]) await rm(socket, { force: true });
  // Pods get their addresses anew: those of an earlier start are not returned.
  await rm(layout.file("cni", "addresses"), { recursive: true, force: true });
  // Containers reach their volumes through these folders, by other users.
  await chmod(layout.volumes, 0o711);
  for (const name of networkPlugins) {
    const link = layout.file("cni", "bin", name.replace(/^cni-/, ""));
    await rm(link, { force: true });
    await symlink(tools[name].path, link);
  }
  const snapshotter = await snapshotterFor(layout);
  for (const [name, text] of Object.entries(
    nodeConfigs(layout, { certificates, runc: tools.runc.path, snapshotter }),
  )) {
    await writeFile(layout.file(name), text, { mode: 0o600 });
  }
}

/** Not every file system can be the upper one of an overlay; of those that can't, layers are copied. */
async function snapshotterFor(layout: NodeLayout): Promise<"overlayfs" | "native"> {
  const folder = layout.file("overlay");
  const script = `mkdir -p a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c overlay d`;
  await mkdir(folder, { recursive: true });
  const { code } = await run("unshare", ["--mount", "sh", "-ec", script], { cwd: folder });
  await rm(folder, { recursive: true, force: true });
  return code === 0 ? "overlayfs" : "native";
}

function launch(layout: NodeLayout, tools: Tools, kubeconfig: string): void {
  const folders = new Set(nodePrograms.map((name) => dirname(tools[name].path)));
  const log = openSync(layout.file("logs", "node.log"), "a");
  const bundle = layout.file("node.js");
  const args = [
    bundle,
    "supervise",
    dirname(layout.directory),
    kubeconfig,
    layout.file("init.sh"),
    layout.mark,
  ];
  const child = spawn(process.execPath, args, {
    cwd: layout.directory,
    detached: true,
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      PATH: [...folders, process.env.PATH ?? ""].join(delimiter),
      NODE_ADDRESS: addresses.node,
      NODE_BUNDLE: bundle,
      NODE_CLUSTER: dirname(layout.directory),
      NODE_DIRECTORY: layout.directory,
      NODE_GATEWAY: addresses.pods.replace(/\.0\//, ".1/"),
      NODE_PROGRAM: process.execPath,
      NODE_PROXY: `http://127.0.0.1:${ports.proxy}`,
      NODE_SERVICES: addresses.services,
    },
  });
  child.unref();
  closeSync(log);
}

async function waitFor(layout: NodeLayout, what: string, ready: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + readySeconds * 1000;
  while (!(await ready())) {
    await sleep(250);
    const ended = (await nodeProcesses(layout)).length === 0;
    if (!ended && Date.now() < deadline) continue;
    const why = ended ? "ended" : `was not ready in ${readySeconds} s`;
    await endNode(layout);
    throw new UserError(`The node was started, and ${what} ${why}. Its logs are in ${layout.logs}.`);
  }
}

async function answers(layout: NodeLayout, ctr: ResolvedTool): Promise<boolean> {
  if (!existsSync(layout.containerd)) return false;
  const args = ["--address", layout.containerd, "--connect-timeout", "2s", "version"];
  return (await run(ctr.path, args, { timeoutMs: 5_000 })).code === 0;
}

async function isReady(config: KubeConfig): Promise<boolean> {
  try {
    const { status } = await config.makeApiClient(CoreV1Api).readNode({ name: nodeName });
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    // After a restart the condition of the earlier node is there still.
    return ready?.status === "True" && Date.now() - (ready.lastHeartbeatTime?.getTime() ?? 0) < 20_000;
  } catch {
    return false;
  }
}
