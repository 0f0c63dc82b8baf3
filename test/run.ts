import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../local/paths";

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const compiling = /\/unit\/(docs|package|provider)\//;

/** Suites that start servers take turns; the others run side by side. */
const suites: Readonly<Record<string, { folder: string; inTurn: boolean; only?: RegExp; but?: RegExp }>> = {
  // Those that compile the library or the docs' examples take longer than all others, and are a suite of their own.
  unit: { folder: "test/unit", inTurn: false, but: compiling },
  package: { folder: "test/unit", inTurn: false, only: compiling },
  policies: { folder: "test/policies", inTurn: true },
  engine: { folder: "test/engine", inTurn: true },
  dataplane: { folder: "test/dataplane", inTurn: true },
};
const checks = ["lint", "typecheck"];

/**
 * Run checks (lint, typecheck) and suites one after the other, all of them also when one fails, and end with
 * one line that sums the tests of all suites. A check that fails counts as one failed test.
 */
async function main(names: readonly string[]): Promise<void> {
  const total: Totals = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  for (const name of names) {
    const result = checks.includes(name) ? await runCheck(name) : await runSuite(name);
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    if (result.failed > 0) failures.push(name);
  }
  if (failures.length > 0) console.log(`failed: ${failures.join(", ")}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

async function runCheck(name: string): Promise<Totals> {
  console.log(`# ${name}`);
  const { code } = await runProgram("npm", ["run", "--silent", name]);
  return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function runSuite(name: string): Promise<Totals> {
  const suite = suites[name];
  if (suite === undefined) throw new Error(`no suite ${name}; there are ${Object.keys(suites).join(", ")}`);
  const files = testFiles(join(repositoryRoot, suite.folder)).filter(
    (file) => (suite.only?.test(file) ?? true) && !(suite.but?.test(file) ?? false),
  );
  console.log(`# ${name}: ${files.length} files`);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const { code, output } = await runProgram(process.execPath, [
    ...["--import", "tsx", "--test", "--test-reporter", "spec", "--test-reporter-destination", "stdout"],
    ...(suite.inTurn ? ["--test-concurrency", "1"] : []),
    ...files,
  ]);
  const totals = {
    passed: counted(output, "pass"),
    failed: counted(output, "fail") + counted(output, "cancelled"),
    skipped: counted(output, "skipped") + counted(output, "todo"),
  };
  // A runner that ended without its summary has failed, whatever it counted.
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** The number in the runner's closing summary, for example `ℹ pass 12`. */
function counted(output: string, what: string): number {
  const lines = [...output.matchAll(new RegExp(`^ℹ ${what} (\\d+)$`, "gm"))];
  return Number(lines.at(-1)?.[1] ?? 0);
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(folder, file))
    .sort();
}

function runProgram(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // NODE_TEST_CONTEXT would make the runner report to a parent runner that is not there.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const child = spawn(command, args, { cwd: repositoryRoot, env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
      process.stdout.write(piece);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
