import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { newAppFiles, writeNewApp } from "../../cli/newApp";
import type { KubernetesObject } from "../support/apiClient";
import type { Engine } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";
import { resolveTool } from "../../local/tools/resolve";
import { packLibrary } from "../support/packedLibrary";
import { changingSteps, Fixture } from "./harness";
import { installSdk, virtualEnvironment } from "./python/environment";

// An app team's own project: it installs the packed library, and reads the platform's stack.

const platformStack = "organization/ds-monitoring/local";

/** Unit tests check the same programs' types. */
const transpileOnly = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

let fixture: Fixture;
let project: string;
let platform: Engine;
let app: Engine;

before(async () => {
  fixture = await Fixture.start();
  const { tarball } = await packLibrary(fixture.directory);
  project = join(fixture.directory, "churn");
  writeNewApp(project, { name: "churn", platform: platformStack, library: `file:${tarball}` });
  // Install scripts download plugins, which tests never do.
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...options], { cwd: project, stdio: ["ignore", "ignore", "inherit"] });
  platform = await fixture.stack();
  const result = await platform.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  app = await fixture.stack({ project, stack: "dev", env: transpileOnly });
});
after(() => fixture.stop());

/** The keys that the pods of a namespace send to the aggregator, one for each component that brought it. */
async function sharedKeysIn(namespace: string): Promise<string[]> {
  const secrets = await fixture.api.list<KubernetesObject & { data?: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets`,
  );
  return secrets
    .flatMap(({ data }) => data?.sharedKey ?? [])
    .map((key) => Buffer.from(key, "base64").toString());
}

async function sharedKeyIn(namespace: string): Promise<string> {
  const [key = "", ...more] = await sharedKeysIn(namespace);
  assert.deepEqual(more, [], `${namespace} has one shared key`);
  return key;
}

async function readyReplicasIn(namespace: string): Promise<(number | undefined)[]> {
  const deployments = await fixture.api.list<KubernetesObject & { status: { readyReplicas?: number } }>(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
  );
  return deployments.map(({ status }) => status.readyReplicas);
}

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
  assert.equal(await sharedKeyIn("churn"), await sharedKeyIn("monitoring"));
  assert.deepEqual(changingSteps(await app.preview()), []);
});

test("a dashboard of an app's own stack is created as a ConfigMap that Grafana's sidecar watches, updated and deleted", async () => {
  const file = join(project, "index.ts");
  const program = readFileSync(file, "utf8");
  const dashboardMaps = () =>
    fixture.api.list<{
      metadata: KubernetesObject["metadata"] & { annotations?: Record<string, string> };
      data: Record<string, string>;
    }>(`/api/v1/namespaces/churn/configmaps?labelSelector=${encodeURIComponent("grafana_dashboard=1")}`);
  for (const title of ["Churn quality", "Churn quality, by week"]) {
    const json = JSON.stringify({ uid: "churn-quality", title, panels: [] });
    const own = `dashboards: [{ uid: "churn-quality", title: "Churn quality", folder: "Churn", json: ${JSON.stringify(json)} }],`;
    await writeFile(file, program.replace(/^\}\);$/m, `  ${own}\n});`));
    const result = await app.up();
    assert.equal(result.code, 0, result.stdout + result.stderr);
    const maps = await dashboardMaps();
    assert.deepEqual(
      maps.map(({ metadata, data }) => [metadata.name, metadata.annotations?.["grafana_folder"], data]),
      [["churn-dashboard-churn-quality", "Churn", { "churn-quality.json": json }]],
    );
  }
  await writeFile(file, program);
  const result = await app.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(await dashboardMaps(), []);
});

test("a text-log app comes up; a sample that its format does not match fails the preview", async () => {
  // Another name than the first app's: its namespace goes only after the new one is there.
  const options = { name: "billing", platform: platformStack, kind: "text-logs" } as const;
  const program = newAppFiles(options)["index.ts"] ?? "";
  await writeFile(join(project, "index.ts"), program.replace("WARN queue is full", "WARN: queue is full"));
  const refused = await app.preview();
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /logs\[0\]\.format: samples\[0\] does not match/);

  await writeFile(join(project, "index.ts"), program);
  const result = await app.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(await readyReplicasIn("billing"), [1]);
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
  const result = await engine.preview({ diff: true });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal(result.stdout.match(/priorityClassName *: "monitoring"/g)?.length, 1, result.stdout);
});

/** Workloads of every kind: two of the program itself, and those of a component from elsewhere. */
const otherPods = `
import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { CronJob, Job } from "@pulumi/kubernetes/batch/v1";
import * as pulumi from "@pulumi/pulumi";
import * as ds from "ds-monitoring";

