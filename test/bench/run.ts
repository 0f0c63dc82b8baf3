import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { spawn } from "node:child_process";
import { endWithThisProcess } from "../../local/services/service";

/** Every bench of this folder: a program that prints its figures. */
const benches = readdirSync(__dirname)
  .filter((file) => file.endsWith(".ts") && file !== basename(__filename))
  .map((file) => basename(file, ".ts"));

/**
 * Run the benches named on the command line, or all of them, one after the other.
 *
 * Timings differ from machine to machine and from minute to minute: each bench compares with a baseline of its own, in
 * turns, and reports the ratio.
 */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !benches.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no bench "${unknown}"; there are ${benches.join(", ")}`);
  for (const name of names.length === 0 ? benches : names) {
    console.log(`# ${name}`);
    const code = await runBench(join(__dirname, `${name}.ts`));
    if (code !== 0) process.exitCode = 1;
  }
}

function runBench(file: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", file], { stdio: "inherit" });
    endWithThisProcess(child);
    child.on("error", reject);
    child.on("close", resolve);
  });
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
