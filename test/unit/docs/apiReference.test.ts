import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../local/paths";

const json = (file: string): unknown => JSON.parse(readFileSync(join(repositoryRoot, file), "utf8"));

test("the reference covers every entry of the package, strictly", () => {
  const { exports } = json("package.json") as { exports: Record<string, { types: string } | string> };
  const entries = Object.values(exports)
    .filter((entry) => typeof entry !== "string")
    .map(({ types }) => types.replace("./dist/cjs/", "").replace(".d.ts", ".ts"));
  const options = json("typedoc.json") as Record<string, unknown>;
  assert.deepEqual(options["entryPoints"], entries);
  assert.deepEqual(options["validation"], { notExported: true, invalidLink: true, notDocumented: true });
  assert.equal(options["treatWarningsAsErrors"], true);
});

test("every export has a docstring, and nothing that signatures mention is missing", () => {
  const typedoc = join(repositoryRoot, "node_modules/typedoc/bin/typedoc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, "--emit", "none"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
});
