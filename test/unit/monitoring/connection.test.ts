import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelApi, Monitoring, type MonitoringConnection } from "../../../components";
import { partOfConnection } from "../../../components/connection";
import { deploy, find, isSecret, valueOf } from "../support/deploy";
import { connection } from "../support/fixtures";

const platformStack = { stackOutputs: { monitoring: connection }, secretStackOutputs: ["monitoring"] };

test("another stack's connection is read, and only its key and its password stay secret", async () => {
  const { result } = await deploy(() => Monitoring.fromStack("acme/ds-monitoring/prod"), platformStack);
  for (const [key, value] of Object.entries(connection)) {
    const read = result[key as keyof typeof connection];
    assert.equal(await valueOf(read), value, key);
    assert.equal(await isSecret(read), ["fluentdSharedKey", "influxDbPassword"].includes(key), key);
  }
});

test("a platform that does not say whether its Grafana reads ConfigMaps is older, and does", async () => {
  const { grafanaReadsConfigMaps: _, ...older } = connection;
  for (const [exported, reads] of [
    [older, true],
    [{ ...older, grafanaReadsConfigMaps: false }, false],
  ] as const) {
    const { result } = await deploy(() => Monitoring.fromStack("acme/ds-monitoring/prod"), {
      stackOutputs: { monitoring: exported },
    });
    assert.equal(await valueOf(result.grafanaReadsConfigMaps), reads);
  }
});

test("an app of another stack sends its logs to the platform, with the platform's key", async () => {
  const { resources } = await deploy(
    () =>
      new ModelApi("churn", {
        image: "registry.example.com/churn:1.4.0",
        model: { name: "churn", version: "1.4.0" },
        monitoring: Monitoring.fromStack("acme/ds-monitoring/prod"),
      }),
    platformStack,
  );
  const secret = find(resources, "Secret", "churn-fluentd-shared-key");
  assert.deepEqual(secret.inputs["stringData"], { sharedKey: "the-shared-key" });
  assert.deepEqual(secret.secrets, ["stringData"]);
  const config = find(resources, "ConfigMap", "churn-logging");
  assert.match(JSON.stringify(config.inputs["data"]), /fluentd-aggregator\.monitoring\.svc/);
  assert.deepEqual(config.secrets, []);
});

test("a connection that is not there, or not whole, is named with the fix", () => {
  const { fluentdPort: _, ...partial } = connection;
  const where = 'output "monitoring" of stack prod';
  assert.throws(
    () => partOfConnection(undefined, "namespace", where),
    /^Error: output "monitoring" of stack prod has no "namespace": export the platform's connection with/,
  );
  assert.throws(() => partOfConnection(partial, "fluentdPort", where), /has no "fluentdPort"/);
  assert.equal(partOfConnection(partial, "namespace", where), "monitoring");
});

test("a secret that a program in YAML has lost is named, instead of taken for a key", () => {
  assert.throws(
    () => partOfConnection({ ...connection, fluentdSharedKey: {} }, "fluentdSharedKey", "monitoring"),
    /holds no plain value in "fluentdSharedKey": .* Export the connection as one secret there/,
  );
});

const drift = (monitoring: MonitoringConnection) =>
  new ModelApi("churn", {
    image: "registry.example.com/churn:1.4.0",
    model: { name: "churn", version: "1.4.0" },
    monitoring,
    driftCheck: {},
  });

test("the drift check of an app of another stack signs in with the platform's password, which stays secret", async () => {
  const { resources } = await deploy(
    () => drift(Monitoring.fromStack("acme/ds-monitoring/prod")),
    platformStack,
  );
  const secret = find(resources, "Secret", "churn-drift-influxdb");
  assert.deepEqual(secret.inputs["stringData"], { password: "the-apps-password" });
  assert.deepEqual(secret.secrets, ["stringData"]);
});

test("a drift check needs a platform with a user for it, and the error says how to get one", async () => {
  const { influxDbPassword: _, ...older } = connection;
  await assert.rejects(
    deploy(() => drift(older)),
    /Pipeline "churn-drift": the platform's connection has no "influxDbPassword": upgrade the platform to 0\.2\.0/,
  );
});
