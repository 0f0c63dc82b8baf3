import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import Ajv from "ajv";
import ts from "typescript";
import { parse } from "yaml";
import { readConfig } from "../../../config/readConfig";
import { repositoryRoot } from "../../../local/paths";
import { stackBudget } from "../../../policies/cost/stackBudget";
import { pinnedImages } from "../../../policies/safety/pinnedImages";
import { blocks, files, inLanguage, textOf } from "./blocks";

/*
 * Every code block of README.md, docs/, examples/ and python/ is checked, by the language of its fence; a language that is not
 * here fails. What can run offline is run by execution.test.ts.
 *
 * ts      type-checked as a file of the repository's root, with the names of `preamble`; run
 * sh      run line by line, or proven by another test that is named, or marked with what it needs (`sh needs=azure`)
 * yaml    parsed; `config:` is read as a stack's configuration; programs are run by test/engine/consumer.test.ts
 * json    parsed; a log line (`event_name`) is checked against docs/log-contract.schema.json, settings of policies
 *         against the policies
 * python  run, and what it logs is checked against the log contract; programs of Pulumi by test/engine/consumer.test.ts
 * text    pictures and output of programs
 */

const preamble = `
declare const alertmanager: import("./components").MonitoringArgs["alertmanager"];
declare const monitoring: import("./components").MonitoringConnection;
declare const token: string;
`;

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

/** The engine hands over `{ secure: … }` as the text that was encrypted. */
const decrypted = (_key: string, value: unknown): unknown =>
  (value as { secure?: unknown } | null)?.secure ?? value;

test("yaml blocks parse, and configurations of stacks are ones that the stack takes", () => {
  for (const { where, text } of inLanguage("yaml")) {
    const { config } = parse(text) as { config?: Record<string, unknown> };
    if (config === undefined) continue;
    const texts = Object.entries(config).map(([key, value]): [string, string] => [
      key,
      typeof value === "string" ? value : JSON.stringify(value, decrypted),
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
    if (!where.startsWith("docs/policies.md")) continue;
    for (const [name, settings] of Object.entries(value)) {
      const policy = [pinnedImages, stackBudget].find((one) => one.name === name);
      assert.ok(policy, `${where}: add ${name} to the policies that are known here`);
      const { properties, required } = policy.configSchema ?? { properties: {} };
      const check = new Ajv({ strict: false }).compile({
        type: "object",
        additionalProperties: false,
        properties,
        required,
      });
      assert.ok(check(settings), `${where}: ${name}: ${JSON.stringify(check.errors)}`);
    }
  }
});

test("links lead to files that are there, and to headings in them", () => {
  const broken = files.flatMap((file) =>
    [...withoutCode(textOf(file)).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(
      ([, path = "", anchor]) => {
        const target = path === "" ? file : join(dirname(file), path);
        if (!existsSync(join(repositoryRoot, target))) return [`${file}: ${path}`];
        return anchor === undefined || anchorsOf(target).includes(anchor)
          ? []
          : [`${file}: ${path}#${anchor}`];
      },
    ),
  );
  assert.deepEqual(broken, []);
});

/** A link in code is an example, and a heading there a comment. */
const withoutCode = (text: string): string =>
  text.replace(/^( *)```[^]*?^ *```$/gm, "").replace(/`[^`\n]*`/g, "");

/** The anchors that GitHub gives to a page's headings. */
function anchorsOf(file: string): string[] {
  const headings = textOf(file)
    .replace(/^( *)```[^]*?^ *```$/gm, "")
    .matchAll(/^#+ +(.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
