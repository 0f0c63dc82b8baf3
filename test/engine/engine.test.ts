import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { Fixture, changingSteps } from "./harness";

/** Pulumi.yaml with the runtime options of this repository's own program. */
async function toyProject(directory: string, program: string): Promise<string> {
  const project = join(directory, "toy");
  await mkdir(project, { recursive: true });
  const own = await readFile(join(repositoryRoot, "Pulumi.yaml"), "utf8");
  const runtime = /^runtime:\n(?: .*\n)+/m.exec(own);
  assert.ok(runtime, "Pulumi.yaml has runtime options");
  await writeFile(join(project, "Pulumi.yaml"), `name: toy\n${runtime[0]}main: main.js\n`);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "toy" }));
  await copyFile(join(repositoryRoot, "main.js"), join(project, "main.js"));
  await writeFile(join(project, "index.ts"), program);
  await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
  return project;
}

const program = `
import * as pulumi from "@pulumi/pulumi";
const config = new pulumi.Config();
class Part extends pulumi.ComponentResource {
  constructor(name: string) {
    super("toy:index:Part", name);
    this.registerOutputs();
  }
}
for (const name of config.requireObject<string[]>("parts")) new Part(name);
export const password: pulumi.Output<string> = pulumi.secret("correct horse");
`;

let fixture: Fixture;
let project: string;

before(async () => {
  fixture = await Fixture.start({ cluster: false });
  project = await toyProject(fixture.directory, program);
});
after(() => fixture.stop());

test("the engine runs a program: up, nothing to do, change, destroy", async () => {
  const engine = await fixture.stack({ project, stack: "dev", config: { "toy:parts": ["a", "b"] } });

  const preview = await engine.preview();
  assert.equal(preview.code, 0, preview.stdout + preview.stderr);
  assert.deepEqual(preview.changes, { create: 3 });

  const first = await engine.up();
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.deepEqual(first.changes, { create: 3 });

  const second = await engine.up();
  assert.deepEqual(second.changes, { same: 3 });
  assert.deepEqual(changingSteps(second), []);

  await engine.setConfig({ "toy:parts": ["a", "c"] });
  const third = await engine.up();
  assert.deepEqual(
    changingSteps(third)
      .map(({ op, name }) => `${op} ${name}`)
      .sort(),
    ["create c", "delete b"],
  );

  assert.deepEqual(await engine.outputs({ showSecrets: true }), { password: "correct horse" });
  assert.ok(
    !JSON.stringify(await engine.state()).includes("correct horse"),
    "the state keeps no secret in plain text",
  );

  const destroyed = await engine.destroy();
  assert.deepEqual(destroyed.changes, { delete: 3 });
  assert.equal((await engine.state()).deployment.resources, undefined);
});

test("a failing program gives a failing run with its message", async () => {
  const engine = await fixture.stack({ project, stack: "wrong" });
  const result = await engine.up();
  assert.notEqual(result.code, 0);
  assert.match(result.stdout, /Missing required configuration variable 'toy:parts'/);
});

test("a lock that a killed engine left is released; one of a living process is respected", async () => {
  const options = { project, stack: "locked", config: { "toy:parts": [] } };
  await fixture.stack(options);
  const locks = join(fixture.directory, "backends/main/state/.pulumi/locks/organization/toy/locked");
  await mkdir(locks, { recursive: true });
  const lock = (pid: number) =>
    writeFile(
      join(locks, "x.json"),
      JSON.stringify({ pid, username: "u", hostname: hostname(), timestamp: "" }),
    );

  await lock(process.pid);
  await assert.rejects(fixture.stack(options), new RegExp(`process ${process.pid}`));

  // The largest process id of Linux and macOS is below this one.
  await lock(2 ** 22 + 1);
  const result = await (await fixture.stack(options)).up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
});
