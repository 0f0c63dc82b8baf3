import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { contractFiles } from "../../../components/fluentd/contractFiles";
import { renderedFormat } from "../../../contract/formats";

// Fluentd's own interpreter and libraries, whatever it is installed with: it loads the file and never gets to its command.
function runInFluentd(file: string, env: Record<string, string> = {}) {
  return spawnSync("fluentd", ["--version"], {
    encoding: "utf8",
    env: { ...process.env, ...env, RUBYOPT: `-r${file}` },
    timeout: 240_000,
  });
}

/** Why the plugins' tests can't run; undefined where they can. */
function missingDrivers(folder: string): string | undefined {
  const probe = join(folder, "probe.rb");
  writeFileSync(probe, 'require "fluent/test"\nexit!(0)\n');
  const { status, error, stderr } = runInFluentd(probe);
  if (status === 0) return undefined;
  return `THE FLUENTD PLUGINS' OWN TESTS DID NOT RUN: ${error === undefined ? (/cannot load such file -- [^ \n)]+/.exec(stderr)?.[0] ?? stderr) : "fluentd is not on PATH"}`;
}

test("the Fluentd plugins pass their tests with Fluentd's test drivers", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ds-monitoring-plugins-"));
  try {
    const why = missingDrivers(folder);
    if (why !== undefined) {
      t.skip(why);
      return;
    }
    const defaults = { "service.name": "svc", "deployment.environment.name": "test" };
    const files = contractFiles(defaults, { auto: renderedFormat("auto") });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = runInFluentd(join(__dirname, "plugins_test.rb"), { PLUGINS: folder });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /\d+ tests, .* 0 failures, 0 errors/);
    t.diagnostic(/\d+ tests, .*/.exec(stdout)?.[0] ?? "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
