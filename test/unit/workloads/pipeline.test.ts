import assert from "node:assert/strict";
import { test } from "node:test";
import { Pipeline, type PipelineArgs } from "../../../components";
import { deploy, find, listed } from "../support/deploy";
import { connection, platform } from "../support/fixtures";
import { podOf, variableOf } from "../support/pods";

const image = "registry.example.com/churn-training:1.4.0";
const steps = ["load", "train", "decide"].map((name) => ({ name, image, args: [name] }));

const pipeline = (args: Partial<PipelineArgs> = {}) =>
  deploy(
    () => new Pipeline("churn-training", { schedule: "0 3 * * 1", steps, monitoring: connection, ...args }),
  );

const title = "CronJob churn-training";

test("it is made of exactly these resources", async () => {
  const { resources } = await pipeline();
  assert.deepEqual(listed(resources), [
    "AppNamespace churn-training < Pipeline churn-training",
    "ConfigMap churn-training-logging < Logging churn-training-logging",
    "CronJob churn-training < Pipeline churn-training",
    "Logging churn-training-logging < Pipeline churn-training",
    "Namespace churn-training < RestrictedNamespace churn-training",
    "NetworkPolicy churn-training-default-deny < RestrictedNamespace churn-training",
    "NetworkPolicy churn-training-dns < RestrictedNamespace churn-training",
    "NetworkPolicy churn-training-logs < AppNamespace churn-training",
    "Pipeline churn-training < ",
    "RestrictedNamespace churn-training < AppNamespace churn-training",
    "Secret churn-training-fluentd-shared-key < AppNamespace churn-training",
    "ServiceAccount churn-training < Pipeline churn-training",
  ]);
});

test("steps run in order, the last as the container, and a failed one ends the pod", async () => {
  const { resources } = await pipeline();
  const pod = podOf(resources, title);
  assert.deepEqual(
    pod.initContainers?.map(({ name }) => name),
    ["logging", "load", "train"],
  );
  assert.deepEqual(
    pod.containers.map(({ name }) => name),
    ["decide"],
  );
  assert.equal(pod.restartPolicy, "Never");
});

test("a single step is the container, beside the sidecar", async () => {
  const { resources } = await pipeline({ steps: steps.slice(0, 1) });
  const pod = podOf(resources, title);
  assert.deepEqual(
    [...(pod.initContainers ?? []), ...pod.containers].map(({ name }) => name),
    ["logging", "load"],
  );
});

test("runs never overlap, end in time and are not tried again unless asked for", async () => {
  const specOf = async (args: Partial<PipelineArgs>) => {
    const { resources } = await pipeline(args);
    const spec = find(resources, "CronJob", "churn-training").inputs["spec"] as Record<string, unknown>;
    const { spec: job } = spec["jobTemplate"] as { spec: Record<string, unknown> };
    return { ...spec, ...job };
  };
  const defaults = await specOf({});
  assert.equal(defaults["concurrencyPolicy" as keyof typeof defaults], "Forbid");
  const picked = (spec: Record<string, unknown>) =>
    ["timeZone", "suspend", "backoffLimit", "activeDeadlineSeconds"].map((key) => spec[key]);
  assert.deepEqual(picked(defaults), ["Etc/UTC", false, 0, 3600]);
  assert.deepEqual(
    picked(await specOf({ timeZone: "Europe/Berlin", suspended: true, retries: 2, deadlineSeconds: 60 })),
    ["Europe/Berlin", true, 2, 60],
  );
});

test("every step knows the run, itself and the folder that the run shares", async () => {
  const { resources } = await pipeline();
  const pod = podOf(resources, title);
  const all = [...(pod.initContainers ?? []).slice(1), ...pod.containers];
  for (const [index, container] of all.entries()) {
    assert.equal(variableOf(container, "PIPELINE_NAME"), "churn-training");
    assert.equal(variableOf(container, "PIPELINE_TASK"), steps[index]?.name);
    assert.equal(variableOf(container, "WORK_DIR"), "/work");
    assert.equal(variableOf(container, "PIPELINE_DEADLINE_SECONDS"), "3600");
    assert.equal(variableOf(container, "PIPELINE_MAX_ATTEMPTS"), "1");
    assert.deepEqual(variableOf(container, "PIPELINE_RUN_ID"), {
      fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" },
    });
    assert.ok(container.volumeMounts?.some(({ mountPath }) => mountPath === "/work"));
  }
});

