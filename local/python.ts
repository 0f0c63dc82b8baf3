import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "./lock";
import { cacheDirectory, repositoryRoot } from "./paths";
import { run } from "./processes";
import { which } from "./tools/resolve";
import { UserError } from "./userError";

/** Folder of the example pipeline and API. */
export const exampleDirectory = join(repositoryRoot, "examples", "penguins");

/** The folder that holds the helper `ds_monitoring`, for PYTHONPATH. */
export const helperDirectory = join(repositoryRoot, "python");

/** Oldest Python that the pinned packages have wheels for. */
const oldestPython = [3, 11] as const;

/** Python is missing or too old, or pip can't get the pinned packages; the message says what to do. */
export class PythonUnavailableError extends UserError {}

/**
 * The interpreter of a virtual environment with the workloads' pinned packages, made once in the user's cache.
 *
 * @param log progress, a line each
 * @returns its absolute path
 * @throws as `pinnedPython`
 */
export function workloadPython(log: (line: string) => void): Promise<string> {
  const requirements = ["pipeline", "api"].map((name) => join(exampleDirectory, name, "requirements.txt"));
  return pinnedPython(requirements, log, ["--require-hashes"]);
}

/**
 * The interpreter of a virtual environment with pinned packages, made once in the user's cache: a new one where a
 * requirement or Python's version changed.
 *
 * @param requirements requirements files, absolute paths
 * @param log progress, a line each
 * @param pipOptions further options of `pip install`
 * @param timeoutMs milliseconds that pip may take; default: no limit
 * @returns its absolute path
 * @throws PythonUnavailableError without python3 3.11 or newer, where pip finds a package nowhere or takes too long; Error
 * when the packages can't be installed for another reason
 */
export async function pinnedPython(
  requirements: readonly string[],
  log: (line: string) => void,
  pipOptions: readonly string[] = [],
  timeoutMs?: number,
): Promise<string> {
  const { system, version } = await suitablePython();
  const contents = await Promise.all(requirements.map((file) => readFile(file, "utf8")));
  const key = createHash("sha256")
    .update(JSON.stringify([version, contents]))
    .digest("hex")
    .slice(0, 12);
  const folder = join(cacheDirectory(), `python-${key}`);
  const interpreter = join(folder, "bin", "python");
  // Written last: an installation that was killed half-way lacks it and is begun anew.
  const complete = join(folder, "complete");
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) return;
    log(`installing pinned Python packages into ${folder}, once (about a minute)`);
    await rm(folder, { recursive: true, force: true });
    await checked(system, ["-m", "venv", folder]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...pipOptions];
    for (const file of requirements) await checked(interpreter, [...pip, "-r", file], timeoutMs);
    await writeFile(complete, "");
  });
  return interpreter;
}

/** The python3 on PATH, with its version. @throws PythonUnavailableError where it is missing or too old */
export async function suitablePython(): Promise<{ system: string; version: string }> {
  const system = await which("python3");
  const version = system === undefined ? undefined : await pythonVersion(system);
  if (system !== undefined && version !== undefined && isRecent(version)) return { system, version };
  throw new PythonUnavailableError(
    `The pinned Python packages need Python ${oldestPython.join(".")} or newer as python3 on PATH, ` +
      `${system === undefined ? "which has no python3" : `but ${system} is ${version ?? "unreadable"}`}. Install it, with its venv module.`,
  );
}

async function pythonVersion(interpreter: string): Promise<string | undefined> {
  const { stdout, stderr } = await run(interpreter, ["--version"]);
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0];
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
}

async function checked(command: string, args: readonly string[], timeoutMs?: number): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { timeoutMs });
  // A signal ended it: that of the time limit.
  if (code === null && timeoutMs !== undefined)
    throw new PythonUnavailableError(`${command} ${args.join(" ")} took more than ${timeoutMs / 1000} s`);
  if (code !== 0) {
    const output = (stdout + stderr).trimEnd().slice(-2000);
    const message = `${command} ${args.join(" ")} failed:\n${output}`;
    // What pip ends with where it reaches no index, or one without the package; not for a wrong hash or a failed build.
    throw output.includes("No matching distribution found")
      ? new PythonUnavailableError(message)
      : new Error(message);
  }
}
