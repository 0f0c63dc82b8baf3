import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runFluentdScript } from "../../../components/fluentd/runFluentd";
import { waitFor } from "../../dataplane/support/waitFor";

test("the program is started anew when it ends, and told to stop when the script is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ds-monitoring-run-"));
  try {
    const [script, said] = [join(folder, "run.sh"), join(folder, "said")];
    writeFileSync(script, runFluentdScript);
    writeFileSync(said, "");
    // Ends by itself the first time; the second time only when it is told, a second later, as a flush takes.
    const program = `trap 'sleep 1; echo stopped >> ${said}; exit 0' TERM
      echo "$*" >> ${said}; [ "$(grep -c . ${said})" -ge 2 ] || exit 3; while :; do sleep 0.1; done`;
    const run = spawn("sh", [script, "sh", "-c", program, "name", "an argument"]);
    const lines = () => readFileSync(said, "utf8").trim().split("\n");
    await waitFor("the second start", 30_000, () => (lines().length === 2 ? true : undefined));
    run.kill("SIGTERM");
    await once(run, "exit");
    const started = "an argument --no-supervisor";
    assert.deepEqual(lines(), [started, started, "stopped"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
