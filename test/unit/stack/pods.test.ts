import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { images } from "../../../components/images";
import { restrictedProblems } from "../../../policies/safety/restrictedPods";
import { toPlain } from "../../../policies/core/values";
import { deploy, type RequestedResource } from "../support/deploy";
import { everyPart } from "../support/fixtures";
import { containersOf, type Workload, workloadsOf } from "../support/pods";

describe("every pod of the whole stack", () => {
  let resources: RequestedResource[];
  let workloads: Workload[];

  before(async () => {
    ({ resources } = await deploy(everyPart));
    workloads = workloadsOf(resources);
  });

  const each = (title: string, check: (workload: Workload) => void) =>
    test(title, () => workloads.forEach(check));

  test("is one of these", () => {
    assert.deepEqual(workloads.map(({ title }) => title).sort(), [
      "CronJob monitoring-influxdb-archive",
      "CronJob monitoring-influxdb-backup",
      "CronJob monitoring-influxdb-backup-restore",
      "CronJob penguins-api-drift",
      "CronJob penguins-training",
      "Deployment monitoring-grafana",
      "Deployment monitoring-telegraf",
      "Deployment penguins-api",
      "Job monitoring-influxdb-reconcile",
      "Job penguins-training",
      "StatefulSet monitoring-alertmanager",
      "StatefulSet monitoring-fluentd-aggregator",
      "StatefulSet monitoring-influxdb",
    ]);
  });

  each("passes Pod Security restricted", ({ title, pod }) =>
    assert.deepEqual(restrictedProblems(toPlain(pod)), [], title),
  );

  each("can't write to its image", ({ title, pod }) => {
    for (const container of containersOf(pod)) {
      assert.equal(container.securityContext?.readOnlyRootFilesystem, true, `${title} ${container.name}`);
    }
  });

  each("has requests and limits of CPU and memory", ({ title, pod }) => {
    for (const { name, resources: compute } of containersOf(pod)) {
      for (const amount of [compute?.requests, compute?.limits]) {
        assert.deepEqual(Object.keys(amount ?? {}).sort(), ["cpu", "memory"], `${title} ${name}`);
      }
    }
  });

  each("has an account of its own, and no token of it", ({ title, pod }) => {
    assert.match(pod.serviceAccountName ?? "", /./, title);
    assert.equal(pod.automountServiceAccountToken, false, title);
    assert.equal(pod.enableServiceLinks, false, title);
  });

  test("has no other way to a token, but Telegraf's, and that of the reader of dashboards beside Grafana", () => {
    const withToken = workloads.flatMap(({ title, pod }) => {
      const tokens = (pod.volumes ?? [])
        .filter((volume) => JSON.stringify(volume).includes("serviceAccountToken"))
        .map(({ name }) => name);
      return containersOf(pod)
        .filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => tokens.includes(name)))
        .map(({ name }) => `${title}: ${name}`);
    });
    assert.deepEqual(withToken.sort(), [
      "Deployment monitoring-grafana: app-dashboards",
      "Deployment monitoring-telegraf: telegraf",
    ]);
  });

  each("runs a pinned image of the platform, or the application's own", ({ title, pod }) => {
    const known = new Set<string>(Object.values(images));
    for (const { name, image } of containersOf(pod)) {
      assert.ok(
        known.has(image) || /^registry\.example\.com\/penguins-\w+:\d+\.\d+\.\d+$/.test(image),
        `${title} ${name}: ${image}`,
      );
    }
  });

  each("that serves has a startup, a readiness and a liveness probe", ({ title, kind, pod }) => {
    if (kind === "Job" || kind === "CronJob") return;
    for (const container of pod.containers) {
      for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
        assert.notEqual(container[probe], undefined, `${title} ${container.name} ${probe}`);
      }
    }
  });

  test("of a Deployment is not available before it has lived for 15 s", () => {
    const deployments = resources.filter(({ type }) => type === "kubernetes:apps/v1:Deployment");
    assert.equal(deployments.length, 3);
    for (const { name, inputs } of deployments) {
      assert.equal((inputs["spec"] as { minReadySeconds: number }).minReadySeconds, 15, name);
    }
  });

  each("carries the recommended labels", ({ title, labels }) => {
    for (const key of ["name", "instance", "component", "part-of", "managed-by"]) {
      assert.match(labels[`app.kubernetes.io/${key}`] ?? "", /./, `${title} ${key}`);
    }
  });

  each("mounts only volumes that it has", ({ title, pod }) => {
    const volumes = new Set((pod.volumes ?? []).map(({ name }) => name));
    const templates = new Set(["data", "buffer"]);
    for (const container of containersOf(pod)) {
      for (const { name } of container.volumeMounts ?? []) {
        assert.ok(
          volumes.has(name) || (title.startsWith("StatefulSet") && templates.has(name)),
          `${title} ${name}`,
        );
      }
    }
  });

  test("lives in a namespace that enforces, audits and warns", () => {
    const enforcing = resources
      .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
      .map(({ inputs }) => inputs["metadata"] as { name: string; labels: Record<string, string> });
    for (const { name, labels } of enforcing) {
      for (const mode of ["enforce", "audit", "warn"]) {
        assert.equal(labels[`pod-security.kubernetes.io/${mode}`], "restricted", name);
      }
    }
    const names = enforcing.map(({ name }) => name);
    for (const { title, namespace } of workloads)
      assert.ok(names.includes(namespace), `${title}: ${namespace}`);
  });

  test("gets secrets by reference only, and every Secret's content is secret", () => {
    for (const { type, name, inputs, secrets } of resources) {
      if (type === "kubernetes:core/v1:Secret") {
        const keys = Object.keys(inputs["stringData"] as object);
        const covered = (key: string) =>
          secrets.includes("stringData") || secrets.includes(`stringData.${key}`);
        assert.deepEqual(
          keys.filter((key) => !covered(key)),
          [],
          name,
        );
      } else if (!type.startsWith("random:")) {
        const text = JSON.stringify(inputs);
        assert.doesNotMatch(text, /password-of-|the-smtp-password|the-shared-key/, `${type} ${name}`);
      }
    }
  });
});
