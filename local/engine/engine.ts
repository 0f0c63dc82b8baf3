import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { isAlive, run, type Finished } from "../processes";
import { resolveTool, resolveTools, type ResolveOptions, type ResolvedTool } from "../tools/resolve";
import { UserError } from "../userError";
import { readEventLog, type EngineReport } from "./events";
import {
  choosePlugins,
  languageHostArguments,
  mayAcquirePlugins,
  writeLauncher,
  writeLaunchers,
  type PluginChoice,
} from "./plugins";

export interface EngineOptions {
  /** Folder of Pulumi.yaml. */
  project: string;
  /** Name of the stack; Pulumi.<stack>.yaml in `project` is its config, and may be missing. */
  stack: string;
  /** Folder for the state backend, the passphrase and the launchers of plugins. */
  stateDirectory: string;
  /** Config that is added to, or put in place of, that of the file: `{ "ds-monitoring:key": value }`. */
  config?: Readonly<Record<string, unknown>>;
  /** Added to the environment of the engine, its plugins and the program. */
  env?: Readonly<Record<string, string>>;
  /** Encrypts the secrets of the state. Default: one that is made at random and kept in `stateDirectory`. */
  passphrase?: string;
  tools?: ResolveOptions;
}

export interface OperationOptions {
  /** Folders or executables of policy packs. */
  policyPacks?: readonly string[];
  /** JSON files with their config, in the same order. */
  policyPackConfigs?: readonly string[];
  /** Further arguments for the command line, for example `--refresh`. */
  args?: readonly string[];
  /** Called with the engine's output as it comes. */
  onOutput?: (text: string) => void;
  /** Called once with the engine's process id. */
  onStart?: (pid: number) => void;
}

/** How a run of the engine ended, and what it did. */
export interface OperationResult extends Finished, EngineReport {}

/** The real Pulumi engine on one stack with a file backend. */
export class Engine {
  private constructor(
    private readonly options: EngineOptions,
    /** The programs that are used, to be told to the user. */
    readonly tools: { pulumi: ResolvedTool; "pulumi-language-nodejs": ResolvedTool },
    /** The plugins that are used, to be told to the user. */
    readonly plugins: readonly PluginChoice[],
    private readonly env: NodeJS.ProcessEnv,
    /** The name in Pulumi.yaml. */
    private readonly project: string,
  ) {}

  /**
   * Make everything ready that a run of the engine needs: tools, plugins, passphrase, backend, stack. A lock
   * that a killed run left on the stack is removed.
   *
   * @throws UserError when another run works on the stack at this moment
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const { stateDirectory } = options;
    const tools = await resolveTools(["pulumi", "pulumi-language-nodejs"], options.tools);
    const backend = join(stateDirectory, "state");
    await mkdir(backend, { recursive: true, mode: 0o700 });

    const outer: NodeJS.ProcessEnv = { ...process.env, ...options.env };
    const plugins = await choosePlugins(tools.pulumi, outer);
    const launchers = join(stateDirectory, "plugins");
    await writeLaunchers(launchers, plugins, options.tools);
    const { name, runtime } = (await readYaml(join(options.project, "Pulumi.yaml"))) as Partial<ProjectFile>;
    if (name === undefined) throw new UserError(`${options.project} holds no Pulumi.yaml with a name`);
    const host = tools["pulumi-language-nodejs"];
    if (host.source === "built" && typeof runtime === "object") {
      const command = [host.path, ...languageHostArguments(runtime.options ?? {})];
      await writeLauncher(join(launchers, host.name), command);
    }

    const toolFolders = Object.values(tools).map(({ path }) => dirname(path));
    if (runtime === "yaml" || runtime === "python") {
      toolFolders.push(dirname((await resolveTool(`pulumi-language-${runtime}`, options.tools)).path));
    }
    const env: NodeJS.ProcessEnv = {
      ...outer,
      PATH: [launchers, ...toolFolders, dirname(process.execPath), outer.PATH ?? ""].join(delimiter),
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase ?? (await passphrase(stateDirectory)),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: String(!mayAcquirePlugins(tools.pulumi, outer)),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Without it the command line does not know --event-log.
      PULUMI_DEBUG_COMMANDS: "true",
    };
    delete env.PULUMI_CONFIG_PASSPHRASE_FILE;
    const engine = new Engine(options, tools, plugins, env, name);
    await engine.createStack();
    await engine.releaseDeadLock();
    await engine.setConfig(options.config ?? {});
    return engine;
  }

  /** Write the stack's config: that of its file in the project with `overrides` over it. */
  async setConfig(overrides: Readonly<Record<string, unknown>>): Promise<void> {
    const file = await readYaml(join(this.options.project, `Pulumi.${this.options.stack}.yaml`));
    const { encryptionsalt } = await readYaml(join(this.folder(), `Pulumi.${this.options.stack}.yaml`));
    const config = { ...(file.config as object | undefined), ...overrides };
    await writeFile(this.configFile(), stringify({ ...file, encryptionsalt, config }));
  }

