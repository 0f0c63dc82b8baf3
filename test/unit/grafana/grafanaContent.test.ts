import assert from "node:assert/strict";
import { test } from "node:test";

import { folderUid, GrafanaContent } from "../../../components/grafana/grafanaContent";
import { dashboards, type DashboardDefinition } from "../../../dashboards";
import { deploy, find, listed } from "../support/deploy";

const own: DashboardDefinition = {
  uid: "churn",
  title: "Churn",
  folder: "Apps: churn",
  json: '{"uid":"churn"}',
};

function content(list: DashboardDefinition[] = [...dashboards(), own]): GrafanaContent {
  return new GrafanaContent("monitoring-grafana", {
    url: "https://grafana.example.com",
    auth: "glsa_token",
    influxDb: { url: "https://influxdb.example.com", username: "grafana", password: "reads-only" },
    alertmanagerUrl: "https://alertmanager.example.com",
    dashboards: list,
  });
}

test("an existing Grafana gets these resources, all under the component", async () => {
  const { resources } = await deploy(() => content());
  const parent = "GrafanaContent monitoring-grafana";
  assert.deepEqual(listed(resources), [
    `Dashboard monitoring-grafana-dashboard-churn < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-log-lines < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-model-api-usage < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-model-approval < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-monitoring-home < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-platform-health < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-resources-and-cost < ${parent}`,
    `Dashboard monitoring-grafana-dashboard-training-run < ${parent}`,
    `DataSource monitoring-grafana-alertmanager < ${parent}`,
    `DataSource monitoring-grafana-influxdb < ${parent}`,
    `Folder monitoring-grafana-folder-apps-churn < ${parent}`,
    `Folder monitoring-grafana-folder-data-science-monitoring < ${parent}`,
    "GrafanaContent monitoring-grafana < ",
    `grafana monitoring-grafana-provider < ${parent}`,
  ]);
});

test("the dashboards are the same text that a deployed Grafana gets, in their folders", async () => {
  const { resources } = await deploy(() => content());
  const type = "grafana:index/dashboard:Dashboard";
  for (const { uid, json } of dashboards()) {
    const { inputs } = find(resources, type, `monitoring-grafana-dashboard-${uid}`);
    assert.equal(inputs["configJson"], json);
    assert.equal(inputs["folder"], "data-science-monitoring");
    assert.equal(inputs["overwrite"], true);
  }
  assert.equal(find(resources, type, "monitoring-grafana-dashboard-churn").inputs["folder"], "apps-churn");
});

test("data sources have the uids that dashboards refer to, and passwords are secret", async () => {
  const { resources } = await deploy(() => content());
  const type = "grafana:index/dataSource:DataSource";
  const influxDb = find(resources, type, "monitoring-grafana-influxdb");
  assert.equal(influxDb.inputs["uid"], "influxdb");
  assert.deepEqual(JSON.parse(String(influxDb.inputs["secureJsonDataEncoded"])), {
    basicAuthPassword: "reads-only",
  });
  assert.deepEqual(influxDb.secrets, ["secureJsonDataEncoded"]);
  assert.equal(find(resources, type, "monitoring-grafana-alertmanager").inputs["uid"], "alertmanager");
  assert.deepEqual(find(resources, "pulumi:providers:grafana", "monitoring-grafana-provider").secrets, [
    "auth",
  ]);
});

test("a dashboard that can't be placed is refused before anything is made", () => {
  assert.throws(() => content([own, own]), /used twice/);
  assert.throws(() => folderUid("…"), /no letter or digit/);
});
