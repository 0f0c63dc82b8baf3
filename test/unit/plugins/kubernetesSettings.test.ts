import assert from "node:assert/strict";
import { test } from "node:test";
import { serverOf } from "../../../local/plugins/kubernetes/cluster";
import { checkSettings, diffSettings, readSettings } from "../../../local/plugins/kubernetes/settings";
import { unknown } from "../../../local/plugins/values";

function kubeconfig(server: string): string {
  return JSON.stringify({
    "current-context": "one",
    clusters: [
      { name: "one", cluster: { server } },
      { name: "two", cluster: { server: "https://two" } },
    ],
    contexts: [
      { name: "one", context: { cluster: "one", user: "u" } },
      { name: "two", context: { cluster: "two", user: "u" } },
    ],
    users: [{ name: "u", user: {} }],
  });
}

test("flags come as booleans or as their JSON text, then from the environment", () => {
  const settings = readSettings(
    { enablePatchForce: "true", enableSecretMutable: true, upsertExistingObjects: "false" },
    { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true", PULUMI_K8S_DELETE_UNREACHABLE: "true", KUBECONFIG: "/k" },
  );
  assert.equal(settings.enablePatchForce, true);
  assert.equal(settings.enableSecretMutable, true);
  assert.equal(settings.upsertExistingObjects, false);
  assert.equal(settings.deleteUnreachable, true);
  assert.equal(settings.kubeconfig, "/k");
});

test("context and cluster select another API server than the kubeconfig's own choice", () => {
  assert.equal(serverOf({ kubeconfig: kubeconfig("https://one") }), "https://one");
  assert.equal(serverOf({ kubeconfig: kubeconfig("https://one"), context: "two" }), "https://two");
  assert.equal(serverOf({ kubeconfig: kubeconfig("https://one"), cluster: "two" }), "https://two");
});

test("settings that cannot be followed are named with the fix", () => {
  const properties = (inputs: object) => checkSettings({ ...inputs }).map(({ property }) => property);
  assert.deepEqual(properties({ enableServerSideApply: "false" }), ["enableServerSideApply"]);
  assert.deepEqual(properties({ renderYamlToDirectory: "/out" }), ["renderYamlToDirectory"]);
  assert.match(
    checkSettings({ kubeconfig: "/no/such" })[0]?.reason ?? "",
    /no file \/no\/such: give the path/,
  );
  assert.match(
    checkSettings({ kubeconfig: kubeconfig("https://one"), context: "three" })[0]?.reason ?? "",
    /three is not in the kubeconfig, which has one, two/,
  );
  assert.deepEqual(properties({ kubeconfig: unknown }), []);
  assert.deepEqual(properties({ kubeconfig: kubeconfig("https://one"), enableServerSideApply: "true" }), []);
});

test("another API server replaces the provider, another way to the same one does not", () => {
  const before = { kubeconfig: kubeconfig("https://one") };
  const moved = diffSettings(before, { kubeconfig: kubeconfig("https://three") });
  assert.deepEqual(moved.replaces, [["kubeconfig"]]);
  const same = diffSettings(before, { kubeconfig: kubeconfig("https://one"), namespace: "n" });
  assert.deepEqual(same.replaces, []);
  assert.equal(same.changes.length, 1);
  assert.deepEqual(diffSettings(before, { kubeconfig: unknown }).replaces, []);
});

test("with a cluster identifier nothing else replaces the provider", () => {
  const before = { kubeconfig: kubeconfig("https://one"), clusterIdentifier: "a" };
  const moved = { kubeconfig: kubeconfig("https://three"), clusterIdentifier: "a" };
  assert.deepEqual(diffSettings(before, moved).replaces, []);
  assert.deepEqual(diffSettings(before, { ...before, clusterIdentifier: "b" }).replaces, [
    ["clusterIdentifier"],
  ]);
});
