import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { images } from "../../../components/images";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { pinnedPython, PythonUnavailableError } from "../../../local/python";
import { inLanguage } from "../docs/blocks";

// Every command of `az` in scripts/azureSetup.sh and in the docs, parsed by the real Azure CLI, without a login. It is large
// (700 MB), so that its first installation has a limit; it stays in the cache.

const folder = join(repositoryRoot, "test", "support", "azureCli");
let directory: string;
let python: string | undefined;
let missing = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
  try {
    const log = (line: string) => process.stderr.write(`${line}\n`);
    python = await pinnedPython([join(folder, "requirements.txt")], log, ["--no-compile"], 240_000);
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    missing = `the commands of az were not parsed: ${error.message}`;
  }
});
after(() => rm(directory, { recursive: true, force: true }));

/** What is wrong with each command, the arguments without `az`. */
async function problemsOf(commands: readonly string[][]): Promise<string[]> {
  const file = join(directory, "commands.json");
  await writeFile(file, JSON.stringify(commands));
  const env = {
    ...process.env,
    AZURE_CONFIG_DIR: join(directory, "azure"),
    AZURE_CORE_COLLECT_TELEMETRY: "no",
    PYTHONDONTWRITEBYTECODE: "",
  };
  const result = await run(python as string, [join(folder, "parse.py"), file], { env, timeoutMs: 120_000 });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout) as string[];
}

/** Runs the script with programs that only note how they were called; `az` finds nothing that exists yet. */
async function callsOfScript(): Promise<Record<string, string[][]>> {
  const programs = join(directory, "bin");
  const log = join(directory, "log");
  await Promise.all([programs, log].map((path) => mkdir(path)));
  const note = (name: string) => `#!/bin/sh
printf '%s\\037' "$@" >> '${log}/${name}'; printf '\\036' >> '${log}/${name}'
`;
  const cli = ["--import", "tsx", join(repositoryRoot, "cli", "main.ts"), "images"];
  const listed = await run(process.execPath, cli, { cwd: repositoryRoot });
  assert.equal(listed.code, 0, listed.stderr);
  await writeFile(join(directory, "images"), listed.stdout);
  const stubs: Record<string, string> = {
    az: `case "$*" in
  "keyvault show"*"--output none" | "keyvault key show"*) exit 1 ;;
  "ad app list"* | "role definition list"*) ;;
  *"--output tsv") echo 11111111-2222-3333-4444-555555555555 ;;
esac
`,
    gh: 'case "$*" in *"--input -") cat > /dev/null ;; esac\n',
    pulumi: '[ "$2" != select ]\n',
    npx: `cat '${directory}/images'\n`,
  };
  for (const [name, does] of Object.entries(stubs))
    await writeFile(join(programs, name), note(name) + does, { mode: 0o755 });
  const result = await run("sh", [join(repositoryRoot, "scripts", "azureSetup.sh")], {
    cwd: repositoryRoot,
    env: {
      PATH: [programs, process.env.PATH].join(delimiter),
      ...{ LOCATION: "eastus", PREFIX: "acmeml", REPOSITORY: "acme/churn" },
    },
    timeoutMs: 60_000,
  });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const calls: Record<string, string[][]> = {};
  for (const name of Object.keys(stubs)) {
    const text = await readFile(join(log, name), "utf8");
    calls[name] = text
      .split("\u001e")
      .slice(0, -1)
      .map((call) => call.split("\u001f").slice(0, -1));
  }
  return calls;
}

describe("scripts/azureSetup.sh", () => {
  let calls: Record<string, string[][]>;
  before(async () => {
    calls = await callsOfScript();
  });
  const of = (program: string, ...words: string[]) =>
    (calls[program] ?? []).filter((call) => words.every((word, index) => call[index] === word));
  const option = (call: string[], name: string) => call[call.indexOf(name) + 1] ?? "";

  test("every command is one of az", { timeout: 180_000 }, async (t: TestContext) => {
    if (python === undefined) return t.skip(missing);
    const all = of("az");
    assert.ok(all.length > 70, `${all.length} commands`);
    const problems = await problemsOf(all);
    assert.deepEqual(
      all.flatMap((call, index) => (problems[index] ? [`az ${call.join(" ")}: ${problems[index]}`] : [])),
      [],
    );
  });

  test("each environment of GitHub has an identity whose token fits it, and no secret", () => {
    const subjects = of("az", "ad", "app", "federated-credential", "create").map((call) => {
      const parameters = JSON.parse(option(call, "--parameters")) as { subject: string; audiences: string[] };
      assert.deepEqual(parameters.audiences, ["api://AzureADTokenExchange"]);
      return parameters.subject.replace("repo:acme/churn:environment:", "");
    });
    assert.deepEqual(subjects, ["dev", "prod", "dev-preview", "prod-preview", "dev-drift", "prod-drift"]);
    assert.equal(of("az", "ad", "app", "credential").length, 0);
    const made = of("gh", "api").map((call) =>
      call
        .find((word) => word.startsWith("repos/"))
        ?.split("/")
        .at(-1),
    );
    assert.deepEqual(made, subjects);
    assert.equal(of("gh", "secret").length, 0);
  });

  test("those of previews and drift can read only", () => {
    const roles = of("az", "role", "assignment", "create").map((call) => option(call, "--role"));
    const count = (role: string) => roles.filter((one) => one === role).length;
    assert.equal(count("Contributor"), 2);
    assert.equal(count("Role Based Access Control Administrator"), 2);
    assert.equal(count("Storage Blob Data Contributor"), 3, "the two deployers and who runs the script");
    assert.equal(count("Storage Blob Data Reader"), 4);
    assert.equal(count("ds-monitoring reader of acmeml"), 4);
    const [definition] = of("az", "role", "definition", "create");
    const role = JSON.parse(option(definition ?? [], "--role-definition")) as Record<string, string[]>;
    assert.ok(
      [...(role["Actions"] ?? []), ...(role["DataActions"] ?? [])].every((a) =>
        /\/read$|listClusterUser/.test(a),
      ),
    );
  });

  test("every image of the platform is brought to the registry under its own name", () => {
    const brought = of("az", "acr", "import").map((call) => option(call, "--image"));
    assert.deepEqual(brought, [...new Set<string>(Object.values(images))].sort());
  });

  test("both stacks are initialised with the key of the vault, before anything is switched on", () => {
    assert.deepEqual(
      of("pulumi", "stack", "init").map(([, , stack, , provider]) => `${stack} ${provider}`),
      ["dev", "prod"].map((stack) => `${stack} azurekeyvault://acmeml-state.vault.azure.net/keys/pulumi`),
    );
    assert.ok(!of("gh").some((call) => call.includes("AZURE_READY")));
  });
});

test("every command of az in the docs is one", { timeout: 180_000 }, async (t) => {
  if (python === undefined) return t.skip(missing);
  const commands = inLanguage("sh")
    .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.startsWith("az "))
    .map((line) => line.replace(/ # .*/, "").trim().split(/\s+/).slice(1));
  assert.ok(commands.length >= 3, `${commands.length} commands`);
  const problems = await problemsOf(commands);
  assert.deepEqual(
    commands.flatMap((call, index) => (problems[index] ? [`az ${call.join(" ")}: ${problems[index]}`] : [])),
    [],
  );
  const [wrong] = await problemsOf([["aks", "update", "--resource-group", "g", "--nmae", "c"]]);
  assert.match(wrong ?? "", /--name\/-n/);
});
