import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../../local/processes";
import { repositoryRoot } from "../../../local/paths";
import { waitFor } from "../../dataplane/support/waitFor";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends a program and the services that it has started`, { timeout: 60_000 }, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-service-"));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const script = `
      const { startService } = require(${JSON.stringify(join(repositoryRoot, "local/services/service.ts"))});
      setInterval(() => {}, 1000);
      startService({
        command: process.execPath,
        args: ["-e", "setInterval(() => {}, 1000)"],
        logFile: ${JSON.stringify(join(directory, "log"))},
        isReady: async () => true,
      }).then(({ pid }) => console.log(pid));`;
    const program = spawn(process.execPath, ["--import", "tsx", "--eval", script], {
      cwd: repositoryRoot,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(program.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(isAlive(pid));
    program.kill(signal);
    assert.deepEqual(await once(program, "exit"), [null, signal]);
    await waitFor("end of the service", 10_000, () => (isAlive(pid) ? undefined : true));
  });
}
