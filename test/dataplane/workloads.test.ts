import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  PythonUnavailableError,
  workloadPython,
  helperDirectory,
  exampleDirectory,
} from "../../local/python";
import { run } from "../../local/processes";

/** The interpreter with the workloads' pinned packages, or why there is none. */
async function pinnedPython(): Promise<{ python: string; skip: false } | { skip: string }> {
  try {
    return { python: await workloadPython((line) => console.error(line)), skip: false };
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    return { skip: error.message };
  }
}

describe("the example's and the helper's own tests, with their pinned packages", async () => {
  const found = await pinnedPython();
  // With these packages the helper's tests also compare its figures with SciPy, and find Flask's routes.
  const folders = {
    ds_monitoring: helperDirectory,
    pipeline: join(exampleDirectory, "pipeline"),
    api: join(exampleDirectory, "api"),
  };
  for (const [name, folder] of Object.entries(folders)) {
    it(name, { skip: found.skip }, async () => {
      assert.ok(found.skip === false);
      const { code, stderr } = await run(found.python, ["-m", "unittest"], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          PYTHONPATH: helperDirectory,
          PYTHONDONTWRITEBYTECODE: "1",
        },
        timeoutMs: 300_000,
      });
      // "Ran 0 tests" would be a pass of nothing.
      assert.match(stderr, /^Ran [1-9]\d* tests?/m, stderr);
      assert.equal(code, 0, stderr);
    });
  }
});
