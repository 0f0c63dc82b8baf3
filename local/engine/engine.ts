import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import {
  CommandError,
  PulumiCommand,
  type DestroyOptions,
  type EngineEvent,
  type PreviewOptions,
  type RefreshOptions,
  type Stack,
  type UpOptions,
} from "@pulumi/pulumi/automation";
import { stringify } from "yaml";
import { engineRun, type EngineRun } from "../../policies/report/engineRun";
import { resolveTool, resolveTools, type ResolvedTool, type ResolveOptions } from "../tools/resolve";
import { UserError } from "../userError";
import { Backend, backendFolder, passphrase, readYaml, type ProjectFile, type State } from "./backend";
import {
  choosePlugins,
  languageHostArguments,
  mayAcquirePlugins,
  writeLauncher,
  writeLaunchers,
  type PluginChoice,
} from "./plugins";

const enginePrograms = ["pulumi", "pulumi-language-nodejs"] as const;

/** Get the programs of the engine, which takes minutes the first time. */
export async function prepareEngine(tools: ResolveOptions): Promise<void> {
  const { pulumi } = await resolveTools(enginePrograms, tools);
  const plugins = await choosePlugins(pulumi, process.env);
  if (plugins.some(({ source }) => source === "built"))
    await resolveTool("pulumi-resource-kubernetes", tools);
}

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
    private readonly backend: Backend,
    private readonly stack: Stack,
  ) {}

  /**
   * Make everything ready that a run of the engine needs: tools, plugins, passphrase, backend, stack. A lock
   * that a killed run left on the stack is removed.
   *
   * @throws UserError when another run works on the stack at this moment
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const { stateDirectory } = options;
    const tools = await resolveTools(enginePrograms, options.tools);
    await mkdir(backendFolder(stateDirectory), { recursive: true, mode: 0o700 });

    const outer: NodeJS.ProcessEnv = { ...process.env, ...options.env };
    const plugins = await choosePlugins(tools.pulumi, outer);
    const launchers = join(stateDirectory, "plugins");
    await writeLaunchers(launchers, plugins, options.tools);
    const project = (await readYaml(join(options.project, "Pulumi.yaml"))) as unknown as ProjectFile;
    if (project.name === undefined)
      throw new UserError(`${options.project} holds no Pulumi.yaml with a name`);
    const { runtime } = project;
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
      // Without files of metadata: a run that is killed while it writes one leaves a state that can't be read.
      PULUMI_BACKEND_URL: `file://${backendFolder(stateDirectory)}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase ?? (await passphrase(stateDirectory)),
      PULUMI_CONFIG_PASSPHRASE_FILE: "",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: String(!mayAcquirePlugins(tools.pulumi, outer)),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // The Automation API sets it too late for a command line that asks for it at its start.
      PULUMI_DEBUG_COMMANDS: "true",
    };
    const pulumiCommand = await commandLine(join(stateDirectory, "cli"), tools.pulumi.path);
    const backend = new Backend(stateDirectory, project.name, options.stack);
    await backend.releaseStaleLock();
    const main = join(options.project, project.main ?? "");
    const stack = await backend.openStack({ ...project, main }, { pulumiCommand, envVars: set });
    const engine = new Engine(options, tools, plugins, set, backend, stack);
    await engine.setConfig(options.config ?? {});
    return engine;
  }

  /** The config of the stack, which is not that of the project's folder: `--config-file` of the command line. */
  get configFile(): string {
    return this.backend.stackFile;
  }

  /** Write the stack's config: that of its file in the project with `overrides` over it. */
  async setConfig(overrides: Readonly<Record<string, unknown>>): Promise<void> {
    const file = await readYaml(join(this.options.project, `Pulumi.${this.options.stack}.yaml`));
    const { encryptionsalt } = await readYaml(this.configFile);
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
    return this.backend.state();
  }

  /** Put `state` in the place of what the backend has. Its secrets are in the clear, or of the same passphrase. */
  importState(state: State): Promise<void> {
    return this.stack.importStack(state as Parameters<Stack["importStack"]>[0]);
  }

  /** Process id of the run that works on the stack at this moment. */
  runningProcess(): Promise<number | undefined> {
    return this.backend.runningProcess();
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
      // The Automation API runs further commands after the one that was asked for; theirs is not in the output.
      if (stderr === "") stderr = error.message;
    }
    return { code, stdout, stderr, ...engineRun(events) };
  }
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
