import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { endOrphans, endProcesses, isAlive, processes, run, staysArgument } from "../../../local/processes";

test("orphans of a checkout are ended, but for those that stay after their run", async () => {
  const root = await mkdtemp(join(tmpdir(), "ds-monitoring-orphans-"));
  const program = join(root, "program.js");
  await writeFile(program, "setInterval(() => undefined, 1000);");
  const start = `"${process.execPath}" "${program}"`;
  // Their parent ends at once.
  await run("sh", ["-c", `${start} >/dev/null 2>&1 & ${start} ${staysArgument} >/dev/null 2>&1 &`]);
  const running = (await processes()).filter(({ command }) => command.includes(program));
  try {
    assert.equal(running.length, 2);
    await endOrphans(root);
    const left = running.filter(({ pid }) => isAlive(pid));
    assert.deepEqual(
      left.map(({ command }) => command.endsWith(staysArgument)),
      [true],
    );
  } finally {
    await endProcesses(running.map(({ pid }) => pid));
    await rm(root, { recursive: true, force: true });
  }
});
