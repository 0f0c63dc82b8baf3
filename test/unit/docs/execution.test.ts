import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import * as azure from "../../../components/azure";
import * as library from "../../../components";
import { dashboards } from "../../../dashboards";
import { repositoryRoot } from "../../../local/paths";
import { contractViolations } from "../../support/contractViolations";
import { deploy } from "../support/deploy";
import { type Block, blocks, inLanguage, textOf } from "./blocks";
import { runBlock } from "./runBlock";

// Code blocks of the pages, run as they stand there.

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ds-monitoring-docs-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

// TypeScript: against a mocked engine.

for (const { where, text } of inLanguage("ts")) {
  // Mocks know no transforms: test/engine/consumer.test.ts runs this block with the real engine.
  if (/transforms: \[/.test(text)) continue;
  test(`${where} makes what it names`, async () => {
    const made = [...text.matchAll(/new (\w+)\(\s*"([^"]+)"/g)].map(([, type = "", name = ""]) => ({
      type,
      name,
    }));
    assert.ok(made.length > 0, "the block makes a component");
    const [dashboard] = dashboards();
    mkdirSync(join(folder, "dashboards"), { recursive: true });
    writeFileSync(
      join(folder, "dashboards", "churn-quality.json"),
      JSON.stringify({ ...JSON.parse(dashboard?.json ?? ""), uid: "churn-quality" }),
    );
    pulumi.runtime.setAllConfig(
      { "ds-monitoring:grafanaToken": "t", "ds-monitoring:influxDbPassword": "p" },
      ["ds-monitoring:grafanaToken", "ds-monitoring:influxDbPassword"],
    );
    const { resources } = await deploy(() => runBlock(text, folder));
    for (const { type, name } of made) {
      assert.ok(type in library || type in azure, `${type} is of the library`);
      const owner = `ds-monitoring:index:${type} ${name}`;
      const own = resources.filter((resource) => `${resource.type} ${resource.name}` === owner);
      assert.equal(own.length, 1, owner);
      const children = resources.filter(({ parent }) => parent === owner);
      assert.ok(children.length > 2, `${owner} has ${children.length} children`);
    }
  });
}

// Python: with the helper, and the values that the pages take for granted; what is logged keeps the contract.

const pythonPrelude = `
from ds_monitoring import RequestLogging, run
raw = [{"age": age} for age in range(1000)]
class Rows(list):
    """One page calls clean, another counts its rows."""
    def __call__(self, rows):
        return rows[12:]
clean = Rows(raw[12:])
labels = actual = ["stayed"] * 90 + ["churned"] * 10
predicted = ["stayed"] * 92 + ["churned"] * 8
old, new = {"age": list(range(1000))}, {"age": list(range(500, 1500))}
step, started_at = "train", 1767700000.0
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"{}"]
plain = app
`;
/** After the block: its app is asked, where it has one, and its logger is used. */
const pythonEpilogue = `
import logging, wsgiref.util
logging.getLogger("docs").info("from the page")
if app is not plain:
    environ = {"PATH_INFO": "/predict", "REQUEST_METHOD": "POST"}
    wsgiref.util.setup_testing_defaults(environ)
    body = app(environ, lambda status, headers, *rest: None)
    list(body)
    body.close()
`;
/** What each block of Python must have logged, by a piece of its text. */
const pythonEvents: Readonly<Record<string, readonly string[]>> = {
  "training.drift(": ["ml.class", "ml.decision", "ml.drift", "ml.metric", "ml.outliers", "pipeline.run.end"],
  "training.task(step)": ["pipeline.task.end", "pipeline.task.start"],
  "RequestLogging(app": ["http.server.request"],
  EventHandler: ["log"],
};

test("python blocks run, and log what they show in the words of the contract", (t) => {
  if (spawnSync("python3", ["--version"]).status !== 0) {
    t.skip("python3 is not on PATH: the blocks in Python were not run");
    return;
  }
  for (const [index, { where, text }] of inLanguage("python").entries()) {
    // test/engine/consumer.test.ts brings it up.
    if (/^import pulumi$/m.test(text)) continue;
    const logs = join(folder, `python-${index}`);
    mkdirSync(logs);
    const { status, stdout, stderr } = spawnSync("python3", ["-c", pythonPrelude + text + pythonEpilogue], {
      env: { ...process.env, LOG_DIR: logs, PYTHONPATH: join(repositoryRoot, "python") },
      encoding: "utf8",
    });
    assert.equal(status, 0, `${where}\n${stdout}${stderr}`);
    const lines = readdirSync(logs).flatMap((file) =>
      readFileSync(join(logs, file), "utf8").trim().split("\n"),
    );
    assert.deepEqual(contractViolations(lines), [], where);
    const logged = new Set(lines.map((line) => (JSON.parse(line) as { event_name: string }).event_name));
    const [, wanted] = Object.entries(pythonEvents).find(([piece]) => text.includes(piece)) ?? [];
    assert.ok(wanted, `${where}: say in pythonEvents what it logs`);
    assert.deepEqual(
      wanted.filter((name) => !logged.has(name)),
      [],
      `${where}: ${[...logged].join(", ")}`,
    );
  }
});

// Shell: each command of a block is run here, is run by another test, or is under a fence that says what it needs.

