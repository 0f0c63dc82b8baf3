import { join } from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { pinnedPython, PythonUnavailableError } from "../../../local/python";

const options = ["--no-compile"];

/**
 * A virtual environment with the pinned requirements, made once in the user's cache.
 *
 * @returns its interpreter, or the reason why this machine can't make one
 */
export async function virtualEnvironment(): Promise<
  { python: string; missing?: undefined } | { python?: undefined; missing: string }
> {
  const requirements = join(repositoryRoot, "test/engine/python/requirements.txt");
  try {
    return { python: await pinnedPython([requirements], (line) => console.error(line), options) };
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    return { missing: error.message };
  }
}

/** Installs an SDK that was generated into `sdk` for the interpreter, into `target`, a folder for PYTHONPATH. */
export async function installSdk(python: string, sdk: string, target: string): Promise<void> {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...options];
  const { code, stdout, stderr } = await run(python, [
    ...pip,
    "--no-deps",
    "--no-build-isolation",
    "--target",
    target,
    sdk,
  ]);
  if (code !== 0) throw new Error(stdout + stderr);
}
