import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../local/paths";
import {
  catalogue,
  goBuildArguments,
  inRange,
  parseVersion,
  requiredVersion,
} from "../../../local/tools/catalogue";

test("every tool that is built is pinned by its module, and every other says how to get it", () => {
  for (const tool of Object.values(catalogue)) {
    if (tool.build === undefined) {
      assert.ok(tool.install, `${tool.name} says how to install it`);
      continue;
    }
    const goMod = readFileSync(join(repositoryRoot, "local", "tools", tool.build.folder, "go.mod"), "utf8");
    assert.match(requiredVersion(goMod, tool.build.versionedBy), /^v\d+\.\d+\.\d+/, tool.name);
  }
});

test("a module that go.mod does not require is an error", () => {
  assert.throws(
    () => requiredVersion("module x\n\nrequire example.com/a v1.2.3\n", "example.com/b"),
    /example.com\/b/,
  );
  assert.equal(
    requiredVersion("require (\n\texample.com/a v1.2.3 // indirect\n)\n", "example.com/a"),
    "v1.2.3",
  );
});

test("versions are read from what programs print", () => {
  assert.equal(parseVersion("Kubernetes v1.34.4")?.text, "1.34.4");
  assert.equal(parseVersion("InfluxDB v2.9.1 (git: none)")?.minor, 9);
  assert.equal(parseVersion("fluentd 1.16.11")?.major, 1);
  assert.equal(parseVersion("version (branch: )"), undefined);
});

test("a range holds its minimum and not its end", () => {
  const range = { minimum: [1, 34], below: [1, 35] } as const;
  assert.ok(inRange({ major: 1, minor: 34 }, range));
  assert.ok(!inRange({ major: 1, minor: 35 }, range));
  assert.ok(!inRange({ major: 1, minor: 33 }, range));
  assert.ok(!inRange({ major: 2, minor: 34 }, range));
});

test("a build states its version, and only the tags it needs", () => {
  const build = catalogue["kube-apiserver"].build;
  assert.ok(build);
  const args = goBuildArguments(build, "v1.34.4", "/out/kube-apiserver");
  assert.ok(args.includes("-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4"));
  assert.ok(!args.includes("-tags"));
  assert.deepEqual(args.slice(-3), ["-o", "/out/kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"]);
  const telegraf = catalogue.telegraf.build;
  assert.ok(telegraf);
  assert.ok(goBuildArguments(telegraf, "v1.37.2", "/out/t").includes("-tags"));
});
