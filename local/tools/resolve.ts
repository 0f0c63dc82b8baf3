import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { coerce, satisfies } from "semver";
import { withLock } from "../lock";
import { cacheDirectory, repositoryRoot } from "../paths";
import { run } from "../processes";
import { compile, requirePrograms } from "./build";
import { catalogue, type ToolName } from "./catalogue";
import { unpackTool } from "./debian";
import {
  goBuildArguments,
  goBuildEnvironment,
  requiredVersion,
  ToolUnavailableError,
  type DebianPackages,
  type GoBuild,
  type Tool,
} from "./tool";
import { isExecutable, which } from "./which";

export type { ToolName } from "./catalogue";
export { ToolUnavailableError } from "./tool";
export { which } from "./which";

/** A tool that can be run. */
export interface ResolvedTool {
  name: ToolName;
  /** Absolute path of the executable. */
  path: string;
  /** Where it came from: found on PATH, or compiled from the pinned module, or unpacked from packages (now or earlier). */
  source: "path" | "built" | "unpacked";
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

/** A tool that is not here, and that nothing is known to keep from being built or unpacked. */
class NotBuiltError extends ToolUnavailableError {}

/**
 * Find a tool: on PATH when the version there fits, else in the cache, else compile it from its pinned module
 * into the cache.
 *
 * @throws ToolUnavailableError when it cannot be had; the message names what to install
 */
export async function resolveTool(name: ToolName, options: ResolveOptions = {}): Promise<ResolvedTool> {
  const settings = withDefaults(options);
  const tool: Tool = catalogue[name];
  const found = await findOnPath(name, tool, settings);
  if (found.tool !== undefined) return found.tool;
  if (tool.debian !== undefined) return unpackOnce(name, tool.debian, found.reason, settings);
  if (tool.build === undefined) {
    throw new ToolUnavailableError(
      `${name} (${tool.purpose}) is needed and ${found.reason}. Install it: ${tool.install}.`,
    );
  }
  return buildOnce(name, tool.build, found.reason, settings);
}

/**
 * Why one of these tools can't be had, as far as that shows without building or unpacking anything; undefined where all
 * probably can.
 */
export async function whyUnavailable(
  names: readonly ToolName[],
  options: Omit<ResolveOptions, "build"> = {},
): Promise<string | undefined> {
  for (const name of names) {
    try {
      await resolveTool(name, { ...options, build: false });
    } catch (error) {
      if (!(error instanceof ToolUnavailableError)) throw error;
      if (!(error instanceof NotBuiltError)) return error.message;
    }
  }
  return undefined;
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

async function findOnPath(
  name: ToolName,
  tool: Tool,
  settings: Settings,
): Promise<{ tool: ResolvedTool; reason?: undefined } | { tool?: undefined; reason: string }> {
  const path = tool.onPath === undefined ? undefined : await which(name, settings.env);
  if (tool.onPath === undefined || path === undefined) return { reason: "is not on PATH" };
  const { range, args = ["--version"] } = tool.onPath;
  if (range === "*") return { tool: { name, path, source: "path", version: undefined } };
  const { stdout, stderr } = await run(path, args, { env: settings.env, timeoutMs: 30_000 }).catch(
    (error: Error) => ({ stdout: "", stderr: error.message }),
  );
  const version = coerce(stdout + stderr)?.version;
  if (version !== undefined && satisfies(version, range))
    return { tool: { name, path, source: "path", version } };
  return { reason: `${path} does not fit (version ${version ?? "unknown"}, wanted ${range})` };
}

async function buildOnce(
  name: ToolName,
  build: GoBuild,
  reason: string,
  settings: Settings,
): Promise<ResolvedTool> {
  const folder = join(settings.modulesDirectory, build.folder);
  const read = (file: string) => readFile(join(folder, file), "utf8");
  const [goMod, goSum] = [await read("go.mod"), await read("go.sum")];
  const version = requiredVersion(goMod, build.versionedBy);
  const program = build.package.startsWith(".") ? await ownProgram(join(folder, build.package)) : undefined;
  const optional = [program, build.besideIt].filter((value) => value !== undefined);
  const inputs = [
    goMod,
    goSum,
    goBuildArguments(build, version, ""),
    goBuildEnvironment(build),
    process.platform,
    process.arch,
  ];
  const key = createHash("sha256")
    .update(JSON.stringify([...inputs, ...optional]))
    .digest("hex")
    .slice(0, 12);
  const entry = join(settings.toolsDirectory, `${name}-${key}`);
  const resolved: ResolvedTool = { name, path: join(entry, name), source: "built", version };
  if (await isExecutable(resolved.path)) return resolved;
  await requirePrograms(name, build, reason, settings);
  if (!settings.build) {
    const unavailable = await whyUnavailable(build.needsTools ?? [], settings);
    if (unavailable !== undefined) throw new ToolUnavailableError(unavailable);
    throw new NotBuiltError(`${name} ${reason}, and has not been built yet: run \`make tools\``);
  }
  return withLock(
    `${entry}.lock`,
    async () => {
      if (await isExecutable(resolved.path)) return resolved;
      const needed = await resolveTools(build.needsTools ?? [], settings);
      // What is on PATH stays where it is: before Go's folder others may have another Go.
      const added = Object.values<ResolvedTool>(needed).filter(({ source }) => source !== "path");
      const helpers = added.map(({ path }) => dirname(path));
      await compile(name, build, { version, entry, reason, folder, goMod, helpers }, settings);
      return resolved;
    },
    () => settings.log(`waiting for another process, which is building ${name}`),
  );
}

async function unpackOnce(
  name: ToolName,
  debian: DebianPackages,
  reason: string,
  settings: Settings,
): Promise<ResolvedTool> {
  const key = createHash("sha256")
    .update(JSON.stringify([debian, process.arch]))
    .digest("hex")
    .slice(0, 12);
  const entry = join(settings.toolsDirectory, `${name}-${key}`);
  const resolved: ResolvedTool = { name, path: join(entry, name), source: "unpacked", version: undefined };
  await withLock(`${entry}.lock`, async () => {
    if (await isExecutable(resolved.path)) return;
    const install = `Install ${catalogue[name].install}.`;
    if ((await which("apt-get", settings.env)) === undefined)
      throw new ToolUnavailableError(`${name} ${reason}. ${install}`);
    if (!settings.build) throw new NotBuiltError(`${name} ${reason}. ${install}`);
    settings.log(`${name} ${reason}: unpacking it from Debian packages into the cache`);
    const temporary = `${entry}.${randomUUID()}`;
    try {
      await unpackTool(debian, temporary);
      await rm(entry, { recursive: true, force: true });
      await rename(temporary, entry);
    } catch (error) {
      throw new ToolUnavailableError(`${name} ${reason}. ${install} (${(error as Error).message})`);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
  return resolved;
}

/** The text of all our own Go files in a folder. */
async function ownProgram(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".go")).sort();
  return (await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")))).join("");
}