const monitoring = ds.Monitoring.fromStack("${platformStack}");
const namespace = new ds.AppNamespace("shop", { monitoring });
const logging = new ds.Logging("shop-logging", { monitoring, namespace, service: "shop" });

const pod = (name: string, more = {}) => ({
  containers: [{ name, image: "registry.example.com/" + name + ":1.0.0", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } }],
  securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
  ...more,
});
const metadata = { namespace: namespace.namespaceName };
const labelled = (app: string, spec: object) => ({
  selector: { matchLabels: { app } },
  template: { metadata: { labels: { app } }, spec },
});

new StatefulSet("queue", { metadata, spec: { serviceName: "queue", ...labelled("queue", ds.withLogging(pod("queue"), logging)) } });
new Job("import", { metadata, spec: { template: { spec: ds.withLogging(pod("import", { restartPolicy: "Never" }), logging) } } });

class Chart extends pulumi.ComponentResource {
  constructor(name: string, opts: pulumi.ComponentResourceOptions) {
    super("shop:index:Chart", name, {}, opts);
    const own = { parent: this };
    new Deployment("web", { metadata, spec: labelled("web", pod("web")) }, own);
    new StatefulSet("store", { metadata, spec: { serviceName: "store", ...labelled("store", pod("store")) } }, own);
    new Job("migrate", { metadata, spec: { template: { spec: pod("migrate", { restartPolicy: "Never" }) } } }, own);
    const jobTemplate = { spec: { template: { spec: pod("report", { restartPolicy: "Never" }) } } };
    new CronJob("report", { metadata, spec: { schedule: "0 3 * * *", jobTemplate } }, own);
  }
}
new Chart("shop", { dependsOn: [namespace], transforms: [ds.loggingTransform(logging)] });
`;

interface PodSpec {
  containers: { name: string; env?: { name: string }[]; volumeMounts?: { mountPath: string }[] }[];
  initContainers?: { name: string; restartPolicy?: string }[];
  terminationGracePeriodSeconds?: number;
}

test("pods of every kind, also those of a component from elsewhere, reach the API server with the sidecar", async () => {
  await writeFile(join(project, "index.ts"), otherPods);
  const stack = await fixture.stack({ project, stack: "others", env: transpileOnly });
  const result = await stack.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);

  const specs = new Map<string, PodSpec>();
  for (const [path, kind] of [
    ["apps/v1", "deployments"],
    ["apps/v1", "statefulsets"],
    ["batch/v1", "jobs"],
    ["batch/v1", "cronjobs"],
  ]) {
    type Templated = { template: { spec: PodSpec } };
    const objects = await fixture.api.list<
      KubernetesObject & { spec: Templated & { jobTemplate: { spec: Templated } } }
    >(`/apis/${path}/namespaces/shop/${kind}`);
    for (const { spec } of objects) {
      const pod = (kind === "cronjobs" ? spec.jobTemplate.spec : spec).template.spec;
      specs.set(`${kind} ${pod.containers[0]?.name}`, pod);
    }
  }
  assert.deepEqual(
    [...specs.keys()],
    [
      "deployments web",
      "statefulsets queue",
      "statefulsets store",
      "jobs import",
      "jobs migrate",
      "cronjobs report",
    ],
  );
  for (const [name, { initContainers, containers, terminationGracePeriodSeconds }] of specs) {
    assert.deepEqual(
      initContainers?.map((container) => [container.name, container.restartPolicy]),
      [["logging", "Always"]],
      name,
    );
    assert.deepEqual(
      containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath),
      ["/var/log/app"],
      name,
    );
    assert.deepEqual(
      containers[0]?.env?.map((variable) => variable.name),
      ["LOG_DIR"],
      name,
    );
    assert.equal(terminationGracePeriodSeconds, 60, name);
  }
  // Jobs end although the sidecar never does, and nothing was refused.
  assert.deepEqual(await readyReplicasIn("shop"), [1]);
  const jobs = await fixture.api.list<KubernetesObject & { status: { succeeded?: number } }>(
    "/apis/batch/v1/namespaces/shop/jobs",
  );
  assert.deepEqual(
    jobs.map(({ status }) => status.succeeded),
    [1, 1],
  );
});

test("a namespace that does not exist is refused in the preview, and not created", async () => {
  const program = `
