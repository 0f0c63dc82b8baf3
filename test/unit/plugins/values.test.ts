import assert from "node:assert/strict";
import { test } from "node:test";
import { hasUnknowns, unknown, withoutNulls } from "../../../local/plugins/values";

test("an unknown is found at any depth", () => {
  assert.equal(hasUnknowns({ a: [{ b: unknown }] }), true);
  assert.equal(hasUnknowns({ a: [{ b: `prefix ${unknown}` }, null, 1] }), false);
});

test("null members go, empty ones and null list items stay", () => {
  assert.deepEqual(withoutNulls({ a: null, b: { c: null, d: {} }, e: [null, { f: null }], g: "" }), {
    b: { d: {} },
    e: [null, {}],
    g: "",
  });
});
