import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { delimiter, dirname, join } from "node:path";
import {
  CommandError,
  LocalWorkspace,
  PulumiCommand,
  Stack,
  type DestroyOptions,
  type EngineEvent,
  type PreviewOptions,
  type RefreshOptions,
  type UpOptions,
} from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { engineRun, type EngineRun } from "../../policies/report/engineRun";
import { isAlive } from "../processes";
import { resolveTool, resolveTools, type ResolvedTool, type ResolveOptions } from "../tools/resolve";
import { UserError } from "../userError";
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

/** How a run of the engine ended, and what it did. */
export interface OperationResult extends EngineRun {
  /** 0: it succeeded. */
  code: number;
  stdout: string;
  stderr: string;
}

/** The real Pulumi engine on one stack with a file backend, driven by Pulumi's Automation API. */
export class Engine {
  private constructor(
    private readonly options: EngineOptions,
    /** The programs that are used. */
    readonly tools: { pulumi: ResolvedTool; "pulumi-language-nodejs": ResolvedTool },
    /** The plugins that are used. */
    readonly plugins: readonly PluginChoice[],
    /** The environment of the engine. */
    readonly env: Readonly<Record<string, string>>,
    private readonly project: string,
    private readonly stack: Stack,
  ) {}

  /**
   * Make everything ready that a run of the engine needs: tools, plugins, passphrase, backend, stack. A lock
   * that a killed run left on the stack is removed.
   *
   * @throws UserError when another run works on the stack at this moment
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const { stateDirectory, project: workDir } = options;
    const tools = await resolveTools(["pulumi", "pulumi-language-nodejs"], options.tools);
    const backend = join(stateDirectory, "state");
    await mkdir(backend, { recursive: true, mode: 0o700 });

    const outer: NodeJS.ProcessEnv = { ...process.env, ...options.env };
    const plugins = await choosePlugins(tools.pulumi, outer);
    const launchers = join(stateDirectory, "plugins");
    await writeLaunchers(launchers, plugins, options.tools);
    const { name: project, runtime } = (await readYaml(join(workDir, "Pulumi.yaml"))) as Partial<ProjectFile>;
    if (project === undefined) throw new UserError(`${workDir} holds no Pulumi.yaml with a name`);
    const host = tools["pulumi-language-nodejs"];
    if (host.source === "built" && typeof runtime === "object") {
      const command = [host.path, ...languageHostArguments(runtime.options ?? {})];
      await writeLauncher(join(launchers, host.name), command);
    }

    const toolFolders = Object.values(tools).map(({ path }) => dirname(path));
    if (runtime === "yaml" || runtime === "python") {
      toolFolders.push(dirname((await resolveTool(`pulumi-language-${runtime}`, options.tools)).path));
    }
    const set: Record<string, string> = {
      ...options.env,
      PATH: [launchers, ...toolFolders, dirname(process.execPath), outer.PATH ?? ""].join(delimiter),
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase ?? (await passphrase(stateDirectory)),
      PULUMI_CONFIG_PASSPHRASE_FILE: "",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: String(!mayAcquirePlugins(tools.pulumi, outer)),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // The Automation API sets it too late for a command line that asks for it at its start.
      PULUMI_DEBUG_COMMANDS: "true",
    };
    const pulumiCommand = await commandLine(join(stateDirectory, "cli"), tools.pulumi.path);
    await createStack({ stateDirectory, project, stack: options.stack, pulumiCommand, envVars: set });
    await releaseStaleLock(stateDirectory, project, options.stack);
    const workspace = await LocalWorkspace.create({ workDir, envVars: set, pulumiCommand });
    const stack = await Stack.select(options.stack, workspace);
    const engine = new Engine(options, tools, plugins, set, project, stack);
    await engine.setConfig(options.config ?? {});
    return engine;
  }

  /** Folder of what is remembered of this project. */
  get folder(): string {
    return projectFolder(this.options.stateDirectory, this.project);
  }

  /** The config of the stack, which is not that of the project's folder: `--config-file` of the command line. */
  get configFile(): string {
    return join(this.folder, `config.${this.options.stack}.yaml`);
  }

  /** Write the stack's config: that of its file in the project with `overrides` over it. */
  async setConfig(overrides: Readonly<Record<string, unknown>>): Promise<void> {
    const file = await readYaml(join(this.options.project, `Pulumi.${this.options.stack}.yaml`));
    const { encryptionsalt } = await readYaml(join(this.folder, `Pulumi.${this.options.stack}.yaml`));
    const config = { ...(file.config as object | undefined), ...overrides };
    await writeFile(this.configFile, stringify({ ...file, encryptionsalt, config }));
  }

  /** Show what `up` would do. Nothing is changed. */
  preview(options: PreviewOptions = {}): Promise<OperationResult> {
    return this.operate(options, (given) => this.stack.preview(given));
  }

  /** Create or change what the program declares. */
  up(options: UpOptions = {}): Promise<OperationResult> {
    return this.operate(options, (given) => this.stack.up(given));
  }

  /** Delete all resources of the stack. */
  destroy(options: DestroyOptions = {}): Promise<OperationResult> {
    return this.operate(options, (given) => this.stack.destroy(given));
  }

