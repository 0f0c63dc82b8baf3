import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { run } from "../../local/processes";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-base-"));
});
after(() => rm(directory, { recursive: true, force: true }));

async function git(args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    // An index of its own: neither branch nor index of the checkout is touched.
    GIT_INDEX_FILE: join(directory, "index"),
    ...{ GIT_AUTHOR_NAME: "test", GIT_AUTHOR_EMAIL: "test@example.com" },
    ...{ GIT_COMMITTER_NAME: "test", GIT_COMMITTER_EMAIL: "test@example.com" },
  };
  const { code, stdout, stderr } = await run("git", args, { cwd: repositoryRoot, env });
  assert.equal(code, 0, `git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** A commit of the checkout as it is, but for one file; no branch or tag knows it. */
async function commitWith(file: string, changed: (content: string) => string): Promise<string> {
  await git(["add", "--all"]);
  const content = await readFile(join(repositoryRoot, file), "utf8");
  assert.notEqual(changed(content), content, `${file} is changed`);
  const copy = join(directory, "changed");
  await writeFile(copy, changed(content));
  const blob = await git(["hash-object", "-w", copy]);
  await git(["update-index", "--cacheinfo", `100644,${blob},${file}`]);
  return git(["commit-tree", await git(["write-tree"]), "-m", "base of a test"]);
}

test("a preview with BASE reports only what differs from that commit", async () => {
  const base = await commitWith("Pulumi.dev.yaml", (content) =>
    content.replace("maxCount: 3", "maxCount: 2"),
  );
  const report = join(directory, "report.md");
  // As `make preview STACK=dev REPORT=report BASE=base` does.
  const result = await run(
    process.execPath,
    ["--import", "tsx", "local/cli.ts", "preview", "dev", report, base],
    { cwd: repositoryRoot, env: { ...process.env, DS_MONITORING_STATE: join(directory, "state") } },
  );
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const text = await readFile(report, "utf8");
  assert.match(text, /^1 to update\.$/m, text);
  assert.match(
    text,
    /^\| ~ update \| `azure-native:containerservice:AgentPool` \| aks-apps \| maxCount \|$/m,
  );
  assert.match(text, /^\| node pools at their minimum \| [\d.]+ \| [\d.]+ \| \+0\.00 \|$/m);
  // A node of 70.08 and its disk of 10.207 USD.
  assert.match(text, /^\| node pools at their maximum \| [\d.]+ \| [\d.]+ \| \+80\.29 \|$/m);
  assert.equal((await git(["worktree", "list"])).includes(directory), false, "the work tree is removed");
});
