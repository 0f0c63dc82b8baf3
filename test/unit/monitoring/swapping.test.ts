import assert from "node:assert/strict";
import { test } from "node:test";
import type { MonitoringArgs } from "../../../components";
import { portOf } from "../../../components/platform/endpoints";
import { dashboards } from "../../../dashboards";
import { deploy, find, listed, type RequestedResource, valueOf } from "../support/deploy";
import { email, platform } from "../support/fixtures";

const influxDb = {
  url: "https://influx.example.com",
  organization: "acme",
  operatorToken: "the-operator-token",
};
const namesOf = async (args: Partial<MonitoringArgs>) =>
  listed((await deploy(() => platform(args))).resources);

const textOf = (resources: RequestedResource[], configMap: string, file: string): string =>
  (find(resources, "ConfigMap", configMap).inputs["data"] as Record<string, string>)[file] ?? "";

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
  assert.equal(added.filter((name) => name.startsWith("Dashboard ")).length, dashboards().length);
  assert.deepEqual(
    added.filter((name) => !name.includes("GrafanaContent monitoring-grafana")),
    [],
  );
});

test("InfluxDB Cloud gets no credentials of ours: each user shows the API token that was made for it", async () => {
  const credential = (user: string) => ({ username: "me@example.com", password: `the-token-of-${user}` });
  const credentials = {
    fluentd: credential("fluentd"),
    telegraf: credential("telegraf"),
    grafana: credential("grafana"),
  };
  const { resources } = await deploy(() =>
    platform({ influxDb: { existing: { ...influxDb, credentials } } }),
  );
  const state = textOf(resources, "monitoring-influxdb-reconcile-program", "desired-state.json");
  assert.deepEqual((JSON.parse(state) as { credentials: unknown }).credentials, []);
  const reconcile = find(resources, "Secret", "monitoring-influxdb-reconcile-credentials");
  assert.deepEqual(Object.keys(reconcile.inputs["stringData"] as object), ["INFLUXDB_TOKEN"]);
  for (const user of ["fluentd-aggregator", "telegraf", "grafana"]) {
    const secret = find(resources, "Secret", `monitoring-${user}-credentials`);
    const { influxDbPassword } = secret.inputs["stringData"] as Record<string, string>;
    assert.equal(influxDbPassword, `the-token-of-${user.replace("-aggregator", "")}`);
  }
  assert.deepEqual(
    resources.filter(({ type, name }) => type.includes("RandomPassword") && name.includes("influxdb")),
    [],
  );
  const telegraf = textOf(resources, "monitoring-telegraf-config", "telegraf.conf");
  assert.doesNotMatch(telegraf, /influx\.example\.com\/metrics/, "it does not publish its own metrics");
});

test("an Alertmanager behind a login gets its header from everyone that asks it, and from secrets only", async () => {
  const existing = { url: "https://alerts.example.com", authorization: "Bearer the-alert-token" };
  const { resources } = await deploy(() => platform({ alertmanager: { existing } }));
  for (const [name, key] of [
    ["monitoring-influxdb-reconcile-credentials", "ALERTMANAGER_AUTHORIZATION"],
    ["monitoring-telegraf-credentials", "alertmanagerAuthorization"],
    ["monitoring-grafana-credentials", "alertmanagerAuthorization"],
  ] as const) {
    const secret = find(resources, "Secret", name);
    assert.equal((secret.inputs["stringData"] as Record<string, string>)[key], "Bearer the-alert-token");
    assert.ok(
      secret.secrets.some((path) => path === "stringData" || path === `stringData.${key}`),
      name,
    );
  }
  const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes("the-alert-token"));
  assert.deepEqual(
    holders.map(({ type }) => type),
    holders.map(() => "kubernetes:core/v1:Secret"),
  );
  const state = JSON.parse(
    textOf(resources, "monitoring-influxdb-reconcile-program", "desired-state.json"),
  ) as {
    secrets: unknown;
    tasks: { name: string; flux: string }[];
  };
  assert.deepEqual(state.secrets, [
    { key: "ALERTMANAGER_AUTHORIZATION", valueVariable: "ALERTMANAGER_AUTHORIZATION" },
  ]);
  const alertTasks = state.tasks.filter(({ name }) => name.startsWith("alert "));
  assert.ok(alertTasks.length > 0);
  for (const { flux } of alertTasks)
    assert.match(flux, /secrets\.get\(key: "ALERTMANAGER_AUTHORIZATION"\)[^]*"Authorization": authorization/);
  assert.match(
    textOf(resources, "monitoring-telegraf-config", "telegraf.conf"),
    /alerts\.example\.com\/metrics"\][^[]*\[[^[]*\[[^[]*http_headers = \{"Authorization" = "\$\{ALERTMANAGER_AUTHORIZATION\}"\}/,
  );
  assert.match(
    textOf(resources, "monitoring-grafana-provisioning", "datasources.yaml"),
    /"httpHeaderValue1":"\$ALERTMANAGER_AUTHORIZATION"/,
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
  // @ts-expect-error an existing InfluxDB needs its organization and a token
  { environment: "test", alertmanager: { deploy: { email } }, influxDb: { existing: { url: "http://i" } } },
  // @ts-expect-error deployed and existing exclude each other
  { environment: "test", alertmanager: { deploy: { email } }, influxDb: { deploy: {}, existing: influxDb } },
  // @ts-expect-error an existing Grafana needs a token and the ways to the data
  { environment: "test", alertmanager: { deploy: { email } }, grafana: { existing: { url: "http://g" } } },
  {
    environment: "test",
    alertmanager: { deploy: { email } },
    // @ts-expect-error credentials of an existing InfluxDB are those of all its users
    influxDb: { existing: { ...influxDb, credentials: { fluentd: { username: "u", password: "p" } } } },
  },
  // @ts-expect-error Grafana is neither deployed nor given
  { environment: "test", alertmanager: { deploy: { email } }, grafana: {} },
];
