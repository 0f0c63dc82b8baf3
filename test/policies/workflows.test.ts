import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
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

interface Step {
  name?: string;
  run?: string;
  uses?: string;
}
interface Job {
  if?: string;
  needs?: string;
  environment?: string;
  permissions?: Record<string, string>;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  steps: Step[];
}

const read = async (file: string) => parse(await readFile(join(github, file), "utf8")) as unknown;
const jobsOf = async (name: string) =>
  ((await read(`workflows/${name}.yml`)) as { jobs: Record<string, Job> }).jobs;
const runOf = ({ steps }: Job, name: string) => {
  const found = steps.find((step) => step.name === name);
  assert.ok(found?.run, name);
  return found.run;
};

describe("the workflows", () => {
  test("a token of Azure is for jobs alone that run no install script of a package", async () => {
    const { runs } = (await read("actions/setup/action.yml")) as { runs: { steps: Step[] } };
    const jobs = (await Promise.all(["preview", "deploy", "drift"].map(jobsOf))).flatMap((each) =>
      Object.values(each),
    );
    const all = [...jobs.flatMap(({ steps }) => steps), ...runs.steps];
    const installs = all.filter(({ run: script }) => script?.includes("npm ci"));
    assert.equal(installs.length, 2);
    for (const { run: script } of installs) assert.match(script ?? "", /--ignore-scripts/);
    for (const { permissions, environment, if: condition, needs } of jobs) {
      if (permissions?.["id-token"] !== "write") continue;
      assert.match(environment ?? "", /^(dev|prod-preview|prod|\$\{\{ matrix\.stack \}\}-(preview|drift))$/);
      assert.ok(condition?.includes("vars.AZURE_READY == 'true'") === true || needs !== "test", environment);
    }
  });

  test("a pull request from a fork gets no token, and no trigger runs its code with secrets", async () => {
    const { on } = (await read("workflows/preview.yml")) as { on: object };
    assert.deepEqual(Object.keys(on), ["pull_request"]);
    const { preview } = await jobsOf("preview");
    assert.match(preview?.if ?? "", /head\.repo\.full_name == github\.repository/);
  });

  test("tests, dev, prod's plan, then the approval; an update of a stack is alone", async () => {
    const { dev, plan, prod } = await jobsOf("deploy");
    assert.deepEqual([dev?.needs, plan?.needs, prod?.needs], ["test", "dev", "plan"]);
    assert.deepEqual(
      [dev?.environment, plan?.environment, prod?.environment],
      ["dev", "prod-preview", "prod"],
    );
    for (const [stack, job] of Object.entries({ dev, prod }))
      assert.deepEqual(job?.concurrency, { group: `stack-${stack}`, "cancel-in-progress": false });
  });

  test("a pull request is judged by the limits and prices of its base", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
    t.after(() => rm(folder, { recursive: true }));
    const { preview } = await jobsOf("preview");
    assert.ok(preview);
    const script = `
      export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      git init --quiet --initial-branch main upstream && cd upstream
      git config uploadpack.allowAnySHA1InWant true
      mkdir -p policies/config policies/prices
      echo 950 > policies/config/dev.json; echo 1 > policies/prices/prices.json; echo base > program
      git add . && git commit --quiet --message base
      base=$(git rev-parse HEAD)
      git checkout --quiet -b change
      echo 9999 > policies/config/dev.json; echo 0 > policies/prices/prices.json; echo changed > program
      git commit --quiet --all --message change
      cd .. && git clone --quiet --depth 1 --branch change "file://$PWD/upstream" checkout && cd checkout
      export BASE=$base
      ${runOf(preview, "Limits, exemptions and prices of the base branch")}
      cat policies/config/dev.json policies/prices/prices.json program`;
    const result = await run("sh", ["-euc", script], { cwd: folder, timeoutMs: 60_000 });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "950\n1\nchanged\n");
  });
});
