import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldManagerOf, newName } from "../../../local/plugins/kubernetes/naming";
import { builtInKind, describe, idOf } from "../../../local/plugins/kubernetes/objects";

test("a made-up name is the logical one and 8 hexadecimal digits, another each time", () => {
  assert.match(newName("grafana-config"), /^grafana-config-[\da-f]{8}$/);
  assert.notEqual(newName("a"), newName("a"));
});

test("a field manager follows from the URN alone", () => {
  assert.equal(fieldManagerOf("urn:a"), fieldManagerOf("urn:a"));
  assert.notEqual(fieldManagerOf("urn:a"), fieldManagerOf("urn:b"));
});

test("built-in kinds are found without a cluster", () => {
  const cases = [
    ["v1", "Endpoints", "endpoints", true],
    ["v1", "Namespace", "namespaces", false],
    ["apps/v1", "StatefulSet", "statefulsets", true],
    ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true],
    ["networking.k8s.io/v1", "Ingress", "ingresses", true],
    ["storage.k8s.io/v1", "StorageClass", "storageclasses", false],
  ] as const;
  for (const [apiVersion, kind, plural, namespaced] of cases) {
    assert.deepEqual(builtInKind(apiVersion, kind), { plural, namespaced });
  }
  assert.equal(builtInKind("example.com/v1", "Widget"), undefined);
});

test("ids and descriptions carry the namespace where there is one", () => {
  const ref = { apiVersion: "v1", kind: "Secret", name: "a", namespace: "b" };
  assert.equal(idOf(ref), "b/a");
  assert.equal(describe(ref), "Secret b/a");
  assert.equal(idOf({ ...ref, namespace: undefined }), "a");
});
