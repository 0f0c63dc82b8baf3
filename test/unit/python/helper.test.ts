import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";

const helperFolder = resolve(__dirname, "../../../python");

test("the Python helper passes its own tests", (t) => {
  if (spawnSync("python3", ["--version"]).status !== 0) {
    t.skip("python3 is not on PATH: the Python helper's own tests were not run");
    return;
  }
  const run = spawnSync("python3", ["-m", "unittest"], { cwd: helperFolder, encoding: "utf8" });
  // unittest writes its summary to standard error; "Ran 0 tests" would be a pass of nothing.
  assert.match(run.stderr, /^Ran [1-9]\d* tests/m, run.stderr);
  assert.equal(run.status, 0, run.stderr);
});