import * as ds from "ds-monitoring";
const monitoring = ds.Monitoring.fromStack("${platformStack}");
new ds.AppNamespace("typo", { monitoring, namespace: "chrun" });
`;
  await writeFile(join(project, "index.ts"), program);
  const stack = await fixture.stack({ project, stack: "typo", env: transpileOnly });
  for (const result of [await stack.preview(), await stack.up()]) {
    assert.notEqual(result.code, 0);
    assert.match(result.stdout + result.stderr, /typo-existing-namespace/);
    assert.match(result.stdout + result.stderr, /resource 'chrun' does not exist/);
  }
  assert.equal(await fixture.api.get("/api/v1/namespaces/chrun"), undefined);
});

// Other languages: the library as a provider, in a project of YAML without a line of TypeScript.

/** The block of docs/packaging.md in that language which matches. */
function exampleOf(language: string, pattern: RegExp): string {
  const page = readFileSync(join(repositoryRoot, "docs", "packaging.md"), "utf8");
  const blocks = [...page.matchAll(/^```(\w+)[^\n]*\n([^`]*)^```$/gm)];
  const found = blocks.find(([, name, text = ""]) => name === language && pattern.test(text));
  assert.ok(found?.[2], `docs/packaging.md has a program in ${language}`);
  return found[2];
}

/** The program that docs/packaging.md gives as an example, on the platform of this test; `extra` are more resources. */
function yamlProgram(extra = ""): string {
  return exampleOf("yaml", /^name: /)
    .replace("acme/ds-monitoring/prod", platformStack)
    .replace(/^outputs:/m, `${extra}outputs:`);
}

/** An engine on a YAML program. */
async function yamlStack(program: string, name = "churn-yaml"): Promise<Engine> {
  const folder = join(fixture.directory, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "Pulumi.yaml"), program);
  return fixture.stack({
    project: folder,
    stack: "dev",
    env: { PATH: providerPath() },
  });
}

/** PATH with the library's provider, as a package manager puts it there. */
const providerPath = () => [join(project, "node_modules/.bin"), process.env.PATH].join(delimiter);

/** Runs `pulumi package` on the provider's executable, with the folder of other language hosts on PATH. */
function pulumiPackage(args: (executable: string) => string[], folder = project, hosts = ""): string {
  const executable = join(project, "node_modules/.bin/pulumi-resource-ds-monitoring");
  return execFileSync(app.tools.pulumi.path, ["package", ...args(executable)], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: [hosts, process.env.PATH].join(delimiter),
      PULUMI_HOME: join(fixture.directory, "pulumi-home"),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    encoding: "utf8",
  });
}

