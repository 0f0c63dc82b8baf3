import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  LocalWorkspace,
  Stack,
  type LocalWorkspaceOptions,
  type ProjectSettings,
} from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { isAlive } from "../processes";
import { UserError } from "../userError";

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
    pending_operations?: Array<{ type: string; resource: StateResource }>;
  };
}

/** The parts of Pulumi.yaml that are read here. */
export interface ProjectFile {
  name: string;
  runtime: string | { name: string; options?: Record<string, unknown> };
  main?: string;
}

/** Folder of Pulumi's file backend. */
export function backendFolder(stateDirectory: string): string {
  return join(stateDirectory, "state");
}

/** What the file backend keeps about one stack, and what is kept beside it. */
export class Backend {
  /**
   * The stack is worked on from a folder of its own, in which Pulumi writes the salt of its encryption: in the project's
   * own Pulumi.<stack>.yaml it would change a file under version control, for this machine only.
   */
  private readonly projectFolder: string;
  /** The stack's config, and the salt of its encryption. */
  readonly stackFile: string;

  constructor(
    private readonly stateDirectory: string,
    private readonly project: string,
    private readonly stack: string,
  ) {
    this.projectFolder = join(stateDirectory, "projects", project);
    this.stackFile = join(this.projectFolder, `Pulumi.${stack}.yaml`);
  }

  /** The stack, which is created when there is none. `project` is its Pulumi.yaml. */
  async openStack(
    project: ProjectFile,
    settings: Pick<LocalWorkspaceOptions, "pulumiCommand" | "envVars">,
  ): Promise<Stack> {
    const exists = await isFile(this.checkpoint);
    if (exists && !(await isFile(this.stackFile))) {
      throw new UserError(
        `${this.stackFile} is missing, which holds the encryption salt of the stack's state. ` +
          `Restore it, or remove ${this.stateDirectory} to begin anew.`,
      );
    }
    await mkdir(this.projectFolder, { recursive: true });
    if (!exists) await rm(this.stackFile, { force: true });
    const projectSettings = project as ProjectSettings;
    const workspace = await LocalWorkspace.create({
      workDir: this.projectFolder,
      projectSettings,
      ...settings,
    });
    return exists ? Stack.select(this.stack, workspace) : Stack.create(this.stack, workspace);
  }

  /** The state with its secrets encrypted. */
  async state(): Promise<State> {
    const { version, checkpoint } = JSON.parse(await readFile(this.checkpoint, "utf8")) as {
      version: number;
      checkpoint: { latest?: State["deployment"] };
    };
    return { version, deployment: checkpoint.latest ?? {} };
  }

  /** Id of the process on this machine that works on the stack; undefined when none does. */
  async runningProcess(): Promise<number | undefined> {
    return (await this.locks()).find(({ pid, hostname: host }) => host === hostname() && isAlive(pid))?.pid;
  }

  /** Remove the lock of an engine that was killed. `pulumi cancel` would remove a living run's, too. */
  async releaseStaleLock(): Promise<void> {
    const pid = await this.runningProcess();
    if (pid !== undefined) {
      throw new UserError(
        `Another run (process ${pid}) is working on stack ${this.stack}. Wait for it, or end it.`,
      );
    }
    for (const { file } of await this.locks()) await rm(file, { force: true });
  }

  private async locks(): Promise<{ file: string; pid: number; hostname: string }[]> {
    const folder = this.path("locks", "organization", this.project, this.stack);
    const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
    return Promise.all(
      files.map(async (name) => {
        const file = join(folder, name);
        return { file, ...(JSON.parse(await readFile(file, "utf8")) as { pid: number; hostname: string }) };
      }),
    );
  }

  private get checkpoint(): string {
    return this.path("stacks", this.project, `${this.stack}.json`);
  }

  private path(...parts: string[]): string {
    return join(backendFolder(this.stateDirectory), ".pulumi", ...parts);
  }
}

/** The passphrase of the local state's secrets: made once, readable only by its owner. */
export async function passphrase(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, "passphrase");
  try {
    await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFile(file, "utf8");
}

/** A YAML file's mapping; empty when there is no file. */
export async function readYaml(path: string): Promise<Record<string, unknown>> {
  try {
    return (parse(await readFile(path, "utf8")) ?? {}) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function isFile(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
