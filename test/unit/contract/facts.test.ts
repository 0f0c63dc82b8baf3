/** Facts that are written in more than one place say the same everywhere. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { alertRules } from "../../../components/alerts/rules";
import { defaultProbeIntervalSeconds } from "../../../components/telegraf/telegrafConfig";
import { defaultRetentionDays } from "../../../contract/buckets";
import { dashboardUids } from "../../../contract/dashboardUids";
import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { dashboards } from "../../../dashboards";

const root = join(__dirname, "..", "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const tracked = (...patterns: string[]): string[] =>
  execFileSync("git", ["ls-files", ...patterns], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");

/** The text after `@default` of each optional property of a file. */
function defaultsIn(path: string): Map<string, string> {
  const found = read(path).matchAll(/@default ([^\n]*)\n\s*\*\/\n\s*(?:readonly )?(\w+)\?:/g);
  return new Map([...found].map(([, text = "", name = ""]) => [name, text]));
}

test("README and docs count the dashboards and rules that there are", () => {
  const words = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
  ];
  words.push("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen");
  const inWords = (count: number): string => `(?:${count}|${words[count] ?? count})`;
  const readme = read("README.md");
  assert.match(readme, new RegExp(`\\b${inWords(dashboards().length)} dashboards`, "i"));
  assert.match(readme, new RegExp(`\\b${inWords(alertRules().length)} alert rules`, "i"));
  const page = read("docs/dashboards.md");
  assert.match(page, new RegExp(`\\b${inWords(dashboards().length)} dashboards`, "i"));
  for (const { title } of dashboards()) assert.ok(page.includes(`| ${title} |`), title);
  for (const uid of Object.values(dashboardUids)) assert.ok(page.includes(`\`${uid}\``), uid);
});

test("the defaults that docs of an app's thresholds name are those of the rules", () => {
  const documented = defaultsIn("components/alerts/rule.ts");
  const rules = alertRules().filter(({ appThreshold }) => appThreshold !== undefined);
  assert.ok(rules.length > 0);
  for (const { appThreshold = "", threshold, name } of rules) {
    assert.equal(Number(documented.get(appThreshold)), threshold, `${name}: ${appThreshold}`);
  }
  const options = defaultsIn("components/alerts/rules/index.ts");
  assert.equal(Number(options.get("startingSeconds")), thresholds.startingSeconds);
  assert.equal(Number(options.get("probeIntervalSeconds")), defaultProbeIntervalSeconds);
});

test("the default days of retention are in one file; the table in docs/metrics.md is generated", () => {
  const inOrder = new RegExp(Object.values(defaultRetentionDays).join("\\D+"));
  const files = tracked("*.ts", "*.yaml", "*.md", ":!test", ":!CHANGELOG.md");
  assert.deepEqual(
    files.filter((file) => inOrder.test(read(file))),
    ["contract/buckets.ts"],
  );
});

test("no rule, rollup, dashboard or configuration names a measurement by a bare string", () => {
  // Too short to be distinguished from other words.
  const names = Object.values(measurements).filter((name) => name !== "log" && name !== "fluentd");
  const files = tracked("components/**/*.ts", "dashboards/**/*.ts", "contract/**/*.ts");
  for (const file of files.filter((path) => path !== "contract/measurements.ts")) {
    const code = read(file).replace(/\/\*[\s\S]*?\*\//g, "");
    for (const name of names) {
      // Keys of a record of event names are checked by the compiler.
      const bare = new RegExp(`["']${name.replaceAll(".", "\\.")}["'](?!:)`);
      assert.doesNotMatch(code, bare, `${file}: use measurements of contract/measurements.ts`);
    }
  }
});
