import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Engine } from "../../local/engine/engine";
import type { KubernetesObject } from "../support/apiClient";
import { changingSteps, Fixture, type OperationResult } from "./harness";

// Each swap as the stack's config asks for it, previewed by the real engine against the real API server, and compared
// with the stack that deploys everything: every URN and every input. Then one stack of existing parts comes up.

const common = {
  environment: "test",
  protect: false,
  influxDb: { deploy: { storage: { size: "1Gi" } } },
  fluentdAggregator: { storage: { size: "1Gi" } },
};
const email = {
  alertmanager: {
    deploy: {
      email: {
        smarthost: "smtp.example.com:587",
        from: "monitoring@example.com",
        to: ["team@example.com"],
      },
    },
  },
};
const influxDb = {
  influxDb: {
    existing: {
      url: "https://influx.example.com",
      organization: "acme",
      operatorToken: "the-influx-token",
    },
  },
};
const grafana = {
  grafana: {
    existing: {
      url: "https://grafana.example.com",
      auth: "the-grafana-token",
      influxDbUrl: "https://influx.example.com",
      alertmanagerUrl: "https://alerts.example.com",
    },
  },
};
const alertmanager = {
  alertmanager: {
    existing: { url: "https://alerts.example.com", authorization: "Bearer the-alert-token" },
  },
};
const archive = { archive: { storage: { size: "1Gi" }, keepDays: 400 } };
const cluster = {
  "ds-monitoring:cluster": {
    deploy: {
      location: "eastus",
      tags: { project: "p", environment: "test", owner: "o", "cost-center": "1" },
      systemPool: { vmSize: "Standard_D4s_v5", minCount: 2, maxCount: 2 },
      userPools: { apps: { vmSize: "Standard_D2s_v5", minCount: 1, maxCount: 2 } },
    },
  },
};

/** Inputs by `type name` of everything that the stack would hold. */
type Plan = Map<string, string>;

let fixture: Fixture;
let engine: Engine;
let base: Plan;

before(async () => {
  fixture = await Fixture.start();
  engine = await fixture.stack({ stack: "swapping", env: { DS_MONITORING_ECHO_UP: "1" } });
  base = await planOf({ ...common, ...email });
});
after(() => fixture.stop());

/** @param others keys of the stack beside `monitoring` */
async function planOf(monitoring: object, others: Record<string, unknown> = {}): Promise<Plan> {
  await engine.setConfig({ "ds-monitoring:monitoring": monitoring, ...others });
  const result = await engine.preview();
  succeeded(result);
  return new Map(
    result.steps
      .filter(({ type }) => !type.startsWith("pulumi:pulumi:"))
      .map(({ type, name, after: state }) => [`${type} ${name}`, withoutAutonames(state?.inputs)]),
  );
}

