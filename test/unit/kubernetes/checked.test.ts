import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "../../../components/kubernetes/checked";
import { valueOf } from "../support/deploy";

const requirePositive = ({ min }: { min: number }) => {
  if (min <= 0) throw new Error(`min must be positive, got ${min}`);
};

test("what is known is checked at once, and stays as it is", () => {
  const good = { min: 1 };
  assert.equal(checked(good, requirePositive), good);
  assert.throws(() => checked({ min: 0 }, requirePositive), /min must be positive, got 0/);
});

test("what is an output is checked when it is known", async () => {
  const seen: unknown[] = [];
  const value = checked({ min: pulumi.output(2) }, (known) => seen.push(known));
  assert.deepEqual(seen, []);
  assert.ok(pulumi.Output.isInstance(value));
  assert.deepEqual(await valueOf(value), { min: 2 });
  assert.deepEqual(seen, [{ min: 2 }]);
});
