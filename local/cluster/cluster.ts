import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CoreV1Api, Health, KubeConfig, StorageV1Api } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { withLock } from "../lock";
import { endProcesses, processesOf, run } from "../processes";
import { resolveTools, type ResolveOptions, type ResolvedTool } from "../tools/resolve";
import { UserError } from "../userError";
import { freePorts } from "../ports";

/** Nodes that kwok simulates: two, so that spreading and rescheduling have somewhere to go. */
const defaultNodes = 2;
const readySeconds = 90;
const createAttempts = 3;
/** The API server waits for its clients to leave; etcd's files survive being killed. */
const graceMs = 2_000;

const parts = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] as const;

export interface ClusterOptions {
  /** Folder of the cluster: its data, keys, logs and kubeconfig. Different folders, different clusters. */
  directory: string;
  /** Number of simulated nodes. Default 2. */
  nodes?: number;
  /** Progress, a line each; default: standard error. */
  log?: (line: string) => void;
  /** How the programs of the control plane are found. */
  tools?: ResolveOptions;
}

export interface Cluster {
  /** Path of a kubeconfig with administrator rights. */
  kubeconfig: string;
  /** True when the cluster is new and empty: what an earlier one held is gone. */
  fresh: boolean;
}

export type ClusterStatus = "absent" | "stopped" | "broken" | "running";

/**
 * Start the embedded Kubernetes control plane in `directory`: real etcd, API server, controllers and scheduler
 * on 127.0.0.1, with nodes simulated by kwok. A running one is taken as it is, a stopped one is started with its
 * data, and one that was left half-made or does not start is replaced by a new one.
 *
 * @throws UserError when it does not become ready; the message names the log files
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { directory } = options;
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return withLock(
    join(directory, "lock"),
    async () => {
      const kubeconfig = kubeconfigOf(directory);
      const status = await clusterStatus(directory);
      if (status === "running") return { kubeconfig, fresh: false };

      const tools = await resolveTools(["kwokctl", ...parts], { ...options.tools, log });
      await endProcesses(await clusterProcesses(directory), graceMs);
      if (status !== "absent" && (await isComplete(directory))) {
        log("starting the Kubernetes control plane again");
        const problem = await startAgain(directory, tools.kwokctl);
        if (problem === undefined) return { kubeconfig, fresh: false };
        log(`it did not start (${problem}); replacing it with a new, empty one`);
        await endProcesses(await clusterProcesses(directory), graceMs);
      }
      log("creating the Kubernetes control plane");
      await create(directory, tools, options.nodes ?? defaultNodes, log);
      return { kubeconfig, fresh: true };
    },
    () => log("waiting for another run, which is starting this cluster"),
  );
}

/**
 * End every process of the cluster in `directory` and remove its data.
 *
 * @returns the number of processes that were ended
 */
