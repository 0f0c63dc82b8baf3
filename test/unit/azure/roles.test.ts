import assert from "node:assert/strict";
import { test } from "node:test";
import { remainingMillis } from "../../../components/azure/roles";

const now = Date.parse("2026-11-28T12:00:00Z");
const minute = 60_000;

test("a role is in force five minutes after it was assigned", () => {
  assert.equal(remainingMillis(["2026-11-28T11:58:00Z"], now), 3 * minute);
  assert.equal(remainingMillis(["2026-11-28T11:55:00Z"], now), 0);
  assert.equal(remainingMillis(["2026-01-01T00:00:00Z"], now), 0);
});

test("the newest of several counts", () => {
  assert.equal(remainingMillis(["2026-01-01T00:00:00Z", "2026-11-28T11:59:00Z"], now), 4 * minute);
});

test("without roles there is nothing to wait for, and never longer than five minutes", () => {
  assert.equal(remainingMillis([], now), 0);
  assert.equal(remainingMillis(["2027-01-01T00:00:00Z"], now), 5 * minute);
  assert.equal(remainingMillis(["no time"], now), 5 * minute);
});
