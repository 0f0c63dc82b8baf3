import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { satisfies, validRange } from "semver";
import { repositoryRoot } from "../../../local/paths";
import { devDependencies } from "../../../package.json";
import { catalogue, type ToolName } from "../../../local/tools/catalogue";
import { goBuildArguments, requiredVersion } from "../../../local/tools/tool";

function goModOf(name: ToolName): string {
  const folder = catalogue[name].build?.folder;
  assert.ok(folder);
  return readFileSync(join(repositoryRoot, "local", "tools", folder, "go.mod"), "utf8");
}

test("every tool that is built is pinned by its module, and every other says how to get it", () => {
  for (const [name, tool] of Object.entries(catalogue)) {
    if (tool.build === undefined) {
      assert.ok(tool.install, `${name} says how to install it`);
      continue;
    }
    assert.match(requiredVersion(goModOf(name as ToolName), tool.build.versionedBy), /^v\d+\.\d+\.\d+/, name);
  }
});

test("a range of versions on PATH is one that semver reads", () => {
  for (const [name, { onPath }] of Object.entries(catalogue))
    if (onPath !== undefined) assert.ok(validRange(onPath.range), `${name}: ${onPath.range}`);
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

test("the Kubernetes plugin reports a version that its SDK accepts", () => {
  const build = catalogue["pulumi-resource-kubernetes"].build;
  assert.ok(build);
  const args = goBuildArguments(build, "v4.0.0-20260115033456-f47bc2d6f199", "/out/p").join(" ");
  const [, reported = ""] = /version\.Version=(\S+)/.exec(args) ?? [];
  assert.ok(satisfies(reported, `>=${devDependencies["@pulumi/kubernetes"]}`), reported);
  assert.match(reported, /\+from-source$/, "nobody shall take it for the release");
});

/** Tools whose builds take the longest, and share most of their libraries. */
const sharing = [
  ...["kubernetes", "kwok", "coredns", "kube-router", "containerd", "runc", "cni-plugins", "etcd"],
  ...["pulumi", "pulumi-resource-kubernetes"],
];
const sharedLibrary =
  /^(k8s\.io\/(api|apimachinery|apiserver|client-go|klog\/v2|kube-openapi|utils)|google\.golang\.org\/(grpc|protobuf)|golang\.org\/x\/(net|sys|text|crypto|term|time)|go\.opentelemetry\.io\/otel(\/(sdk|trace|metric))?)$/;

test("large libraries have one version in all tools, so that the compiler's cache serves all", () => {
  const versions = new Map<string, Set<string>>();
  for (const folder of sharing) {
    const goMod = readFileSync(join(repositoryRoot, "local", "tools", folder, "go.mod"), "utf8");
    const replaced = new Map(
      [...goMod.matchAll(/^replace (\S+) => \1 (v\S+)$/gm)].map(([, name = "", version = ""]) => [
        name,
        version,
      ]),
    );
    for (const [, name = "", version = ""] of goMod.matchAll(/^(?:require|\t)\s*(\S+) (v\S+)/gm)) {
      if (!sharedLibrary.test(name)) continue;
      versions.set(name, (versions.get(name) ?? new Set()).add(replaced.get(name) ?? version));
    }
  }
  assert.ok(versions.size > 10);
  assert.deepEqual(
    [...versions].filter(([, found]) => found.size > 1),
    [],
  );
});
