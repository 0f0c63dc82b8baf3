import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { KubernetesObject } from "../support/apiClient";
import type { Engine } from "../../local/engine/engine";
import { restrictedContainerSecurityContext, restrictedPod } from "../../components/kubernetes/podSecurity";
import { recover } from "../../local/commands/localStack";
import { isAlive, sleep } from "../../local/processes";
import { changingSteps, descendantsOf, Fixture, runningEngine } from "./harness";
import { withMonitoring } from "./stackFiles";

// One life of the stack `local`, in order: each test begins where the one before it ended.

interface Workload extends KubernetesObject {
  spec: { replicas?: number; template: { metadata: { annotations?: Record<string, string> } } };
  status: { readyReplicas?: number };
}

type Metadata = KubernetesObject["metadata"] & { managedFields?: Array<{ manager: string }> };

/** The plugin's, of which there is one for each creation. */
function managersOf({ managedFields = [] }: Metadata): string[] {
  return managedFields.map(({ manager }) => manager).filter((name) => name.startsWith("pulumi-kubernetes-"));
}

function isOurs({ metadata }: KubernetesObject): boolean {
  return managersOf(metadata).length > 0;
}

let fixture: Fixture;
let engine: Engine;

before(async () => {
  fixture = await Fixture.start();
  // A run that is killed leaves files.
  engine = await fixture.stack({ env: { TMPDIR: fixture.directory } });
});
after(() => fixture.stop());

const kinds = {
  configmaps: "/api/v1",
  services: "/api/v1",
  statefulsets: "/apis/apps/v1",
  deployments: "/apis/apps/v1",
};

/** The kinds of which the stack has made nothing yet. */
async function missingKinds(): Promise<string[]> {
  const counts = await Promise.all(
    Object.entries(kinds).map(async ([kind, group]) => {
      return { kind, made: (await fixture.api.list(`${group}/${kind}`)).filter(isOurs).length };
    }),
  );
  return counts.filter(({ made }) => made === 0).map(({ kind }) => kind);
}

// Each run begins with what the one before left, and is killed at its first object of a kind that was not there yet.
test("runs are killed in the middle of a creation, until there is something of each kind", async (t) => {
  const kills: string[][] = [];
  for (let missing = await missingKinds(); missing.length > 0;) {
    const run = engine.up();
    const pid = await runningEngine(engine);
    const before = missing;
    while (missing.length === before.length && isAlive(pid)) {
      await sleep(20);
      missing = await missingKinds();
    }
    assert.ok(isAlive(pid), `the run ended before it made ${before.join(", ")}`);
    const started = await descendantsOf(pid);
    process.kill(pid, "SIGKILL");
    assert.notEqual((await run).code, 0, "the run was ended by the signal");
    while (isAlive(pid)) await sleep(50);
    kills.push(before.filter((kind) => !missing.includes(kind)));

    // As `make up` does: open again, which releases the lock.
    engine = await fixture.stack();
    const pending = (await engine.state()).deployment.pending_operations ?? [];
    assert.ok(
      pending.some(({ type }) => type === "creating"),
      "the kill cut a creation off",
    );
    await recover(engine);
    assert.deepEqual((await engine.state()).deployment.pending_operations ?? [], []);
    assert.ok(started.length >= 3, "a language host, a program and plugins had been started");
    assert.deepEqual(started.filter(isAlive), [], "processes of the killed run");
    missing = await missingKinds();
  }
  assert.ok(kills.length >= 2, `${kills.length} runs were killed`);
  t.diagnostic(`killed at the first of ${kills.map((some) => some.join(" and ")).join(", then ")}`);
});

test("up brings the stack up, also after runs that were killed", async () => {
  const result = await engine.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
});

test("a killed run leaves no object beside the state, and none that two field managers share", async () => {
  const ids = new Set((await engine.state()).deployment.resources?.map(({ id }) => id));
  const lists = await Promise.all(
    [...Object.entries(kinds), ["jobs", "/apis/batch/v1"], ["secrets", "/api/v1"]].map(([kind, group]) =>
      fixture.api.list(`${group}/${kind}`),
    ),
  );
  const objects = lists.flat().filter(isOurs);
  assert.ok(objects.length > 0);
  for (const { metadata } of objects) {
    const id = `${metadata.namespace}/${metadata.name}`;
    assert.ok(ids.has(id), `${id} is in the state`);
    assert.equal(managersOf(metadata).length, 1, `${id}: ${managersOf(metadata).join(", ")}`);
  }
});

test("every workload is available", async () => {
  for (const kind of ["deployments", "statefulsets"]) {
    const workloads = await fixture.api.list<Workload>(`/apis/apps/v1/${kind}`);
    assert.ok(workloads.length > 0, `there are ${kind}`);
    for (const { metadata, spec, status } of workloads) {
      assert.equal(status.readyReplicas, spec.replicas, `${kind} ${metadata.namespace}/${metadata.name}`);
    }
  }
});

