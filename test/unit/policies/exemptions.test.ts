import assert from "node:assert/strict";
import { test } from "node:test";
import { applyExemptions } from "../../../policies/core/exemptions";
import { resource } from "./support";

const disk = resource("t", "disk", {});
const other = resource("t", "other", {});
const exemption = { resource: "disk", reason: "grows until the migration", expires: "2026-06-30" };

test("an exemption lets its own resource pass up to and on its last day", () => {
  const violations = [
    { message: "too large", resource: disk },
    { message: "too large", resource: other },
  ];
  const { remaining, exempted } = applyExemptions(violations, [exemption], "2026-06-30");
  assert.deepEqual(
    remaining.map((violation) => violation.resource?.name),
    ["other"],
  );
  assert.deepEqual(exempted, [{ violation: violations[0], exemption }]);
});

test("an expired exemption lets nothing pass, and the message says so", () => {
  const { remaining, exempted } = applyExemptions(
    [{ message: "too large.", resource: disk }],
    [exemption],
    "2026-07-01",
  );
  assert.deepEqual(exempted, []);
  assert.equal(
    remaining[0]?.message,
    "too large. Its exemption («grows until the migration») expired on 2026-06-30.",
  );
});

test("a violation of the whole stack needs the exemption of all resources", () => {
  const violation = { message: "over budget" };
  assert.equal(applyExemptions([violation], [exemption], "2026-06-01").remaining.length, 1);
  const all = { ...exemption, resource: "*" };
  assert.equal(applyExemptions([violation], [all], "2026-06-01").remaining.length, 0);
});

test("an exemption that ends more than 90 days ahead does not hold, not even for all resources", () => {
  const violation = { message: "too large.", resource: disk };
  const until = (expires: string) =>
    applyExemptions([violation], [{ ...exemption, resource: "*", expires }], "2026-06-01");
  assert.equal(until("2026-08-30").exempted.length, 1);
  assert.equal(
    until("9999-12-31").remaining[0]?.message,
    "too large. Its exemption («grows until the migration») does not hold: it expires on 9999-12-31, and may at most on 2026-08-30, 90 days from now.",
  );
  assert.equal(until("2026-08-31").exempted.length, 0);
});
