import assert from "node:assert/strict";
import { test } from "node:test";
import { diffProperties, formatPath } from "../../../local/plugins/propertyDiff";

function describeDiff(before: unknown, after: unknown): string[] {
  return diffProperties(before, after).map(({ path, kind }) => `${kind} ${formatPath(path)}`);
}

test("equal properties have no changes", () => {
  assert.deepEqual(describeDiff({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), []);
});

test("a change is reported as deep as both sides have the same shape", () => {
  const before = { spec: { replicas: 1, containers: [{ image: "a" }, { image: "b" }] } };
  const after = { spec: { replicas: 2, containers: [{ image: "a" }, { image: "c" }, { image: "d" }] } };
  assert.deepEqual(describeDiff(before, after), [
    "update spec.replicas",
    "update spec.containers[1].image",
    "add spec.containers[2]",
  ]);
});

test("a change of shape is an update of the whole property", () => {
  assert.deepEqual(describeDiff({ a: { b: 1 } }, { a: [1] }), ["update a"]);
});

test("null and absent are the same", () => {
  assert.deepEqual(describeDiff({ a: null }, {}), []);
  assert.deepEqual(describeDiff({ a: null, b: 1 }, { a: 1 }), ["add a", "delete b"]);
});

test("keys that are no identifiers are quoted", () => {
  assert.equal(formatPath(["metadata", "annotations", "a.b/c"]), 'metadata.annotations["a.b/c"]');
});
