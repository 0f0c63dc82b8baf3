import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { withLock } from "../lock";
import { cacheDirectory, repositoryRoot } from "../paths";
import { run } from "../processes";
import { UserError } from "../userError";
import {
  catalogue,
  goBuildArguments,
  inRange,
  parseVersion,
  requiredVersion,
  type GoBuild,
  type Tool,
  type ToolName,
} from "./catalogue";

export type { ToolName } from "./catalogue";

/** A tool that can be run. */
export interface ResolvedTool {
  name: ToolName;
  /** Absolute path of the executable. */
  path: string;
  /** Where it came from: found on PATH, or compiled from the pinned module (now or earlier). */
  source: "path" | "built";
  /** As the tool itself or its go.mod says; undefined when neither does. */
  version: string | undefined;
}

export interface ResolveOptions {
  /** Default: this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** Default: `tools` in the cache folder. */
  toolsDirectory?: string;
  /** Folder that holds one folder with go.mod and go.sum for each `GoBuild.folder`. */
  modulesDirectory?: string;
  /** Progress, a line each; default: standard error. */
  log?: (line: string) => void;
  /** false: only PATH and what was built before; nothing is compiled. Default true. */
  build?: boolean;
}

/** A tool that is neither on PATH nor can be built here; `message` says what to install. */
export class ToolUnavailableError extends UserError {}

/**
 * Find a tool: on PATH when the version there fits, else in the cache, else compile it from its pinned module
 * into the cache.
 *
 * @throws ToolUnavailableError when it cannot be had; the message names what to install
 */
export async function resolveTool(name: ToolName, options: ResolveOptions = {}): Promise<ResolvedTool> {
  const settings = withDefaults(options);
  const tool = catalogue[name];
  const found = await findOnPath(tool, settings);
  if (found.tool !== undefined) return found.tool;
  if (tool.build === undefined) {
    throw new ToolUnavailableError(
      `${name} (${tool.purpose}) is needed and ${found.reason}. Install it: ${tool.install}.`,
    );
  }
  return buildOnce(tool, tool.build, found.reason, settings);
}

/** Resolve several tools one after the other (a Go build uses every core by itself). */
export async function resolveTools<Name extends ToolName>(
  names: readonly Name[],
  options: ResolveOptions = {},
): Promise<Record<Name, ResolvedTool>> {
  const resolved: Partial<Record<Name, ResolvedTool>> = {};
  for (const name of names) resolved[name] = await resolveTool(name, options);
  return resolved as Record<Name, ResolvedTool>;
}

type Settings = Required<ResolveOptions>;

function withDefaults(options: ResolveOptions): Settings {
  const env = options.env ?? process.env;
  return {
    env,
    toolsDirectory: options.toolsDirectory ?? join(cacheDirectory(env), "tools"),
    modulesDirectory: options.modulesDirectory ?? join(repositoryRoot, "local", "tools"),
    log: options.log ?? ((line) => process.stderr.write(`${line}\n`)),
    build: options.build ?? true,
  };
}

