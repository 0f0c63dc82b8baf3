import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { run } from "../../../local/processes";
import { helperDirectory } from "../../../local/python";

/** The interpreters of the supported versions, as pyproject.toml states them: `python3.9` and so on. */
const interpreters = [
  ...readFileSync(`${helperDirectory}/pyproject.toml`, "utf8").matchAll(/Python :: (3\.\d+)"/g),
].map(([, version]) => `python${version}`);

test("the supported versions of Python are stated", () => {
  assert.ok(interpreters.length > 0);
});

for (const interpreter of interpreters) {
  // A launcher of a version that is not installed, such as pyenv's, is there and fails.
  const found = spawnSync(interpreter, ["--version"]).status === 0;
  const skip = !found && `${interpreter} is not on PATH: the Python helper's own tests were not run with it`;
  test(`the Python helper passes its own tests with ${interpreter}`, { skip }, async () => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const { code, stderr } = await run(interpreter, ["-m", "unittest"], { cwd: helperDirectory, env });
    // unittest writes its summary to standard error; "Ran 0 tests" would be a pass of nothing.
    assert.match(stderr, /^Ran [1-9]\d* tests/m, stderr);
    assert.equal(code, 0, stderr);
  });
}
