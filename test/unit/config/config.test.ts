import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { isSecret } from "../support/deploy";
import type { AksClusterArgs } from "../../../components/azure";
import { readConfig, type StackConfig } from "../../../config/stackConfig";

const email = { smarthost: "smtp.example.com:587", from: "m@example.com", to: ["team@example.com"] };
const least = { environment: "dev", email };

function read(values: Record<string, unknown>): StackConfig {
  const texts = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [
      `ds-monitoring:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
  return readConfig(new pulumi.Config("ds-monitoring"));
}

test("an environment and a mail server are enough", () => {
  const config = read(least);
  assert.equal(config.environment, "dev");
  assert.equal(config.protectData, true);
  assert.equal(config.sampleWorkloads, false);
  assert.equal(config.influxDb.deploy?.storage?.size, "50Gi");
  assert.equal(config.storage.fluentd.size, "10Gi");
  assert.equal(config.fluentdReplicas, 1);
  assert.deepEqual(config.alertmanager.deploy?.email.to, ["team@example.com"]);
  assert.equal(config.alertmanager.deploy?.email.requireTls, true);
  assert.equal(config.alertmanager.deploy?.email.login, undefined);
  assert.equal(config.cluster.deploy, undefined);
});

test("what is set is taken", () => {
  const config = read({
    ...least,
    protectData: false,
    storageClass: "managed-csi",
    influxDbStorage: "128Gi",
    fluentdReplicas: 2,
    retentionDays: { events: 30 },
    sampleWorkloads: true,
    sampleRegistry: "registry.example.com/team",
  });
  assert.equal(config.protectData, false);
  assert.deepEqual(config.influxDb.deploy?.storage, { storageClassName: "managed-csi", size: "128Gi" });
  assert.equal(config.retentionDays.events, 30);
  assert.equal(config.fluentdReplicas, 2);
  assert.equal(config.sampleWorkloads, true);
  assert.equal(config.sampleRegistry, "registry.example.com/team");
});

test("backup and archive are asked for by a size, and take the stack's storage class where they name none", () => {
  assert.equal(read(least).backup, undefined);
  assert.equal(read(least).archive, undefined);
  const config = read({
    ...{ ...least, storageClass: "managed-csi" },
    backup: { size: "100Gi", storageClass: "azurefile-csi", keep: 30 },
    archive: { size: "64Gi", schedule: "0 5 * * *", keepDays: 400 },
  });
  assert.deepEqual(config.backup, {
    ...{ schedule: undefined, keep: 30 },
    storage: { size: "100Gi", storageClassName: "azurefile-csi" },
  });
  assert.deepEqual(config.archive, {
    ...{ schedule: "0 5 * * *", keepDays: 400 },
    storage: { size: "64Gi", storageClassName: "managed-csi" },
  });
});

test("a wrong or missing value is named with what is allowed and an example", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [
      { email },
      /^ds-monitoring:environment is not set: it must be lower-case .*`ds-monitoring:environment: dev`/,
    ],
    [{ environment: "dev" }, /^ds-monitoring:email is not set: alerts need a mail server/],
    [{ ...least, environment: "Dev 1" }, /^ds-monitoring:environment is "Dev 1": it must be lower-case/],
    [
      { ...least, influxDbStorage: "50 GB" },
      /^ds-monitoring:influxDbStorage is "50 GB": .*`ds-monitoring:influxDbStorage: 50Gi`/,
    ],
    [{ ...least, protectData: "maybe" }, /^ds-monitoring:protectData is "maybe": it must be true or false/],
    [
      { ...least, fluentdReplicas: 0 },
      /^ds-monitoring:fluentdReplicas is 0: it must be a whole number, at least 1/,
    ],
    [
      { ...least, influxDbStorag: "1Gi" },
      /^ds-monitoring:influxDbStorag is not known \(did you mean ds-monitoring:influxDbStorage\?\): the allowed keys are environment, /,
    ],
    [
      { ...least, protectdata: false },
      /^ds-monitoring:protectdata is not known \(did you mean ds-monitoring:protectData\?\)/,
    ],
    [{ ...least, gpu: true }, /^ds-monitoring:gpu is not known: the allowed keys are environment, /],
    [
      { ...least, retentionDays: { event: 3 } },
      /retentionDays.event is not known \(did you mean ds-monitoring:retentionDays.events\?\): the allowed keys are events, minutely/,
    ],
    [{ ...least, archive: {} }, /^ds-monitoring:archive\.size is not set: it must be a Kubernetes quantity/],
    [
      { ...least, archive: { size: "1Gi", schedule: "nightly" } },
      /^ds-monitoring:archive\.schedule is "nightly": it must be a schedule in the form of cron/,
    ],
    [
      { ...least, backup: { size: "1Gi", keepDays: 3 } },
      /backup\.keepDays is not known: the allowed keys are size, storageClass, schedule, keep$/,
    ],
    [
      { ...least, retentionDays: { events: 0 } },
      /^ds-monitoring:retentionDays.events is 0: it must be a whole number/,
    ],
    [
      { ...least, retentionDays: 14 },
      /retentionDays is 14: it must be a mapping of events, minutely, hourly, daily, weekly/,
    ],
    [
      { ...least, email: { ...email, to: [] } },
      /^ds-monitoring:email.to is \[\]: it must be a list of at least one/,
    ],
    [{ ...least, email: { ...email, to: ["team"] } }, /^ds-monitoring:email.to is \["team"\]/],
    [
      { ...least, email: { ...email, smarthost: "smtp" } },
      /^ds-monitoring:email.smarthost is "smtp": it must be host:port/,
    ],
    [
      { ...least, email: { ...email, username: "mailer" } },
      /email.username and ds-monitoring:smtpPassword belong together/,
    ],
    [{ ...least, smtpPassword: "x" }, /email.username and ds-monitoring:smtpPassword belong together/],
  ];
  for (const [values, message] of cases) {
    assert.throws(
      () => read(values),
      (error: Error) => {
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("the mail password is a secret", async () => {
  const { alertmanager } = read({ ...least, email: { ...email, username: "mailer" }, smtpPassword: "hush" });
  const login = alertmanager.deploy?.email.login;
  assert.equal(login?.username, "mailer");
  assert.equal(await isSecret(login?.password), true);
});

test("Grafana's ingress needs a host name, and knows no other keys", () => {
  const ingress = { host: "grafana.example.com", clusterIssuer: "letsencrypt" };
  assert.equal(
    read({ ...least, grafanaIngress: ingress }).grafana.deploy?.ingress?.host,
    "grafana.example.com",
  );
  assert.throws(
    () => read({ ...least, grafanaIngress: { clusterIssuer: "letsencrypt" } }),
    /ds-monitoring:grafanaIngress\.host is not set.*a host name.*grafana\.example\.com/,
  );
  assert.throws(
    () => read({ ...least, grafanaIngress: { ...ingress, hostname: "x.example.com" } }),
    /hostname/,
  );
});

const existing = {
  existingInfluxDb: { url: "https://influx.example.com", organization: "acme" },
  influxDbToken: "the-influx-token",
  existingGrafana: {
    url: "https://grafana.example.com",
    influxDbUrl: "https://influx.example.com",
    alertmanagerUrl: "https://alerts.example.com",
  },
  grafanaAuth: "the-grafana-token",
  existingAlertmanager: { url: "https://alerts.example.com" },
  alertmanagerAuthorization: "Bearer the-alert-token",
};

test("parts that exist are taken with their secrets, and need no mail server", async () => {
  const config = read({ environment: "dev", ...existing });
  assert.equal(config.influxDb.existing?.organization, "acme");
  assert.equal(config.grafana.existing?.url, "https://grafana.example.com");
  assert.equal(config.alertmanager.existing?.url, "https://alerts.example.com");
  const secrets = [
    config.influxDb.existing?.operatorToken,
    config.grafana.existing?.auth,
    config.alertmanager.existing?.authorization,
  ];
  for (const secret of secrets) assert.equal(await isSecret(secret), true);
});

test("half of a part that exists, or both kinds of one, are refused with the fix", () => {
  const without = (key: keyof typeof existing) => ({ environment: "dev", ...existing, [key]: undefined });
  const tokens = { influxDbTokenFluentd: "f", influxDbTokenTelegraf: "t" };
  const cloud = { ...existing.existingInfluxDb, username: "me@example.com" };
  const cases: [Record<string, unknown>, RegExp][] = [
    [without("influxDbToken"), /existingInfluxDb needs .*`pulumi config set --secret influxDbToken …`/],
    [without("existingInfluxDb"), /influxDbToken is set without ds-monitoring:existingInfluxDb/],
    [without("grafanaAuth"), /existingGrafana needs .*`pulumi config set --secret grafanaAuth …`/],
    [without("existingGrafana"), /grafanaAuth is set without ds-monitoring:existingGrafana/],
    [without("existingAlertmanager"), /alertmanagerAuthorization is set without/],
    [{ ...existing, ...least }, /existingAlertmanager and ds-monitoring:email exclude each other/],
    [
      { ...without("influxDbToken"), influxDbToken: "x", grafanaIngress: { host: "g.example.com" } },
      /existingGrafana and ds-monitoring:grafanaIngress exclude each other/,
    ],
    [{ environment: "dev", ...existing, ...tokens }, /set without ds-monitoring:existingInfluxDb\.username/],
    [
      { environment: "dev", ...existing, ...tokens, existingInfluxDb: cloud },
      /existingInfluxDb\.username needs .*influxDbTokenGrafana/,
    ],
    [
      {
        ...{ environment: "dev", ...existing, ...tokens, influxDbTokenGrafana: "g" },
        ...{ existingInfluxDb: cloud, archive: { size: "1Gi" } },
      },
      /existingInfluxDb\.username needs .*influxDbTokenArchive/,
    ],
    [
      { environment: "dev", ...existing, backup: { size: "1Gi" } },
      /existingInfluxDb and ds-monitoring:backup exclude each other/,
    ],
    [
      { ...least, existingInfluxDb: { url: "influx", organization: "acme" }, influxDbToken: "x" },
      /existingInfluxDb\.url is "influx": it must be a URL/,
    ],
    [
      { ...least, kubeContext: "mine", cluster: { location: "eastus" } },
      /cluster and ds-monitoring:kubeContext exclude each other/,
    ],
  ];
  for (const [values, message] of cases) {
    assert.throws(
      () => read(values),
      (error: Error) => {
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

// Half a cluster must not compile either.
export const halfClusters: StackConfig["cluster"][] = [
  // @ts-expect-error neither made nor given
  {},
  // @ts-expect-error a cluster that is made needs its place, tags and system pool
  { deploy: { location: "eastus" } },
  // @ts-expect-error made and given exclude each other
  { deploy: {} as AksClusterArgs, existing: {} },
];