test("tolerations, affinity and node selector are those of the pods; none by default", async () => {
  const scheduling = {
    tolerations: [{ key: "spot", operator: "Exists", effect: "NoSchedule" }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    nodeSelector: { pool: "training" },
  };
  const picked = ({ tolerations, affinity, nodeSelector }: ReturnType<typeof podOf>) => ({
    tolerations,
    affinity,
    nodeSelector,
  });
  assert.deepEqual(picked(podOf((await pipeline(scheduling)).resources, title)), scheduling);
  assert.deepEqual(picked(podOf((await pipeline()).resources, title)), {
    tolerations: undefined,
    affinity: undefined,
    nodeSelector: undefined,
  });
});

test("what the steps may call is a policy of its own", async () => {
  const rule = { to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [{ port: 5432 }] };
  const { resources } = await pipeline({ egress: [rule] });
  const { spec } = find(resources, "NetworkPolicy", "churn-training").inputs as {
    spec: { egress: unknown[]; policyTypes: string[] };
  };
  assert.deepEqual(spec.policyTypes, ["Egress"]);
  assert.deepEqual(spec.egress, [rule]);
});

test("a rule of egress that would allow everything is refused by key", async () => {
  const message =
    /Pipeline "churn-training": egress\[0\] needs at least one peer in `to` and one port in `ports`/;
  await assert.rejects(pipeline({ egress: [{ ports: [{ port: 5432 }] }] }), message);
  await assert.rejects(
    pipeline({ egress: [{ to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [] }] }),
    message,
  );
});

test("wrong steps and names are refused by key", async () => {
  await assert.rejects(pipeline({ steps: [] }), /Pipeline "churn-training": steps is empty/);
  await assert.rejects(
    pipeline({ steps: [{ name: "Train", image }] }),
    /steps\[0\].name "Train" must be a DNS label/,
  );
  await assert.rejects(
    pipeline({ steps: [...steps, { name: "load", image }] }),
    /steps\[3\].name "load" is taken by an earlier step/,
  );
  await assert.rejects(
    deploy(() => new Pipeline("p".repeat(53), { schedule: "@daily", steps, monitoring: connection })),
    /longer than the 52 characters of a CronJob/,
  );
});

test("runOnCreate: a Job from the same template, under a name that is never used again, and never repeated", async () => {
  const { resources } = await pipeline({ runOnCreate: true, retries: 2 });
  const { inputs, ignoreChanges } = find(resources, "batch/v1:Job", "churn-training");
  const { spec } = find(resources, "CronJob", "churn-training").inputs as {
    spec: { jobTemplate: { spec: object } };
  };
  assert.deepEqual(inputs["spec"], spec.jobTemplate.spec);
  const { name, annotations } = inputs["metadata"] as { name?: string; annotations: object };
  assert.equal(name, undefined);
  assert.deepEqual(annotations, { "pulumi.com/skipAwait": "true" });
  assert.deepEqual(ignoreChanges, ["metadata.labels", "spec"]);
});

test("readsEvents: each step has the user that reads raw events, and the pods may reach InfluxDB", async () => {
  const { resources } = await pipeline({ readsEvents: true });
  const pod = podOf(resources, title);
  for (const container of [...(pod.initContainers ?? []).slice(1), ...pod.containers]) {
    assert.equal(variableOf(container, "INFLUXDB_URL"), connection.influxDbUrl);
    assert.equal(variableOf(container, "INFLUXDB_USERNAME"), "apps");
    assert.match(
      JSON.stringify(variableOf(container, "INFLUXDB_PASSWORD")),
      /secretKeyRef.*"key":"password"/,
    );
  }
  const secret = find(resources, "Secret", "churn-training-influxdb");
  assert.deepEqual(
    [secret.inputs["stringData"], secret.secrets],
    [{ password: "the-apps-password" }, ["stringData"]],
  );
  const { egress } = (
    find(resources, "NetworkPolicy", "churn-training").inputs as { spec: { egress: unknown } }
  ).spec;
  const influxDb = { "app.kubernetes.io/name": "influxdb", "app.kubernetes.io/instance": "influxdb" };
  assert.deepEqual(egress, [
    {
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
          podSelector: { matchLabels: influxDb },
        },
      ],
      ports: [{ port: 8086, protocol: "TCP" }],
    },
  ]);
});

