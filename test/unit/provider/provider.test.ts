import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { providerSchema } from "../../../scripts/providerSchema";
import { componentProvider } from "../../../provider/provider";
import { inputProblems, type PackageSchema } from "../../../provider/schema";
import { deploy, find, isSecret, valueOf } from "../support/deploy";
import { podOf } from "../support/pods";

// What other languages may write: the schema, its check at run time, and what the components make of it.

let schema: PackageSchema;
let text: string;
before(() => {
  text = providerSchema();
  schema = JSON.parse(text) as PackageSchema;
});

const connection = {
  namespace: "monitoring",
  environment: "dev",
  fluentdHost: "fluentd-aggregator.monitoring.svc",
  fluentdPort: 24224,
  fluentdSharedKey: pulumi.secret("key"),
  influxDbUrl: "http://influxdb.monitoring.svc:8086",
  grafanaUrl: "http://grafana.monitoring.svc:3000",
};
const api = { image: "i:1", model: { name: "churn", version: "1" }, monitoring: connection };

const problems = (component: string, inputs: object) =>
  inputProblems(schema, `ds-monitoring:index:${component}`, inputs).map(
    ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
  );

test("complete arguments pass, with outputs where they may be unknown", () => {
  assert.deepEqual(problems("ModelApi", api), []);
  assert.deepEqual(
    problems("ModelApi", { ...api, image: pulumi.output("i:1"), monitoring: pulumi.output(connection) }),
    [],
  );
  assert.deepEqual(problems("ModelApi", { ...api, env: { A: pulumi.secret("a") }, port: undefined }), []);
});

test("what is missing, unknown or of another type is named with its path and the fix", () => {
  const { image: _, ...rest } = api;
  assert.deepEqual(problems("ModelApi", { ...rest, model: { name: "churn" } }), [
    "image is missing: Image with tag or digest, e.g. `registry.example.com/churn:1.4.0`.",
    "model.version is missing: Version of the model; the tag `model_version`.",
  ]);
  assert.match(problems("ModelApi", { ...api, imag: "i:1" }).join(), /^imag is not known; there are model, /);
  assert.deepEqual(problems("ModelApi", { ...api, port: "80", command: "run", model: [] }), [
    "model must be of the type object, not an array",
    "port must be of the type number, not a string",
    "command must be of the type array, not a string",
  ]);
  assert.match(
    problems("Pipeline", { schedule: "@daily", steps: [{ name: "a" }], monitoring: connection }).join(),
    /^steps\[0\]\.image is missing/,
  );
  assert.match(
    problems("ModelApi", { ...api, model: pulumi.output(api.model) }).join(),
    /^model must be known before anything is deployed/,
  );
});

test("arguments, their docstrings and their defaults are those of the components", () => {
  const { inputProperties, properties } = schema.resources["ds-monitoring:index:ModelApi"] ?? {};
  assert.equal(inputProperties?.["port"]?.description, "Port that the API listens on. Default: 8080.");
  assert.deepEqual(Object.keys(properties ?? {}).sort(), ["models", "namespaceName", "url"]);
  // Components are left out of unions: other languages pass names.
  assert.equal(inputProperties?.["namespace"]?.type, "string");
  assert.deepEqual(inputProperties?.["models"]?.oneOf, [
    { type: "string" },
    { $ref: "#/types/ds-monitoring:index:ModelStorage" },
  ]);
  const { format } = schema.types["ds-monitoring:index:LogSource"]?.properties ?? {};
  assert.deepEqual(
    format?.oneOf?.map(({ type, $ref }) => type ?? $ref),
    ["string", "#/types/ds-monitoring:index:CustomFormat"],
  );
});

test("any of several types passes; a wrong one, and what is wrong inside of one, is named", () => {
  for (const models of ["claim", { size: "1Gi" }, pulumi.output("claim")]) {
    assert.deepEqual(problems("ModelApi", { ...api, models }), []);
  }
  assert.deepEqual(problems("ModelApi", { ...api, models: 1 }), [
    "models must be of the type string or object, not a number",
  ]);
  assert.match(problems("ModelApi", { ...api, models: {} }).join(), /^models\.size is missing: Size as a/);
  const logs = [{ path: "app.log", format: { regexp: "^(?<body>.*)$", samples: [1] } }, { format: "nginx" }];
  assert.deepEqual(problems("ModelApi", { ...api, logs }), [
    "logs[0].format.samples[0] must be of the type string, not a number",
  ]);
});

test("half of an existing part is named; neither or both choices are refused", () => {
  const email = { smarthost: "smtp:587", from: "a@example.com", to: ["b@example.com"] };
  const args = { environment: "dev", alertmanager: { deploy: { email } } };
  const monitoring = (more: object) => problems("Monitoring", { ...args, ...more }).join("\n");
  assert.match(
    monitoring({ grafana: { existing: { url: "https://grafana" } } }),
    /^grafana\.existing\.auth is missing: Token of a service account/m,
  );
  assert.equal(
    monitoring({ grafana: {} }),
    'grafana is empty: give it "deploy" for a new one, or "existing" for one that somebody else runs',
  );
  assert.equal(
    monitoring({ alertmanager: { deploy: { email }, existing: { url: "http://a:9093" } } }),
    'alertmanager has both "deploy" and "existing": leave one of them out',
  );
  assert.equal(monitoring({ influxDb: { deploy: {} } }), "");
});

/** What the provider makes of the inputs, and its outputs. */
async function constructed(component: string, inputs: pulumi.Inputs) {
  const { resources, result } = await deploy(() => {
    const provider = componentProvider(text);
    return provider.construct?.("churn", `ds-monitoring:index:${component}`, inputs, {});
  });
  return { resources, state: (await result)?.state as pulumi.Inputs };
}

test("the component gets the arguments as they are, also a platform that is known only later", async () => {
  const { resources, state } = await constructed("ModelApi", {
    ...api,
    monitoring: pulumi.secret(connection),
    resources: { limits: { memory: "2Gi" } },
    env: { THREADS: "4" },
  });
  const [container] = podOf(resources, "Deployment churn").containers;
  assert.deepEqual(container?.resources, { limits: { memory: "2Gi" } });
  assert.deepEqual(find(resources, "Secret", "churn-fluentd-shared-key").inputs["stringData"], {
    sharedKey: "key",
  });
  assert.equal(await valueOf(state["url"] as string), "http://churn.churn.svc:8080");
});

test("a connection is one secret as a whole; wrong inputs fail with their paths", async () => {
  const email = { smarthost: "smtp:587", from: "a@example.com", to: ["b@example.com"] };
  const { state } = await constructed("Monitoring", {
    environment: "dev",
    alertmanager: { deploy: { email } },
  });
  assert.equal(await isSecret(state["connection"]), true);
  assert.equal(await isSecret(state["grafanaUrl"]), false);
  await assert.rejects(constructed("ModelApi", { ...api, port: "80" }), (error: pulumi.InputPropertyError) =>
    /must be of the type number/.test(error.reason),
  );
  await assert.rejects(
    constructed("ModelApi", { ...api, logs: [{ format: "apache" }] }),
    /logs\[0\]\.format "apache" is not known: one of auto, json/,
  );
});
