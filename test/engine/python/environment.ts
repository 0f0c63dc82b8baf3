import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";

const execute = promisify(execFile);

/**
 * A virtual environment with the pinned requirements, made once in the cache of the tools.
 *
 * @returns its interpreter, or the reason why this machine can't make one
 */
export async function virtualEnvironment(): Promise<
  { python: string; missing?: undefined } | { python?: undefined; missing: string }
> {
  const requirements = join(repositoryRoot, "test/engine/python/requirements.txt");
  const hash = createHash("sha256")
    .update(await readFile(requirements, "utf8"))
    .digest("hex");
  const folder = join(cacheDirectory(), "tools", `python-environment-${hash.slice(0, 12)}`);
  const python = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return { python };
  await rm(folder, { recursive: true, force: true });
  const made = await run("python3", ["-m", "venv", folder]).catch((error: Error) => ({
    code: 1,
    stdout: "",
    stderr: error.message,
  }));
  if (made.code !== 0) {
    return {
      missing: `python3 -m venv fails (Debian: apt-get install python3-venv): ${made.stdout}${made.stderr}`,
    };
  }
  await pip(python, ["-r", requirements]);
  await writeFile(complete, "");
  return { python };
}

/** Installs an SDK that was generated into `sdk` for the interpreter, into `target`, a folder for PYTHONPATH. */
export function installSdk(python: string, sdk: string, target: string): Promise<void> {
  return pip(python, ["--no-deps", "--no-build-isolation", "--target", target, sdk]);
}

async function pip(python: string, args: readonly string[]): Promise<void> {
  const options = ["--quiet", "--disable-pip-version-check", "--no-compile"];
  await execute(python, ["-m", "pip", "install", ...options, ...args]);
}
