import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { run } from "../../local/processes";
import { ToolUnavailableError, resolveTool } from "../../local/tools/resolve";

const github = join(repositoryRoot, ".github");

test("actionlint finds nothing wrong in the workflows", async (t) => {
  const actionlint = await resolveTool("actionlint").catch((error: unknown) => {
    if (error instanceof ToolUnavailableError) return t.skip(error.message);
    throw error;
  });
  if (actionlint === undefined) return;
  const workflows = await readdir(join(github, "workflows"));
  assert.ok(workflows.length >= 3);
  const files = workflows.map((file) => join(github, "workflows", file));
  const result = await run(actionlint.path, ["-no-color", ...files], { cwd: repositoryRoot });
  assert.equal(result.code, 0, result.stdout + result.stderr);
});

test("every action of others is pinned by commit, with its version beside it", async () => {
  const files = (await readdir(github, { recursive: true })).filter((file) => file.endsWith(".yml"));
  assert.ok(files.length >= 4);
  for (const file of files) {
    const lines = (await readFile(join(github, file), "utf8")).split("\n");
    for (const line of lines.filter((text) => /^\s*(- )?uses: [^.]/.test(text))) {
      assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/, file);
    }
  }
});
