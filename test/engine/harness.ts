import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ApiClient } from "../support/apiClient";
import { removeCluster, startCluster } from "../../local/cluster/cluster";
import { Engine, type EngineOptions, type OperationResult } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";
import { processes, run } from "../../local/processes";
import { engineRun, readEventLog } from "../../policies/report/engineRun";

export { changingSteps } from "../../policies/report/engineRun";
export type { OperationResult } from "../../local/engine/engine";

export interface StackOptions extends Partial<
  Pick<EngineOptions, "project" | "stack" | "config" | "env" | "passphrase">
> {
  /** Other stacks with the same backend can be read with a StackReference. Default "main". */
  backend?: string;
}

/**
 * A place of its own for one test file: a temporary folder, Pulumi backends in it and, when asked for, an
 * embedded cluster. Create it in `before`, and `stop` it in `after`.
 */
export class Fixture {
  private constructor(
    /** Temporary folder, removed by `stop`. */
    readonly directory: string,
    /** Kubeconfig of the cluster, undefined without one. */
    readonly kubeconfig: string | undefined,
    private readonly client: ApiClient | undefined,
  ) {}

  /** @param options.cluster whether an embedded cluster is started. Default true. */
  static async start(options: { cluster?: boolean } = {}): Promise<Fixture> {
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
    if (options.cluster === false) return new Fixture(directory, undefined, undefined);
    const { kubeconfig } = await startCluster({ directory: join(directory, "cluster") });
    return new Fixture(directory, kubeconfig, await ApiClient.fromKubeconfig(kubeconfig));
  }

  /** The API server of the cluster. */
  get api(): ApiClient {
    if (this.client === undefined) throw new Error("this fixture was started without a cluster");
    return this.client;
  }

  /** The engine on a stack. Defaults: this repository's program, stack "local". */
  async stack(options: StackOptions = {}): Promise<Engine> {
    const stateDirectory = join(this.directory, "backends", options.backend ?? "main");
    await mkdir(stateDirectory, { recursive: true });
    return Engine.open({
      project: options.project ?? repositoryRoot,
      stack: options.stack ?? "local",
      stateDirectory,
      config: options.config,
      passphrase: options.passphrase,
      env: {
        // Nothing of the user's own cluster or Pulumi installation is touched by a test.
        KUBECONFIG: this.kubeconfig ?? join(this.directory, "no-kubeconfig"),
        PULUMI_HOME: join(this.directory, "pulumi-home"),
        // Also with a command line of the user: the tests are of this repository's plugins.
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        ...options.env,
      },
    });
  }

  /** End the cluster and remove the folder. */
  async stop(): Promise<void> {
    await removeCluster(join(this.directory, "cluster"));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/**
 * Run commands as they are documented: `pulumi` in them is that of `engine`'s stack, and asks nothing.
 *
 * @param script for `sh`; it ends with the first command that fails
 * @param stack its name
 * @param path put in front of PATH
 * @returns how it ended, and what its last `pulumi up` did
 */
export async function shell(
  engine: Engine,
  script: string,
  stack: string,
  path: string,
): Promise<OperationResult> {
  const folder = join(dirname(engine.configFile), "shell");
  await mkdir(folder, { recursive: true });
  const eventLog = join(folder, "events.json");
  await rm(eventLog, { force: true });
  const config = `--config-file '${engine.configFile}'`;
  await writeFile(
    join(folder, "pulumi"),
    `#!/bin/sh
case "$1" in
  up) set -- "$@" --yes --skip-preview ${config} --event-log '${eventLog}' ;;
  refresh) set -- "$@" --yes --skip-preview ${config} ;;
  config) set -- "$@" ${config} ;;
esac
exec '${engine.tools.pulumi.path}' --non-interactive --stack '${stack}' "$@"
`,
    { mode: 0o755 },
  );
  const { code, stdout, stderr } = await run("sh", ["-euc", script], {
    cwd: repositoryRoot,
    env: { ...process.env, ...engine.env, PATH: [folder, path, engine.env.PATH].join(delimiter) },
  });
  const events = readEventLog(await readFile(eventLog, "utf8").catch(() => ""));
  return { code: code ?? 1, stdout, stderr, ...engineRun(events) };
}

/** Process id of the engine that works on a stack, once there is one. */
export async function runningEngine(engine: Engine): Promise<number> {
  for (;;) {
    const pid = await engine.runningProcess();
    if (pid !== undefined) return pid;
    await setTimeout(20);
  }
}

/** Ids of the processes that a process has started, and those that these have started. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const all = await processes();
  const found = new Set([pid]);
  // A process can be listed before its parent.
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const one of all) if (found.has(one.parent)) found.add(one.pid);
  }
  found.delete(pid);
  return [...found];
}