  /** Show what `up` would do. Nothing is changed. */
  preview(options: OperationOptions = {}): Promise<OperationResult> {
    return this.operate("preview", ["--diff=false"], options);
  }

  /**
   * Create or change what the program declares.
   *
   * @param options.preview whether it is previewed first, so that policies that look at the whole stack can
   *   forbid it before anything is created. Default false.
   */
  up({
    preview = false,
    ...options
  }: OperationOptions & { preview?: boolean } = {}): Promise<OperationResult> {
    return this.operate("up", preview ? ["--yes"] : ["--yes", "--skip-preview"], options);
  }

  /** Delete all resources of the stack. */
  destroy(options: OperationOptions = {}): Promise<OperationResult> {
    return this.operate("destroy", ["--yes", "--skip-preview"], options);
  }

  /**
   * Bring the state in line with what is there, and drop what a killed run had begun to create: the next `up`
   * creates it anew, or takes it over when it is there.
   */
  refresh(options: OperationOptions = {}): Promise<OperationResult> {
    return this.operate("refresh", ["--yes", "--skip-preview", "--clear-pending-creates"], options);
  }

  /** The outputs of the stack; secrets in the clear only when asked for. */
  async outputs(options: { showSecrets?: boolean } = {}): Promise<Record<string, unknown>> {
    const secrets = options.showSecrets === true ? ["--show-secrets"] : [];
    return JSON.parse(await this.command(["stack", "output", "--json", ...secrets])) as Record<
      string,
      unknown
    >;
  }

  /** The state as the backend keeps it: secrets encrypted, unless they are asked for in the clear. */
  async state(options: { showSecrets?: boolean } = {}): Promise<State> {
    const secrets = options.showSecrets === true ? ["--show-secrets"] : [];
    return JSON.parse(await this.command(["stack", "export", ...secrets])) as State;
  }

  /** Put `state` in the place of what the backend has. Its secrets are in the clear, or of the same passphrase. */
  async importState(state: State): Promise<void> {
    const file = join(this.folder(), `import.${this.options.stack}.json`);
    await writeFile(file, JSON.stringify(state), { mode: 0o600 });
    try {
      await this.command(["stack", "import", "--file", file]);
    } finally {
      await rm(file);
    }
  }

  /**
   * Any other command of the Pulumi command line on this stack.
   *
   * @returns its standard output
   * @throws when it fails
   */
  async command(args: readonly string[]): Promise<string> {
    const result = await this.run(["--stack", this.options.stack, ...args]);
    if (result.code !== 0)
      throw new UserError(`pulumi ${args.join(" ")} failed:\n${result.stderr || result.stdout}`);
    return result.stdout;
  }

  /**
   * Run commands as they are documented: `pulumi` in them is this stack's, and asks nothing.
   *
   * @param script for `sh`; it ends with the first command that fails
   * @param env added to the environment
   * @returns how it ended, and what its last `pulumi up` did
   */
  async shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<OperationResult> {
    const eventLog = await this.newEventLog();
    const folder = join(this.folder(), "shell");
    await mkdir(folder, { recursive: true });
    const config = `--config-file '${this.configFile()}'`;
    await writeFile(
      join(folder, "pulumi"),
      `#!/bin/sh
case "$1" in
  up) set -- "$@" --yes --skip-preview ${config} --event-log '${eventLog}' ;;
  refresh) set -- "$@" --yes --skip-preview ${config} ;;
  config) set -- "$@" ${config} ;;
esac
exec '${this.tools.pulumi.path}' --non-interactive --stack '${this.options.stack}' "$@"
`,
      { mode: 0o755 },
    );
    const finished = await run("sh", ["-euc", script], {
      cwd: this.options.project,
      env: { ...this.env, ...env, PATH: [folder, env.PATH ?? "", this.env.PATH].join(delimiter) },
    });
    return { ...finished, ...(await this.report(eventLog)) };
  }