/** The executable of that name in the folders of PATH, or undefined. */
export async function which(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, name);
    if (folder !== "" && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

async function findOnPath(
  tool: Tool,
  settings: Settings,
): Promise<{ tool: ResolvedTool; reason?: undefined } | { tool?: undefined; reason: string }> {
  const path = tool.onPath === undefined ? undefined : await which(tool.name, settings.env);
  if (tool.onPath === undefined || path === undefined) return { reason: "is not on PATH" };
  const { versionArgs, range } = tool.onPath;
  if (versionArgs === undefined)
    return { tool: { name: tool.name, path, source: "path", version: undefined } };
  const { stdout, stderr } = await run(path, versionArgs, { env: settings.env, timeoutMs: 30_000 }).catch(
    (error: Error) => ({ stdout: "", stderr: error.message }),
  );
  const version = parseVersion(stdout + stderr);
  if (version !== undefined && (range === undefined || inRange(version, range))) {
    return { tool: { name: tool.name, path, source: "path", version: version.text } };
  }
  const wanted =
    range === undefined ? "" : `, wanted ≥ ${range.minimum.join(".")} and < ${range.below.join(".")}`;
  return { reason: `${path} does not fit (version ${version?.text ?? "unknown"}${wanted})` };
}

async function buildOnce(
  tool: Tool,
  build: GoBuild,
  reason: string,
  settings: Settings,
): Promise<ResolvedTool> {
  const folder = join(settings.modulesDirectory, build.folder);
  const goMod = await readFile(join(folder, "go.mod"), "utf8");
  const goSum = await readFile(join(folder, "go.sum"), "utf8");
  const version = requiredVersion(goMod, build.versionedBy);
  const program = build.package === "." ? await readFile(join(folder, "main.go"), "utf8") : undefined;
  const key = createHash("sha256")
    .update(
      JSON.stringify([
        goMod,
        goSum,
        goBuildArguments(build, version, ""),
        build.env,
        process.platform,
        process.arch,
        // Only where they are: the keys of tools without them stay as they were.
        ...[program, build.besideIt].filter((value) => value !== undefined),
      ]),
    )
    .digest("hex")
    .slice(0, 12);
  const entry = join(settings.toolsDirectory, `${tool.name}-${key}`);
  const path = join(entry, tool.name);
  const resolved: ResolvedTool = { name: tool.name, path, source: "built", version };
  if (await isExecutable(path)) return resolved;
  if (!settings.build) {
    throw new ToolUnavailableError(`${tool.name} ${reason}, and has not been built yet: run \`make tools\``);
  }
  return withLock(
    `${entry}.lock`,
    async () => {
      if (!(await isExecutable(path)))
        await compile(tool, build, { version, entry, reason, folder }, settings);
      return resolved;
    },
    (pid) => settings.log(`waiting for process ${pid}, which is building ${tool.name}`),
  );
}

async function compile(
  tool: Tool,
  build: GoBuild,
  target: { version: string; entry: string; reason: string; folder: string },
  settings: Settings,
): Promise<void> {
  const needed = { go: "Go 1.24 or newer (https://go.dev/dl)", ...build.needsPrograms };
  for (const [program, install] of Object.entries(needed)) {
    if ((await which(program, settings.env)) === undefined) {
      throw new ToolUnavailableError(
        `${tool.name} ${target.reason}, and building it needs ${program}, which is not on PATH. Install ${install}.`,
      );
    }
  }
  const helpers = await resolveTools(build.needsTools ?? [], settings);
  const helperFolders = Object.values<ResolvedTool>(helpers).map((helper) => dirname(helper.path));
  const name = `${tool.name} ${target.version}`;
  settings.log(
    `${tool.name} ${target.reason}: building ${name} from source, once (about ${build.seconds} s)`,
  );

  const temporary = `${target.entry}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  const started = Date.now();
  const elapsed = () => Math.round((Date.now() - started) / 1000);
  const progress = setInterval(() => settings.log(`  still building ${name} (${elapsed()} s)`), 20_000);
  try {
    const result = await run("go", goBuildArguments(build, target.version, join(temporary, tool.name)), {
      cwd: target.folder,
      env: {
        ...settings.env,
        ...build.env,
        GOWORK: "off",
        PATH: [...helperFolders, settings.env.PATH ?? ""].join(delimiter),
      },
    });
    if (result.code !== 0) {
      const end = (result.stdout + result.stderr).trim().split("\n").slice(-15).join("\n");
      throw new ToolUnavailableError(`building ${name} failed (in ${target.folder}):\n${end}`);
    }
    for (const file of build.besideIt ?? []) {
      const source = join(await moduleFolder(build.versionedBy, target.folder), file);
      await copyFile(source, join(temporary, basename(file)));
      await chmod(join(temporary, basename(file)), 0o755);
    }
    // A broken entry (no executable in it) may be in the way of the rename.
    await rm(target.entry, { recursive: true, force: true });
    await rename(temporary, target.entry);
    settings.log(`  built ${name} in ${elapsed()} s`);
  } finally {
    clearInterval(progress);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Where Go keeps the sources of a module that go.mod in `folder` requires. */
async function moduleFolder(module: string, folder: string): Promise<string> {
  const { code, stdout, stderr } = await run(
    "go",
    ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module],
    {
      cwd: folder,
      env: { ...process.env, GOWORK: "off" },
    },
  );
  if (code !== 0) throw new ToolUnavailableError(`finding ${module} failed (in ${folder}):\n${stderr}`);
  return stdout.trim();
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
