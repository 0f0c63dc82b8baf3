import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../processes";
import type { DebianPackages } from "./tool";

/**
 * Unpack Debian packages into `folder`. Nothing is installed: the system's own list of packages is read, and where it is
 * empty, one is fetched that is kept in `folder` only.
 *
 * @param options.dependencies also those that they depend on, and that are not installed. Default false.
 * @throws where apt-get does not run or has no such package
 */
export async function unpackDebian(
  packages: readonly string[],
  folder: string,
  { dependencies = false } = {},
): Promise<void> {
  const downloads = join(folder, "downloads");
  await mkdir(join(downloads, "lists", "partial"), { recursive: true });
  // apt-get would drop its rights, and then can't write into the folder.
  const unsandboxed = ["-q", "-o", "APT::Sandbox::User=root"];
  const ownList = ["-o", `Dir::State::lists=${join(downloads, "lists")}`, "-o", `Dir::Cache=${downloads}`];
  const download = async (options: readonly string[]) => {
    const all = dependencies ? await notInstalled(packages, options, downloads) : packages;
    await attempt("apt-get", [...options, "download", ...all], downloads);
  };
  try {
    await download(unsandboxed).catch(async () => {
      await attempt("apt-get", [...unsandboxed, ...ownList, "update"], downloads);
      await download([...unsandboxed, ...ownList]);
    });
    for (const file of (await readdir(downloads)).filter((name) => name.endsWith(".deb"))) {
      await attempt("dpkg-deb", ["-x", join(downloads, file), folder], downloads);
    }
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

/** Packages and what they depend on, without those that are installed, each as `name=version`. */
async function notInstalled(
  packages: readonly string[],
  options: readonly string[],
  cwd: string,
): Promise<string[]> {
  const simulated = [
    "--print-uris",
    "-qq",
    "--yes",
    "--no-install-recommends",
    "-o",
    "Debug::NoLocking=true",
  ];
  const lines = await attempt("apt-get", [...options, "install", ...simulated, ...packages], cwd);
  // 'http://…' libllvm22_1%3a22.1.8-1_amd64.deb 29378692 SHA256:…
  return [...lines.matchAll(/^'\S+' ([^_\s]+)_([^_\s]+)_\S+\.deb /gm)].map(
    ([, name = "", version = ""]) => `${name}=${decodeURIComponent(version)}`,
  );
}

/**
 * Unpack a tool into `entry`, beside scripts with the names of its programs that find its libraries. The folder can be
 * renamed afterwards.
 */
export async function unpackTool(
  { packages, preferred, dependencies, programs }: DebianPackages,
  entry: string,
): Promise<void> {
  const root = join(entry, "root");
  const unpack = (names: readonly string[]) => unpackDebian(names, root, { dependencies });
  await (preferred === undefined ? unpack(packages) : unpack(preferred).catch(() => unpack(packages)));
  const lib = join(root, "usr", "lib");
  const libraries = existsSync(lib) ? join("usr", "lib", await librariesFolder(lib)) : join("usr", "lib");
  for (const [name, path] of Object.entries(programs)) {
    if (!existsSync(join(root, path))) continue;
    const script = [
      "#!/bin/sh",
      'root="${0%/*}/root"',
      `export LD_LIBRARY_PATH="$root/${libraries}" XTABLES_LIBDIR="$root/${libraries}/xtables"`,
      `exec "$root/${path}" "$@"`,
    ];
    await writeFile(join(entry, name), `${script.join("\n")}\n`);
    await chmod(join(entry, name), 0o755);
  }
}

/** The environment with which cgo finds a C library in unpacked packages, and links it in. */
export async function libraryEnvironment(name: string, root: string): Promise<NodeJS.ProcessEnv> {
  const lib = join(root, "usr", "lib");
  return {
    // Answers nothing: the flags below say it.
    PKG_CONFIG: "true",
    CGO_CFLAGS: `-I${join(root, "usr", "include")}`,
    CGO_LDFLAGS: `-L${join(lib, await librariesFolder(lib))} -l:${name}.a`,
  };
}

/** The folder of a system's libraries, for example `x86_64-linux-gnu`. */
async function librariesFolder(lib: string): Promise<string> {
  const folder = (await readdir(lib)).find((name) => name.includes("-linux-"));
  if (folder === undefined) throw new Error(`${lib} has no libraries`);
  return folder;
}

async function attempt(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd, timeoutMs: 300_000 });
  if (code !== 0)
    throw new Error(`${command} ${args.at(-1)} failed: ${(stdout + stderr).trim().slice(-300)}`);
  return stdout;
}
