import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AggregatorConfigOptions,
  renderAggregatorConfig,
} from "../../../components/fluentd/aggregatorConfig";
import { type ConfigFiles, fluentdArguments } from "../../../components/fluentd/contractFiles";
import { renderSidecarConfig, type SidecarConfigOptions } from "../../../components/fluentd/sidecarConfig";
import { endProcesses, isAlive, run } from "../../../local/processes";
import { freePort } from "../../../local/ports";
import { answers, type Service, startService } from "../../../local/services/service";

/** A Fluentd that runs. */
export interface Fluentd extends Service {
  /** Folder of its configuration, buffer and log. */
  readonly directory: string;
  /** End supervisor and worker at once, as the loss of a node does: SIGKILL, nothing is flushed. */
  kill(): Promise<void>;
}

/** An aggregator that runs. */
export interface Aggregator extends Fluentd {
  /** Port of the forward input. */
  readonly port: number;
  /** Base URL of the monitor agent. */
  readonly monitorUrl: string;
}

/** How an aggregator is started; the same `directory` and ports continue an earlier one. */
export interface AggregatorOptions extends Omit<
  AggregatorConfigOptions,
  "dataPath" | "bind" | "port" | "monitorPort"
> {
  /** The program, e.g. from `resolveTool("fluentd")`. */
  command: string;
  directory: string;
  /** @default a free one */
  port?: number;
  /** @default a free one */
  monitorPort?: number;
  sharedKey: string;
  influxDb: { username: string; password: string };
}

/** Start an aggregator with the rendered configuration, on 127.0.0.1. */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const { command, directory, sharedKey, influxDb, ...rendered } = options;
  const port = options.port ?? (await freePort());
  const monitorPort = options.monitorPort ?? (await freePort());
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const dataPath = join(directory, "data");
  const files = renderAggregatorConfig({ ...rendered, dataPath, bind: "127.0.0.1", port, monitorPort });
  const service = await startFluentd({
    command,
    directory,
    files,
    env: {
      TMPDIR: join(directory, "tmp"),
      FLUENTD_SHARED_KEY: sharedKey,
      INFLUXDB_USERNAME: influxDb.username,
      INFLUXDB_PASSWORD: influxDb.password,
    },
    isReady: () => answers(`${monitorUrl}/api/plugins.json`),
  });
  return { ...service, port, monitorUrl };
}

/** How a sidecar is started; the same `directory` continues an earlier one. */
export interface SidecarOptions extends Omit<SidecarConfigOptions, "bufferPath" | "logPath"> {
  command: string;
  directory: string;
  /** Folder that the application writes its logs to. */
  logPath: string;
  sharedKey: string;
  /** @default "pod-0" */
  podName?: string;
}

/** Start a sidecar with the rendered configuration. */
export async function startSidecar(options: SidecarOptions): Promise<Fluentd> {
  const { command, directory, sharedKey, podName = "pod-0", ...rendered } = options;
  // It listens nowhere: its log says when it runs, and keeps what an earlier start said.
  const starts = async () =>
    (await readFile(join(directory, "fluentd.log"), "utf8").catch(() => "")).split(
      "fluentd worker is now running",
    ).length;
  const before = await starts();
  return startFluentd({
    command,
    directory,
    files: renderSidecarConfig({ ...rendered, bufferPath: join(directory, "buffer") }),
    env: { TMPDIR: join(directory, "buffer"), FLUENTD_SHARED_KEY: sharedKey, POD_NAME: podName },
    isReady: async () => (await starts()) > before,
  });
}

interface FluentdOptions {
  command: string;
  directory: string;
  files: ConfigFiles;
  env: Record<string, string> & { TMPDIR: string };
  isReady: () => Promise<boolean>;
}

async function startFluentd({ command, directory, files, env, isReady }: FluentdOptions): Promise<Fluentd> {
  const configuration = join(directory, "etc");
  for (const folder of [configuration, env.TMPDIR]) await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(configuration, name), content);
  const service = await startService({
    command,
    args: fluentdArguments(configuration),
    logFile: join(directory, "fluentd.log"),
    env: { ...process.env, ...env },
    isReady,
  });
  const kill = async () => {
    // The supervisor first: it would start a new worker. No SIGTERM before: nothing may be flushed.
    const pids = await processFamily(service.pid);
    for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
    await endProcesses(pids);
  };
  const stop = async (graceMs?: number) => {
    const pids = await processFamily(service.pid);
    await service.stop(graceMs);
    // A supervisor that had to be killed leaves its worker behind.
    await endProcesses(pids, 0);
  };
  return { ...service, stop, directory, kill };
}

/** Ids of a Fluentd's processes: the supervisor, then its workers. */
export async function processFamily(supervisor: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-ax", "-o", "pid=,ppid="]);
  const workers = stdout.split("\n").flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return parent === supervisor && pid !== undefined ? [pid] : [];
  });
  return [supervisor, ...workers];
}
