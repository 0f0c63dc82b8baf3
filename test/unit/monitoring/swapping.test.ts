import assert from "node:assert/strict";
import { test } from "node:test";
import type { MonitoringArgs } from "../../../components";
import { portOf } from "../../../components/monitoring/neighbours";
import { deploy, find, listed, valueOf } from "../support/deploy";
import { email, platform } from "../support/fixtures";

const influxDb = {
  url: "https://influx.example.com",
  organization: "acme",
  operatorToken: "the-operator-token",
};
const namesOf = async (args: Partial<MonitoringArgs>) =>
  listed((await deploy(() => platform(args))).resources);

/** What the swap leaves out, and what it adds. */
async function difference(args: Partial<MonitoringArgs>): Promise<{ gone: string[]; added: string[] }> {
  const before = await namesOf({});
  const after = await namesOf(args);
  return {
    gone: before.filter((name) => !after.includes(name)),
    added: after.filter((name) => !before.includes(name)),
  };
}

test("an existing InfluxDB takes the place of ours, and nothing else changes", async () => {
  const { gone, added } = await difference({ influxDb: { existing: influxDb } });
  assert.deepEqual(added, []);
  assert.ok(gone.length > 0);
  assert.deepEqual(
    gone.filter((name) => !name.includes("InfluxDb monitoring-influxdb")),
    [],
  );
});

test("an existing InfluxDB is brought to the desired state in its own organization", async () => {
  const { resources } = await deploy(() => platform({ influxDb: { existing: influxDb } }));
  const { inputs } = find(resources, "ConfigMap", "monitoring-influxdb-reconcile-program");
  const state = JSON.parse((inputs["data"] as Record<string, string>)["desired-state.json"] ?? "") as {
    organization: string;
  };
  assert.equal(state.organization, "acme");
  const secret = find(resources, "Secret", "monitoring-influxdb-reconcile-credentials");
  const { INFLUXDB_TOKEN: token } = secret.inputs["stringData"] as Record<string, string>;
  assert.equal(token, "the-operator-token");
  const { spec } = find(resources, "NetworkPolicy", "monitoring-fluentd-aggregator").inputs as {
    spec: { egress: { ports: { port: number }[] }[] };
  };
  assert.deepEqual(spec.egress[0]?.ports, [{ port: 443, protocol: "TCP" }]);
});

test("an existing Alertmanager takes the place of ours, and nothing else changes", async () => {
  const { gone, added } = await difference({
    alertmanager: { existing: { url: "https://alerts.example.com:9093" } },
  });
  assert.deepEqual(added, []);
  assert.ok(gone.length > 0);
  assert.deepEqual(
    gone.filter((name) => !name.includes("Alertmanager monitoring-alertmanager")),
    [],
  );
});

test("an existing Grafana gets the same dashboards as resources, and nothing else changes", async () => {
  const { gone, added } = await difference({
    grafana: {
      existing: {
        url: "https://grafana.example.com",
        auth: "the-grafana-token",
        influxDbUrl: "https://influx.example.com",
        alertmanagerUrl: "https://alerts.example.com",
      },
    },
  });
  assert.ok(gone.length > 0);
  assert.deepEqual(
    gone.filter((name) => !name.includes("Grafana monitoring-grafana")),
    [],
  );
  assert.equal(added.filter((name) => name.startsWith("Dashboard ")).length, 5);
  assert.deepEqual(
    added.filter((name) => !name.includes("GrafanaContent monitoring-grafana")),
    [],
  );
});

test("mails link to the Grafana that people reach", async () => {
  const { result } = await deploy(() =>
    platform({ grafana: { deploy: { externalUrl: "https://grafana.example.com" } } }),
  );
  assert.equal(await valueOf(result.grafanaUrl), "https://grafana.example.com");
});

test("the port of a URL is its own or its scheme's, and what is no URL is refused with an example", () => {
  assert.equal(portOf("http://influxdb.monitoring.svc:8086"), 8086);
  assert.equal(portOf("https://influx.example.com/path"), 443);
  assert.equal(portOf("http://influx.example.com"), 80);
  for (const text of ["influx.example.com", "ftp://influx.example.com", ""]) {
    assert.throws(
      () => portOf(text),
      new RegExp(`"${text}" is no URL: give scheme and host, e.g. "https://`),
    );
  }
});

// Half a choice, or two at once, must not compile: `npm run typecheck` fails when one of these lines does.
export const halves: MonitoringArgs[] = [
  // @ts-expect-error an Alertmanager is neither deployed nor given
  { environment: "test", alertmanager: {} },
  // @ts-expect-error a deployed Alertmanager needs a mail server
  { environment: "test", alertmanager: { deploy: {} } },
  // @ts-expect-error an existing InfluxDB needs its organization and a token
  { environment: "test", alertmanager: { deploy: { email } }, influxDb: { existing: { url: "http://i" } } },
  // @ts-expect-error deployed and existing exclude each other
  { environment: "test", alertmanager: { deploy: { email } }, influxDb: { deploy: {}, existing: influxDb } },
  // @ts-expect-error an existing Grafana needs a token and the ways to the data
  { environment: "test", alertmanager: { deploy: { email } }, grafana: { existing: { url: "http://g" } } },
  // @ts-expect-error Grafana is neither deployed nor given
  { environment: "test", alertmanager: { deploy: { email } }, grafana: {} },
];