/** Commands that are run here as they stand, in a folder that `prepare` fills; afterwards `shows` must succeed too. */
const executed: Readonly<Record<string, { prepare: (at: string) => void; shows: string }>> = {
  "pip install ./python": {
    prepare: (at) =>
      cpSync(join(repositoryRoot, "python"), join(at, "python"), {
        recursive: true,
      }),
    shows: "python -c 'import ds_monitoring, sys; sys.exit(sys.prefix not in ds_monitoring.__file__)'",
  },
  "npx ds-monitoring new-app churn --platform acme/ds-monitoring/prod": {
    prepare: (at) => {
      mkdirSync(join(at, "node_modules/.bin"), { recursive: true });
      symlinkSync(join(repositoryRoot, "dist/cli.js"), join(at, "node_modules/.bin/ds-monitoring"));
      writeFileSync(join(at, "package.json"), "{}");
    },
    shows: "test -s churn/Pulumi.yaml && test -s churn/index.ts && test -s churn/package.json",
  },
};

/** Commands that another test runs, and what of that test shows it. */
const elsewhere: readonly { command: RegExp; test: string; shows: string }[] = [
  { command: /^make test$/, test: ".ci/run", shows: "exec make test" },
  {
    command: /^pulumi preview --stack dev --policy-pack policies\/launch /,
    test: "test/policies/stacks.test.ts",
    shows: 'policyPackConfigs: [join(repositoryRoot, "policies", "config", `${stack}.json`)]',
  },
  {
    command: /^node reconcile\.js desired-state\.json$/,
    test: "test/dataplane/reconcile.test.ts",
    shows: 'join(directory, "reconcile.js")',
  },
  {
    command: /^npm install ds-monitoring @pulumi/,
    test: "test/engine/consumer.test.ts",
    shows: 'execFileSync("npm", ["install"',
  },
  {
    command: /node_modules\/\.bin:\$PATH" pulumi up$/,
    test: "test/engine/consumer.test.ts",
    shows: "test(\"a program in YAML reads the platform's stack and comes up",
  },
  {
    command: /^pulumi package add \.\/node_modules\/\.bin\/pulumi-resource-ds-monitoring$/,
    test: "test/engine/consumer.test.ts",
    shows: 'pulumiPackage((executable) => ["add", executable]',
  },
];

/** The sections of docs/operations.md whose block the engine's test runs unchanged. */
const operations = "test/engine/operations.test.ts";
const operated = [...textOf(operations).matchAll(/await documented\("([^"]+)"\)/g)].map((match) => match[1]);
const isOperated = ({ where, section }: Block): boolean =>
  where.startsWith("docs/operations.md:") && operated.includes(section);

/** Commands of a block: its lines without comments. */
const commandsOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");

test("every command of a sh block is run, here or by a test that is named, or says what it needs", (t) => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const targets = [...textOf("Makefile").matchAll(/^([a-z-]+):/gm)].map((match) => match[1]);
  const problems: string[] = [];
  const used = new Set<unknown>();
  let left = 0;
  for (const block of inLanguage("sh")) {
    const { where, text, needs } = block;
    const unproven = (isOperated(block) ? [] : commandsOf(text)).filter((command) => {
      const [program, first, second] = command.split(/\s+/);
      if (program === "make" && !targets.includes(first)) problems.push(`${where}: no target ${first}`);
      if (program === "npm" && first === "run" && scripts[second ?? ""] === undefined) {
        problems.push(`${where}: no script ${second}`);
      }
      const proof = executed[command] ?? elsewhere.find((one) => one.command.test(command));
      if (proof === undefined) return true;
      used.add(proof);
      return false;
    });
    if (needs === undefined) {
      problems.push(
        ...unproven.map(
          (command) =>
            `${where}: "${command}" is run by no test: add it to \`executed\` or \`elsewhere\`, or mark the fence with what it needs, e.g. \`sh needs=azure\``,
        ),
      );
    } else if (unproven.length === 0) {
      problems.push(`${where}: every command is run by a test: take needs=${needs} away`);
    }
    for (const command of needs === undefined ? [] : unproven) {
      left += 1;
      t.diagnostic(`NOT RUN, needs ${needs}: ${where}: ${command}`);
    }
  }
  t.diagnostic(`${left} commands of ${blocks.length} blocks were not run`);
  for (const proof of [...Object.values(executed), ...elsewhere]) {
    if (!used.has(proof)) problems.push(`no page has ${JSON.stringify(proof)} any more: remove it here`);
  }
  assert.deepEqual(problems, []);
});

test("the tests that are named for a command still have it", () => {
  for (const { test: file, shows } of elsewhere) assert.ok(textOf(file).includes(shows), `${file}: ${shows}`);
});

for (const [command, { prepare, shows }] of Object.entries(executed)) {
  test(`runs unchanged: ${command}`, (t) => {
    const at = mkdtempSync(join(folder, "command-"));
    // Nothing of this machine's own Python is changed.
    const environment = join(at, "environment");
    if (command.startsWith("pip ") && spawnSync("python3", ["-m", "venv", environment]).status !== 0) {
      t.skip("python3 -m venv fails (Debian: apt-get install python3-venv): the command was not run");
      return;
    }
    prepare(at);
    const { status, stdout, stderr } = spawnSync("sh", ["-ec", `${command}\n${shows}`], {
      cwd: at,
      env: {
        ...process.env,
        PATH: [join(environment, "bin"), process.env.PATH].join(delimiter),
        npm_config_offline: "true",
      },
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  });
}

test("make lists every target that the pages name", () => {
  const help = spawnSync("make", ["help"], { cwd: repositoryRoot, encoding: "utf8" });
  assert.equal(help.status, 0, help.stderr);
  const named = blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => commandsOf(text))
    .flatMap((command) => /^make ([a-z-]+)/.exec(command)?.[1] ?? []);
  assert.ok(named.length > 2);
  for (const target of named) assert.match(help.stdout, new RegExp(`^ +make ${target} `, "m"));
});
