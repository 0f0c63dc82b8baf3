import assert from "node:assert/strict";
import { test } from "node:test";
import { Unknown, get, toPlain } from "../../../policies/core/values";

// The SDK's own proxy, so that a change of it is noticed; it is not exported from the package's root.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const proxy = require("@pulumi/policy/proxy") as {
  unknownCheckingProxy(value: object): object;
  unknownStringValue: string;
};

test("an unknown value becomes a marker with its path, and all else stays", () => {
  const props = proxy.unknownCheckingProxy({
    vmSize: proxy.unknownStringValue,
    pools: [{ count: 2 }, { count: proxy.unknownStringValue }],
    tags: { a: "b" },
    none: null,
  });
  const plain = toPlain(props);
  assert.deepEqual(plain.tags, { a: "b" });
  assert.equal(plain.none, null);
  assert.deepEqual(get(plain, "pools", 0, "count"), 2);
  assert.ok(plain.vmSize instanceof Unknown);
  assert.equal(plain.vmSize.path, "vmSize");
  const count = get(plain, "pools", 1, "count");
  assert.ok(count instanceof Unknown);
  assert.equal(count.path, "pools.1.count");
});

test("a path through an unknown value is unknown, a path through a missing one is undefined", () => {
  const plain = { spec: new Unknown("spec"), other: {} };
  assert.ok(get(plain, "spec", "template", "spec") instanceof Unknown);
  assert.equal(get(plain, "other", "template", "spec"), undefined);
});

test("an error that is not about an unknown value is not swallowed", () => {
  const broken = Object.defineProperty({}, "boom", {
    enumerable: true,
    get: () => {
      throw new Error("boom");
    },
  });
  assert.throws(() => toPlain(broken), /boom/);
});
