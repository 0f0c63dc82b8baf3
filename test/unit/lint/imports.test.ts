import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ESLint } from "eslint";
import { repositoryRoot } from "../../../local/paths";

/** The repository's own configuration. The rules that need a TypeScript program are left out: they are slow. */
const eslint = new ESLint({
  cwd: repositoryRoot,
  ruleFilter: ({ ruleId }) => ruleId.startsWith("import-x/"),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

/** The rules that ESLint reports for a file with this text and this path in the repository. */
async function reports(file: string, ...lines: string[]): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${lines.join("\n")}\n`, { filePath: join(repositoryRoot, file) });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId);
}

describe("lint rules for imports", () => {
  const breaches: readonly (readonly [file: string, imported: string])[] = [
    ["contract/file.ts", "../dashboards"],
    ["dashboards/file.ts", "../components"],
    ["components/file.ts", "../config/stackConfig"],
    ["components/images.ts", "./kubernetes/labels"],
    ["components/kubernetes/file.ts", "../platform/parts"],
    ["components/influxdb/file.ts", "../telegraf/telegraf"],
    ["components/alerts/file.ts", "../alertmanager/alertmanager"],
    ["components/fluentd/file.ts", "../monitoring"],
    ["components/fluentd/file.ts", ".."],
    ["components/workloads/file.ts", "../azure"],
    ["components/monitoring.ts", "./azure"],
    ["components/azure/file.ts", "../monitoring"],
    ["config/file.ts", "../local/paths"],
    ["provider/file.ts", "../config/stackConfig"],
    ["policies/file.ts", "../components"],
    ["local/file.ts", "../viewer/server/server"],
    ["examples/file.ts", "../config/stackConfig"],
    ["index.ts", "./local/paths"],
  ];
  for (const [file, imported] of breaches) {
    test(`${file} must not import ${imported}`, async () => {
      assert.deepEqual(await reports(file, `import "${imported}";`), ["import-x/no-restricted-paths"]);
    });
  }

  test("an import of a type alone is reported too", async () => {
    assert.deepEqual(await reports("contract/file.ts", `export type { Monitoring } from "../components";`), [
      "import-x/no-restricted-paths",
    ]);
  });

  test("an import circle is reported", async () => {
    // dashboards/index.ts imports dashboards/home.ts.
    const lines = [`import { dashboards } from ".";`, "", "export const home = dashboards;"];
    assert.deepEqual(await reports("dashboards/home.ts", ...lines), ["import-x/no-cycle"]);
  });

  test("imports downwards, of the own folder, of Node.js and of packages are clean", async () => {
    const imported = [
      "node:path",
      "@pulumi/pulumi",
      "../../contract/buckets",
      "../../dashboards",
      "../connection",
      "../kubernetes/labels",
      "../platform/parts",
      "./flux",
    ];
    const lines = imported.map((path) => `import "${path}";`);
    assert.deepEqual(await reports("components/influxdb/file.ts", ...lines), []);
  });
});
