import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { repositoryRoot } from "../local/paths";
import { endProcesses, familyOf } from "../local/processes";

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** What runs as one process; its output is shown as a whole, when it has ended. */
interface Job {
  /** The check or suite that it belongs to. */
  suite: string;
  /** What it is called in the output. */
  name: string;
  command: string;
  args: readonly string[];
  /** Minutes after which it is ended, since it hangs. */
  limit: number;
}

interface Suite {
  folder: string;
  only?: RegExp;
  but?: RegExp;
  /** Suites that start servers run each file as a job of its own; the others are one job. */
  jobPerFile: boolean;
  /** Files that are the last of their suite's jobs, the very last at the end. */
  last?: readonly string[];
  /**
   * Minutes that a job of it may take.
   * @default 30: the longest takes six, and twenty more where it builds its tools first
   */
  limit?: number;
}

const compiling = /\/unit\/(docs|package|provider)\//;

const suites: Readonly<Record<string, Suite>> = {
  // Those that compile the library or the docs' examples take longer than all others, and are a suite of their own.
  unit: { folder: "test/unit", jobPerFile: false, but: compiling },
  package: { folder: "test/unit", jobPerFile: false, only: compiling },
  policies: { folder: "test/policies", jobPerFile: true },
  engine: { folder: "test/engine", jobPerFile: true },
  // It takes ten minutes, and builds the most where no tool and no image is there yet.
  cluster: { folder: "test/cluster", jobPerFile: true, limit: 50 },
  dataplane: {
    folder: "test/dataplane",
    jobPerFile: true,
    // They wait for most of their time: for alerts to fire, and for faults to last.
    last: ["modelApiReachability.test.ts", "alertMail.test.ts", "logFaults.test.ts", "drift.test.ts"],
  },
};
const realNodeSuite = "cluster";
const checks = ["lint", "typecheck"];
const slowestShown = 8;
const defaultLimit = 30;

/**
 * Run checks (lint, typecheck) and suites, all of them also when one fails, and end with one line that sums the tests
 * of all suites. A check that fails counts as one failed test.
 *
 * Three jobs run at a time: one from the front of the list, where those are that work, one from its end, where
 * those are that wait, and one on a real node, where most of the time is waiting, too.
 */
async function main(names: readonly string[]): Promise<void> {
  // Only who asks for that suite alone has it deploy to a cluster of theirs.
  if (names.join() !== realNodeSuite) delete process.env.KUBECONFIG;
  const jobs = names.flatMap((name) => (checks.includes(name) ? [checkJob(name)] : suiteJobs(name)));
  const total: Totals = { passed: 0, failed: 0, skipped: 0 };
  const failures = new Set<string>();
  const durations: { name: string; seconds: number }[] = [];
  const onRealNode: Totals = { passed: 0, failed: 0, skipped: 0 };
  const skipReasons = new Map<string, number>();
  const lane = async (next: () => Job | undefined): Promise<void> => {
    for (let job = next(); job !== undefined; job = next()) {
      const startedAt = Date.now();
      const { totals, output } = await runJob(job);
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      console.log(`# ${job.name}: ${seconds} s\n${output.trimEnd()}`);
      durations.push({ name: job.name, seconds });
      add(total, totals);
      if (job.suite === realNodeSuite) add(onRealNode, totals);
      for (const [, reason = ""] of output.matchAll(skippedTest))
        skipReasons.set(reason, (skipReasons.get(reason) ?? 0) + 1);
      if (totals.failed > 0) failures.add(job.name);
    }
  };
  const nodeJobs = jobs.filter(({ suite }) => suite === realNodeSuite);
  const others = jobs.filter(({ suite }) => suite !== realNodeSuite);
  await Promise.all([
    lane(() => others.shift()),
    lane(() => others.pop()),
    // The longest of them first.
    lane(() => nodeJobs.pop()),
  ]);
  const slowest = durations.sort((a, b) => b.seconds - a.seconds).slice(0, slowestShown);
  console.log(`slowest: ${slowest.map(({ name, seconds }) => `${name} ${seconds} s`).join(", ")}`);
  if (failures.size > 0) console.log(`failed: ${[...failures].join(", ")}`);
  for (const [reason, count] of skipReasons) console.log(`${count} skipped: ${reason}`);
  if (names.includes(realNodeSuite)) console.log(`on a real node: ${inWords(onRealNode)}`);
  console.log(inWords(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}

function add(sum: Totals, more: Totals): void {
  sum.passed += more.passed;
  sum.failed += more.failed;
  sum.skipped += more.skipped;
}

function inWords({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function checkJob(name: string): Job {
  return { suite: name, name, command: "npm", args: ["run", "--silent", name], limit: defaultLimit };
}

function suiteJobs(name: string): Job[] {
  const suite = suites[name];
  if (suite === undefined) throw new Error(`no suite ${name}; there are ${Object.keys(suites).join(", ")}`);
  const folder = join(repositoryRoot, suite.folder);
  const files = testFiles(folder, suite);
  const job = (jobName: string, jobFiles: readonly string[]): Job => ({
    suite: name,
    name: jobName,
    command: process.execPath,
    args: ["--import", "tsx", "--test", "--test-reporter", "spec", ...jobFiles],
    limit: suite.limit ?? defaultLimit,
  });
  if (!suite.jobPerFile) return files.length === 0 ? [] : [job(name, files)];
  return files.map((file) => job(`${name}/${relative(folder, file)}`, [file]));
}

function testFiles(folder: string, { only, but, last = [] }: Suite): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .sort((a, b) => last.indexOf(a) - last.indexOf(b) || (a < b ? -1 : 1));
  return files
    .map((file) => join(folder, file))
    .filter((file) => (only?.test(file) ?? true) && !(but?.test(file) ?? false));
}

/** A test that was skipped with a reason. */
const skippedTest = /^ *﹣ .* # (?:SKIPPED: )?(.+)$/gm;

/** A line of the test runner's closing summary, for example `ℹ pass 12`. */
const summaryLine = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)\n/gm;

/** Run a job to its end. The output is without the runner's summary, which the totals hold. */
async function runJob(job: Job): Promise<{ totals: Totals; output: string }> {
  const { code, output } = await runProgram(job);
  const counts = new Map([...output.matchAll(summaryLine)].map(([, what, count]) => [what, Number(count)]));
  const counted = (what: string): number => counts.get(what) ?? 0;
  const totals = {
    passed: counted("pass"),
    failed: counted("fail") + counted("cancelled"),
    skipped: counted("skipped") + counted("todo"),
  };
  // A program that ended without a summary has failed, whatever it counted.
  if (code !== 0 && totals.failed === 0) totals.failed = 1;
  return { totals, output: checks.includes(job.suite) ? output : output.replaceAll(summaryLine, "") };
}

/** Run a job's program to its end, or to its limit: then it is ended, with all that it started. */
function runProgram({ command, args, limit }: Job): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // NODE_TEST_CONTEXT would make the runner report to a parent runner that is not there.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const child = spawn(command, args, { cwd: repositoryRoot, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        output += piece;
      });
    }
    const timer = setTimeout(() => {
      output += `✖ did not end within ${limit} minutes, and was ended with all that it started\n`;
      familyOf(child.pid as number)
        .then(endProcesses)
        .catch(reject);
    }, limit * 60_000);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
