import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { captureStdoutScript } from "../../../components/fluentd/captureStdout";

const folder = mkdtempSync(join(tmpdir(), "capture-"));
after(() => rmSync(folder, { recursive: true }));
const script = join(folder, "capture-stdout.sh");
writeFileSync(script, captureStdoutScript);

function start(command: string, env: Record<string, string>) {
  const child = spawn("sh", [script, "sh", "-c", command], {
    env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout })),
  );
  return { child, ended, printed: () => stdout };
}

function logFolder(): string {
  return mkdtempSync(join(folder, "logs-"));
}

test("passes the output on, copies it, and ends with the command's exit code", async () => {
  const logs = logFolder();
  const { code, stdout } = await start("echo out; echo err >&2; printf 'no newline'; exit 7", {
    LOG_DIR: logs,
  }).ended;
  assert.equal(code, 7);
  assert.equal(stdout, "out\nerr\nno newline\n");
  assert.equal(readFileSync(join(logs, "stdout.0.log"), "utf8"), stdout);
});

test("hands signals on and waits for the command's own ending", async () => {
  const logs = logFolder();
  const { child, ended, printed } = start(
    "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done",
    {
      LOG_DIR: logs,
    },
  );
  while (!printed().includes("ready")) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGTERM");
  const { code, stdout } = await ended;
  assert.equal(code, 3);
  assert.match(stdout, /bye/);
  assert.match(readFileSync(join(logs, "stdout.0.log"), "utf8"), /bye/);
});

test("keeps within its bound", async () => {
  const logs = logFolder();
  const command = "i=0; while [ $i -lt 2000 ]; do echo 0123456789; i=$((i + 1)); done";
  const { code } = await start(command, { LOG_DIR: logs, CAPTURE_BYTES: "1000" }).ended;
  assert.equal(code, 0);
  const files = readdirSync(logs);
  assert.equal(files.length, 2);
  for (const file of files) assert.ok(statSync(join(logs, file)).size <= 1000, file);
});

test("a folder that is missing costs the copy, not the command", async () => {
  const { code, stdout } = await start("echo out; exit 4", { LOG_DIR: join(folder, "missing") }).ended;
  assert.deepEqual({ code, stdout }, { code: 4, stdout: "out\n" });
});
