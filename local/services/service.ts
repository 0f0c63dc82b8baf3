import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { endProcesses, sleep } from "../processes";

/** A running program. */
export interface Service {
  /** Process id. */
  readonly pid: number;
  /** File with all that it printed. */
  readonly logFile: string;
  /** End it: SIGTERM, and after `graceMs` (default 10 s) SIGKILL. */
  stop(graceMs?: number): Promise<void>;
}

/** How a {@link Service} is started. */
export interface ServiceOptions {
  command: string;
  args: readonly string[];
  /** Gets all that it prints; appended to. */
  logFile: string;
  /** @default that of this process */
  env?: NodeJS.ProcessEnv;
  /** @default that of this process */
  cwd?: string;
  /** Asked every 100 ms until it says yes. */
  isReady: () => Promise<boolean>;
  /** @default 60 s */
  readyTimeoutMs?: number;
}

/**
 * Start a program and wait until it is ready.
 *
 * @throws Error with the end of its log when it ends or isn't ready in time; it is stopped then
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { command, args, logFile, env, cwd } = options;
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { env: env ?? process.env, cwd, stdio: ["ignore", log, log] });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise<Error>((resolve) => child.once("error", resolve));
  }
  // A test that fails before it can stop its programs must not wait for them.
  child.unref();
  endWithThisProcess(child);
  const service: Service = { pid, logFile, stop: (graceMs) => endProcesses([pid], graceMs) };
  try {
    await untilReady(child, options);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}

const running = new Set<ChildProcess>();
const endAll = (): void => running.forEach((child) => child.kill("SIGTERM"));
process.once("exit", endAll);
// A signal that nobody else listens to ends this process without an "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  const end = (): void => {
    if (process.listenerCount(signal) > 1) return;
    endAll();
    process.off(signal, end);
    process.kill(process.pid, signal);
  };
  process.prependListener(signal, end);
}

/** Ends a program with this process, however that ends, but for SIGKILL. */
export function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

async function untilReady(child: ChildProcess, options: ServiceOptions): Promise<void> {
  const { command, logFile, isReady, readyTimeoutMs = 60_000 } = options;
  const deadline = Date.now() + readyTimeoutMs;
  while (!(await isReady())) {
    const ended = child.exitCode ?? child.signalCode;
    if (ended === null && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    const reason = ended === null ? `was not ready within ${readyTimeoutMs} ms` : `ended (${ended})`;
    throw new Error(`${command} ${reason}; its log ${logFile} ends with\n${await endOf(logFile)}`);
  }
}

async function endOf(file: string): Promise<string> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.slice(-20).join("\n");
}

/** Whether a URL answers with a 2xx status right now, with this header `Authorization`. */
export async function answers(url: string, authorization?: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(2000),
      headers: authorization === undefined ? {} : { authorization },
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
