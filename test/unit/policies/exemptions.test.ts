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
  assert.equal(applyExemptions([violation], [exemption], "2026-01-01").remaining.length, 1);
  const all = { ...exemption, resource: "*" };
  assert.equal(applyExemptions([violation], [all], "2026-01-01").remaining.length, 0);
});
