import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import Ajv from "ajv";
import ts from "typescript";
import { parse } from "yaml";
import { readConfig } from "../../../config";
import { repositoryRoot } from "../../../local/paths";

/*
 * Every code block in README.md and docs/ is checked, by the language of its fence; a language that is not here fails.
 *
 * ts      type-checked as a file of the repository's root, with the names of `preamble`
 * sh      each line is a make target or an npm script that exists; other programs need a mark in the fence that says
 *         what they need (`sh needs=azure`), and are listed as not run
 * yaml    parsed; `config:` is read as a stack's configuration
 * json    parsed; a log line (`event_name`) is checked against docs/log-contract.schema.json
 * python  parsed by Python
 * text    pictures and output of programs
 */

interface Block {
  /** File and line of the fence. */
  where: string;
  language: string;
  /** What `needs=` of the fence says. */
  needs?: string;
  text: string;
}

const preamble = `
declare const alertmanager: import("./components").MonitoringArgs["alertmanager"];
declare const monitoring: import("./components").MonitoringConnection;
declare const token: string;
`;

const files = [
  "README.md",
  ...readdirSync(join(repositoryRoot, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
].sort();
const textOf = (file: string): string => readFileSync(join(repositoryRoot, file), "utf8");
const blocks = files.flatMap((file) => blocksOf(file, textOf(file)));
const inLanguage = (language: string): Block[] => blocks.filter((block) => block.language === language);

function blocksOf(file: string, text: string): Block[] {
  const found: Block[] = [];
  const fence = /^( *)```(\S*)(?: +needs=(\S+))?[^\n]*\n([^]*?)^ *```$/gm;
  for (const match of text.matchAll(fence)) {
    const line = text.slice(0, match.index).split("\n").length;
    found.push({
      where: `${file}:${line}`,
      language: match[2] ?? "",
      needs: match[3],
      text: match[4] ?? "",
    });
  }
  return found;
}

test("every block is of a language that is checked here", () => {
  const known = ["ts", "sh", "yaml", "json", "python", "text"];
  assert.ok(blocks.length > 15, `${blocks.length} blocks`);
  const unknown = blocks.filter(({ language }) => !known.includes(language));
  assert.deepEqual(
    unknown.map(({ where, language }) => `${where} "${language}"`),
    [],
  );
});

test("ts blocks compile against the library", () => {
  const sources = new Map(
    inLanguage("ts").map(({ where, text }) => [
      join(repositoryRoot, `${where.replace(/\W/g, "_")}.block.ts`),
      `${preamble}${/\bMonitoring\b.* from /.test(text) ? "" : 'import { Monitoring } from "./components";\n'}${text}\nexport {};\n`,
    ]),
  );
  assert.ok(sources.size > 0);
  const { config } = ts.readConfigFile(join(repositoryRoot, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repositoryRoot);
  Object.assign(options, { noUnusedLocals: false, noEmit: true, baseUrl: repositoryRoot });
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const source = sources.get(path);
    return source === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, source, target);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  const problems = [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    assert.ok(file !== undefined, path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  });
  assert.deepEqual(
    problems.map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
    [],
  );
});

test("sh blocks name targets and scripts that exist; what is not run says what it needs", (t) => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const targets = [...textOf("Makefile").matchAll(/^([a-z-]+):/gm)].map((match) => match[1]);
  const problems: string[] = [];
  for (const { where, text, needs } of inLanguage("sh")) {
    for (const line of text.split("\n").map((part) => part.replace(/(^|\s)#.*$/, "").trim())) {
      const [program, first, second] = line.split(/\s+/);
      if (line === "") continue;
      if (program === "make") {
        if (!targets.includes(first)) problems.push(`${where}: no target ${first}`);
      } else if (program === "npm" && first === "run") {
        if (scripts[second ?? ""] === undefined) problems.push(`${where}: no script ${second}`);
      } else if (needs === undefined) {
        problems.push(`${where}: "${line}" is run by nobody: mark the fence, e.g. \`sh needs=azure\``);
      } else {
        t.diagnostic(`not run, needs ${needs}: ${where}: ${line}`);
      }
    }
  }
  assert.deepEqual(problems, []);
});

test("yaml blocks parse, and configurations of stacks are ones that the stack takes", () => {
  for (const { where, text } of inLanguage("yaml")) {
    const { config } = parse(text) as { config?: Record<string, unknown> };
    if (config === undefined) continue;
    const texts = Object.entries(config).map(([key, value]): [string, string] => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts));
    assert.doesNotThrow(() => readConfig(new pulumi.Config("ds-monitoring")), where);
  }
});

test("json blocks parse, and log lines keep the contract", () => {
  const schema = JSON.parse(textOf("docs/log-contract.schema.json")) as object;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  for (const { where, text } of inLanguage("json")) {
    const value = JSON.parse(text) as Record<string, unknown>;
    if (value["event_name"] !== undefined) {
      assert.ok(validate(value), `${where}: ${JSON.stringify(validate.errors)}`);
    }
  }
});

test("python blocks are Python", () => {
  const python = inLanguage("python");
  const program = "import ast, json, sys\nfor where, text in json.load(sys.stdin): ast.parse(text, where)";
  const { status, stderr } = spawnSync("python3", ["-c", program], {
    input: JSON.stringify(python.map(({ where, text }) => [where, text])),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

test("links to files lead somewhere", () => {
  const broken = files.flatMap((file) =>
    [...textOf(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !existsSync(resolve(repositoryRoot, dirname(file), link)))
      .map((link) => `${file}: ${link}`),
  );
  assert.deepEqual(broken, []);
});
