import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { State } from "../../../local/engine/backend";
import { withPluginInputs } from "../../../local/engine/standInState";
import { repositoryRoot } from "../../../local/paths";

const recorded = JSON.parse(
  readFileSync(join(repositoryRoot, "test/engine/recorded/0.1.0.local.json"), "utf8"),
) as State;

test("every Kubernetes object of a stand-in's state gets the inputs that the real plugin compares with", () => {
  const state = withPluginInputs(recorded);
  const objects = (state?.deployment.resources ?? []).filter(({ type }) => type.startsWith("kubernetes:"));
  assert.ok(objects.length > 40, `${objects.length} objects`);
  for (const { urn, inputs, outputs } of objects) {
    assert.deepEqual(outputs?.__inputs, inputs, urn);
    assert.equal(outputs?.__initialApiVersion, inputs?.apiVersion, urn);
    assert.ok(String(outputs?.__fieldManager).length > 0, "the field manager stays");
  }
});

test("other resources stay as they are, and a second time nothing changes", () => {
  const state = withPluginInputs(recorded);
  assert.ok(state);
  const others = ({ deployment }: State) =>
    (deployment.resources ?? []).filter(({ type }) => !type.startsWith("kubernetes:"));
  assert.deepEqual(others(state), others(recorded));
  assert.equal(withPluginInputs(state), undefined);
});
