import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { AppNamespace, ModelApi, type ModelApiArgs, ModelVolume } from "../../../components";
import { renderTelegrafConfig } from "../../../components/telegraf/telegrafConfig";
import { deploy, find, listed, type RequestedResource, valueOf } from "../support/deploy";
import { connection } from "../support/fixtures";
import { podOf, variableOf } from "../support/pods";

const image = "registry.example.com/churn:1.4.0";
const model = { name: "churn", version: "1.4.0" };

const api = (args: Partial<ModelApiArgs> = {}) =>
  deploy(() => new ModelApi("churn", { image, model, monitoring: connection, ...args }));

const kinds = (resources: RequestedResource[]) => resources.map(({ type }) => type.split(":").at(-1));
const spec = (resource: RequestedResource) => resource.inputs["spec"] as Record<string, unknown>;

test("three lines make exactly these resources", async () => {
  const { resources, result } = await api();
  assert.deepEqual(listed(resources), [
    "AppNamespace churn < ModelApi churn",
    "ConfigMap churn-logging < Logging churn-logging",
    "Deployment churn < ModelApi churn",
    "HorizontalPodAutoscaler churn < ModelApi churn",
    "Logging churn-logging < ModelApi churn",
    "ModelApi churn < ",
    "Namespace churn < RestrictedNamespace churn",
    "NetworkPolicy churn < ModelApi churn",
    "NetworkPolicy churn-default-deny < RestrictedNamespace churn",
    "NetworkPolicy churn-dns < RestrictedNamespace churn",
    "NetworkPolicy churn-logs < AppNamespace churn",
    "RandomPassword churn-pseudonym-key < ModelApi churn",
    "RestrictedNamespace churn < AppNamespace churn",
    "Secret churn-fluentd-shared-key < AppNamespace churn",
    "Secret churn-pseudonym-key < ModelApi churn",
    "Service churn < ModelApi churn",
    "ServiceAccount churn < ModelApi churn",
  ]);
  assert.equal(await valueOf(result.url), "http://churn.churn.svc:8080");
});

test("Telegraf finds it by its labels, and knows its service by its name", async () => {
  const { resources } = await api();
  const { name, labels } = find(resources, "Deployment", "churn").inputs["metadata"] as {
    name: string;
    labels: Record<string, string>;
  };
  assert.equal(name, "churn");
  const config = renderTelegrafConfig({ influxDbUrl: "http://influxdb:8086", environment: "test" });
  const [, selector = ""] = /labelSelector=([^"]+)"/.exec(config) ?? [];
  const [key = "", value] = decodeURIComponent(selector).split("=");
  assert.equal(labels[key], value, key);
  // Among the Deployments of that list, the script knows a model API by this label.
  const [, component] = /"app\.kubernetes\.io\/component"\) == "([^"]+)"/.exec(config) ?? [];
  assert.equal(labels["app.kubernetes.io/component"], component);
});

test("it says who it is, in OpenTelemetry's variables", async () => {
  const { resources } = await api({ env: { THREADS: "4" } });
  const [container] = podOf(resources, "Deployment churn").containers;
  assert.equal(variableOf(container, "OTEL_SERVICE_NAME"), "churn");
  assert.equal(
    variableOf(container, "OTEL_RESOURCE_ATTRIBUTES"),
    "service.version=1.4.0,ml.model.name=churn,deployment.environment.name=test",
  );
  assert.equal(variableOf(container, "THREADS"), "4");
  assert.deepEqual(variableOf(container, "PSEUDONYM_KEY"), {
    secretKeyRef: { name: "churn-pseudonym-key-auto", key: "key" },
  });
});

test("the shared key is copied into its namespace, as a secret", async () => {
  const { resources } = await api();
  const secret = find(resources, "Secret", "churn-fluentd-shared-key");
  assert.deepEqual(secret.inputs["stringData"], { sharedKey: "the-shared-key" });
  assert.deepEqual(secret.secrets, ["stringData"]);
});

