import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../local/plugins/kubernetes/cluster";
import { askForReplacements, knownReplacements } from "../../../local/plugins/kubernetes/replacement";
import { diffProperties, formatPath } from "../../../local/plugins/propertyDiff";

const byDefault = { enableConfigMapMutable: false, enableSecretMutable: false };

function replaces(kind: string, before: unknown, after: unknown, mutability = byDefault): string[] {
  return knownReplacements(kind, diffProperties(before, after), mutability).map(formatPath);
}

test("a new name or namespace replaces any object", () => {
  const before = { metadata: { name: "a", namespace: "n", labels: { l: "1" } } };
  const after = { metadata: { name: "b", namespace: "m", labels: { l: "2" } } };
  assert.deepEqual(replaces("Service", before, after), ["metadata.name", "metadata.namespace"]);
});

test("a ConfigMap's data replaces it, unless the provider lets it change", () => {
  const change = [{ data: { a: "1" } }, { data: { a: "2" } }] as const;
  assert.deepEqual(replaces("ConfigMap", ...change), ["data.a"]);
  assert.deepEqual(replaces("ConfigMap", ...change, { ...byDefault, enableConfigMapMutable: true }), []);
});

test("a Secret's type always replaces it, its data unless the provider lets it change", () => {
  const change = [
    { type: "Opaque", stringData: { a: "1" } },
    { type: "kubernetes.io/tls", stringData: { a: "2" } },
  ] as const;
  assert.deepEqual(replaces("Secret", ...change), ["type", "stringData.a"]);
  assert.deepEqual(replaces("Secret", ...change, { ...byDefault, enableSecretMutable: true }), ["type"]);
});

test("of a StatefulSet's spec only a few fields can change in place", () => {
  const before = {
    spec: { replicas: 1, serviceName: "a", template: { spec: { x: 1 } }, volumeClaimTemplates: [{}] },
  };
  const after = {
    spec: { replicas: 2, serviceName: "b", template: { spec: { x: 2 } }, volumeClaimTemplates: [] },
  };
  assert.deepEqual(replaces("StatefulSet", before, after), [
    "spec.serviceName",
    "spec.volumeClaimTemplates[0]",
  ]);
});

test("of a pod only images, tolerations and the deadline can change in place", () => {
  const before = { spec: { containers: [{ image: "a", args: ["1"] }], activeDeadlineSeconds: 1 } };
  const after = { spec: { containers: [{ image: "b", args: ["2"] }], activeDeadlineSeconds: 2 } };
  assert.deepEqual(replaces("Pod", before, after), ["spec.containers[0].args[0]"]);
});

test("a Deployment changes in place but for its selector", () => {
  const before = { spec: { replicas: 1, selector: { matchLabels: { a: "1" } } } };
  const after = { spec: { replicas: 2, selector: { matchLabels: { a: "2" } } } };
  assert.deepEqual(replaces("Deployment", before, after), ["spec.selector.matchLabels.a"]);
});

const changes = diffProperties(
  { spec: { clusterIP: "10.0.0.1", ports: [{ port: 1 }] } },
  { spec: { clusterIP: "10.0.0.2", ports: [{ port: 2 }] } },
);

function refusal(status: number, cause: { field: string; message: string }) {
  return async () => {
    throw new ApiError(status, "refused", "Invalid", [cause]);
  };
}

test("the fields that the API server calls immutable replace the object", async () => {
  const immutable = refusal(422, { field: "spec.clusterIP", message: "Invalid value: field is immutable" });
  assert.deepEqual((await askForReplacements(immutable, changes)).map(formatPath), ["spec.clusterIP"]);
});

test("a refusal that names a whole section replaces by what changed in it", async () => {
  const forbidden = refusal(422, {
    field: "spec",
    message: "Forbidden: updates to spec for fields are forbidden",
  });
  assert.equal((await askForReplacements(forbidden, changes)).length, changes.length);
});

test("a refusal for another reason, or none, replaces nothing", async () => {
  const invalid = refusal(422, { field: "spec.ports[0].port", message: "Invalid value: must be 1 to 65535" });
  assert.deepEqual(await askForReplacements(invalid, changes), []);
  assert.deepEqual(
    await askForReplacements(refusal(403, { field: "spec", message: "immutable" }), changes),
    [],
  );
  assert.deepEqual(await askForReplacements(async () => undefined, changes), []);
});
