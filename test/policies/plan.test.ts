import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { repositoryRoot } from "../../local/paths";
import { Fixture, shell } from "../engine/harness";

interface Job {
  steps: { name?: string; run?: string }[];
}
interface Workflow {
  jobs: Record<string, Job>;
}

const runOf = ({ steps }: Job, name: string) => {
  const found = steps.find((step) => step.name === name);
  assert.ok(found?.run, name);
  return found.run;
};

test(
  "the plan is applied as it was shown, and another program is refused",
  { timeout: 240_000 },
  async (t) => {
    const fixture = await Fixture.start({ cluster: false });
    t.after(() => fixture.stop());
    const project = join(fixture.directory, "planned");
    const program = (length: number) =>
      writeFile(
        join(project, "index.js"),
        `const { RandomPassword } = require("@pulumi/random"); new RandomPassword("p", { length: ${length} });`,
      );
    await mkdir(join(project, "policies", "config"), { recursive: true });
    await writeFile(
      join(project, "Pulumi.yaml"),
      "name: planned\nruntime: { name: nodejs, options: { typescript: false } }\n",
    );
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "planned", main: "index.js" }));
    await writeFile(
      join(project, "policies", "config", "prod.json"),
      '{"stack-budget":{"maximumMonthly":1}}',
    );
    const launch = join(repositoryRoot, "policies", "launch");
    await writeFile(join(project, "policies", "launch"), `#!/bin/sh\nexec '${launch}' "$@"\n`, {
      mode: 0o755,
    });
    await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
    await program(20);
    const engine = await fixture.stack({ project, stack: "prod", env: { DS_MONITORING_ECHO_UP: "1" } });
    const { plan, prod } = (
      parse(await readFile(join(repositoryRoot, ".github/workflows/deploy.yml"), "utf8")) as Workflow
    ).jobs;
    assert.ok(plan && prod);
    const inProject = (script: string) =>
      shell(engine, `cd '${project}'; export STACK=prod; ${script}`, "prod", "");
    const planned = await inProject(runOf(plan, "Plan"));
    assert.equal(planned.code, 0, planned.stdout + planned.stderr);
    const other = await (await program(40), inProject(runOf(prod, "Update")));
    assert.notEqual(other.code, 0);
    assert.match(other.stdout + other.stderr, /violates plan/);
    const same = await (await program(20), inProject(runOf(prod, "Update")));
    assert.equal(same.code, 0, same.stdout + same.stderr);
  },
);