test("replicas are the autoscaler's when there is one, and a budget guards more than one", async () => {
  const one = await api({ replicas: { min: 1, max: 1 } });
  assert.equal(spec(find(one.resources, "Deployment", "churn"))["replicas"], 1);
  assert.equal(kinds(one.resources).includes("HorizontalPodAutoscaler"), false);
  assert.equal(kinds(one.resources).includes("PodDisruptionBudget"), false);

  const three = await api({ replicas: { min: 3, max: 3 } });
  assert.equal(spec(find(three.resources, "Deployment", "churn"))["replicas"], 3);
  assert.equal(kinds(three.resources).includes("HorizontalPodAutoscaler"), false);
  const budget = spec(find(three.resources, "PodDisruptionBudget", "churn"));
  assert.equal(budget["maxUnavailable"], 1);

  const scaled = await api({ replicas: { min: 2, max: 5, targetCpuPercent: 50 } });
  assert.equal("replicas" in spec(find(scaled.resources, "Deployment", "churn")), false);
  const scaler = spec(find(scaled.resources, "HorizontalPodAutoscaler", "churn"));
  assert.deepEqual([scaler["minReplicas"], scaler["maxReplicas"]], [2, 5]);
  assert.equal(kinds(scaled.resources).includes("PodDisruptionBudget"), true);
});

test("replicas that can't be are refused with an example", async () => {
  for (const replicas of [
    { min: 0, max: 1 },
    { min: 3, max: 2 },
    { min: 1.5, max: 2 },
  ]) {
    await assert.rejects(
      api({ replicas }),
      /ModelApi "churn": replicas must be whole numbers with 1 <= min <= max/,
    );
  }
});

test("its objectives are an annotation of its Deployment, which Telegraf reads", async () => {
  const slo = { availability: 0.995, latency: { p: 0.95, seconds: pulumi.output(0.3) } };
  const { resources } = await api({ slo });
  const metadata = find(resources, "Deployment", "churn").inputs["metadata"] as {
    annotations: Record<string, string>;
  };
  assert.deepEqual(JSON.parse(metadata.annotations["ds-monitoring/slo"] ?? ""), {
    availability: 0.995,
    latency: { p: 0.95, seconds: 0.3 },
  });
});

test("objectives that can't be are refused with an example", async () => {
  for (const [slo, message] of [
    [{}, /ModelApi "churn": slo names no objective/],
    [
      { availability: 99.5 },
      /slo\.availability must be above 0 and below 1 \(0\.995 is 99\.5 %\), got 99\.5/,
    ],
    [{ latency: { p: 1, seconds: 1 } }, /slo\.latency\.p must be above 0 and below 1/],
    [{ latency: { p: 0.95, seconds: 0 } }, /slo\.latency\.seconds must be from 0\.001 to 900, got 0/],
  ] as const) {
    await assert.rejects(api({ slo }), message);
  }
});

test("values may come from other resources, and are then checked when they are known", async () => {
  const { resources } = await api({
    image: pulumi.output(image),
    port: pulumi.output(9000),
    replicas: { min: pulumi.output(2), max: pulumi.output(4) },
    monitoring: pulumi.secret(connection),
    env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "token", key: "value" } } }],
  });
  const [container] = podOf(resources, "Deployment churn").containers;
  assert.equal(container?.image, image);
  assert.equal(variableOf(container, "PORT"), "9000");
  assert.deepEqual(variableOf(container, "TOKEN"), { secretKeyRef: { name: "token", key: "value" } });
  const scaler = spec(find(resources, "HorizontalPodAutoscaler", "churn"));
  assert.deepEqual([scaler["minReplicas"], scaler["maxReplicas"]], [2, 4]);
  assert.equal(kinds(resources).includes("PodDisruptionBudget"), true);
});

test("a variable of the caller replaces ours of that name", async () => {
  const { resources } = await api({ env: { PORT: "9" } });
  const [container] = podOf(resources, "Deployment churn").containers;
  assert.deepEqual(
    container?.env?.filter(({ name }) => name === "PORT"),
    [{ name: "PORT", value: "9" }],
  );
});

