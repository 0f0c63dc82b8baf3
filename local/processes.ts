import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./paths";

/** What a finished program left behind. `code` is null when a signal ended it. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds until the program is killed; default: none. */
  timeoutMs?: number;
  /** Called with each piece of output as it comes. */
  onOutput?: (text: string) => void;
  /** Also written to this file, from its beginning. */
  logFile?: string;
  /** Called once with the process id. */
  onStart?: (pid: number) => void;
}

/**
 * Run a program to its end and collect its output.
 *
 * @throws when the program cannot be started (a non-zero exit is no error here: see `code`)
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile);
    const out = { stdout: "", stderr: "" };
    const collect = (stream: keyof typeof out) => (piece: string) => {
      out[stream] += piece;
      log?.write(piece);
      options.onOutput?.(piece);
    };
    child.stdout.setEncoding("utf8").on("data", collect("stdout"));
    child.stderr.setEncoding("utf8").on("data", collect("stderr"));
    child.on("spawn", () => options.onStart?.(child.pid as number));
    child.on("error", (error) => {
      log?.end();
      reject(error);
    });
    child.on("close", (code) => {
      log?.end();
      resolve({ code, ...out });
    });
  });
}

/** Whether a process of this id exists (also when it belongs to another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Ids of the running processes whose command line starts with `prefix`. */
export async function processesOf(prefix: string): Promise<number[]> {
  return (await processes()).filter(({ command }) => command.startsWith(prefix)).map(({ pid }) => pid);
}

/** An argument of processes that go on after the run that started them, until they are asked to end. */
export const staysArgument = "--stays-after-the-run";

/**
 * Ids of what an engine that was killed has left: plugins and language hosts that were built here, whose parent has
 * ended, and Node.js processes that run a file of the folder `root`, whose parent has ended or is one of these.
 */
async function orphansOf(root: string): Promise<number[]> {
  const all = await processes();
  const tools = join(cacheDirectory(), "tools", "pulumi-");
  const built = ["resource-", "language-"].map((kind) => `${tools}${kind}`);
  const hosts = all
    .filter(({ parent, command }) => parent === 1 && built.some((prefix) => command.startsWith(prefix)))
    .map(({ pid }) => pid);
  const programs = all
    .filter(({ command }) => /^(\S*\/)?node /.test(command) && command.includes(` ${root}/`))
    .filter(({ command }) => !command.endsWith(` ${staysArgument}`))
    // A program does not notice that its engine is gone, and tries to reach it for ever.
    .filter(({ parent }) => parent === 1 || hosts.includes(parent))
    .map(({ pid }) => pid);
  return [...hosts, ...programs];
}

/**
 * End what a killed run of the folder `root` has left running, see {@link orphansOf}.
 *
 * @returns how many processes were ended
 */
export async function endOrphans(root: string): Promise<number> {
  const orphans = await orphansOf(root);
  await endProcesses(orphans);
  return orphans.length;
}

/** What runs on this machine, without what has ended and is still listed. */
export async function processes(): Promise<Array<{ pid: number; parent: number; command: string }>> {
  const { stdout } = await run("ps", ["-axww", "-o", "pid=,ppid=,stat=,command="]);
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, stat, command] = match as unknown as [string, string, string, string, string];
    // A zombie has ended already; only its parent can remove it.
    return stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** A process and all that it started, directly or through others; who started another comes first. */
export async function familyOf(pid: number): Promise<number[]> {
  const all = await processes();
  const family = [pid];
  for (const member of family)
    family.push(...all.filter(({ parent }) => parent === member).map((child) => child.pid));
  return family;
}

/** End these processes: ask with SIGTERM, and after `graceMs` (default 10 s) insist with SIGKILL. */
export async function endProcesses(pids: readonly number[], graceMs = 10_000): Promise<void> {
  const signal = (pid: number, name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  for (const pid of pids) signal(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  let left = pids.filter(isAlive);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(50);
    left = left.filter(isAlive);
  }
  for (const pid of left) signal(pid, "SIGKILL");
  const killDeadline = Date.now() + 10_000;
  while (left.some(isAlive) && Date.now() < killDeadline) await sleep(50);
}

/** Wait that many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
