import { access, chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../paths";
import { resolveTool, which, type ResolveOptions, type ResolvedTool } from "../tools/resolve";

const prefix = "pulumi-resource-";

/** Serves the stand-in that its first argument names; `npm run build` makes it. */
const standIns = join(repositoryRoot, "dist", "plugins.js");
const start = join(repositoryRoot, "scripts", "startBundle.js");

/** The plugins that this repository's programs need: the npm package that asks for each, and whether we have one. */
const packages = {
  "azure-native": { npm: "@pulumi/azure-native", ours: "stand-in" },
  grafana: { npm: "@lbrlabs/pulumi-grafana", ours: "stand-in" },
  kubernetes: { npm: "@pulumi/kubernetes", ours: "built" },
  random: { npm: "@pulumi/random", ours: "stand-in" },
} as const;

type PluginName = keyof typeof packages;

/**
 * Where the engine gets a resource plugin from: all are the real one but `stand-in`.
 *
 * `own`: it is on PATH or installed in PULUMI_HOME. `acquired`: Pulumi itself downloads it when it is missing.
 * `built`: compiled from its pinned source.
 */
export interface PluginChoice {
  name: PluginName;
  source: "own" | "acquired" | "built" | "stand-in";
  /** The executable, or the folder that it is installed in; absent where Pulumi finds it. */
  path?: string;
}

/**
 * Whether Pulumi may download plugins: with the user's own command line, unless the user has switched it off by
 * PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION. The one that is built here is for machines without access to them.
 */
export function mayAcquirePlugins(cli: Pick<ResolvedTool, "source">, env: NodeJS.ProcessEnv): boolean {
  const disabled = ["true", "1"].includes(env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION ?? "");
  return cli.source === "path" && !disabled;
}

/**
 * Choose each plugin: the one that is on PATH, or installed in PULUMI_HOME in the version that the npm package asks
 * for; else it is left to Pulumi, where that may download plugins; else ours.
 *
 * @param cli the Pulumi command line that is used
 * @param env where PATH and PULUMI_HOME are looked up
 */
export async function choosePlugins(
  cli: Pick<ResolvedTool, "source">,
  env: NodeJS.ProcessEnv,
): Promise<PluginChoice[]> {
  const acquires = mayAcquirePlugins(cli, env);
  const choices = Object.keys(packages).map(async (key): Promise<PluginChoice> => {
    const name = key as PluginName;
    const path = (await which(prefix + name, env)) ?? (await installedPlugin(name, env));
    if (path !== undefined) return { name, source: "own", path };
    return { name, source: acquires ? "acquired" : packages[name].ours };
  });
  return Promise.all(choices);
}

/** Fill `directory`, which is to be put on PATH, with a launcher for each plugin of ours and nothing else. */
export async function writeLaunchers(
  directory: string,
  choices: readonly PluginChoice[],
  options: ResolveOptions = {},
): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const { name, source } of choices) {
    const launcher = join(directory, prefix + name);
    if (source === "built") {
      await writeLauncher(launcher, [(await resolveTool("pulumi-resource-kubernetes", options)).path]);
    } else if (source === "stand-in")
      await writeLauncher(launcher, [process.execPath, start, standIns, name]);
  }
}

/** For the user: where a plugin comes from, and whether it is a stand-in. */
export function describePlugin({ name, source, path }: PluginChoice): string {
  const words: Readonly<Record<typeof source, string>> = {
    own: `real (${path})`,
    acquired:
      "real (Pulumi downloads it when it is missing; " +
      "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true takes this repository's)",
    built: "real (built from source)",
    "stand-in": "STAND-IN of this repository (docs/stand-ins.md)",
  };
  return `plugin ${name}: ${words[source]}`;
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

async function installedPlugin(name: PluginName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const manifest = join(repositoryRoot, "node_modules", packages[name].npm, "package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const home = env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const folder = join(home, "plugins", `resource-${name}-v${version}`);
  return access(folder).then(
    () => folder,
    () => undefined,
  );
}
