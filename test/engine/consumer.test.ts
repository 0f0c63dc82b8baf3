import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { newAppFiles, writeNewApp } from "../../cli/newApp";
import type { KubernetesObject } from "../../local/cluster/apiClient";
import type { Engine } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";
import { packLibrary } from "../support/packedLibrary";
import { changingSteps, Fixture } from "./harness";

// An app team's own project: it installs the packed library, and reads the platform's stack.

const platformStack = "organization/ds-monitoring/local";

/** Unit tests check the same programs' types. */
const transpileOnly = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

let fixture: Fixture;
let project: string;
let app: Engine;

before(async () => {
  fixture = await Fixture.start();
  const { tarball } = await packLibrary(fixture.directory);
  project = join(fixture.directory, "churn");
  writeNewApp(project, { name: "churn", platform: platformStack, library: `file:${tarball}` });
  // Install scripts download plugins, which tests never do.
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...options], { cwd: project, stdio: ["ignore", "ignore", "inherit"] });
  const platform = await fixture.stack();
  const result = await platform.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  app = await fixture.stack({ project, stack: "dev", env: transpileOnly });
});
after(() => fixture.stop());

test("an app's own stack reads the platform's, comes up, and logs to its aggregator", async () => {
  const result = await app.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal((await app.outputs()).url, "http://churn.churn.svc:8080");
  const [config] = (
    await fixture.api.list<KubernetesObject & { data: Record<string, string> }>(
      "/api/v1/namespaces/churn/configmaps",
    )
  ).filter(({ data }) => data["fluent.conf"] !== undefined);
  assert.match(config?.data["fluent.conf"] ?? "", /fluentd-aggregator\.monitoring\.svc/);
  assert.deepEqual(changingSteps(await app.preview()), []);
});

test("a text-log app comes up; a sample that its format does not match fails the preview", async () => {
  // Another name than the first app's: its namespace goes only after the new one is there.
  const options = { name: "billing", platform: platformStack, kind: "text-logs" } as const;
  const program = newAppFiles(options)["index.ts"] ?? "";
  await writeFile(join(project, "index.ts"), program.replace("WARN queue is full", "WARN: queue is full"));
  const refused = await app.preview();
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /sources\[0\]\.format: samples\[0\] does not match/);

  await writeFile(join(project, "index.ts"), program);
  const result = await app.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const deployments = await fixture.api.list<KubernetesObject & { status: { readyReplicas?: number } }>(
    "/apis/apps/v1/namespaces/billing/deployments",
  );
  assert.deepEqual(
    deployments.map(({ status }) => status.readyReplicas),
    [1],
  );
});

test("the transform that docs/swapping.md gives as an example reaches a resource below a component", async () => {
  const page = readFileSync(join(repositoryRoot, "docs", "swapping.md"), "utf8");
  const [, example] = /^```ts\n([^`]*transforms: [^`]*)^```$/m.exec(page) ?? [];
  assert.ok(example, "docs/swapping.md has an example of transforms");
  const program = `
import { Monitoring } from "ds-monitoring";
const email = { smarthost: "smtp.example.com:587", from: "a@example.com", to: ["b@example.com"] };
const alertmanager = { deploy: { email } };
`;
  // The platform's own namespace is there already.
  const own = example.replace('environment: "prod",', 'environment: "prod", namespaceName: "other",');
  await writeFile(join(project, "index.ts"), program + own);
  const engine = await fixture.stack({ project, stack: "transformed", env: transpileOnly });
  const result = await engine.preview({ args: ["--diff"] });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal(result.stdout.match(/priorityClassName *: "monitoring"/g)?.length, 1, result.stdout);
});

// Other languages: the library as a provider, in a project of YAML without a line of TypeScript.

/** The program that docs/packaging.md gives as an example, on the platform of this test; `extra` are more resources. */
function yamlProgram(extra = ""): string {
  const page = readFileSync(join(repositoryRoot, "docs", "packaging.md"), "utf8");
  const [, example] = /^```yaml\n(name: [^`]*)^```$/m.exec(page) ?? [];
  assert.ok(example, "docs/packaging.md has a program in YAML");
  return example.replace("acme/ds-monitoring/prod", platformStack).replace(/^outputs:/m, `${extra}outputs:`);
}

/** An engine on a YAML program; the library's provider is found on PATH, as a package manager puts it there. */
async function yamlStack(program: string): Promise<Engine> {
  const folder = join(fixture.directory, "churn-yaml");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "Pulumi.yaml"), program);
  return fixture.stack({
    project: folder,
    stack: "dev",
    env: { PATH: [join(project, "node_modules/.bin"), process.env.PATH].join(delimiter) },
  });
}

test("the engine reads the provider's schema", async () => {
  const executable = join(project, "node_modules/.bin/pulumi-resource-ds-monitoring");
  const schema = execFileSync(app.tools.pulumi.path, ["package", "get-schema", executable], {
    env: { ...process.env, PULUMI_HOME: join(fixture.directory, "pulumi-home") },
    encoding: "utf8",
  });
  const { resources } = JSON.parse(schema) as { resources: object };
  assert.deepEqual(
    Object.keys(resources).sort(),
    ["ModelApi", "Monitoring", "Pipeline"].map((type) => `ds-monitoring:index:${type}`),
  );
});

test("a program in YAML reads the platform's stack and comes up like one in TypeScript", async () => {
  const stack = await yamlStack(yamlProgram());
  const result = await stack.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal((await stack.outputs()).url, "http://scoring.scoring.svc:8080");
  const deployments = await fixture.api.list<KubernetesObject & { status: { readyReplicas?: number } }>(
    "/apis/apps/v1/namespaces/scoring/deployments",
  );
  assert.deepEqual(
    deployments.map(({ status }) => status.readyReplicas),
    [1],
  );
  assert.deepEqual(changingSteps(await stack.preview()), []);
});

test("half a choice in YAML fails the preview with the key and the fix", async () => {
  const platform = `  other:
    type: ds-monitoring:Monitoring
    properties:
      environment: dev
      alertmanager: { existing: { url: "http://alertmanager:9093" } }
      grafana: {}
`;
  const stack = await yamlStack(yamlProgram(platform));
  const refused = await stack.preview();
  assert.notEqual(refused.code, 0);
  assert.match(
    refused.stdout + refused.stderr,
    /grafana[\s\S]*give it "deploy" for a new one, or "existing"/,
  );
});
