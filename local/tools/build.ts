import { randomUUID } from "node:crypto";
import { chmod, copyFile, cp, mkdir, rename, rm } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { run } from "../processes";
import { libraryEnvironment, unpackDebian } from "./debian";
import {
  goBuildArguments,
  goBuildEnvironment,
  requiredVersion,
  ToolUnavailableError,
  type GoBuild,
} from "./tool";
import { which } from "./which";

/** What a build is run with. */
interface BuildSettings {
  env: NodeJS.ProcessEnv;
  /** Progress, a line each. */
  log: (line: string) => void;
}

/** @throws ToolUnavailableError naming a program that the build needs and that is not on PATH */
export async function requirePrograms(
  name: string,
  build: GoBuild,
  reason: string,
  { env }: BuildSettings,
): Promise<void> {
  const needed = { go: "Go 1.26 or newer (https://go.dev/dl)", ...build.needsPrograms };
  for (const [program, install] of Object.entries(needed)) {
    if ((await which(program, env)) === undefined) {
      throw new ToolUnavailableError(
        `${name} ${reason}, and building it needs ${program}, which is not on PATH. Install ${install}.`,
      );
    }
  }
}

/**
 * Compile a tool into the folder `target.entry`. A build that is killed leaves nothing there.
 *
 * @param target.reason why it is built, in words
 * @param target.folder where its go.mod is, with the text `goMod`
 * @param target.helpers folders that come first on PATH
 * @throws ToolUnavailableError with the compiler's last lines
 */
export async function compile(
  name: string,
  build: GoBuild,
  target: {
    version: string;
    entry: string;
    reason: string;
    folder: string;
    goMod: string;
    helpers: readonly string[];
  },
  settings: BuildSettings,
): Promise<void> {
  const { version, entry, folder, goMod } = target;
  const what = `${name} ${version}`;
  settings.log(`${name} ${target.reason}: building ${what} from source, once (about ${build.seconds} s)`);

  const temporary = `${entry}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  const started = Date.now();
  const elapsed = () => Math.round((Date.now() - started) / 1000);
  const progress = setInterval(() => settings.log(`  still building ${what} (${elapsed()} s)`), 20_000);
  const library = join(temporary, "library");
  const go = async (args: readonly string[], cwd: string): Promise<string> => {
    const path = [...target.helpers, settings.env.PATH ?? ""].join(delimiter);
    const env = { ...settings.env, ...goBuildEnvironment(build), ...libraryEnv, GOWORK: "off", PATH: path };
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
