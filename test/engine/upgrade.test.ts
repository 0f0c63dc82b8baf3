import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { State, StateResource } from "../../local/engine/backend";
import type { Engine } from "../../local/engine/engine";
import { withPluginInputs } from "../../local/engine/standInState";
import { recordedPassphrase, recordedStates } from "../../scripts/recordedState";
import { dataLosses, holdsData } from "./dataHolders";
import { Fixture } from "./harness";
import { withMonitoring } from "./stackFiles";

// States that earlier versions left (`npm run record-state`), under the program of today.

const files = readdirSync(recordedStates).filter((file) => file.endsWith(".json"));

test("there are recorded states of the stacks local and dev", () => {
  for (const stack of ["local", "dev"])
    assert.ok(
      files.some((file) => file.endsWith(`.${stack}.json`)),
      stack,
    );
});

for (const file of files) {
  const [, version = "", stack = ""] = /^(.+)\.([a-z]+)\.json$/.exec(file) ?? [];

  describe(`from ${version}, stack ${stack}`, () => {
    let fixture: Fixture;
    let engine: Engine;
    let recorded: State;

    before(async () => {
      fixture = await Fixture.start();
      recorded = unprotected(JSON.parse(readFileSync(join(recordedStates, file), "utf8")) as State);
      await applyObjects(fixture, resourcesOf(recorded));
      engine = await fixture.stack({
        stack,
        passphrase: recordedPassphrase,
        config: await withMonitoring(stack, { protect: false }),
        env: { DS_MONITORING_ECHO_KUBECONFIG: fixture.kubeconfig as string },
      });
    });
    after(() => fixture.stop());

    test("nothing that holds data is deleted or replaced", async () => {
      // As `make up` does for a state that the stand-in for Kubernetes of 0.1.0 left.
      await engine.importState(withPluginInputs(recorded) ?? recorded);
      const result = await engine.preview();
      assert.deepEqual(dataLosses(result.steps), []);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      // The preview met each of them, and did so as something that is there.
      const met = new Set(
        result.steps.filter(({ op }) => ["same", "update"].includes(op)).map(({ urn }) => urn),
      );
      const holders = resourcesOf(recorded).filter(({ type }) => holdsData(type));
      assert.ok(holders.length >= 10, `the state has ${holders.length} resources that hold data`);
      assert.deepEqual(
        holders.map(({ urn }) => urn).filter((urn) => !met.has(urn)),
        [],
      );
    });

    // Once is enough to show that the check can fail.
    if (file !== files.findLast((other) => other.endsWith(".local.json"))) return;

    test("the check finds a renamed StatefulSet and a changed claim template, and names the fix", async () => {
      const [renamed, changed] = ["monitoring-influxdb", "monitoring-alertmanager"].map((name) =>
        resourcesOf(recorded).find(
          ({ type, urn }) => type.endsWith(":StatefulSet") && urn.endsWith(`::${name}`),
        ),
      );
      assert.ok(renamed && changed);
      const oldUrn = renamed.urn.replace(/[^:]+$/, "monitoring-database");
      const text = JSON.stringify(recorded).replaceAll(`"${renamed.urn}"`, `"${oldUrn}"`);
      const earlier = JSON.parse(text) as State;
      for (const resource of resourcesOf(earlier).filter(({ urn }) => urn === changed.urn)) {
        (resource.inputs as { spec: Record<string, unknown> }).spec.volumeClaimTemplates = [];
      }
      await engine.importState(withPluginInputs(earlier) ?? earlier);
      const losses = dataLosses((await engine.preview()).steps).sort();
      assert.equal(losses.length, 2, losses.join("\n"));
      assert.match(
        losses[0] ?? "",
        /^StatefulSet monitoring-alertmanager would be replaced, because spec\S*(, spec\S*)* changed: .*; keep that value/,
      );
      assert.ok(losses[1]?.startsWith("StatefulSet monitoring-database would be deleted: "), losses[1]);
      assert.ok(
        losses[1]?.endsWith(
          `if it is monitoring-influxdb now, give that one the option aliases: ["${oldUrn}"]`,
        ),
        losses[1],
      );
    });
  });
}

function resourcesOf(state: State): StateResource[] {
  return state.deployment.resources ?? [];
}

/** The engine would end the preview at the first replacement of something protected, without the others. */
function unprotected(state: State): State {
  const resources = resourcesOf(state).map((resource) => ({ ...resource, protect: false }));
  return { ...state, deployment: { ...state.deployment, resources } };
}

/**
 * Put the objects onto the cluster as they were recorded, so that the API server can say which changes it refuses.
 * The contents of ConfigMaps and Secrets are not recorded; a changed one is a new object.
 */
async function applyObjects(fixture: Fixture, resources: readonly StateResource[]): Promise<void> {
  for (const { type, inputs, outputs } of resources) {
    if (!/^kubernetes:.*(?<!:ConfigMap|:Secret)$/.test(type)) continue;
    const path = `${pathOf(type, inputs)}?fieldManager=${String(outputs?.__fieldManager)}`;
    await fixture.api.send("PATCH", path, inputs);
  }
}

/** Where the API server keeps an object, for example of the type `kubernetes:apps/v1:StatefulSet`. */
function pathOf(type: string, inputs: Record<string, unknown> | undefined): string {
  const [, groupVersion = "", kind = ""] = type.split(":");
  const { name, namespace } = inputs?.metadata as { name: string; namespace?: string };
  const group = groupVersion === "core/v1" ? "/api/v1" : `/apis/${groupVersion}`;
  const plural = `${kind.toLowerCase().replace(/y$/, "ie").replace(/s$/, "se")}s`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}/${name}`;
}
