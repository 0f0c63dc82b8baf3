import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { warningsOf } from "../../local/commands/localStack";
import type { Engine } from "../../local/engine/engine";
import { ApiError, type KubernetesObject } from "../support/apiClient";
import { repositoryRoot } from "../../local/paths";
import { endOrphans, isAlive, run as runProgram, sleep } from "../../local/processes";
import { changingSteps, Fixture, runningEngine, type OperationResult } from "./harness";

/*
 * What our programs rely on in the Kubernetes plugin, under the real engine and against a real API server. The program
 * declares the objects that its config lists, in order, each after the one before.
 */

const program = `
const kubernetes = require("@pulumi/kubernetes");
const random = require("@pulumi/random");
const pulumi = require("@pulumi/pulumi");
const classes = {
  ConfigMap: kubernetes.core.v1.ConfigMap,
  Deployment: kubernetes.apps.v1.Deployment,
  Job: kubernetes.batch.v1.Job,
  Namespace: kubernetes.core.v1.Namespace,
  Pod: kubernetes.core.v1.Pod,
  Secret: kubernetes.core.v1.Secret,
  Service: kubernetes.core.v1.Service,
  StatefulSet: kubernetes.apps.v1.StatefulSet,
};
const config = new pulumi.Config();
const provider = new kubernetes.Provider("cluster", config.getObject("provider") ?? {});
const password = new random.RandomPassword("password", { length: 30, special: false });
const names = {};
// "<password>" and "<name of NAME>" in the config stand for outputs.
function fill(value) {
  if (value === "<password>") return password.result;
  const reference = typeof value === "string" && /^<name of (.+)>$/.exec(value);
  if (reference) return names[reference[1]];
  if (Array.isArray(value)) return value.map(fill);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member)]));
}
let previous;
for (const { as, kind, options, ...object } of config.requireObject("objects")) {
  const dependsOn = previous ? [previous] : [];
  const resource = new classes[kind](as, fill(object), { ...options, provider, dependsOn });
  names[as] = resource.metadata.name;
  previous = resource;
}
exports.names = names;
exports.password = password.result;
`;

type Declared = { as: string; kind: string; options?: object; metadata?: object; [member: string]: unknown };

let fixture: Fixture;
let project: string;

before(async () => {
  fixture = await Fixture.start();
  project = join(fixture.directory, "objects");
  await mkdir(project);
  await writeFile(
    join(project, "Pulumi.yaml"),
    "name: objects\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "objects", main: "index.js" }));
  await writeFile(join(project, "index.js"), program);
  await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
});
after(() => fixture.stop());

function namespace(name: string, labels: Record<string, string> = {}): Declared {
  return { as: "namespace", kind: "Namespace", metadata: { name, labels } };
}

function deployment(as: string, inNamespace: string, podSpec: object = {}, options: object = {}): Declared {
  const labels = { app: as };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "main", image: "example.invalid/image:1", ...podSpec }] },
  };
  return {
    as,
    kind: "Deployment",
    options,
    metadata: { name: as, namespace: inNamespace },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}

/** More than any simulated node has. */
const tooLarge = { resources: { requests: { cpu: "100000" } } };

async function stackOf(name: string, objects: Declared[], provider: object = {}): Promise<Engine> {
  return fixture.stack({
    project,
    stack: name,
    // A run that is killed leaves files.
    env: { TMPDIR: fixture.directory },
    config: { "objects:objects": objects, "objects:provider": provider },
  });
}

function configure(engine: Engine, objects: Declared[], provider: object = {}): Promise<void> {
  return engine.setConfig({ "objects:objects": objects, "objects:provider": provider });
}

function output(result: OperationResult): string {
  return result.stdout + result.stderr;
}

async function succeeds(run: Promise<OperationResult>): Promise<OperationResult> {
  const result = await run;
  assert.equal(result.code, 0, output(result));
  return result;
}

