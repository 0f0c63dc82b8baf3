import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imagesDirectory } from "../../paths";
import { run } from "../../processes";
import { which } from "../../tools/resolve";
import { type Entry, file, librariesOf, link, program, tree } from "../entries";

/** Says, at the end of the Ruby program that it is loaded into, where that program and its parts are. */
const probe = `
at_exit do
  require "json"
  File.write(ENV["PROBE_FILE"], JSON.generate(
    ruby: RbConfig.ruby, script: File.realpath($0), version: defined?(Fluent::VERSION) && Fluent::VERSION,
    load: $LOAD_PATH, gems: Gem.path))
end
`;

interface Places {
  ruby: string;
  script: string;
  version: string;
  load: string[];
  gems: string[];
}

/** A Fluentd of this machine. */
export interface FoundFluentd {
  entries: Entry[];
  version: string;
  /** Its program in the image. */
  launcher: string;
  /** What it came from, in words. */
  from: string;
  env: readonly string[];
}

/**
 * Fluentd with its Ruby: the version asked for from RubyGems where that answers, else what is on PATH.
 *
 * @returns undefined where there is neither
 */
export async function findFluentd(
  version: string,
  log: (line: string) => void,
): Promise<FoundFluentd | undefined> {
  const installed = await installGem(version, log);
  const launcher = installed?.launcher ?? (await which("fluentd"));
  if (launcher === undefined) return undefined;
  const env = installed === undefined ? {} : { GEM_PATH: installed.folder };
  const places = await ask(launcher, env);
  if (places === undefined) return undefined;

  const folders = [
    ...places.load,
    ...places.gems.flatMap((gem) => ["specifications", "gems", "extensions"].map((name) => join(gem, name))),
  ];
  const trees = await Promise.all([...new Set(folders)].map((folder) => tree(folder, folder)));
  const code = trees.flat();
  const ruby = await which("ruby");
  const entries = [
    ...(await program(places.ruby, places.ruby)),
    ...(ruby === undefined || ruby === places.ruby ? [] : [link(ruby, places.ruby)]),
    ...code,
    ...(await librariesOf(code)),
    await file(places.script, places.script),
    await file(launcher, launcher),
  ];
  return {
    entries,
    version: places.version,
    launcher,
    from: installed === undefined ? `${launcher} of this machine` : "RubyGems",
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
  };
}

/** Runs a Fluentd, and asks the Ruby that it is run by. */
async function ask(launcher: string, env: NodeJS.ProcessEnv): Promise<Places | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "fluentd-"));
  try {
    const script = join(folder, "probe.rb");
    const answer = join(folder, "answer.json");
    await writeFile(script, probe);
    const settings = { ...process.env, ...env, RUBYOPT: `-r${script}`, PROBE_FILE: answer };
    await run(launcher, ["--version"], { env: settings, timeoutMs: 30_000 });
    const places = JSON.parse(await readFile(answer, "utf8")) as Places;
    return { ...places, load: places.load.filter((path) => path !== folder) };
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Install the gem into the cache; undefined where there is no Ruby, or RubyGems does not answer soon. */
async function installGem(
  version: string,
  log: (line: string) => void,
): Promise<{ folder: string; launcher: string } | undefined> {
  const gem = await which("gem");
  if (gem === undefined) return undefined;
  const folder = join(imagesDirectory(), `fluentd-${version}`);
  const launcher = join(folder, "bin", "fluentd");
  const complete = join(folder, "complete");
  if (
    await readFile(complete).then(
      () => true,
      () => false,
    )
  )
    return { folder, launcher };
  const asked = await run(gem, ["list", "--remote", "--exact", "fluentd"], { timeoutMs: 5_000 });
  if (!asked.stdout.startsWith("fluentd ")) return undefined;
  log(`installing Fluentd ${version} from RubyGems, once`);
  const args = ["install", "fluentd", "--version", version, "--install-dir", folder, "--no-document"];
  const { code, stderr } = await run(gem, args, { timeoutMs: 300_000 });
  if (code !== 0) {
    log(`  that failed: ${stderr.trim().split("\n").at(-1)}`);
    return undefined;
  }
  await writeFile(complete, "");
  return { folder, launcher };
}
