import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { helperDirectory, workloadPython } from "../../local/python";
import { run } from "../../local/processes";

/** What the Python helper costs: of a request, an event and a drift of a million rows, in CPU time, and its memory. */
async function main(): Promise<void> {
  const python = await workloadPython((line) => console.error(line));
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-helper-"));
  try {
    const { code, stdout, stderr } = await run(python, [join(__dirname, "python", "helper.py")], {
      env: { PATH: process.env.PATH, PYTHONPATH: helperDirectory, LOG_DIR: directory },
      timeoutMs: 600_000,
    });
    if (code !== 0) throw new Error(stderr);
    const figures = JSON.parse(stdout) as Record<string, number>;
    for (const [name, value] of Object.entries(figures))
      console.log(`${name.padEnd(28)} ${value.toFixed(3)}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