test("a name that is no DNS label is refused", async () => {
  await assert.rejects(
    deploy(() => new ModelApi("Churn_API", { image, model, monitoring: connection })),
    /ModelApi: name "Churn_API" must be a DNS label/,
  );
});

test("two share a namespace, and none of their own is made", async () => {
  const { resources } = await deploy(() => {
    const namespace = new AppNamespace("shop", { monitoring: connection });
    new ModelApi("churn", { image, model, monitoring: connection, namespace });
    new ModelApi("fraud", { image, model, monitoring: connection, namespace });
  });
  assert.equal(kinds(resources).filter((kind) => kind === "Namespace").length, 1);
  for (const name of ["churn", "fraud"]) {
    const { metadata } = find(resources, "Deployment", name).inputs as { metadata: { namespace: string } };
    assert.equal(metadata.namespace, "shop");
  }
});

test("models are mounted read-only, and their folder is named", async () => {
  const { resources } = await deploy(() => {
    const namespace = new AppNamespace("churn", { monitoring: connection });
    const models = new ModelVolume("churn-models", { namespace, size: "5Gi" });
    new ModelApi("churn", { image, model, monitoring: connection, namespace, models });
  });
  const pod = podOf(resources, "Deployment churn");
  assert.equal(variableOf(pod.containers[0], "MODEL_DIR"), "/models");
  assert.deepEqual(
    pod.containers[0]?.volumeMounts?.find(({ name }) => name === "models"),
    { name: "models", mountPath: "/models", readOnly: true },
  );
  assert.equal(find(resources, "PersistentVolumeClaim", "churn-models").protect, true);
});

test("only its own namespace, the callers it names and the platform's probe may call it", async () => {
  const peersOf = async (args: Partial<ModelApiArgs>) => {
    const { resources } = await api(args);
    const { ingress } = spec(find(resources, "NetworkPolicy", "churn")) as { ingress: { from: unknown[] }[] };
    return ingress.map(({ from }) => from);
  };
  const probe = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
    podSelector: {
      matchLabels: { "app.kubernetes.io/name": "telegraf", "app.kubernetes.io/instance": "telegraf" },
    },
  };
  assert.deepEqual(await peersOf({}), [[{ podSelector: {} }, probe]]);
  const shop = { namespaceSelector: { matchLabels: { team: "shop" } } };
  assert.deepEqual(await peersOf({ callers: [shop] }), [[shop, probe]]);
});

test("a log format whose sample does not match fails before anything is deployed", async () => {
  const logs = [
    { path: "app.log", format: { regexp: "^(?<level>[A-Z]+) (?<body>.*)$", samples: ["no level here"] } },
  ];
  await assert.rejects(api({ logs }), /logs\[0\].format: samples\[0\] does not match/);
});

