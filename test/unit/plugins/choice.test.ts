import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  choosePlugins,
  describePlugin,
  mayAcquirePlugins,
  writeLaunchers,
} from "../../../local/engine/plugins";
import { devDependencies } from "../../../package.json";

const embedded = { source: "built" } as const;
const ofTheUser = { source: "path" } as const;

/** Folders of a machine without any plugin. */
async function machine(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "ds-monitoring-plugins-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const bin = join(root, "bin");
  await mkdir(bin);
  return { root, bin, env: { PATH: bin, PULUMI_HOME: join(root, "home") } };
}

async function sources(...args: Parameters<typeof choosePlugins>): Promise<Record<string, string>> {
  return Object.fromEntries((await choosePlugins(...args)).map(({ name, source }) => [name, source]));
}

const ours = { "azure-native": "stand-in", grafana: "stand-in", kubernetes: "built", random: "stand-in" };

test("the embedded command line takes the plugins of this repository", async (t) => {
  const { env } = await machine(t);
  assert.deepEqual(await sources(embedded, env), ours);
  assert.equal(mayAcquirePlugins(embedded, env), false);
});

test("the user's own command line acquires its plugins itself, unless the user has switched that off", async (t) => {
  const { env } = await machine(t);
  assert.deepEqual(new Set(Object.values(await sources(ofTheUser, env))), new Set(["acquired"]));
  assert.equal(mayAcquirePlugins(ofTheUser, env), true);
  const off = { ...env, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
  assert.deepEqual(await sources(ofTheUser, off), ours);
  assert.equal(mayAcquirePlugins(ofTheUser, off), false);
});

test("a plugin on PATH, or installed in the version of the npm package, goes before all", async (t) => {
  const { env, bin, root } = await machine(t);
  await writeFile(join(bin, "pulumi-resource-random"), "#!/bin/sh\n");
  await chmod(join(bin, "pulumi-resource-random"), 0o755);
  const version = devDependencies["@pulumi/kubernetes"];
  await mkdir(join(root, "home", "plugins", `resource-kubernetes-v${version}`), { recursive: true });
  await mkdir(join(root, "home", "plugins", "resource-azure-native-v0.0.1"));
  for (const cli of [embedded, ofTheUser]) {
    const { random, kubernetes } = await sources(cli, env);
    assert.deepEqual({ random, kubernetes }, { random: "own", kubernetes: "own" });
  }
  assert.equal((await sources(embedded, env))["azure-native"], "stand-in", "another version does not count");
});

test("launchers are written for this repository's plugins only, and earlier ones go", async (t) => {
  const { env, root } = await machine(t);
  const directory = join(root, "launchers");
  const standIns = (await choosePlugins(embedded, env)).filter(({ source }) => source === "stand-in");
  await writeLaunchers(directory, standIns);
  assert.deepEqual(
    await readdir(directory),
    ["azure-native", "grafana", "random"].map((name) => `pulumi-resource-${name}`),
  );
  assert.match(
    await readFile(join(directory, "pulumi-resource-random"), "utf8"),
    /plugins\.js' 'random' "\$@"/,
  );
  await writeLaunchers(directory, await choosePlugins(ofTheUser, env));
  assert.deepEqual(await readdir(directory), []);
});

test("the output says which plugins are real and which are stand-ins", async (t) => {
  const { env } = await machine(t);
  assert.deepEqual((await choosePlugins(embedded, env)).map(describePlugin), [
    "plugin azure-native: STAND-IN of this repository (docs/stand-ins.md)",
    "plugin grafana: STAND-IN of this repository (docs/stand-ins.md)",
    "plugin kubernetes: real (built from source)",
    "plugin random: STAND-IN of this repository (docs/stand-ins.md)",
  ]);
  const [first = ""] = (await choosePlugins(ofTheUser, env)).map(describePlugin);
  assert.match(first, /^plugin azure-native: real \(Pulumi downloads it when it is missing/);
});