function stepsOf(result: OperationResult): string[] {
  return changingSteps(result).map(({ op, name }) => `${op} ${name}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await fixture.api.send("GET", path);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

test("create, nothing to do, change, destroy", async () => {
  const service = (port: number): Declared => ({
    as: "service",
    kind: "Service",
    metadata: { name: "web", namespace: "life" },
    spec: { selector: { app: "web" }, ports: [{ port }] },
  });
  const engine = await stackOf("life", [namespace("life"), deployment("web", "life"), service(80)]);

  const preview = await succeeds(engine.preview());
  assert.deepEqual(preview.changes, { create: 6 });
  assert.equal(await exists("/api/v1/namespaces/life"), false, "a preview creates nothing");

  assert.deepEqual((await succeeds(engine.up())).changes, { create: 6 });
  const live = await fixture.api.send<{ status: { availableReplicas: number } }>(
    "GET",
    "/apis/apps/v1/namespaces/life/deployments/web",
  );
  assert.equal(live.status.availableReplicas, 1, "the run waited for the pod");
  assert.deepEqual(stepsOf(await succeeds(engine.up())), []);

  await configure(engine, [namespace("life"), deployment("web", "life", { args: ["x"] }), service(81)]);
  const change = await succeeds(engine.preview());
  assert.deepEqual(stepsOf(change), ["update web", "update service"]);
  const { spec } = await fixture.api.send<{ spec: { ports: object[] } }>(
    "GET",
    "/api/v1/namespaces/life/services/web",
  );
  assert.deepEqual(spec.ports, [{ port: 80, protocol: "TCP", targetPort: 80 }], "a preview changes nothing");
  assert.deepEqual(stepsOf(await succeeds(engine.up())), ["update web", "update service"]);
  assert.deepEqual(stepsOf(await succeeds(engine.up())), []);

  await succeeds(engine.destroy());
  assert.equal(await exists("/api/v1/namespaces/life"), false, "the run waited until the namespace was gone");
});

test("an auto-named ConfigMap is made before the old one goes, a named one after", async () => {
  const objects = (value: string): Declared[] => [
    namespace("config"),
    { as: "auto", kind: "ConfigMap", metadata: { namespace: "config" }, data: { value } },
    { as: "named", kind: "ConfigMap", metadata: { namespace: "config", name: "fixed" }, data: { value } },
    deployment("reader", "config", { envFrom: [{ configMapRef: { name: "<name of auto>" } }] }),
  ];
  const engine = await stackOf("config", objects("1"));
  await succeeds(engine.up());
  const before = (await engine.outputs()).names as Record<string, string>;
  assert.match(before.auto ?? "", /^auto-[\da-f]{8}$/);

  await configure(engine, objects("2"));
  await succeeds(engine.preview());
  const result = await succeeds(engine.up());
  const steps = stepsOf(result);
  const position = (step: string) => {
    assert.ok(steps.includes(step), `${step} in ${steps.join(", ")}`);
    return steps.indexOf(step);
  };
  assert.ok(position("create-replacement auto") < position("update reader"));
  assert.ok(position("update reader") < position("delete-replaced auto"));
  assert.ok(position("delete-replaced named") < position("create-replacement named"));
  const renamed = (await engine.outputs()).names as Record<string, string>;
  assert.notEqual(renamed.auto, before.auto);
  assert.equal(await exists(`/api/v1/namespaces/config/configmaps/${before.auto}`), false);
  const { data } = await fixture.api.send<{ data: object }>(
    "GET",
    "/api/v1/namespaces/config/configmaps/fixed",
  );
  assert.deepEqual(data, { value: "2" });
});

test("an object that the API server would refuse fails the preview", async () => {
  const engine = await stackOf("refused", [
    {
      as: "service",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: { ports: [{ port: 70000 }] },
    },
  ]);
  const result = await engine.preview();
  assert.notEqual(result.code, 0);
  assert.match(output(result), /ports.*Invalid value: 70000|70000/);
});

test("a time-out names the object and what it lacks, and the next run goes on from there", async () => {
  const slow = { customTimeouts: { create: "10s", update: "10s" } };
  const engine = await stackOf("slow", [namespace("slow"), deployment("web", "slow", tooLarge, slow)]);
  const result = await engine.up();
  assert.notEqual(result.code, 0);
  assert.match(output(result), /'web' timed out waiting to be Ready/);
  assert.match(output(result), /Deployment does not have minimum availability/);

  await configure(engine, [namespace("slow"), deployment("web", "slow", {}, slow)]);
  assert.deepEqual(stepsOf(await succeeds(engine.up())), ["update web"]);
});

test("what keeps pods from becoming ready is read from warning Events", async () => {
  const soon = { customTimeouts: { create: "5s" } };
  const restricted = namespace("problems", { "pod-security.kubernetes.io/enforce": "restricted" });
  const secure = {
    ...{ allowPrivilegeEscalation: false, runAsNonRoot: true },
    ...{ capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } },
  };
  const engine = await stackOf("problems", [
    restricted,
    deployment("large", "problems", { ...tooLarge, securityContext: secure }, soon),
  ]);
  const started = new Date(Math.floor(Date.now() / 1000) * 1000);
  assert.notEqual((await engine.up()).code, 0);
  const pods = await warningsOf(engine, started);
  assert.ok(
    pods.some((line) => /^Pod problems\/large-.*: .*Insufficient cpu/.test(line)),
    pods.join("\n"),
  );

  await configure(engine, [restricted, deployment("privileged", "problems", {}, soon)]);
  assert.notEqual((await engine.up()).code, 0);
  const refused = await warningsOf(engine, started);
  assert.ok(
    refused.some((line) =>
      /^ReplicaSet problems\/privileged-.*: FailedCreate: .*violates PodSecurity/.test(line),
    ),
    refused.join("\n"),
  );
  const later = await warningsOf(engine, new Date(Date.now() + 60_000));
  assert.ok(!later.some((line) => line.includes("FailedCreate")), "no Event of an earlier run");
  await engine.destroy();
});

test("Ctrl-C ends the wait, and the next run recovers", async () => {
  const engine = await stackOf("cancel", [namespace("cancel"), deployment("web", "cancel", tooLarge)]);
  const interrupt = new AbortController();
  const run = engine.up({ signal: interrupt.signal });
  // Before its controller has looked at it, the Deployment lacks something else.
  await until(async () => {
    const web = await fixture.api.get<KubernetesObject & { status?: { updatedReplicas?: number } }>(
      "/apis/apps/v1/namespaces/cancel/deployments/web",
    );
    return web?.status?.updatedReplicas === 1;
  });
  interrupt.abort();
  const result = await run;
  assert.notEqual(result.code, 0);
  assert.match(output(result), /Resource operation was cancelled for "web"/);

  await configure(engine, [namespace("cancel"), deployment("web", "cancel")]);
  assert.deepEqual(stepsOf(await succeeds(engine.up())), ["update web"]);
  await succeeds(engine.destroy());
});

test("after kill -9 during a creation the next run takes its own object over, and no plugin stays", async () => {
  // No node has the label yet. The next run declares the same: fields of an object that the plugin does not know to be
  // its own stay on it.
  const labels = { killed: "yes" };
  const web = deployment("web", "killed");
  const { template } = web.spec as { template: { spec: object } };
  Object.assign(template.spec, { nodeSelector: labels });
  const objects = [namespace("killed"), web];
  const engine = await stackOf("killed", objects);
  const run = engine.up();
  const pid = await runningEngine(engine);
  await until(() => exists("/apis/apps/v1/namespaces/killed/deployments/web"));
  const plugins = await pluginsOf(pid);
  assert.equal(plugins.length, 2, "kubernetes and random");
  process.kill(pid, "SIGKILL");
  await run;
  // The stand-in for random ends by itself; the real plugin notices only after minutes: `make up` ends it.
  await endOrphans(repositoryRoot);
  await until(async () => !plugins.some(isAlive));

  const [node] = await fixture.api.list("/api/v1/nodes");
  const name = node?.metadata.name ?? "";
  await fixture.api.apply(`/api/v1/nodes/${name}`, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
  });
  const next = await stackOf("killed", objects);
  // What else the kill cut off depends on its instant.
  const steps = stepsOf(await succeeds(next.up()));
  assert.deepEqual(
    steps.filter((step) => step.endsWith(" web")),
    ["create web"],
  );
  assert.deepEqual(stepsOf(await succeeds(next.up())), []);
  await succeeds(next.destroy());
});

test("secrets stay secret in the state, wherever they were put", async () => {
  const engine = await stackOf("secret", [
    namespace("secret"),
    {
      as: "secret",
      kind: "Secret",
      metadata: { namespace: "secret" },
      stringData: { password: "<password>" },
    },
    {
      as: "open",
      kind: "Secret",
      metadata: { namespace: "secret" },
      stringData: { password: "never marked" },
    },
    deployment("web", "secret", { env: [{ name: "PASSWORD", value: "<password>" }] }),
  ]);
  await succeeds(engine.up());
  const { password } = (await engine.outputs({ showSecrets: true })) as { password: string };
  assert.match(password, /^[A-Za-z0-9]{30}$/);
  const state = JSON.stringify(await engine.state());
  for (const value of [password, "never marked"]) {
    assert.equal(state.includes(value), false);
    assert.equal(state.includes(Buffer.from(value).toString("base64")), false);
  }
  const result = await succeeds(engine.preview({ diff: true }));
  assert.equal(output(result).includes(password), false);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail("waited 30 s in vain");
}

/** Ids of the plugins that an engine has started. */
async function pluginsOf(engine: number): Promise<number[]> {
  const { stdout } = await runProgram("ps", ["-axww", "-o", "pid=,ppid=,command="]);
  const rows = stdout.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []);
  return rows
    .filter(
      ([, , parent, command = ""]) =>
        parent === String(engine) && /plugins\.js|pulumi-resource-/.test(command),
    )
    .map(([, pid]) => Number(pid));
}
