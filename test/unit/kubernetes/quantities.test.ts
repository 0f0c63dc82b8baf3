import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../../components/kubernetes/quantities";

test("quantities are bytes, by tens and by twos", () => {
  assert.equal(bytesOf("512"), 512);
  assert.equal(bytesOf("1.5k"), 1500);
  assert.equal(bytesOf("10Gi"), 10 * 1024 ** 3);
  assert.equal(bytesOf("2T"), 2e12);
});

test("what is no quantity, or none above 0, is refused by its text", () => {
  for (const text of ["", "ten", "10GB", "-1Gi", "1 Gi", "0Gi", "0.0Gi", "0"]) {
    assert.throws(() => bytesOf(text), new RegExp(`"${text}" is no Kubernetes quantity`));
  }
});
