import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "@pulumi/pulumi/provider";
import { azureNative } from "../../../local/plugins/azureNative";
import { echoProvider } from "../../../local/plugins/echo";
import { grafana } from "../../../local/plugins/grafana";
import { secret, type Properties } from "../../../local/plugins/properties";

const urn = "urn:pulumi:dev::p::azure-native:containerservice:ManagedCluster::aks";
const inputs = { resourceGroupName: "rg", resourceName: "platform", location: "westeurope" };

const careful = echoProvider(azureNative, "0.0.0", {}) as Required<Provider>;
const permitted = echoProvider(azureNative, "0.0.0", { DS_MONITORING_ECHO_UP: "1" }) as Required<Provider>;

test("without permission nothing is created, updated, read or deleted", async () => {
  const state = { __standIn: "azure-native" };
  const refusal = /it serves previews only: put the real azure-native plugin on PATH/;
  await assert.rejects(careful.create(urn, inputs), refusal);
  await assert.rejects(careful.update("x", urn, state, inputs), refusal);
  await assert.rejects(careful.read("x", urn, state), refusal);
  await assert.rejects(careful.delete("x", urn, state), refusal);
});

test("with permission, a real resource in the state is still left alone", async () => {
  await assert.rejects(permitted.delete("x", urn, inputs), /the state holds a real resource/);
});

test("generated values are the same each time, and has Azure's shape", async () => {
  const first = await permitted.create(urn, inputs);
  assert.deepEqual(await permitted.create(urn, inputs), first);
  assert.match(first.id, /^\/subscriptions\/0{8}-.*\/resourceGroups\/rg\/providers\/.*\/platform$/);
  assert.equal(first.outs.name, "platform");
  assert.equal(first.outs.location, "westeurope");
  assert.equal(first.outs.__standIn, "azure-native");
});

test("a new place replaces, other changes update, a made-up output is no change", async () => {
  const state = (await permitted.create(urn, { ...inputs, tags: { a: "1" } })).outs as Properties;
  const diff = (news: Properties) => careful.diff("x", urn, state, news);
  assert.deepEqual(await diff({ ...inputs, tags: { a: "1" } }), { changes: false, replaces: [] });
  assert.deepEqual(await diff({ ...inputs, tags: { a: secret("1") } }), { changes: false, replaces: [] });
  assert.deepEqual(await diff({ ...inputs, tags: { a: "2" } }), { changes: true, replaces: [] });
  assert.deepEqual(await diff(inputs), { changes: true, replaces: [] }, "an input that is left out");
  assert.deepEqual((await diff({ ...inputs, location: "northeurope" })).replaces, ["location"]);
});

test("known functions answer, unknown ones say what to do", async () => {
  const { outputs } = await careful.invoke(
    "azure-native:containerservice:listManagedClusterUserCredentials",
    {},
  );
  const [{ value }] = outputs.kubeconfigs as [{ value: string }];
  assert.match(Buffer.from(value, "base64").toString(), /https:\/\/aks\.echo\.invalid/);
  await assert.rejects(
    careful.invoke("azure-native:x:getY", {}),
    /has no function azure-native:x:getY .*add it there/,
  );
});

test("a dashboard keeps the uid in its JSON", async () => {
  const provider = echoProvider(grafana, "0.0.0", { DS_MONITORING_ECHO_UP: "1" }) as Required<Provider>;
  const created = await provider.create("urn:pulumi:s::p::grafana:index/dashboard:Dashboard::d", {
    configJson: JSON.stringify({ uid: "home" }),
  });
  assert.equal(created.id, "home");
});
