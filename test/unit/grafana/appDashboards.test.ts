import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ModelApi, type MonitoringConnection, Pipeline } from "../../../components";
import { dashboardConfigMap } from "../../../components/grafana/appDashboardsReader";
import { requireReader } from "../../../components/grafana/appDashboards";
import { type DashboardDefinition, maxDashboardBytes } from "../../../dashboards/definition";
import { deploy, find, type RequestedResource } from "../support/deploy";
import { connection, platform } from "../support/fixtures";

const quality = dashboard("churn-quality");

function dashboard(uid: string, more: Partial<DashboardDefinition> = {}): DashboardDefinition {
  return { uid, title: "Quality", folder: "Churn", json: JSON.stringify({ uid, panels: [] }), ...more };
}

/** Either kind of app, with dashboards of its own. */
const apps = {
  ModelApi: (dashboards: DashboardDefinition[], monitoring: MonitoringConnection = { ...connection }) =>
    new ModelApi("churn", {
      image: "registry.example.com/churn:1.4.0",
      model: { name: "churn", version: "1.4.0" },
      monitoring,
      dashboards,
    }),
  Pipeline: (dashboards: DashboardDefinition[], monitoring: MonitoringConnection = { ...connection }) =>
    new Pipeline("churn", {
      schedule: "0 3 * * 1",
      steps: [{ name: "train", image: "registry.example.com/churn-training:1.4.0" }],
      monitoring,
      dashboards,
    }),
};

const inputsOf = <T>(resources: RequestedResource[], kind: string, name: string) =>
  find(resources, `:${kind}`, name).inputs as T;

for (const [kind, app] of Object.entries(apps)) {
  describe(`${kind} with dashboards of its own`, () => {
    test("places a ConfigMap for each in its namespace, which carries the label, the folder and the JSON", async () => {
      const { resources } = await deploy(() => app([quality, dashboard("churn-drift")]));
      const { metadata, data } = inputsOf<{
        metadata: {
          name: string;
          namespace: string;
          labels: Record<string, string>;
          annotations: Record<string, string>;
        };
        data: Record<string, string>;
      }>(resources, "ConfigMap", "churn-dashboard-churn-quality");
      assert.equal(metadata.name, "churn-dashboard-churn-quality");
      assert.equal(metadata.namespace, "churn");
      assert.equal(metadata.labels["grafana_dashboard"], "1");
      assert.equal(metadata.labels["app.kubernetes.io/name"], "churn");
      assert.deepEqual(metadata.annotations, { grafana_folder: "Churn" });
      assert.deepEqual(data, { "churn-quality.json": quality.json });
      assert.match(find(resources, ":ConfigMap", "churn-dashboard-churn-drift").parent, new RegExp(kind));
    });

    test("refuses one that can't be placed, with the fix", async () => {
      const refused: [DashboardDefinition[], RegExp][] = [
        [[dashboard("Churn_Quality")], /the uid becomes a name in Kubernetes; use lower-case letters/],
        [[dashboard("churn-")], /the uid becomes a name in Kubernetes/],
        [[quality, quality], /the uid is used twice/],
        [[dashboard("platform-health")], /uid "platform-health" is that of a dashboard of the platform/],
        [[dashboard("churn", { folder: "../tmp" })], /folder "\.\.\/tmp" becomes a directory/],
        [[dashboard("churn", { folder: "" })], /folder "" becomes a directory/],
        [[dashboard("churn", { json: "{" })], /not JSON/],
        [[dashboard("churn", { json: `"${"x".repeat(maxDashboardBytes)}"` })], /a ConfigMap holds/],
      ];
      for (const [dashboards, message] of refused) {
        await assert.rejects(
          deploy(() => app(dashboards)),
          (error: Error) => error.message.startsWith(`${kind} "churn": `) && message.test(error.message),
          String(message),
        );
      }
    });

    test("refuses them where Grafana reads no ConfigMaps, and names where they go", async () => {
      await assert.rejects(
        deploy(() => app([quality], existingGrafana().connection)),
        /the platform's existing Grafana does not read: pass them to `dashboards` of Monitoring instead/,
      );
      await deploy(() => app([], existingGrafana().connection));
    });
  });
}

test("two apps of one program can't have dashboards with one uid; each may have several of its own", async () => {
  const shared = { ...connection };
  await assert.rejects(
    deploy(() => {
      apps.ModelApi([quality, dashboard("churn-drift")], shared);
      apps.Pipeline([dashboard("churn-runs"), quality], shared);
    }),
    /^Error: Pipeline "churn": uid "churn-quality" is that of a dashboard of ModelApi "churn".*begin it with the app's name/,
  );
});