export async function removeCluster(directory: string): Promise<number> {
  const volumes = await volumeFolders(directory);
  const pids = await clusterProcesses(directory);
  await endProcesses(pids, 0);
  for (const folder of volumes) await rm(folder, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
  return pids.length;
}

/**
 * Folders of the cluster's volumes: the controller manager makes them outside of the cluster's folder, and removes them
 * with their claims only. None of a cluster that does not answer.
 */
async function volumeFolders(directory: string): Promise<string[]> {
  if (!(await isReady(directory))) return [];
  const api = readKubeconfig(kubeconfigOf(directory)).makeApiClient(CoreV1Api);
  const { items } = await api.listPersistentVolume();
  return items.flatMap(({ spec }) => spec?.hostPath?.path ?? []).filter(isProvisioned);
}

/** Where kube-controller-manager's host-path provisioner makes its folders, which can't be chosen. */
function isProvisioned(folder: string): boolean {
  return folder.startsWith("/tmp/hostpath_pv/");
}

/** `broken`: something of it runs, but not all, or it does not answer. */
export async function clusterStatus(directory: string): Promise<ClusterStatus> {
  const running = (await clusterProcesses(directory)).length;
  if (running >= parts.length && (await isComplete(directory)) && (await isReady(directory)))
    return "running";
  if (running > 0) return "broken";
  return (await exists(kubeconfigOf(directory))) ? "stopped" : "absent";
}

/** The kubeconfig of the cluster in `directory`. */
export function kubeconfigOf(directory: string): string {
  return join(clusterFolder(directory), "kubeconfig.yaml");
}

/** The connection that a kubeconfig's current context describes. */
export function readKubeconfig(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** Ids of the processes of the control plane: kwokctl starts them from links in the cluster's folder. */
export function clusterProcesses(directory: string): Promise<number[]> {
  return processesOf(`${clusterFolder(directory)}/bin/`);
}

const clusterName = "local";

function clusterFolder(directory: string): string {
  return join(directory, "clusters", clusterName);
}

/** Written last: without it a creation was cut off. */
function completeMarker(directory: string): string {
  return join(directory, "complete");
}

function isComplete(directory: string): Promise<boolean> {
  return exists(completeMarker(directory));
}

async function isReady(directory: string): Promise<boolean> {
  try {
    const health = new Health(readKubeconfig(kubeconfigOf(directory)));
    return await health.readyz({ signal: AbortSignal.timeout(5_000) });
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch {
    return false;
  }
}

function kwokctl(tool: ResolvedTool, directory: string, args: readonly string[]) {
  return run(tool.path, ["--name", clusterName, "--v", "ERROR", ...args], {
    env: { ...process.env, KWOK_WORKDIR: directory },
    timeoutMs: (readySeconds + 30) * 1000,
  });
}

/** @returns what went wrong, or undefined when the cluster is ready */
async function startAgain(directory: string, tool: ResolvedTool): Promise<string | undefined> {
  // kwokctl takes the process ids in these files at their word; after a reboot they belong to others.
  const pids = join(clusterFolder(directory), "pids");
  await rm(pids, { recursive: true, force: true });
  await mkdir(pids);
  const result = await kwokctl(tool, directory, ["start", "cluster", "--wait", `${readySeconds}s`]);
  if (result.code === 0 && (await isReady(directory))) return undefined;
  return failure(result.stderr);
}

async function create(
  directory: string,
  tools: Record<"kwokctl" | (typeof parts)[number], ResolvedTool>,
  nodes: number,
  log: (line: string) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    for (const name of ["complete", "clusters"]) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
    const config = join(directory, "kwokctl.yaml");
    await writeFile(config, stringify(await kwokctlConfig(tools)));
    const result = await kwokctl(tools.kwokctl, directory, [
      ...["create", "cluster", "--config", config, "--kubeconfig", join(directory, "kubeconfig")],
      // Without it volume claims stay pending, and StatefulSets never become ready.
      ...["--extra-args", "kube-controller-manager=enable-hostpath-provisioner=true"],
      // They have no rivals, yet on a busy machine they lose the election for want of an answer, and exit.
      ...["kube-controller-manager", "kube-scheduler"].flatMap((name) => [
        "--extra-args",
        `${name}=leader-elect=false`,
      ]),
      ...["--wait", `${readySeconds}s`],
    ]);
    if (result.code === 0 && (await isReady(directory))) break;
    await endProcesses(await clusterProcesses(directory), graceMs);
    const reason = failure(result.stderr);
    if (attempt === createAttempts) {
      throw new UserError(
        `The Kubernetes control plane did not become ready in ${readySeconds} s (${reason}). ` +
          `Its logs are in ${join(clusterFolder(directory), "logs")}.`,
      );
    }
    log(`  it did not become ready (${reason}); trying again on other ports`);
  }
  const scaled = await kwokctl(tools.kwokctl, directory, ["scale", "node", "--replicas", String(nodes)]);
  if (scaled.code !== 0) throw new UserError(`creating simulated nodes failed: ${scaled.stderr.trim()}`);
  const api = readKubeconfig(kubeconfigOf(directory)).makeApiClient(StorageV1Api);
  await api.createStorageClass({ body: storageClass });
  await writeFile(completeMarker(directory), "");
}

/** Every port is chosen here: kwokctl's own choice collides when two clusters are created at once. */
async function kwokctlConfig(tools: Record<(typeof parts)[number], ResolvedTool>): Promise<object> {
  const ports = await freePorts(6);
  return {
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    options: {
      runtime: "binary",
      bindAddress: "127.0.0.1",
      disableQPSLimits: true,
      etcdPort: ports[0],
      etcdPeerPort: ports[1],
      kubeApiserverPort: ports[2],
      kubeControllerManagerPort: ports[3],
      kubeSchedulerPort: ports[4],
      kwokControllerPort: ports[5],
      etcdBinary: tools.etcd.path,
      kubeApiserverBinary: tools["kube-apiserver"].path,
      kubeControllerManagerBinary: tools["kube-controller-manager"].path,
      kubeSchedulerBinary: tools["kube-scheduler"].path,
      kwokControllerBinary: tools.kwok.path,
    },
  };
}

/** The default class: the controller manager itself provisions its volumes, as empty folders of this machine. */
const storageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "kubernetes.io/host-path",
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

/** What kwokctl says went wrong: the `err` of the last line of its JSON log. */
function failure(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  const match = /"err":("(?:[^"\\]|\\.)*")/.exec(line);
  if (match !== null) return JSON.parse(match[1] as string) as string;
  return line === "" ? "the API server does not answer" : line.slice(0, 300);
}