  private run(args: readonly string[], options: OperationOptions & { cwd?: string } = {}): Promise<Finished> {
    return run(this.tools.pulumi.path, ["--non-interactive", ...args], {
      cwd: options.cwd ?? this.options.project,
      env: this.env,
      onOutput: options.onOutput,
      onStart: options.onStart,
    });
  }

  private async operate(
    command: string,
    args: readonly string[],
    options: OperationOptions,
  ): Promise<OperationResult> {
    const eventLog = await this.newEventLog();
    const finished = await this.run(
      [
        ...[
          command,
          "--stack",
          this.options.stack,
          "--config-file",
          this.configFile(),
          "--event-log",
          eventLog,
        ],
        ...args,
        ...(options.policyPacks ?? []).flatMap((pack) => ["--policy-pack", pack]),
        ...(options.policyPackConfigs ?? []).flatMap((config) => ["--policy-pack-config", config]),
        ...(options.args ?? []),
      ],
      options,
    );
    return { ...finished, ...(await this.report(eventLog)) };
  }

  /** Where the engine shall write what it does; nothing is there yet. */
  private async newEventLog(): Promise<string> {
    const file = join(this.folder(), `events.${this.options.stack}.json`);
    await rm(file, { force: true });
    return file;
  }

  private async report(eventLog: string): Promise<EngineReport> {
    return readEventLog(await readFile(eventLog, "utf8").catch(() => ""));
  }

  private folder(): string {
    return join(this.options.stateDirectory, "projects", this.project);
  }

  private configFile(): string {
    return join(this.folder(), `config.${this.options.stack}.yaml`);
  }

  /** A path in what Pulumi's file backend keeps about this project. */
  private backendPath(...parts: string[]): string {
    return join(this.options.stateDirectory, "state", ".pulumi", ...parts);
  }

  /**
   * The stack is created from a folder of its own, in which Pulumi writes the salt of its encryption: in the
   * project's own Pulumi.<stack>.yaml it would change a file under version control, for this machine only.
   */
  private async createStack(): Promise<void> {
    const folder = this.folder();
    const settings = join(folder, `Pulumi.${this.options.stack}.yaml`);
    const checkpoint = this.backendPath("stacks", this.project, `${this.options.stack}.json`);
    if ((await isFile(settings)) && (await isFile(checkpoint))) return;
    await mkdir(folder, { recursive: true });
    await rm(settings, { force: true });
    await writeFile(join(folder, "Pulumi.yaml"), stringify({ name: this.project, runtime: "nodejs" }));
    if (await isFile(checkpoint)) {
      throw new UserError(
        `${settings} is missing, which holds the encryption salt of the stack's state. ` +
          `Restore it, or remove ${this.options.stateDirectory} to begin anew.`,
      );
    }
    const result = await this.run(["stack", "init", this.options.stack, "--no-select"], { cwd: folder });
    if (result.code !== 0)
      throw new UserError(`creating stack ${this.options.stack} failed: ${result.stderr}`);
  }

  /** The backend's lock outlives an engine that was killed. */
  private async releaseDeadLock(): Promise<void> {
    const folder = this.backendPath("locks", "organization", this.project, this.options.stack);
    for (const file of await readdir(folder).catch(() => [])) {
      if (!file.endsWith(".json")) continue;
      const lock = JSON.parse(await readFile(join(folder, file), "utf8")) as {
        pid: number;
        hostname: string;
      };
      if (lock.hostname === hostname() && isAlive(lock.pid)) {
        throw new UserError(
          `Another run (process ${lock.pid}) is working on stack ${this.options.stack}. Wait for it, or end it.`,
        );
      }
      await rm(join(folder, file));
    }
  }
}

/** The parts of Pulumi.yaml that are read here. */
interface ProjectFile {
  name: string;
  runtime: string | { name: string; options?: Record<string, unknown> };
}

/** A resource as the state keeps it. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  [field: string]: unknown;
}

/** The parts of an exported state that are read here. */
export interface State {
  deployment: {
    resources?: StateResource[];
    pending_operations?: Array<{ type: string; resource: { urn: string } }>;
  };
}

/** The passphrase of the local state's secrets: made once, readable only by its owner. */
async function passphrase(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, "passphrase");
  try {
    await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFile(file, "utf8");
}

async function readYaml(path: string): Promise<Record<string, unknown>> {
  try {
    return (parse(await readFile(path, "utf8")) ?? {}) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
