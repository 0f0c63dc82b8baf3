import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { AppNamespace, Logging, ModelApi, ModelVolume, Pipeline } from "../../../components";
import { deploy, find, listed, type RequestedResource, valueOf } from "../support/deploy";
import { connection } from "../support/fixtures";
import { podOf } from "../support/pods";

// Namespaces and volumes that several components of an app share, or that exist already.

const monitoring = connection;
const model = { name: "churn", version: "1.4.0" };
const training = { schedule: "0 3 * * 1", steps: [{ name: "train", image: "t:1" }], monitoring };
const serving = { image: "i:1", model, monitoring };

const namespaceOf = (resources: RequestedResource[], kind: string, name: string) =>
  (find(resources, kind, name).inputs["metadata"] as { namespace: string }).namespace;
const claimOf = (resources: RequestedResource[], title: string) =>
  podOf(resources, title).volumes?.find(({ name }) => name === "models")?.["persistentVolumeClaim"];
const named = (resources: RequestedResource[], kind: string) =>
  listed(resources).filter((line) => line.startsWith(`${kind} `));

test("a pipeline and an API of one app share a namespace and a volume in two lines", async () => {
  const { resources } = await deploy(() => {
    const pipeline = new Pipeline("churn-training", { ...training, models: { size: "1Gi" } });
    const { namespace, models } = pipeline;
    new ModelApi("churn", { ...serving, namespace, models });
  });
  assert.deepEqual(named(resources, "Namespace"), [
    "Namespace churn-training < RestrictedNamespace churn-training",
  ]);
  assert.deepEqual(named(resources, "Secret"), [
    "Secret churn-pseudonym-key < ModelApi churn",
    "Secret churn-training-fluentd-shared-key < AppNamespace churn-training",
  ]);
  assert.equal(namespaceOf(resources, "Deployment", "churn"), "churn-training");
  const claim = find(resources, "PersistentVolumeClaim", "churn-training-models");
  assert.equal(claim.protect, true);
  assert.equal(namespaceOf(resources, "PersistentVolumeClaim", "churn-training-models"), "churn-training");
  assert.deepEqual(claimOf(resources, "CronJob churn-training"), {
    claimName: "churn-training-models",
    readOnly: false,
  });
  assert.deepEqual(claimOf(resources, "Deployment churn"), {
    claimName: "churn-training-models",
    readOnly: true,
  });
});

test("a namespace and a claim that exist are used by name; only what pods need is added", async () => {
  const { resources, result } = await deploy(
    () =>
      new ModelApi("churn", {
        ...serving,
        namespace: pulumi.output("team-a"),
        models: pulumi.output("approved"),
      }),
  );
  assert.deepEqual(named(resources, "Namespace"), []);
  assert.deepEqual(named(resources, "PersistentVolumeClaim"), []);
  assert.deepEqual(find(resources, "NamespacePatch", "churn").inputs["metadata"], {
    name: "team-a",
    labels: { "ds-monitoring/sends-logs": "true" },
  });
  assert.equal(namespaceOf(resources, "Secret", "churn-fluentd-shared-key"), "team-a");
  assert.equal(namespaceOf(resources, "Deployment", "churn"), "team-a");
  assert.deepEqual(claimOf(resources, "Deployment churn"), { claimName: "approved", readOnly: true });
  assert.equal(await valueOf(result.url), "http://churn.team-a.svc:8080");
  assert.equal(await valueOf(result.models as pulumi.Output<string>), "approved");
});

test("in a namespace that exists, the policy selects the pods of our components, and no others", async () => {
  const { resources } = await deploy(() => {
    new ModelApi("churn", { ...serving, namespace: "team-a" });
    new Pipeline("training", { ...training, namespace: "team-a" });
    new Logging("web", { monitoring, namespace: "team-a", service: "web" });
  });
  assert.deepEqual(named(resources, "NetworkPolicy"), [
    "NetworkPolicy churn < ModelApi churn",
    "NetworkPolicy churn-logs < AppNamespace churn",
    "NetworkPolicy training-logs < AppNamespace training",
    "NetworkPolicy web-logs < AppNamespace web",
  ]);
  const { metadata, spec } = find(resources, "NetworkPolicy", "churn-logs").inputs as {
    metadata: object;
    spec: {
      podSelector: { matchLabels: Record<string, string> };
      policyTypes: string[];
      egress: { to: object[]; ports?: { port: number }[] }[];
    };
  };
  // Named by Pulumi: three components have one each in this namespace.
  assert.deepEqual(metadata, { namespace: "team-a" });
  assert.deepEqual(spec.policyTypes, ["Ingress", "Egress"]);
  assert.deepEqual(
    spec.egress.map(({ ports }) => ports?.map(({ port }) => port)),
    [[53, 53], [24224], undefined],
  );
  // Without this the default of `callers`, the pods of the namespace, could not call.
  const modelApis = {
    "app.kubernetes.io/component": "model-api",
    "app.kubernetes.io/part-of": "ds-monitoring",
  };
  assert.deepEqual(spec.egress[2]?.to, [{ podSelector: { matchLabels: modelApis } }]);
  for (const [kind, name] of [
    ["Deployment", "churn"],
    ["CronJob", "training"],
  ] as const) {
    const { spec: workload } = find(resources, kind, name).inputs as {
      spec: {
        template?: { metadata: { labels: Record<string, string> } };
        jobTemplate?: { spec: { template: { metadata: { labels: Record<string, string> } } } };
      };
    };
    const template = workload.template ?? workload.jobTemplate?.spec.template;
    for (const [key, value] of Object.entries(spec.podSelector.matchLabels)) {
      assert.equal(template?.metadata.labels[key], value, `${kind}: ${key}`);
    }
  }
});

test("a volume may live in a namespace that exists; a new name and an existing one exclude each other", async () => {
  const { resources } = await deploy(
    () => new ModelVolume("models", { namespace: "team-a", size: "5Gi", accessMode: "ReadWriteOnce" }),
  );
  const { metadata, spec } = find(resources, "PersistentVolumeClaim", "models").inputs as {
    metadata: object;
    spec: object;
  };
  assert.deepEqual(metadata, { name: "models", namespace: "team-a" });
  assert.deepEqual(spec, { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } } });
  await assert.rejects(
    deploy(() => new AppNamespace("a", { monitoring, namespaceName: "b", namespace: "c" })),
    /AppNamespace "a": namespace and namespaceName exclude each other/,
  );
});

test("a claim goes with the namespace that was made for it: a pod started by hand does not hold that up", async () => {
  const { resources } = await deploy(() => {
    const namespace = new AppNamespace("churn", { monitoring });
    new ModelVolume("new", { namespace, size: "5Gi" });
    new ModelVolume("named", { namespace: "team-b", size: "5Gi" });
    new ModelApi("adopts", { ...serving, namespace: "team-a", models: { size: "5Gi" } });
  });
  const deletedWith = (name: string) => find(resources, "PersistentVolumeClaim", name).deletedWith;
  assert.match(deletedWith("new"), /kubernetes:core\/v1:Namespace::churn$/);
  assert.equal(deletedWith("named"), "");
  assert.equal(deletedWith("adopts-models"), "");
});
