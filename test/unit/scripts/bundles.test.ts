import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";

const built = new Date("2026-01-02T00:00:00Z");
const older = new Date("2026-01-01T00:00:00Z");
const newer = new Date("2026-01-03T00:00:00Z");

describe("a bundle is started where nothing that it was made of is newer, else the sources", () => {
  let directory: string;
  const at = (...path: string[]) => join(directory, ...path);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-bundles-"));
    for (const folder of ["policies", "contract", "components/kubernetes", "dist", "scripts"]) {
      await mkdir(at(folder), { recursive: true });
    }
    await symlink(join(repositoryRoot, "node_modules"), at("node_modules"));
    await copyFile(join(repositoryRoot, "main.js"), at("main.js"));
    await copyFile(join(repositoryRoot, "policies", "launch"), at("policies", "launch"));
    const start = join("scripts", "startBundle.js");
    await copyFile(join(repositoryRoot, start), at(start));
    await writeFile(at("dist", "program.sources.json"), '["index.ts"]');
    for (const name of ["index.ts", "policies/index.ts"]) await writeFile(at(name), 'console.log("sources")');
    await writeFile(at("package-lock.json"), "{}");
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** What starts, with sources of that time and bundles where there are any. */
  async function started(sources: Date, bundles: boolean): Promise<string[]> {
    for (const name of ["program.js", "policies.js"]) {
      await rm(at("dist", name), { force: true });
      if (!bundles) continue;
      await writeFile(at("dist", name), 'console.log("bundle")');
      await utimes(at("dist", name), built, built);
    }
    const files = ["index.ts", "policies/index.ts", "policies/launch", "package-lock.json"];
    for (const path of [...files, "policies", "contract", "components/kubernetes"]) {
      await utimes(at(path), sources, sources);
    }
    const program = await run(process.execPath, [at("main.js")]);
    const pack = await run(at("policies", "launch"), []);
    return [program, pack].map(({ stdout, stderr }) => stdout.trim() || stderr);
  }

  test("the bundle is newer", async () => {
    assert.deepEqual(await started(older, true), ["bundle", "bundle"]);
  });

  test("a source is newer", async () => {
    assert.deepEqual(await started(newer, true), ["sources", "sources"]);
  });

  test("there is no bundle", async () => {
    assert.deepEqual(await started(older, false), ["sources", "sources"]);
  });
});