test("the engine reads the provider's schema", () => {
  const schema = pulumiPackage((executable) => ["get-schema", executable]);
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
  assert.deepEqual(await readyReplicasIn("scoring"), [1]);
  assert.equal(await sharedKeyIn("scoring"), await sharedKeyIn("monitoring"));
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

test("a platform and a pipeline in YAML are made of the same resources as in TypeScript", async () => {
  const program = `name: platform
runtime: yaml
resources:
  monitoring:
    type: ds-monitoring:Monitoring
    properties:
      environment: test
      namespaceName: other
      protect: false
      alertmanager:
        deploy: { email: { smarthost: "smtp.example.com:587", from: a@example.com, to: [b@example.com] } }
      influxDb: { deploy: { storage: { size: 1Gi } } }
      retentionDays: { events: 21 }
      alerts: { apps: [{ service: churn, errorRatio: 0.01 }], disabled: [SeriesCardinalityHigh] }
  training:
    type: ds-monitoring:Pipeline
    properties:
      schedule: "0 3 * * 1"
      steps:
        - { name: load, image: "registry.example.com/training:1.0.0", args: [load] }
        - { name: train, image: "registry.example.com/training:1.0.0", resources: { limits: { memory: 2Gi } } }
      models: { size: 1Gi, protect: false }
      monitoring: \${monitoring.connection}
  scoring:
    type: ds-monitoring:ModelApi
    properties:
      image: registry.example.com/scoring:1.0.0
      model: { name: scoring, version: 1.0.0 }
      env: { TOKEN: { fn::secret: t0ken } }
      logs: [{ path: app.log, format: { regexp: "^(?<body>.*)$", samples: [a] } }]
      monitoring: \${monitoring.connection}
      namespace: \${training.namespaceName}
      models: \${training.models}
outputs:
  monitoring: \${monitoring.connection}
`;
  const stack = await yamlStack(program, "platform-yaml");
  const result = await stack.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const own = await resourcesOfMonitoring(stack);
  assert.ok(own.length > 40, `${own.length} resources`);
  assert.deepEqual(own, await resourcesOfMonitoring(platform));
  assert.deepEqual(new Set(await sharedKeysIn("training")), new Set(await sharedKeysIn("other")));
  // As other stacks read it.
  const { monitoring } = (await stack.outputs({ showSecrets: true })) as {
    monitoring: { fluentdSharedKey: string };
  };
  assert.equal(monitoring.fluentdSharedKey, await sharedKeyIn("other"));
  const jobs = await fixture.api.list<
    KubernetesObject & { spec: { schedule: string; jobTemplate: { spec: { template: { spec: PodSpec } } } } }
  >("/apis/batch/v1/namespaces/training/cronjobs");
  assert.deepEqual(
    jobs.map(({ spec }) => [
      spec.schedule,
      spec.jobTemplate.spec.template.spec.initContainers?.map(({ name }) => name),
      spec.jobTemplate.spec.template.spec.containers.map(({ name }) => name),
    ]),
    [["0 3 * * 1", ["logging", "load"], ["train"]]],
  );
  // The API lives in the pipeline's namespace, serves from its volume, and keeps the secret of a variable.
  assert.deepEqual(await readyReplicasIn("training"), [1]);
  const { resources: all = [] } = (await stack.state()).deployment;
  const inputsOf = (type: string, name: string) =>
    JSON.stringify(all.find(({ urn }) => urn.endsWith(`$kubernetes:${type}::${name}`))?.inputs);
  const pod = inputsOf("apps/v1:Deployment", "scoring");
  assert.match(pod, /"claimName":"training-models","readOnly":true/);
  assert.doesNotMatch(pod, /t0ken/);
});

/** Type and name of everything below the component Monitoring. */
async function resourcesOfMonitoring(stack: Engine): Promise<string[]> {
  const { resources = [] } = (await stack.state()).deployment;
  return resources
    .map(({ urn }) => urn.split("::"))
    .filter(([, , types = ""]) => types.startsWith("ds-monitoring:index:Monitoring$"))
    .map(([, , types = "", name]) => `${types.split("$").at(-1)} ${name}`)
    .sort();
}

test("pulumi package writes what a program in YAML needs of the package; to link it is not in its host yet", async () => {
  const hosts = dirname((await resolveTool("pulumi-language-yaml")).path);
  const out = join(fixture.directory, "yaml-sdk");
  pulumiPackage((executable) => ["gen-sdk", executable, "--language", "yaml", "--out", out], project, hosts);
  const written = readFileSync(join(out, "yaml/ds-monitoring-0.2.0.yaml"), "utf8");
  assert.match(written, /^name: ds-monitoring$/m);

  const folder = join(fixture.directory, "added");
  await mkdir(folder);
  await writeFile(join(folder, "Pulumi.yaml"), "name: added\nruntime: yaml\n");
  assert.throws(
    () => pulumiPackage((executable) => ["add", executable], folder, hosts),
    /linking package: method Link not implemented/,
  );
  assert.equal(readFileSync(join(folder, "sdks/ds-monitoring/ds-monitoring-0.2.0.yaml"), "utf8"), written);
});

test("a program in Python, with the SDK that Pulumi generates from the schema, comes up", async (t) => {
  const { python, missing } = await virtualEnvironment();
  if (python === undefined) {
    t.skip(missing);
    return;
  }
  const generator = await resolveTool("pulumi-gen-sdk");
  const sdk = join(fixture.directory, "python-sdk");
  const schema = pulumiPackage((executable) => ["get-schema", executable]);
  execFileSync(generator.path, [sdk], { input: schema });
  const modules = join(fixture.directory, "python-modules");
  await installSdk(python, sdk, modules);

  const folder = join(fixture.directory, "fraud");
  await mkdir(folder);
  await writeFile(join(folder, "Pulumi.yaml"), "name: fraud\nruntime: python\n");
  const program = exampleOf("python", /^import pulumi$/m).replace("acme/ds-monitoring/prod", platformStack);
  await writeFile(join(folder, "__main__.py"), program);
  const stack = await fixture.stack({
    project: folder,
    stack: "dev",
    env: { PATH: providerPath(), PULUMI_PYTHON_CMD: python, PYTHONPATH: modules },
  });
  const result = await stack.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal((await stack.outputs()).url, "http://fraud.fraud.svc:8080");
  assert.deepEqual(await readyReplicasIn("fraud"), [1]);
  assert.equal(await sharedKeyIn("fraud"), await sharedKeyIn("monitoring"));
  assert.deepEqual(changingSteps(await stack.preview()), []);
});
