import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CoreV1Api, Health, KubeConfig, StorageV1Api } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { withLock } from "../lock";
import { nodeLayout, requireVisible } from "../node/layout";
import { nodeRuns, resolveNodeTools, startNode, stopNode } from "../node/node";
import { endProcesses, processesOf } from "../processes";
import { resolveTool, resolveTools, type ResolveOptions, type ResolvedTool } from "../tools/resolve";
import { UserError } from "../userError";
import {
  certificatesOf,
  clusterFolder,
  controlPlaneParts,
  egressConfig,
  egressFile,
  failure,
  kwokctl,
  kwokctlConfig,
  readySeconds,
} from "./kwokctl";

/** Nodes that kwok simulates: two, so that spreading and rescheduling have somewhere to go. */
const defaultNodes = 2;
const createAttempts = 3;
/** The API server waits for its clients to leave; etcd's files survive being killed. */
const graceMs = 2_000;

export interface ClusterOptions {
  /** Folder of the cluster: its data, keys, logs and kubeconfig. Different folders, different clusters. */
  directory: string;
  /** Number of simulated nodes, default 2, or a real one. Only a new cluster is made so. */
  nodes?: number | "real";
  /** false: a real node gets the images that it needs itself, and none of the local stack's. Default true. */
  stackImages?: boolean;
  /** false: only the control plane is started; objects can be previewed then. Default true. */
  startNode?: boolean;
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
 * on 127.0.0.1, with nodes simulated by kwok, or a real one. A running one is taken as it is, a stopped one is started with its
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
      const node = async (): Promise<void> => {
        if (options.startNode === false || !(await hasRealNode(directory))) return;
        const connection = {
          kubeconfig,
          config: readKubeconfig(kubeconfig),
          certificates: certificatesOf(directory),
        };
        await startNode(directory, connection, { stackImages: options.stackImages, ...options.tools, log });
      };
      const status = await clusterStatus(directory);
      if (status === "running") {
        await node();
        return { kubeconfig, fresh: false };
      }

      const tools = await resolveTools(["kwokctl", ...controlPlaneParts], { ...options.tools, log });
      await stopNode(directory);
      await endProcesses(await clusterProcesses(directory), graceMs);
      if (status !== "absent" && (await isComplete(directory))) {
        log("starting the Kubernetes control plane again");
        const problem = await startAgain(directory, tools.kwokctl);
        if (problem === undefined) {
          await node();
          return { kubeconfig, fresh: false };
        }
        log(`it did not start (${problem}); replacing it with a new, empty one`);
        await endProcesses(await clusterProcesses(directory), graceMs);
      }
      log("creating the Kubernetes control plane");
      const nodes = options.nodes ?? defaultNodes;
      if (nodes === "real") await requireVisible(directory);
      // Before anything is made: what can't be had shows at once.
      if (nodes === "real" && options.startNode !== false) await resolveNodeTools({ ...options.tools, log });
      const kwok = nodes === "real" ? undefined : await resolveTool("kwok", { ...options.tools, log });
      await create(directory, tools, kwok, log);
      if (nodes !== "real") await simulateNodes(directory, tools.kwokctl, nodes);
      await node();
      await writeFile(completeMarker(directory), "");
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
  const node = await stopNode(directory);
  const pids = await clusterProcesses(directory);
  await endProcesses(pids, 0);
  for (const folder of volumes) await rm(folder, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
  return pids.length + node;
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
  const expected = controlPlaneParts.length + ((await hasRealNode(directory)) ? 0 : 1);
  if (running >= expected && (await isComplete(directory)) && (await isReady(directory))) return "running";
  if (running > 0 || (await nodeRuns(directory))) return "broken";
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

/** The nodes that the cluster in `directory` was made with; undefined where there is none, or its creation was cut off. */
export async function nodesOf(directory: string): Promise<"real" | "simulated" | undefined> {
  if (!(await isComplete(directory))) return undefined;
  return (await hasRealNode(directory)) ? "real" : "simulated";
}

function hasRealNode(directory: string): Promise<boolean> {
  return exists(egressFile(directory));
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
  tools: Record<"kwokctl" | (typeof controlPlaneParts)[number], ResolvedTool>,
  kwok: ResolvedTool | undefined,
  log: (line: string) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    for (const path of [
      completeMarker(directory),
      egressFile(directory),
      join(directory, "clusters"),
      nodeLayout(directory).directory,
    ]) {
      await rm(path, { recursive: true, force: true });
    }
    if (kwok === undefined) await writeFile(egressFile(directory), JSON.stringify(egressConfig(directory)));
    const config = join(directory, "kwokctl.yaml");
    await writeFile(config, stringify(await kwokctlConfig(directory, tools, kwok)));
    const result = await kwokctl(tools.kwokctl, directory, [
      ...["create", "cluster", "--config", config, "--kubeconfig", join(directory, "kubeconfig")],
      ...["--wait", `${readySeconds}s`],
    ]);
    if (result.code === 0 && (await isReady(directory))) return;
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
}

async function simulateNodes(directory: string, tool: ResolvedTool, nodes: number): Promise<void> {
  const scaled = await kwokctl(tool, directory, ["scale", "node", "--replicas", String(nodes)]);
  if (scaled.code !== 0) throw new UserError(`creating simulated nodes failed: ${scaled.stderr.trim()}`);
  const api = readKubeconfig(kubeconfigOf(directory)).makeApiClient(StorageV1Api);
  await api.createStorageClass({ body: storageClass });
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