test("that nobody would read them is an error too when only another stack knows it", () => {
  // The engine's mocks can't show an error of an output.
  assert.throws(() => requireReader('ModelApi "churn"', false), /^Error: ModelApi "churn": dashboards are/);
  assert.doesNotThrow(() => requireReader('ModelApi "churn"', true));
});

function existingGrafana(dashboards?: DashboardDefinition[]) {
  return platform({
    grafana: {
      existing: {
        url: "https://grafana.example.com",
        auth: "glsa_token",
        influxDbUrl: "https://influxdb.example.com",
        alertmanagerUrl: "https://alertmanager.example.com",
      },
    },
    dashboards,
    prices: { currency: "eur", vcpuHour: 0.25, gibHour: 0.03125 },
  });
}

describe("the platform", () => {
  interface Container {
    name: string;
    env?: { name: string; value: string }[];
    volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  }

  test("reads what an app labels, into the directory that Grafana reads", async () => {
    const { resources } = await deploy(() => {
      apps.ModelApi([quality], platform().connection);
    });
    const { spec } = inputsOf<{
      spec: { template: { spec: { initContainers: Container[]; containers: Container[] } } };
    }>(resources, "Deployment", "monitoring-grafana");
    const [reader] = spec.template.spec.initContainers;
    const env = Object.fromEntries((reader?.env ?? []).map(({ name, value }) => [name, value]));
    const { metadata } = inputsOf<{
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
    }>(resources, "ConfigMap", "churn-dashboard-churn-quality");
    assert.equal(metadata.labels[env["LABEL"] ?? ""], env["LABEL_VALUE"]);
    assert.equal(metadata.annotations[env["FOLDER_ANNOTATION"] ?? ""], "Churn");
    assert.equal(env["NAMESPACE"], "ALL");

    const provisioning = inputsOf<{ data: Record<string, string> }>(
      resources,
      "ConfigMap",
      "monitoring-grafana-provisioning",
    );
    const { providers } = JSON.parse(provisioning.data["dashboards.yaml"] ?? "") as {
      providers: { name: string; disableDeletion: boolean; options: { path: string } }[];
    };
    const provider = providers.find(({ options }) => options.path === env["FOLDER"]);
    assert.equal(provider?.disableDeletion, false);
    assert.equal(new Set(providers.map(({ name }) => name)).size, providers.length);
    const mounts = [reader, spec.template.spec.containers[0]].map((container) =>
      container?.volumeMounts.find(({ mountPath }) => mountPath === env["FOLDER"]),
    );
    assert.deepEqual(
      mounts.map((mount) => [mount?.name, mount?.readOnly]),
      [
        ["app-dashboards", false],
        ["app-dashboards", true],
      ],
    );
    assert.equal(dashboardConfigMap.label.key, env["LABEL"]);
  });

  test("may read ConfigMaps for that, and nothing else", async () => {
    const { resources } = await deploy(() => platform());
    const role = inputsOf<{ rules: unknown[] }>(resources, "ClusterRole", "monitoring-grafana");
    assert.deepEqual(role.rules, [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
    ]);
    const binding = inputsOf<{ subjects: unknown[] }>(resources, "ClusterRoleBinding", "monitoring-grafana");
    assert.deepEqual(binding.subjects, [
      { kind: "ServiceAccount", name: "grafana", namespace: "monitoring" },
    ]);
  });

  test("places dashboards that it is given, and its prices, in a deployed Grafana and in an existing one", async () => {
    const deployed = await deploy(() =>
      platform({ dashboards: [quality], prices: { currency: "eur", vcpuHour: 0.25, gibHour: 0.03125 } }),
    );
    const jsonOf = (uid: string) =>
      inputsOf<{ data: Record<string, string> }>(
        deployed.resources,
        "ConfigMap",
        `monitoring-grafana-dashboard-${uid}`,
      ).data[`${uid}.json`];
    assert.equal(jsonOf("churn-quality"), quality.json);
    assert.match(jsonOf("resources-and-cost") ?? "", /0\.03125/);

    const existing = await deploy(() => {
      existingGrafana([quality]);
    });
    const configOf = (uid: string) =>
      inputsOf<{ configJson: string }>(existing.resources, "Dashboard", `monitoring-grafana-dashboard-${uid}`)
        .configJson;
    assert.equal(configOf("churn-quality"), quality.json);
    assert.equal(configOf("resources-and-cost"), jsonOf("resources-and-cost"));
  });

  test("refuses a dashboard with the uid of one of its own", async () => {
    await assert.rejects(
      deploy(() => platform({ dashboards: [dashboard("model-approval")] })),
      /uid "model-approval"\): the uid is used twice/,
    );
  });
});