  /**
   * Bring the state in line with what is there, and drop what a killed run had begun to create: the next `up`
   * creates it anew, or takes it over when it is there.
   */
  refresh(options: RefreshOptions = {}): Promise<OperationResult> {
    return this.operate({ clearPendingCreates: true, ...options }, (given) => this.stack.refresh(given));
  }

  /** The outputs of the stack; secrets in the clear only when asked for. */
  async outputs({ showSecrets = false } = {}): Promise<Record<string, unknown>> {
    const entries = Object.entries(await this.stack.outputs());
    return Object.fromEntries(
      entries.map(([name, { value, secret }]) => [name, secret && !showSecrets ? "[secret]" : value]),
    );
  }

  /** The state as the backend keeps it: secrets encrypted, unless they are asked for in the clear. */
  async state({ showSecrets = false } = {}): Promise<State> {
    if (showSecrets) return this.stack.exportStack() as Promise<State>;
    // The Automation API always decrypts.
    const text = await readFile(
      checkpointFile(this.options.stateDirectory, this.project, this.options.stack),
      "utf8",
    );
    const { version, checkpoint } = JSON.parse(text) as {
      version: number;
      checkpoint: { latest?: State["deployment"] };
    };
    return { version, deployment: checkpoint.latest ?? {} };
  }

  /** Put `state` in the place of what the backend has. Its secrets are in the clear, or of the same passphrase. */
  importState(state: State): Promise<void> {
    return this.stack.importStack(state as Parameters<Stack["importStack"]>[0]);
  }

  /** Process id of the run that works on the stack at this moment. */
  async runningProcess(): Promise<number | undefined> {
    return (await locks(this.options.stateDirectory, this.project, this.options.stack))[0]?.pid;
  }

  private async operate<Options extends UpOptions | PreviewOptions | RefreshOptions | DestroyOptions>(
    options: Options,
    run: (options: Options) => Promise<unknown>,
  ): Promise<OperationResult> {
    const events: EngineEvent[] = [];
    let stdout = "";
    let stderr = "";
    let code = 0;
    try {
      await run({
        color: "never",
        ...options,
        configFile: this.configFile,
        onEvent: (event: EngineEvent) => events.push(event),
        onOutput: (text: string) => {
          stdout += text;
          options.onOutput?.(text);
        },
        onError: (text: string) => {
          stderr += text;
          options.onError?.(text);
        },
      });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      code = 1;
    }
    return { code, stdout, stderr, ...engineRun(events) };
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
  version: number;
  deployment: {
    resources?: StateResource[];
    pending_operations?: Array<{ type: string; resource: { urn: string } }>;
  };
}

function projectFolder(stateDirectory: string, project: string): string {
  return join(stateDirectory, "projects", project);
}

/** Where Pulumi's file backend keeps the state of a stack. */
function checkpointFile(stateDirectory: string, project: string, stack: string): string {
  return join(stateDirectory, "state", ".pulumi", "stacks", project, `${stack}.json`);
}

/** The Automation API runs `bin/pulumi` of a folder. */
async function commandLine(root: string, pulumi: string): Promise<PulumiCommand> {
  const link = join(root, "bin", "pulumi");
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(pulumi, link);
  // The one from the registry of Go modules knows its version only as a development build.
  return PulumiCommand.get({ root, skipVersionCheck: true });
}

/**
 * The stack is created from a folder of its own, in which Pulumi writes the salt of its encryption: in the
 * project's own Pulumi.<stack>.yaml it would change a file under version control, for this machine only.
 */
async function createStack(options: {
  stateDirectory: string;
  project: string;
  stack: string;
  pulumiCommand: PulumiCommand;
  envVars: Record<string, string>;
}): Promise<void> {
  const { stateDirectory, project, stack, ...settings } = options;
  const workDir = projectFolder(stateDirectory, project);
  const salt = join(workDir, `Pulumi.${stack}.yaml`);
  const checkpoint = checkpointFile(stateDirectory, project, stack);
  if ((await isFile(salt)) && (await isFile(checkpoint))) return;
  if (await isFile(checkpoint)) {
    throw new UserError(
      `${salt} is missing, which holds the encryption salt of the stack's state. ` +
        `Restore it, or remove ${stateDirectory} to begin anew.`,
    );
  }
  await mkdir(workDir, { recursive: true });
  await rm(salt, { force: true });
  const projectSettings = { name: project, runtime: "nodejs" as const };
  const workspace = await LocalWorkspace.create({ workDir, projectSettings, ...settings });
  await Stack.create(stack, workspace);
}

/** Who works on a stack, as Pulumi's file backend writes it down. */
async function locks(
  stateDirectory: string,
  project: string,
  stack: string,
): Promise<{ file: string; pid: number; hostname: string }[]> {
  const folder = join(stateDirectory, "state", ".pulumi", "locks", "organization", project, stack);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      return {
        file,
        ...(JSON.parse(await readFile(file, "utf8")) as { pid: number; hostname: string }),
      };
    }),
  );
}

/** The backend's lock outlives an engine that was killed. `pulumi cancel` would remove a living run's, too. */
async function releaseStaleLock(stateDirectory: string, project: string, stack: string): Promise<void> {
  for (const { file, pid, hostname: host } of await locks(stateDirectory, project, stack)) {
    if (host === hostname() && isAlive(pid)) {
      throw new UserError(
        `Another run (process ${pid}) is working on stack ${stack}. Wait for it, or end it.`,
      );
    }
    await rm(file);
  }
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
