import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { isSecret } from "../support/deploy";
import { readConfig, StackConfig } from "../../../config";

const email = { smarthost: "smtp.example.com:587", from: "m@example.com", to: ["team@example.com"] };
const least = { environment: "dev", email };

function read(values: Record<string, unknown>): StackConfig {
  const texts = Object.entries(values).map(([key, value]) => [
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
  assert.equal(config.storage.influxDb.size, "50Gi");
  assert.equal(config.storage.fluentd.size, "10Gi");
  assert.deepEqual(config.email.to, ["team@example.com"]);
  assert.equal(config.email.requireTls, true);
  assert.equal(config.email.login, undefined);
  assert.equal(config.cluster, undefined);
});

test("what is set is taken", () => {
  const config = read({
    ...least,
    protectData: false,
    storageClass: "managed-csi",
    influxDbStorage: "128Gi",
    retentionDays: { events: 30 },
    sampleWorkloads: true,
    sampleRegistry: "registry.example.com/team",
  });
  assert.equal(config.protectData, false);
  assert.deepEqual(config.storage.influxDb, { storageClassName: "managed-csi", size: "128Gi" });
  assert.equal(config.retentionDays.events, 30);
  assert.equal(config.sampleWorkloads, true);
  assert.equal(config.sampleRegistry, "registry.example.com/team");
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
    [
      { ...least, retentionDays: { events: 0 } },
      /^ds-monitoring:retentionDays.events is 0: it must be a whole number/,
    ],
    [
      { ...least, retentionDays: 14 },
      /retentionDays is 14: it must be a mapping of events, minutely, daily, weekly/,
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
  const { login } = read({ ...least, email: { ...email, username: "mailer" }, smtpPassword: "hush" }).email;
  assert.equal(login?.username, "mailer");
  assert.equal(await isSecret(login?.password), true);
});

test("Grafana's ingress needs a host name, and knows no other keys", () => {
  const ingress = { host: "grafana.example.com", clusterIssuer: "letsencrypt" };
  assert.equal(read({ ...least, grafanaIngress: ingress }).grafanaIngress?.host, "grafana.example.com");
  assert.throws(
    () => read({ ...least, grafanaIngress: { clusterIssuer: "letsencrypt" } }),
    /ds-monitoring:grafanaIngress\.host is not set.*a host name.*grafana\.example\.com/,
  );
  assert.throws(
    () => read({ ...least, grafanaIngress: { ...ingress, hostname: "x.example.com" } }),
    /hostname/,
  );
});