test("readsEvents: an InfluxDB elsewhere is reached by its port, beside what the steps may call themselves", async () => {
  const own = { to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [{ port: 5432 }] };
  const monitoring = { ...connection, influxDbUrl: "https://influx.example.com" };
  const { resources } = await pipeline({ readsEvents: true, egress: [own], monitoring });
  const { egress } = (
    find(resources, "NetworkPolicy", "churn-training").inputs as { spec: { egress: object[] } }
  ).spec;
  assert.equal(egress.length, 2);
  assert.deepEqual(egress[0], own);
  assert.match(JSON.stringify(egress[1]), /"port":443,.*"cidr":"0\.0\.0\.0\/0"/);
});

test("readsEvents: an InfluxDB of the cluster that exists already is reached by its pods' port", async () => {
  const existing = {
    url: "http://influx.databases.svc:80",
    podPort: 8086,
    organization: "acme",
    operatorToken: "the-operator-token",
  };
  const { resources } = await deploy(() => {
    const { connection: monitoring } = platform({ influxDb: { existing } });
    return new Pipeline("churn-training", { schedule: "0 3 * * 1", steps, readsEvents: true, monitoring });
  });
  const policy = find(resources, "NetworkPolicy", "churn-training").inputs as {
    spec: { egress: { ports: object[] }[] };
  };
  assert.deepEqual(policy.spec.egress[0]?.ports, [{ port: 8086, protocol: "TCP" }]);
});

test("without readsEvents no pod has a password or a way to InfluxDB", async () => {
  const { resources } = await pipeline();
  assert.doesNotMatch(JSON.stringify(podOf(resources, title)), /INFLUXDB|reads-events/);
  assert.doesNotMatch(JSON.stringify(resources.map(({ inputs }) => inputs)), /the-apps-password/);
});

test("the metrics of its last step are read by Telegraf, and of no other", async () => {
  const monitoring = { ...connection, readsPodMetrics: true };
  const [load, train, decide] = steps;
  const { resources } = await pipeline({
    monitoring,
    steps: [load, train, { ...decide, metrics: { port: 9100 } }] as PipelineArgs["steps"],
  });
  const { ingress, policyTypes } = find(resources, "NetworkPolicy", "churn-training").inputs["spec"] as {
    ingress: { ports: { port: number }[] }[];
    policyTypes: string[];
  };
  assert.deepEqual([policyTypes, ingress.map(({ ports }) => ports[0]?.port)], [["Ingress"], [9100]]);
  const { jobTemplate } = find(resources, "CronJob", "churn-training").inputs["spec"] as {
    jobTemplate: {
      spec: { template: { metadata: { annotations: object; labels: Record<string, string> } } };
    };
  };
  const { annotations, labels } = jobTemplate.spec.template.metadata;
  assert.equal(labels["ds-monitoring/metrics"], "true");
  assert.deepEqual(annotations, {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "prometheus.io/port": "9100",
    "prometheus.io/path": "/metrics",
  });
  await assert.rejects(
    pipeline({ monitoring, steps: [{ ...load, metrics: {} }, train] as PipelineArgs["steps"] }),
    /steps\[0\]\.metrics is read of the last step only/,
  );
});
