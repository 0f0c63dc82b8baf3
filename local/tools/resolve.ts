import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { coerce, satisfies } from "semver";
import { withLock } from "../lock";
import { cacheDirectory, repositoryRoot } from "../paths";
import { run } from "../processes";
import { UserError } from "../userError";
import { catalogue, type ToolName } from "./catalogue";

import { libraryEnvironment, unpackDebian, unpackTool } from "./debian";
import { goBuildArguments, requiredVersion, type DebianPackages, type GoBuild, type Tool } from "./tool";

export type { ToolName } from "./catalogue";

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
    build.env,
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
  if (!settings.build) {
    throw new ToolUnavailableError(`${name} ${reason}, and has not been built yet: run \`make tools\``);
  }
  return withLock(
    `${entry}.lock`,
    async () => {
      if (!(await isExecutable(resolved.path)))
        await compile(name, build, { version, entry, reason, folder, goMod }, settings);
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
    if (!settings.build) throw new ToolUnavailableError(`${name} ${reason}. ${install}`);
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

async function compile(
  name: ToolName,
  build: GoBuild,
  target: { version: string; entry: string; reason: string; folder: string; goMod: string },
  settings: Settings,
): Promise<void> {
  const { version, entry, folder, goMod } = target;
  const needed = { go: "Go 1.26 or newer (https://go.dev/dl)", ...build.needsPrograms };
  for (const [program, install] of Object.entries(needed)) {
    if ((await which(program, settings.env)) === undefined) {
      throw new ToolUnavailableError(
        `${name} ${target.reason}, and building it needs ${program}, which is not on PATH. Install ${install}.`,
      );
    }
  }
  const helpers = await resolveTools(build.needsTools ?? [], settings);
  const helperFolders = Object.values<ResolvedTool>(helpers).map((helper) => dirname(helper.path));
  const what = `${name} ${version}`;
  settings.log(`${name} ${target.reason}: building ${what} from source, once (about ${build.seconds} s)`);

  const temporary = `${entry}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  const started = Date.now();
  const elapsed = () => Math.round((Date.now() - started) / 1000);
  const progress = setInterval(() => settings.log(`  still building ${what} (${elapsed()} s)`), 20_000);
  const library = join(temporary, "library");
  const go = async (args: readonly string[], cwd: string): Promise<string> => {
    const path = [...helperFolders, settings.env.PATH ?? ""].join(delimiter);
    const env = { ...settings.env, ...build.env, ...libraryEnv, GOWORK: "off", PATH: path };
    const { code, stdout, stderr } = await run("go", args, { cwd, env });
    if (code === 0) return stdout;
    const end = (stdout + stderr).trim().split("\n").slice(-15).join("\n");
    throw new ToolUnavailableError(`building ${what} failed (in ${folder}):\n${end}`);
  };
  /** Where Go keeps the sources of a module in the version of go.mod, after downloading them if need be. */
  const moduleFolder = async (module: string): Promise<string> => {
    const pinned = `${module}@${requiredVersion(goMod, module)}`;
    const { Dir } = JSON.parse(await go(["mod", "download", "-json", pinned], temporary)) as { Dir: string };
    return Dir;
  };
  let libraryEnv: NodeJS.ProcessEnv = {};
  try {
    if (build.needsLibrary !== undefined) {
      libraryEnv = await findLibrary(what, build.needsLibrary, library, settings.env);
    }
    const sources = build.sources === undefined ? folder : join(temporary, "sources");
    if (build.sources !== undefined) await cp(folder, sources, { recursive: true });
    for (const [to, { module, path }] of Object.entries(build.sources ?? {})) {
      await cp(join(await moduleFolder(module), path), join(sources, to), { recursive: true, force: false });
    }
    await go(goBuildArguments(build, version, join(temporary, name)), sources);
    if (build.sources !== undefined) {
      // Go's module cache is read-only, and so are copies of its folders.
      await run("chmod", ["-R", "u+w", sources]);
      await rm(sources, { recursive: true });
    }
    for (const file of build.besideIt ?? []) {
      const copy = join(temporary, basename(file));
      await copyFile(join(await moduleFolder(build.versionedBy), file), copy);
      await chmod(copy, 0o755);
    }
    await rm(library, { recursive: true, force: true });
    // A broken entry (no executable in it) may be in the way of the rename.
    await rm(entry, { recursive: true, force: true });
    await rename(temporary, entry);
    settings.log(`  built ${what} in ${elapsed()} s`);
  } finally {
    clearInterval(progress);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The environment with which a build finds a C library: the system's, or that of a Debian package, put into `folder`. */
async function findLibrary(
  what: string,
  { name, debian }: NonNullable<GoBuild["needsLibrary"]>,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const known = await run("pkg-config", ["--exists", name], { env }).catch(() => ({ code: 1 }));
  if (known.code === 0) return {};
  try {
    await unpackDebian([debian], folder);
    return await libraryEnvironment(name, folder);
  } catch (error) {
    throw new ToolUnavailableError(
      `building ${what} needs the C library ${name}. Install its development files. (${(error as Error).message})`,
    );
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
