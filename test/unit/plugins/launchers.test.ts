import assert from "node:assert/strict";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../local/paths";
import { standInVersion } from "../../../local/plugins/version";

const plugins = join(repositoryRoot, "local/plugins");
const build = readFileSync(join(repositoryRoot, "scripts/build.mjs"), "utf8");

test("each launcher can be run, starts a plugin of its name, and is bundled", () => {
  const launchers = readdirSync(join(plugins, "bin"));
  assert.deepEqual(
    launchers,
    ["azure-native", "grafana", "kubernetes", "random"].map((name) => `pulumi-resource-${name}`),
  );
  for (const launcher of launchers) {
    const name = launcher.replace("pulumi-resource-", "");
    accessSync(join(plugins, "bin", launcher), constants.X_OK);
    assert.match(readFileSync(join(plugins, "bin", launcher), "utf8"), /STAND-IN/);
    assert.ok(existsSync(join(plugins, name, "main.ts")), `${name}/main.ts`);
    assert.ok(
      build.includes(`"local/plugins/${name}/main.ts"`),
      `${name} is an entry point of scripts/build.mjs`,
    );
  }
});

test("a stand-in's version is its SDK's, marked", () => {
  const manifest = readFileSync(join(repositoryRoot, "node_modules/@pulumi/kubernetes/package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  assert.equal(standInVersion("@pulumi/kubernetes"), `${version}+stand-in`);
});
