import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { alertTask } from "../../components/alerts/alertTasks";
import { alertRules } from "../../components/alerts/rules";
import { modelApiComponent, standardLabels } from "../../components/kubernetes/labels";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { telegrafRules } from "../../components/telegraf/telegraf";
import { ApiClient, type KubernetesObject } from "../support/apiClient";
import { removeCluster, startCluster } from "../../local/cluster/cluster";
import { freePort } from "../../local/ports";
import type { Service } from "../../local/services/service";
import { startTelegraf } from "./support/telegraf";
import { startTestDatabase, type TestDatabase } from "./support/database";
import {
  links,
  type MailingAlertmanager,
  type ReceivedMail,
  startMailingAlertmanager,
} from "./support/mailingAlertmanager";
import { waitFor } from "./support/waitFor";

const namespace = "apps";
/** The Deployment of a ModelApi, as far as reachability is concerned. */
function modelApi(name: string, spec: { replicas: number; nodeSelector?: object }): KubernetesObject {
  const labels = standardLabels({ name, instance: name, component: modelApiComponent });
  const { replicas, nodeSelector } = spec;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: { "app.kubernetes.io/name": name } },
      template: {
        metadata: { labels },
        spec: { nodeSelector, containers: [{ name: "api", image: "registry.example.com/api:1" }] },
      },
    },
  };
}

describe("a model API that nothing was said about: real API server, Telegraf, InfluxDB, Alertmanager, mail", () => {
  let directory: string;
  let cluster: ApiClient;
  let database: TestDatabase;
  let alertmanager: MailingAlertmanager;
  let telegraf: Service;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-reachability-"));
    const { kubeconfig } = await startCluster({ directory: join(directory, "cluster") });
    cluster = await ApiClient.fromKubeconfig(kubeconfig);
    const tokenFile = join(directory, "token");
    await writeFile(tokenFile, await telegrafToken(cluster));
    alertmanager = await startMailingAlertmanager({ directory: join(directory, "alertmanager") });
    database = await startTestDatabase();
    // A new API may take five minutes to start; here it may not.
    const rules = alertRules({ startingSeconds: 1 }).filter(({ name }) => name === "ApiUnreachable");
    await database.reconcile(
      influxDesiredState({
        tasks: rules.map((rule) => alertTask(rule, { alertmanagerUrls: [alertmanager.url], ...links })),
      }),
    );
    telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: database.influxd.url,
        environment: "test",
        kubernetes: {
          apiUrl: await serverOf(kubeconfig),
          // Simulated nodes have no kubelet that tells statistics.
          kubeletUrl: `https://127.0.0.1:${await freePort()}`,
          tokenFile,
        },
        healthPort: await freePort(),
      }),
    });
  });
  after(async () => {
    await telegraf.stop();
    await alertmanager.stop();
    await database.remove();
    await removeCluster(join(directory, "cluster"));
    await rm(directory, { recursive: true, force: true });
  });

  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const deploy = (name: string, spec: Parameters<typeof modelApi>[1]) =>
    cluster.apply(`${deployments}/${name}`, modelApi(name, spec));
  const available = async (name: string): Promise<number> => {
    const found = await cluster.get<KubernetesObject & { status?: { availableReplicas?: number } }>(
      `${deployments}/${name}`,
    );
    return found?.status?.availableReplicas ?? 0;
  };
  const mailAbout = (service: string): Promise<ReceivedMail> =>
    waitFor(`mail about ${service}`, 240_000, () =>
      alertmanager.mails.find(({ subject }) => subject === `[CRITICAL] ${service} does not answer – test`),
    );

  it(
    "mails of one that fails and of one that was never ready, and of no other",
    { timeout: 480_000 },
    async (t) => {
      await deploy("healthy", { replicas: 1 });
      await deploy("dies", { replicas: 1 });
      await deploy("on-purpose", { replicas: 0 });
      await deploy("never-ready", { replicas: 1, nodeSelector: { "no-such": "node" } });
      const deployedAt = Date.now();
      for (const name of ["healthy", "dies"]) {
        await waitFor(`${name} is available`, 60_000, async () =>
          (await available(name)) === 1 ? true : undefined,
        );
      }
      await failReadiness(cluster, "dies");
      const failedAt = Date.now();
      await waitFor("dies is not available", 60_000, async () =>
        (await available("dies")) === 0 ? true : undefined,
      );

      const never = await mailAbout("never-ready");
      t.diagnostic(`never ready -> mail: ${(never.receivedAt.getTime() - deployedAt) / 1000} s`);
      const dies = await mailAbout("dies");
      t.diagnostic(`not ready any more -> mail: ${(dies.receivedAt.getTime() - failedAt) / 1000} s`);
      assert.match(dies.text, /Deployment apps\/dies/);

      assert.equal(alertmanager.mails.length, 2, alertmanager.mails.map(({ subject }) => subject).join("\n"));
    },
  );
});

/** The token of a service account that may do what Telegraf's may, and nothing else. */
async function telegrafToken(cluster: ApiClient): Promise<string> {
  for (const name of ["monitoring", namespace]) {
    await cluster.apply(`/api/v1/namespaces/${name}`, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });
  }
  const account = "/api/v1/namespaces/monitoring/serviceaccounts/telegraf";
  await cluster.apply(account, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "telegraf", namespace: "monitoring" },
  });
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  await cluster.apply(`${rbac}/clusterroles/telegraf`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "telegraf" },
    rules: telegrafRules,
  });
  await cluster.apply(`${rbac}/clusterrolebindings/telegraf`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "telegraf" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "telegraf" },
    subjects: [{ kind: "ServiceAccount", name: "telegraf", namespace: "monitoring" }],
  });
  const request = await cluster.send<{ status: { token: string } }>("POST", `${account}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 3600 },
  });
  return request.status.token;
}

async function serverOf(kubeconfig: string): Promise<string> {
  const config = parse(await readFile(kubeconfig, "utf8")) as { clusters: [{ cluster: { server: string } }] };
  return config.clusters[0].cluster.server;
}

/** What a kubelet reports when a pod no longer answers its readiness probe. */
async function failReadiness(cluster: ApiClient, name: string): Promise<void> {
  interface Pod extends KubernetesObject {
    status: { conditions: { type: string; status: string }[] };
  }
  const pods = await cluster.list<Pod>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io%2Fname%3D${name}`,
  );
  for (const pod of pods) {
    for (const condition of pod.status.conditions) {
      if (["Ready", "ContainersReady"].includes(condition.type)) condition.status = "False";
    }
    await cluster.send("PUT", `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/status`, pod);
  }
}