/** Each preview draws other names for what has none of its own, and other pods mount it by them. */
function withoutAutonames(inputs: unknown): string {
  return JSON.stringify(inputs).replace(/-[0-9a-f]{8}(?=")/g, "-*");
}

function succeeded(result: OperationResult): void {
  assert.equal(result.code, 0, result.stdout + result.stderr);
}

async function swapped(monitoring: object, others: Record<string, unknown> = {}) {
  const plan = await planOf(monitoring, others);
  return {
    gone: [...base.keys()].filter((key) => !plan.has(key)).sort(),
    added: [...plan.keys()].filter((key) => !base.has(key)).sort(),
    changed: [...plan.keys()].filter((key) => base.has(key) && base.get(key) !== plan.get(key)).sort(),
  };
}

const component = (part: string) => `ds-monitoring:index:${part}`;

/** What a part that keeps data in a StatefulSet is made of. */
const statefulPart = (name: string) => [
  `kubernetes:apps/v1:StatefulSet ${name}`,
  `kubernetes:core/v1:Service ${name}`,
  `kubernetes:core/v1:ServiceAccount ${name}`,
  `kubernetes:networking.k8s.io/v1:NetworkPolicy ${name}`,
];

test("an existing InfluxDB: ours goes, and its clients get the other address", async () => {
  const { gone, added, changed } = await swapped({ ...common, ...email, ...influxDb });
  assert.deepEqual(
    gone,
    [
      `${component("InfluxDb")} monitoring-influxdb`,
      ...statefulPart("monitoring-influxdb"),
      "kubernetes:core/v1:Secret monitoring-influxdb-credentials",
      "random:index/randomPassword:RandomPassword monitoring-influxdb-operator-token",
      "random:index/randomPassword:RandomPassword monitoring-influxdb-password",
    ].sort(),
  );
  assert.deepEqual(added, []);
  // Its address in their configuration, and its port in what they may connect to.
  assert.deepEqual(
    changed,
    [
      "kubernetes:batch/v1:Job monitoring-influxdb-reconcile",
      "kubernetes:core/v1:ConfigMap monitoring-fluentd-aggregator-config",
      "kubernetes:core/v1:ConfigMap monitoring-grafana-provisioning",
      "kubernetes:core/v1:ConfigMap monitoring-influxdb-reconcile-program",
      "kubernetes:core/v1:ConfigMap monitoring-telegraf-config",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-fluentd-aggregator",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-grafana",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-influxdb-reconcile",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-telegraf",
    ].sort(),
  );
});

test("an existing Alertmanager: ours goes, and who talks to it gets its address and its login", async () => {
  const { gone, added, changed } = await swapped({ ...common, ...alertmanager });
  assert.deepEqual(
    gone,
    [
      `${component("Alertmanager")} monitoring-alertmanager`,
      ...statefulPart("monitoring-alertmanager"),
      "kubernetes:core/v1:Secret monitoring-alertmanager-config",
    ].sort(),
  );
  assert.deepEqual(added, []);
  // Its address and port, and in the pods the variable with the login.
  assert.deepEqual(
    changed,
    [
      "kubernetes:apps/v1:Deployment monitoring-grafana",
      "kubernetes:apps/v1:Deployment monitoring-telegraf",
      "kubernetes:core/v1:ConfigMap monitoring-grafana-provisioning",
      "kubernetes:core/v1:ConfigMap monitoring-influxdb-reconcile-program",
      "kubernetes:core/v1:ConfigMap monitoring-telegraf-config",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-grafana",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-influxdb",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-telegraf",
    ].sort(),
  );
});

test("an existing Grafana: ours goes, and its content comes as resources", async () => {
  const { gone, added, changed } = await swapped({ ...common, ...email, ...grafana });
  const dashboards = [
    "log-lines",
    "model-api-usage",
    "model-approval",
    "monitoring-home",
    "platform-health",
    "resources-and-cost",
    "training-run",
  ];
  assert.deepEqual(
    gone,
    [
      `${component("Grafana")} monitoring-grafana`,
      "kubernetes:apps/v1:Deployment monitoring-grafana",
      ...dashboards.map((uid) => `kubernetes:core/v1:ConfigMap monitoring-grafana-dashboard-${uid}`),
      "kubernetes:core/v1:ConfigMap monitoring-grafana-provisioning",
      "kubernetes:core/v1:Secret monitoring-grafana-credentials",
      "kubernetes:core/v1:Service monitoring-grafana",
      "kubernetes:core/v1:ServiceAccount monitoring-grafana",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-grafana",
      "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole monitoring-grafana",
      "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding monitoring-grafana",
      "random:index/randomPassword:RandomPassword monitoring-grafana-admin-password",
    ].sort(),
  );
  const names = added.map((key) => key.replace(/^grafana:index\/\w+:/, ""));
  assert.deepEqual(
    names.sort(),
    [
      ...dashboards.map((uid) => `Dashboard monitoring-grafana-dashboard-${uid}`),
      "DataSource monitoring-grafana-alertmanager",
      "DataSource monitoring-grafana-influxdb",
      "Folder monitoring-grafana-folder-data-science-monitoring",
      `${component("GrafanaContent")} monitoring-grafana`,
      "pulumi:providers:grafana monitoring-grafana-provider",
    ].sort(),
  );
  // Where mails and alerts link to; Alertmanager's is in its Secret, which the engine blanks here.
  assert.deepEqual(changed, [
    "kubernetes:core/v1:ConfigMap monitoring-influxdb-reconcile-program",
    "kubernetes:core/v1:ConfigMap monitoring-telegraf-config",
  ]);
});

test("backups and an archive are added, and nothing else changes but who makes its user and lets it in", async () => {
  const { gone, added, changed } = await swapped({
    ...{ ...common, ...email, ...archive },
    backup: { storage: { size: "1Gi" } },
  });
  assert.deepEqual(gone, []);
  const cronJob = (name: string, config: string) => [
    `kubernetes:batch/v1:CronJob ${name}`,
    `kubernetes:core/v1:ConfigMap ${name}-${config}`,
    `kubernetes:core/v1:PersistentVolumeClaim ${name}`,
    `kubernetes:core/v1:Secret ${name}-credentials`,
    `kubernetes:core/v1:ServiceAccount ${name}`,
    `kubernetes:networking.k8s.io/v1:NetworkPolicy ${name}`,
  ];
  assert.deepEqual(
    added,
    [
      ...cronJob("monitoring-influxdb-archive", "program"),
      ...cronJob("monitoring-influxdb-backup", "scripts"),
      "kubernetes:batch/v1:CronJob monitoring-influxdb-backup-restore",
      `${component("InfluxDbArchive")} monitoring-influxdb-archive`,
      `${component("InfluxDbBackup")} monitoring-influxdb-backup`,
      "random:index/randomPassword:RandomPassword monitoring-influxdb-archive",
    ].sort(),
  );
  assert.deepEqual(changed, [
    "kubernetes:core/v1:ConfigMap monitoring-influxdb-reconcile-program",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy monitoring-influxdb",
  ]);
});

test("a cluster of its own instead of the existing one: it is added, and holds the same resources", async () => {
  // Their inputs can't be compared: what is in a cluster that is not there yet is unknown in part.
  const { gone, added } = await swapped({ ...common, ...email }, cluster);
  assert.deepEqual(gone, []);
  assert.deepEqual(
    added.map((key) => key.replace(/ default_[\d_]+$/, "")),
    [
      "azure-native:authorization:RoleAssignment aks-subnet",
      "azure-native:containerservice:AgentPool aks-apps",
      "azure-native:containerservice:MaintenanceConfiguration aks-aksManagedAutoUpgradeSchedule",
      "azure-native:containerservice:MaintenanceConfiguration aks-aksManagedNodeOSUpgradeSchedule",
      "azure-native:containerservice:ManagedCluster aks",
      "azure-native:managedidentity:UserAssignedIdentity aks",
      "azure-native:network:Subnet aks-nodes",
      "azure-native:network:VirtualNetwork aks",
      "azure-native:resources:ResourceGroup aks",
      `${component("AksCluster")} aks`,
      // Our cluster has Cilium; the existing one was not said to.
      "kubernetes:cilium.io/v2:CiliumNetworkPolicy monitoring-grafana-api-server",
      "kubernetes:cilium.io/v2:CiliumNetworkPolicy monitoring-telegraf-api-server",
      "pulumi:providers:azure-native",
    ].sort(),
  );
});

test("a stack of nothing but existing parts comes up in a namespace that exists, and changes nothing when it is brought up again", async () => {
  const monitoring = { ...common, ...influxDb, ...grafana, ...alertmanager, ...archive };
  const namespace = "team-observability";
  await engine.setConfig({ "ds-monitoring:monitoring": { ...monitoring, namespace } });
  const refused = await engine.preview();
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /monitoring-existing-namespace/);
  assert.match(refused.stdout + refused.stderr, /resource 'team-observability' does not exist/);

  // Pods of others in it keep their labels and their network access.
  const labels = { team: "observability" };
  const path = `/api/v1/namespaces/${namespace}`;
  await fixture.api.send("POST", "/api/v1/namespaces", { metadata: { name: namespace, labels } });
  succeeded(await engine.up());
  const { metadata } = (await fixture.api.get(path)) as KubernetesObject;
  assert.deepEqual(metadata.labels, { ...labels, "kubernetes.io/metadata.name": namespace });
  const policies = await fixture.api.list<KubernetesObject & { spec: { podSelector: object } }>(
    `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
  );
  assert.ok(policies.length > 4, `${policies.length} policies`);
  for (const { spec } of policies) assert.notDeepEqual(spec.podSelector, {});
  const cronJobs = await fixture.api.list("/apis/batch/v1/cronjobs");
  assert.deepEqual(
    cronJobs.map(({ metadata: { name, namespace: of } }) => [of, name]),
    [[namespace, "influxdb-archive"]],
  );
  const sets = await fixture.api.list("/apis/apps/v1/statefulsets");
  assert.deepEqual(
    sets.map(({ metadata: { name, namespace: of } }) => [of, name]),
    [[namespace, "fluentd-aggregator"]],
  );
  const again = await engine.preview();
  succeeded(again);
  assert.deepEqual(changingSteps(again), []);
  succeeded(await engine.destroy());
  assert.ok(await fixture.api.get(path), "the namespace is not ours to delete");
});