test("captureStdout runs the command under the script that copies what it prints, and needs a command", async () => {
  const command = ["python", "-m", "app"];
  const { resources } = await api({ captureStdout: true, command, args: ["--port", "8080"] });
  const pod = podOf(resources, "Deployment churn");
  const [container] = pod.containers;
  assert.deepEqual(container?.command, ["sh", "/opt/ds-monitoring/capture-stdout.sh", ...command]);
  assert.deepEqual(container?.args, ["--port", "8080"]);
  const mount = container?.volumeMounts?.find(({ mountPath }) => mountPath === "/opt/ds-monitoring");
  const volume = pod.volumes?.find(({ name }) => name === mount?.name);
  assert.deepEqual(volume?.["configMap"], { name: "churn-capture-stdout-auto" });
  const { data } = find(resources, "ConfigMap", "churn-capture-stdout").inputs as {
    data: Record<string, string>;
  };
  assert.match(data["capture-stdout.sh"] ?? "", /^#!\/bin\/sh\n/);
  await assert.rejects(api({ captureStdout: true }), /ModelApi "churn": captureStdout needs `command`/);
});

test("driftCheck: {} is a pipeline of one step in the API's image, each day, on the volume of its models", async () => {
  const { resources } = await api({ driftCheck: {}, models: "churn-models", tolerations: [{ key: "spot" }] });
  const { schedule, jobTemplate } = find(resources, "CronJob", "churn-drift").inputs["spec"] as {
    schedule: string;
    jobTemplate: { spec: { template: { metadata: { labels: Record<string, string> } } } };
  };
  assert.equal(schedule, "0 5 * * *");
  const { labels } = jobTemplate.spec.template.metadata;
  assert.equal(labels["ds-monitoring/reads-events"], "true");
  const { selector } = find(resources, "Service", "churn").inputs["spec"] as {
    selector: Record<string, string>;
  };
  assert.ok(
    Object.entries(selector).some(([key, value]) => labels[key] !== value),
    "requests do not go to it",
  );
  const pod = podOf(resources, "CronJob churn-drift");
  const [container] = pod.containers;
  assert.equal(container?.image, image);
  assert.deepEqual(container.command, [
    "python",
    "-m",
    "ds_monitoring.drift_check",
    "churn",
    "--profile",
    "profile.json",
  ]);
  assert.equal(variableOf(container, "MODEL_DIR"), "/models");
  assert.equal(variableOf(container, "INFLUXDB_USERNAME"), "apps");
  assert.deepEqual(pod.tolerations, [{ key: "spot" }]);
  assert.equal(kinds(resources).filter((kind) => kind === "Namespace").length, 1);
});

test("driftCheck takes another profile and another time", async () => {
  const { resources } = await api({ driftCheck: { profile: "/app/profile.json", schedule: "0 7 * * 1" } });
  assert.equal(spec(find(resources, "CronJob", "churn-drift"))["schedule"], "0 7 * * 1");
  assert.equal(podOf(resources, "CronJob churn-drift").containers[0]?.command?.at(-1), "/app/profile.json");
});

test("its team is a label of the Deployment, and not of its pods", async () => {
  const { resources } = await api({ owner: "risk" });
  const { metadata, spec: written } = find(resources, "Deployment", "churn").inputs as {
    metadata: { labels: Record<string, string> };
    spec: { template: { metadata: { labels: Record<string, string> } } };
  };
  assert.equal(metadata.labels["ds-monitoring/owner"], "risk");
  assert.equal("ds-monitoring/owner" in written.template.metadata.labels, false);
  await assert.rejects(
    api({ owner: "Team Risk" }),
    /ModelApi "churn": owner "Team Risk" must be a DNS label/,
  );
});

test("its own metrics are read by Telegraf alone, where the platform reads any", async () => {
  const monitoring = { ...connection, readsPodMetrics: true };
  const metrics = { port: 9100, path: "/stats", names: ["vllm:*", "queue_length"] };
  const { resources } = await api({ metrics, monitoring });
  const template = spec(find(resources, "Deployment", "churn"))["template"] as {
    metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  };
  assert.equal(template.metadata.labels["ds-monitoring/metrics"], "true");
  assert.deepEqual(template.metadata.annotations, {
    "prometheus.io/port": "9100",
    "prometheus.io/path": "/stats",
    "ds-monitoring/metric-names": "vllm:*,queue_length",
  });
  const { ingress } = spec(find(resources, "NetworkPolicy", "churn")) as {
    ingress: {
      from: { podSelector: { matchLabels: Record<string, string> } }[];
      ports: { port: number }[];
    }[];
  };
  assert.deepEqual(
    ingress.map(({ ports }) => ports[0]?.port),
    [8080, 9100],
  );
  assert.deepEqual(
    ingress[1]?.from.map(({ podSelector }) => podSelector.matchLabels["app.kubernetes.io/name"]),
    ["telegraf"],
  );
  await assert.rejects(
    api({ metrics }),
    /ModelApi "churn": metrics is set, but the platform reads no endpoints: set telegraf\.podMetrics there/,
  );
  await assert.rejects(
    api({ metrics: { path: "metrics" }, monitoring }),
    /metrics\.path must begin with "\/", e\.g\. "\/metrics"; got "metrics"/,
  );
});
