import assert from "node:assert/strict";
import { test } from "node:test";
import type { StateResource } from "../../../local/engine/backend";
import { withResource } from "../../../local/engine/interrupted";

function resource(urn: string, id: string, more: Partial<StateResource> = {}): StateResource {
  return { urn, id, type: "kubernetes:core/v1:ConfigMap", ...more };
}

const reader = resource("reader", "apps/reader");

test("what was created before the old object goes leaves the old one to be deleted", () => {
  const old = resource("config", "apps/config-1");
  const added = resource("config", "apps/config-2");
  assert.deepEqual(withResource([old, reader], added), [{ ...old, delete: true }, reader, added]);
});

test("what has the name of an object that was deleted takes its place in the order", () => {
  const old = resource("config", "apps/config", { pendingReplacement: true });
  const added = resource("config", "apps/config");
  assert.deepEqual(withResource([old, reader], added), [added, reader]);
});

test("what is complete in the state stays as it is", () => {
  const complete = resource("config", "apps/config", { outputs: { complete: true } });
  assert.deepEqual(withResource([complete], resource("config", "apps/config")), [complete]);
});
