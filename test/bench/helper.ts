import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { helperDirectory, workloadPython } from "../../local/python";
import { run } from "../../local/processes";

type Figures = Record<string, number>;

/** How often a version is measured, in turns with the other. */
const turns = 5;

/**
 * What the Python helper costs: of a request, an event and a drift of a million rows, in CPU time, and its memory.
 *
 * With the environment variable BASELINE, a folder that holds another version's `ds_monitoring`, what both have is
 * measured in turns, and the ratio of the least times is reported.
 */
async function main(): Promise<void> {
  const python = await workloadPython((line) => console.error(line));
  const figures = await measure(python, helperDirectory);
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(28)} ${value.toFixed(3)}`);
  const baseline = process.env.BASELINE;
  if (baseline === undefined) return;
  const least: Record<"ours" | "theirs", Figures> = { ours: {}, theirs: {} };
  for (let turn = 0; turn < turns; turn += 1) {
    keepLeast(least.theirs, await measure(python, baseline, "calls"));
    keepLeast(least.ours, await measure(python, helperDirectory, "calls"));
  }
  for (const [name, value] of Object.entries(least.theirs)) {
    const ours = least.ours[name] ?? NaN;
    console.log(
      `${name.padEnd(28)} ${ours.toFixed(3)} against ${value.toFixed(3)}: ${(ours / value).toFixed(2)}`,
    );
  }
}

async function measure(python: string, helper: string, ...args: string[]): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-helper-"));
  try {
    const { code, stdout, stderr } = await run(python, [join(__dirname, "python", "helper.py"), ...args], {
      env: { PATH: process.env.PATH, PYTHONPATH: helper, LOG_DIR: directory },
      timeoutMs: 600_000,
    });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Figures;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function keepLeast(least: Figures, figures: Figures): void {
  for (const [name, value] of Object.entries(figures)) least[name] = Math.min(least[name] ?? value, value);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
