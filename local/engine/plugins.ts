import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../paths";
import { which } from "../tools/resolve";

const prefix = "pulumi-resource-";

/** Where the npm package that asks for a plugin keeps its version, by name of the plugin. */
const packages: Readonly<Record<string, string>> = {
  "azure-native": "@pulumi/azure-native",
  grafana: "@lbrlabs/pulumi-grafana",
  kubernetes: "@pulumi/kubernetes",
  random: "@pulumi/random",
};

/** A resource plugin as the engine will find it. */
export interface PluginChoice {
  name: string;
  /** The executable, or the folder that Pulumi installed the real one into. */
  path: string;
  kind: "real" | "stand-in";
}

/**
 * Choose a plugin for each stand-in of this repository: the real one when it is on PATH or installed in
 * PULUMI_HOME in the version that the npm package asks for, else the stand-in.
 *
 * @param env where PATH and PULUMI_HOME are looked up
 */
export async function choosePlugins(env: NodeJS.ProcessEnv): Promise<PluginChoice[]> {
  const choices: PluginChoice[] = [];
  for (const [name, path] of await standIns()) {
    const onPath = await which(prefix + name, env);
    const installed = await installedPlugin(name, env);
    const real = onPath ?? installed;
    choices.push(real === undefined ? { name, path, kind: "stand-in" } : { name, path: real, kind: "real" });
  }
  return choices;
}

/**
 * Fill `directory`, which is to be put on PATH, with a launcher for each chosen stand-in and nothing else.
 */
export async function writeLaunchers(directory: string, choices: readonly PluginChoice[]): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const { name, path } of choices.filter(({ kind }) => kind === "stand-in")) {
    await writeLauncher(join(directory, prefix + name), [path]);
  }
}

/**
 * The arguments that tell a pinned Node.js language host what Pulumi.yaml says under `runtime.options`. The
 * engine of today sends these options in a message that this older host does not read: it would fall back to
 * ts-node, and check the types of the whole program at every start.
 */
export function languageHostArguments(options: Readonly<Record<string, unknown>>): string[] {
  return ["typescript", "nodeargs"]
    .filter((name) => options[name] !== undefined)
    .map((name) => `-${name}=${String(options[name])}`);
}

/** An executable that runs `command` with the arguments it is given after those of `command`. */
export async function writeLauncher(path: string, command: readonly string[]): Promise<void> {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  await writeFile(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  await chmod(path, 0o755);
}

/** Executables named `pulumi-resource-*` in the folders of local/plugins. */
async function standIns(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const root = join(repositoryRoot, "local", "plugins");
  for (const folder of await entries(root)) {
    for (const file of await entries(join(root, folder))) {
      if (file.startsWith(prefix)) found.set(file.slice(prefix.length), join(root, folder, file));
    }
  }
  return found;
}

async function installedPlugin(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const packageName = packages[name];
  if (packageName === undefined) return undefined;
  const manifest = await readFile(join(repositoryRoot, "node_modules", packageName, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const home = env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const folder = `resource-${name}-v${version}`;
  return (await entries(join(home, "plugins"))).includes(folder) ? join(home, "plugins", folder) : undefined;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
