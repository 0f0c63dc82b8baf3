import assert from "node:assert/strict";
import { test } from "node:test";
import { azureNative } from "../../../local/plugins/azure-native/azureNative";
import { EchoPlugin } from "../../../local/plugins/echo/plugin";
import { grafana } from "../../../local/plugins/grafana/grafana";

const cluster = { urn: "urn:aks", name: "aks", type: "azure-native:containerservice:ManagedCluster" };
const clusterInputs = { resourceGroupName: "rg", resourceName: "platform", location: "westeurope" };

const careful = new EchoPlugin("0.0.0", azureNative, {});
const permitted = new EchoPlugin("0.0.0", azureNative, { DS_MONITORING_ECHO_UP: "1" });

test("a preview returns the inputs and nothing more", async () => {
  assert.deepEqual(await careful.create({ ...cluster, inputs: clusterInputs, preview: true }), {
    id: "",
    state: clusterInputs,
  });
});

test("without permission nothing is created, updated, read or deleted", async () => {
  const state = { __standIn: "azure-native" };
  const refusal = /it serves previews only: put the real azure-native plugin on PATH/;
  await assert.rejects(careful.create({ ...cluster, inputs: clusterInputs, preview: false }), refusal);
  await assert.rejects(
    careful.update({ ...cluster, id: "x", state, inputs: clusterInputs, preview: false }),
    refusal,
  );
  await assert.rejects(careful.read({ ...cluster, id: "x", state, inputs: clusterInputs }), refusal);
  await assert.rejects(careful.delete({ ...cluster, id: "x", state }), refusal);
});

test("with permission, a real resource in the state is still left alone", async () => {
  await assert.rejects(
    permitted.delete({ ...cluster, id: "x", state: clusterInputs }),
    /the state holds a real resource/,
  );
});

test("what is made up is the same each time, and has Azure's shape", async () => {
  const first = await permitted.create({ ...cluster, inputs: clusterInputs, preview: false });
  const second = await permitted.create({ ...cluster, inputs: clusterInputs, preview: false });
  assert.deepEqual(first, second);
  assert.match(first.id, /^\/subscriptions\/0{8}-.*\/resourceGroups\/rg\/providers\/.*\/platform$/);
  assert.equal(first.state.name, "platform");
  assert.equal(first.state.location, "westeurope");
  assert.equal(first.state.__standIn, "azure-native");
});

test("a new place replaces, other changes update", async () => {
  const diff = (inputs: object) =>
    careful.diff({
      ...cluster,
      id: "x",
      state: {},
      oldInputs: clusterInputs,
      inputs: { ...clusterInputs, ...inputs },
    });
  assert.deepEqual((await diff({ location: "northeurope" })).replaces, [["location"]]);
  const tagged = await diff({ tags: { a: "1" } });
  assert.deepEqual([tagged.changes.length, tagged.replaces], [1, []]);
});

test("known functions answer in previews, unknown ones say what to do", async () => {
  const call = (token: string) => careful.invoke({ token, args: {}, preview: true });
  const { kubeconfigs } = await call("azure-native:containerservice:listManagedClusterUserCredentials");
  const [{ value }] = kubeconfigs as [{ value: string }];
  assert.match(Buffer.from(value, "base64").toString(), /https:\/\/aks\.echo\.invalid/);
  await assert.rejects(call("azure-native:x:getY"), /has no function azure-native:x:getY .*add it there/);
});

test("a dashboard keeps the uid in its JSON", async () => {
  const plugin = new EchoPlugin("0.0.0", grafana, { DS_MONITORING_ECHO_UP: "1" });
  const { id } = await plugin.create({
    urn: "urn:d",
    name: "d",
    type: "grafana:index/dashboard:Dashboard",
    inputs: { configJson: JSON.stringify({ uid: "home" }) },
    preview: false,
  });
  assert.equal(id, "home");
});
