import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { providerSchema } from "../../../scripts/providerSchema";
import { monitoringArgs, modelApiArgs } from "../../../provider/arguments";
import { inputProblems, type PackageSchema } from "../../../provider/schema";

// What other languages may write: the schema, its check at run time, and the way to the library's arguments.

let schema: PackageSchema;
before(() => {
  schema = JSON.parse(providerSchema()) as PackageSchema;
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
  assert.match(problems("ModelApi", { ...api, imag: "i:1" }).join(), /^imag is not known; there are image, /);
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

test("half of an existing part is named; neither or both choices are refused", () => {
  const email = { smarthost: "smtp:587", from: "a@example.com", to: ["b@example.com"] };
  const args = { environment: "dev", alertmanager: { deploy: { email } } };
  assert.match(
    problems("Monitoring", { ...args, grafana: { existing: { url: "https://grafana" } } }).join("\n"),
    /^grafana\.existing\.auth is missing: Token of a service account/m,
  );
  const refusal = (wrong: object): string => {
    try {
      monitoringArgs({ ...args, ...wrong });
    } catch (error) {
      if (pulumi.InputPropertyError.isInstance(error)) return `${error.propertyPath} ${error.reason}`;
      throw error;
    }
    return "accepted";
  };
  assert.match(refusal({ grafana: {} }), /^grafana is empty: give it "deploy" for a new one, or "existing"/);
  assert.match(
    refusal({ alertmanager: { deploy: { email }, existing: { url: "http://a:9093" } } }),
    /^alertmanager has both "deploy" and "existing": leave one of them out/,
  );
  assert.equal(refusal({ influxDb: { deploy: {} } }), "accepted");
  const scaled = monitoringArgs({ ...args, fluentdAggregator: { replicas: 2, storage: { size: "1Gi" } } });
  assert.deepEqual(
    [scaled.fluentdAggregator?.replicas, scaled.fluentdAggregator?.storage],
    [2, { size: "1Gi" }],
  );
});

test("flat arguments become those of the library", () => {
  const args = modelApiArgs("churn", {
    ...api,
    resources: { cpu: "1", cpuLimit: "2", memory: "1Gi", memoryLimit: "2Gi" },
    callerNamespaces: ["shop"],
    egress: [{ cidr: "10.2.0.0/24", ports: [5432] }],
    logs: [{ path: "app.log", text: { regexp: "^(?<body>.*)$", samples: ["a"] } }, { format: "nginx" }],
  });
  assert.deepEqual(args.resources, {
    requests: { cpu: "1", memory: "1Gi" },
    limits: { cpu: "2", memory: "2Gi" },
  });
  assert.deepEqual(args.callers, [
    { podSelector: {} },
    { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } },
  ]);
  assert.deepEqual(args.egress, [{ peers: [{ ipBlock: { cidr: "10.2.0.0/24" } }], ports: [{ port: 5432 }] }]);
  assert.deepEqual(args.logs, [
    { path: "app.log", format: { regexp: "^(?<body>.*)$", samples: ["a"] } },
    { path: undefined, format: "nginx" },
  ]);
  assert.throws(
    () => modelApiArgs("churn", { ...api, logs: [{ format: "apache" }] }),
    (error: pulumi.InputPropertyError) => /"apache" is not known: one of auto, json/.test(error.reason),
  );
});
