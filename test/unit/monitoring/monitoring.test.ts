import assert from "node:assert/strict";
import { test } from "node:test";
import { deploy, isSecret, listed, valueOf } from "../support/deploy";
import { platform } from "../support/fixtures";

test("the platform is made of exactly these resources", async () => {
  const { resources } = await deploy(() => platform());
  const own = resources.filter(({ name }) => !name.startsWith("monitoring-grafana-dashboard-"));
  assert.deepEqual(listed(own), [
    "Alertmanager monitoring-alertmanager < Monitoring monitoring",
    "ClusterRole monitoring-grafana < Grafana monitoring-grafana",
    "ClusterRole monitoring-telegraf < Telegraf monitoring-telegraf",
    "ClusterRoleBinding monitoring-grafana < Grafana monitoring-grafana",
    "ClusterRoleBinding monitoring-telegraf < Telegraf monitoring-telegraf",
    "ConfigMap monitoring-fluentd-aggregator-config < FluentdAggregator monitoring-fluentd-aggregator",
    "ConfigMap monitoring-grafana-provisioning < Grafana monitoring-grafana",
    "ConfigMap monitoring-influxdb-reconcile-program < InfluxDbReconcile monitoring-influxdb-reconcile",
    "ConfigMap monitoring-telegraf-config < Telegraf monitoring-telegraf",
    "Deployment monitoring-grafana < Grafana monitoring-grafana",
    "Deployment monitoring-telegraf < Telegraf monitoring-telegraf",
    "FluentdAggregator monitoring-fluentd-aggregator < Monitoring monitoring",
    "Grafana monitoring-grafana < Monitoring monitoring",
    "InfluxDb monitoring-influxdb < Monitoring monitoring",
    "InfluxDbReconcile monitoring-influxdb-reconcile < Monitoring monitoring",
    "Job monitoring-influxdb-reconcile < InfluxDbReconcile monitoring-influxdb-reconcile",
    "Monitoring monitoring < ",
    "Namespace monitoring < RestrictedNamespace monitoring",
    "NetworkPolicy monitoring-alertmanager < Alertmanager monitoring-alertmanager",
    "NetworkPolicy monitoring-default-deny < RestrictedNamespace monitoring",
    "NetworkPolicy monitoring-dns < RestrictedNamespace monitoring",
    "NetworkPolicy monitoring-fluentd-aggregator < FluentdAggregator monitoring-fluentd-aggregator",
    "NetworkPolicy monitoring-grafana < Grafana monitoring-grafana",
    "NetworkPolicy monitoring-influxdb < InfluxDb monitoring-influxdb",
    "NetworkPolicy monitoring-influxdb-reconcile < InfluxDbReconcile monitoring-influxdb-reconcile",
    "NetworkPolicy monitoring-telegraf < Telegraf monitoring-telegraf",
    "RandomPassword monitoring-fluentd-aggregator-shared-key < FluentdAggregator monitoring-fluentd-aggregator",
    "RandomPassword monitoring-grafana-admin-password < Grafana monitoring-grafana",
    "RandomPassword monitoring-influxdb-apps < Monitoring monitoring",
    "RandomPassword monitoring-influxdb-fluentd < Monitoring monitoring",
    "RandomPassword monitoring-influxdb-grafana < Monitoring monitoring",
    "RandomPassword monitoring-influxdb-operator-token < InfluxDb monitoring-influxdb",
    "RandomPassword monitoring-influxdb-password < InfluxDb monitoring-influxdb",
    "RandomPassword monitoring-influxdb-telegraf < Monitoring monitoring",
    "RestrictedNamespace monitoring < Monitoring monitoring",
    "Secret monitoring-alertmanager-config < Alertmanager monitoring-alertmanager",
    "Secret monitoring-fluentd-aggregator-credentials < FluentdAggregator monitoring-fluentd-aggregator",
    "Secret monitoring-grafana-credentials < Grafana monitoring-grafana",
    "Secret monitoring-influxdb-credentials < InfluxDb monitoring-influxdb",
    "Secret monitoring-influxdb-reconcile-credentials < InfluxDbReconcile monitoring-influxdb-reconcile",
    "Secret monitoring-telegraf-credentials < Telegraf monitoring-telegraf",
    "Service monitoring-alertmanager < Alertmanager monitoring-alertmanager",
    "Service monitoring-fluentd-aggregator < FluentdAggregator monitoring-fluentd-aggregator",
    "Service monitoring-grafana < Grafana monitoring-grafana",
    "Service monitoring-influxdb < InfluxDb monitoring-influxdb",
    "ServiceAccount monitoring-alertmanager < Alertmanager monitoring-alertmanager",
    "ServiceAccount monitoring-fluentd-aggregator < FluentdAggregator monitoring-fluentd-aggregator",
    "ServiceAccount monitoring-grafana < Grafana monitoring-grafana",
    "ServiceAccount monitoring-influxdb < InfluxDb monitoring-influxdb",
    "ServiceAccount monitoring-influxdb-reconcile < InfluxDbReconcile monitoring-influxdb-reconcile",
    "ServiceAccount monitoring-telegraf < Telegraf monitoring-telegraf",
    "StatefulSet monitoring-alertmanager < Alertmanager monitoring-alertmanager",
    "StatefulSet monitoring-fluentd-aggregator < FluentdAggregator monitoring-fluentd-aggregator",
    "StatefulSet monitoring-influxdb < InfluxDb monitoring-influxdb",
    "Telegraf monitoring-telegraf < Monitoring monitoring",
  ]);
});

test("the connection is plain, and only its key and its password are secret", async () => {
  const { result } = await deploy(() => platform().connection);
  assert.equal(await valueOf(result.namespace), "monitoring");
  assert.equal(await valueOf(result.environment), "test");
  assert.equal(await valueOf(result.fluentdHost), "fluentd-aggregator.monitoring.svc");
  assert.equal(await valueOf(result.fluentdPort), 24224);
  assert.equal(await valueOf(result.influxDbUrl), "http://influxdb.monitoring.svc:8086");
  assert.equal(await valueOf(result.grafanaUrl), "http://grafana.monitoring.svc:3000");
  const secrets = await Promise.all(
    Object.entries(result).map(async ([key, value]) => ((await isSecret(value)) ? [key] : [])),
  );
  assert.deepEqual(secrets.flat(), ["fluentdSharedKey", "influxDbPassword"]);
});
