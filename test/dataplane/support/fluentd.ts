import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AggregatorConfigOptions,
  renderAggregatorConfig,
} from "../../../components/fluentd/aggregatorConfig";
import { type ConfigFiles, fluentdArguments } from "../../../components/fluentd/contractFiles";
import { temporaryDirectory } from "../../../components/fluentd/paths";
import { sidecarArguments } from "../../../components/fluentd/runFluentd";
import { renderSidecarConfig, type SidecarConfigOptions } from "../../../components/fluentd/sidecarConfig";
import { endProcesses, familyOf, isAlive } from "../../../local/processes";
import { freePort } from "../../../local/ports";
import { answers, type Service, startService } from "../../../local/services/service";

/** A Fluentd that runs. */
export interface Fluentd extends Service {
  /** Folder of its configuration, buffer and log. */
  readonly directory: string;
  /** End all its processes at once, as the loss of a node does: SIGKILL, nothing is flushed. */
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
  "dataPath" | "configFolder" | "bind" | "port" | "monitorPort"
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
  const configFolder = configurationFolder(directory);
  const files = renderAggregatorConfig({
    ...rendered,
    dataPath,
    configFolder,
    bind: "127.0.0.1",
    port,
    monitorPort,
  });
  const service = await startFluentd({
    command,
    args: fluentdArguments(configurationFolder(directory)),
    directory,
    files,
    env: {
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
  /** What runs the script that runs Fluentd. @default "sh" */
  shell?: string;
  /** @default "pod-0" */
  podName?: string;
}

/** Start a sidecar with the rendered configuration. */
export async function startSidecar(options: SidecarOptions): Promise<Fluentd> {
  const { command, shell = "sh", directory, sharedKey, podName = "pod-0", ...rendered } = options;
  // It listens nowhere: its log says when it runs, and keeps what an earlier start said.
  const starts = async () =>
    (await readFile(join(directory, "fluentd.log"), "utf8").catch(() => "")).split(
      "fluentd worker is now running",
    ).length;
  const before = await starts();
  const configFolder = configurationFolder(directory);
  return startFluentd({
    command: shell,
    args: sidecarArguments(configFolder, command),
    directory,
    files: renderSidecarConfig({ ...rendered, bufferPath: join(directory, "buffer"), configFolder }),
    env: { FLUENTD_SHARED_KEY: sharedKey, POD_NAME: podName },
    isReady: async () => (await starts()) > before,
  });
}

interface FluentdOptions {
  command: string;
  args: string[];
  directory: string;
  files: ConfigFiles;
  env: Record<string, string>;
  isReady: () => Promise<boolean>;
}

async function startFluentd({
  command,
  args,
  directory,
  files,
  env,
  isReady,
}: FluentdOptions): Promise<Fluentd> {
  const configuration = configurationFolder(directory);
  await mkdir(configuration, { recursive: true });
  // Fluentd makes a socket in it, whose path is bounded to 108 bytes: not in `directory`. As in pods, it is writable
  // also where the root is not.
  const parent = existsSync(temporaryDirectory) ? temporaryDirectory : tmpdir();
  const temporary = await mkdtemp(join(parent, "fluentd-"));
  const removeTemporary = () => rm(temporary, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(configuration, name), content);
  const service = await startService({
    command,
    args,
    logFile: join(directory, "fluentd.log"),
    env: { ...process.env, TMPDIR: temporary, ...env },
    isReady,
  }).catch(async (error: unknown) => {
    await removeTemporary();
    throw error;
  });
  const kill = async () => {
    // What starts it anew first. No SIGTERM before: nothing may be flushed.
    const pids = await familyOf(service.pid);
    for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
    await endProcesses(pids);
    await removeTemporary();
  };
  const stop = async (graceMs?: number) => {
    const pids = await familyOf(service.pid);
    await service.stop(graceMs);
    // Who had to be killed leaves behind what it started.
    await endProcesses(pids, 0);
    await removeTemporary();
  };
  return { ...service, stop, directory, kill };
}

function configurationFolder(directory: string): string {
  return join(directory, "etc");
}