test("a second up changes nothing", async () => {
  const result = await engine.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(changingSteps(result), []);
  assert.deepEqual(Object.keys(result.changes), ["same"]);
});

test("Pod Security is enforced: a privileged pod is refused in every namespace of the stack", async () => {
  const namespaces = (await fixture.api.list("/api/v1/namespaces")).filter(
    ({ metadata }) => metadata.labels?.["pod-security.kubernetes.io/enforce"] === "restricted",
  );
  assert.ok(namespaces.length >= 2, "the platform's and the applications' namespaces are restricted");
  for (const { metadata } of namespaces) {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "privileged" },
      spec: { containers: [{ name: "c", image: "example.com/c:1", securityContext: { privileged: true } }] },
    };
    await assert.rejects(
      fixture.api.send("POST", `/api/v1/namespaces/${metadata.name}/pods`, pod),
      /violates PodSecurity "restricted/,
    );
  }
});

test("no secret is in plain text in the state", async () => {
  const text = JSON.stringify(await engine.state());
  const secrets = await fixture.api.list<KubernetesObject & { data?: Record<string, string> }>(
    "/api/v1/secrets",
  );
  const values = secrets
    .flatMap(({ data }) => Object.values(data ?? {}))
    .map((value) => Buffer.from(value, "base64").toString("utf8"))
    // Names of users and the like are no secrets; what was made at random is longer.
    .filter((value) => value.length >= 16);
  assert.ok(values.length > 0, "the stack has secrets");
  for (const value of values) {
    assert.ok(!text.includes(JSON.stringify(value).slice(1, -1)), "a secret's value is in the state");
    assert.ok(
      !text.includes(Buffer.from(value).toString("base64")),
      "a secret's base64 value is in the state",
    );
  }
});

test("a changed config touches only what depends on it, and a changed ConfigMap rolls its pods", async () => {
  await engine.setConfig(await withMonitoring("local", { environment: "staging" }));
  const before = await fixture.api.list<Workload>("/apis/apps/v1/statefulsets");
  const result = await engine.up();
  assert.equal(result.code, 0, result.stdout + result.stderr);

  const steps = changingSteps(result);
  const touched = steps.map(({ type }) => type.split(":").at(-1));
  assert.ok(touched.includes("ConfigMap"), `a ConfigMap changes: ${touched.join(", ")}`);
  for (const type of ["PersistentVolumeClaim", "Namespace", "Service", "RandomPassword", "NetworkPolicy"]) {
    assert.ok(!touched.includes(type), `no ${type} is touched: ${touched.join(", ")}`);
  }

  const changed = new Set(steps.filter(({ type }) => type.endsWith(":StatefulSet")).map(({ name }) => name));
  assert.ok(changed.size > 0, "a StatefulSet gets new pods for the new configuration");
  const now = await fixture.api.list<Workload>("/apis/apps/v1/statefulsets");
  const rolled = now.filter(({ metadata, spec }) => {
    const old = before.find((other) => other.metadata.name === metadata.name);
    return JSON.stringify(old?.spec.template) !== JSON.stringify(spec.template);
  });
  assert.equal(rolled.length, changed.size);
});

test("destroy leaves nothing, though a pod that was started by hand uses the models' claim", async () => {
  const pods = "/api/v1/namespaces/penguins/pods/by-hand";
  await fixture.api.apply(pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "by-hand", namespace: "penguins" },
    spec: {
      ...restrictedPod({ serviceAccountName: "default", user: { uid: 10001 } }),
      containers: [
        { name: "c", image: "example.com/c:1", securityContext: restrictedContainerSecurityContext() },
      ],
      volumes: [{ name: "models", persistentVolumeClaim: { claimName: "penguins-models" } }],
    },
  });
  while (
    (await fixture.api.get<KubernetesObject & { status: { phase?: string } }>(pods))?.status.phase !==
    "Running"
  )
    await sleep(100);
  const result = await engine.destroy();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.equal((await engine.state()).deployment.resources, undefined);
  const namespaces = (await fixture.api.list("/api/v1/namespaces")).map(({ metadata }) => metadata.name);
  assert.deepEqual(namespaces.sort(), ["default", "kube-node-lease", "kube-public", "kube-system"]);
  // A controller removes the volumes after their claims, in its own time.
  const volumes = () => fixture.api.list("/api/v1/persistentvolumes");
  for (let attempt = 0; attempt < 300 && (await volumes()).length > 0; attempt++) await sleep(100);
  assert.deepEqual(await volumes(), []);
});
