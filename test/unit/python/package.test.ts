import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cacheDirectory, repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { helperDirectory, pinnedPython, PythonUnavailableError } from "../../../local/python";

const requirements = join(helperDirectory, "requirements-dev.txt");

/** The interpreter with the pinned packages, or why there is none. */
async function interpreter(): Promise<{ python: string; skip: false } | { python: ""; skip: string }> {
  try {
    return { python: await pinnedPython([requirements], (line) => console.error(line)), skip: false };
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    return { python: "", skip: error.message };
  }
}

/** Runs a program to its end, which must be a success, and returns what it wrote. */
async function succeed(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1" };
  const { code, stdout, stderr } = await run(command, args, { cwd, env, timeoutMs: 300_000 });
  assert.equal(code, 0, stdout + stderr);
  return { stdout, stderr };
}

describe("the Python helper as a package", async () => {
  const { python, skip } = await interpreter();

  it("has types that mypy accepts, strictly", { skip }, async () => {
    const cache = join(cacheDirectory(), "mypy");
    await succeed(python, ["-m", "mypy", "--strict", "--cache-dir", cache], helperDirectory);
  });

  it("passes ruff", { skip }, async () => {
    await succeed(python, ["-m", "ruff", "check", "--no-cache", "."], helperDirectory);
  });

  it(
    "passes its tests with the real Flask, FastAPI, Django and MLflow, none of them skipped",
    { skip },
    async () => {
      const args = ["-m", "unittest", "tests.test_middleware", "tests.test_mlflow"];
      const { stderr } = await succeed(python, args, helperDirectory);
      // "Ran 0 tests" would be a pass of nothing.
      assert.match(stderr, /^Ran [1-9]\d* tests/m, stderr);
      assert.doesNotMatch(stderr, /skipped/, stderr);
    },
  );

  it("is built as a wheel that can be installed alone, with its types", { skip }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "ds-monitoring-wheel-"));
    t.after(() => rmSync(directory, { recursive: true }));
    // setuptools writes into the folder that it builds.
    const source = join(directory, "source");
    cpSync(helperDirectory, source, { recursive: true });
    await succeed(python, ["-m", "build", "--no-isolation", "--outdir", directory], source);
    const wheels = readdirSync(directory).filter((name) => name.endsWith(".whl"));
    assert.equal(wheels.length, 1);

    const fresh = join(directory, "fresh");
    await succeed(python, ["-m", "venv", "--without-pip", fresh], directory);
    const pip = ["-m", "pip", "--python", fresh, "install", "--quiet", "--no-index"];
    await succeed(python, [...pip, ...wheels], directory);
    const program = `
import importlib.metadata, os, sys
import ds_monitoring, ds_monitoring.mlflow
folder = os.path.dirname(ds_monitoring.__file__)
assert folder.startswith(sys.prefix), folder
print(importlib.metadata.version("ds-monitoring-helper"))
print(*sorted(name for name in os.listdir(folder) if not name.startswith("__pycache__")))
`;
    const { stdout } = await succeed(join(fresh, "bin", "python"), ["-c", program], directory);
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
      version: string;
    };
    const files = readdirSync(join(helperDirectory, "ds_monitoring")).filter(
      (name) => name !== "__pycache__",
    );
    assert.ok(files.includes("py.typed"));
    assert.equal(stdout, `${version}\n${files.sort().join(" ")}\n`);
  });
});
