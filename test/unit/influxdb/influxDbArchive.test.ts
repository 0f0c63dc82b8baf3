import assert from "node:assert/strict";
import { test } from "node:test";
import { restrictedProblems } from "../../../policies/safety/restrictedPods";
import { toPlain } from "../../../policies/core/values";
import type { InfluxDesiredState } from "../../../components/influxdb/desiredState";
import { deploy, find, listed } from "../support/deploy";
import { platform } from "../support/fixtures";
import { workloadsOf } from "../support/pods";

const storage = { size: "64Gi", storageClassName: "azureblob-nfs-premium" };

test("the archive is a CronJob with a protected volume and a user that reads the events, where it is asked for", async () => {
  const { resources } = await deploy(() => platform({ archive: { storage } }));
  const own = resources.filter(({ name }) => name.includes("archive"));
  assert.deepEqual(listed(own), [
    "ConfigMap monitoring-influxdb-archive-program < InfluxDbArchive monitoring-influxdb-archive",
    "CronJob monitoring-influxdb-archive < InfluxDbArchive monitoring-influxdb-archive",
    "InfluxDbArchive monitoring-influxdb-archive < Monitoring monitoring",
    "NetworkPolicy monitoring-influxdb-archive < InfluxDbArchive monitoring-influxdb-archive",
    "PersistentVolumeClaim monitoring-influxdb-archive < InfluxDbArchive monitoring-influxdb-archive",
    "RandomPassword monitoring-influxdb-archive < Monitoring monitoring",
    "Secret monitoring-influxdb-archive-credentials < InfluxDbArchive monitoring-influxdb-archive",
    "ServiceAccount monitoring-influxdb-archive < InfluxDbArchive monitoring-influxdb-archive",
  ]);
  const claim = find(resources, "PersistentVolumeClaim", "monitoring-influxdb-archive");
  assert.equal(claim.protect, true);
  assert.equal(
    (claim.inputs["spec"] as { storageClassName: string }).storageClassName,
    storage.storageClassName,
  );
  const secret = find(resources, "Secret", "monitoring-influxdb-archive-credentials");
  assert.deepEqual(secret.inputs["stringData"], {
    influxDbPassword: "password-of-monitoring-influxdb-archive",
  });
  assert.ok(secret.secrets.some((path) => path.startsWith("stringData")));

  const program = find(resources, "ConfigMap", "monitoring-influxdb-reconcile-program");
  const { "desired-state.json": text } = program.inputs["data"] as Record<string, string>;
  const { credentials } = JSON.parse(text ?? "") as InfluxDesiredState;
  assert.deepEqual(
    credentials.filter(({ username }) => username === "archive"),
    [{ username: "archive", passwordVariable: "INFLUXDB_ARCHIVE_PASSWORD", read: ["events"], write: [] }],
  );
  const reconcile = find(resources, "Secret", "monitoring-influxdb-reconcile-credentials");
  const { INFLUXDB_ARCHIVE_PASSWORD } = reconcile.inputs["stringData"] as Record<string, string>;
  assert.equal(INFLUXDB_ARCHIVE_PASSWORD, "password-of-monitoring-influxdb-archive");
});

test("nothing changes for a platform without an archive", async () => {
  const without = await deploy(() => platform());
  assert.doesNotMatch(JSON.stringify(without.resources), /archive/i);
});

test("its pod is restricted, reaches InfluxDB only, and is not retried after a final exit code", async () => {
  const retentionDays = { events: 30 };
  const { resources } = await deploy(() =>
    platform({ archive: { storage, keepDays: 400, schedule: "0 5 * * *" }, retentionDays }),
  );
  const workload = workloadsOf(resources).find(({ title }) => title.includes("influxdb-archive"));
  assert.ok(workload);
  assert.deepEqual(restrictedProblems(toPlain(workload.pod)), []);
  const env = Object.fromEntries(
    (workload.pod.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
  );
  assert.deepEqual(env, {
    INFLUXDB_URL: "http://influxdb.monitoring.svc:8086",
    INFLUXDB_USERNAME: "archive",
    INFLUXDB_PASSWORD: undefined,
    ARCHIVE_DIRECTORY: "/archive",
    ARCHIVE_RETENTION_DAYS: "30",
    ARCHIVE_KEEP_DAYS: "400",
  });
  const cronJob = find(resources, "CronJob", "monitoring-influxdb-archive").inputs["spec"] as {
    schedule: string;
    jobTemplate: { spec: { podFailurePolicy: unknown; template: { spec: { restartPolicy: string } } } };
  };
  assert.equal(cronJob.schedule, "0 5 * * *");
  assert.equal(cronJob.jobTemplate.spec.template.spec.restartPolicy, "Never", "as podFailurePolicy needs it");
  assert.match(JSON.stringify(cronJob.jobTemplate.spec.podFailurePolicy), /"FailJob".*\[2,3\]/);

  const policyOf = (name: string) =>
    find(resources, "NetworkPolicy", name).inputs["spec"] as { ingress?: unknown; egress?: unknown[] };
  const policy = policyOf("monitoring-influxdb-archive");
  assert.equal(policy.ingress, undefined);
  assert.equal(policy.egress?.length, 1);
  assert.match(JSON.stringify(policy.egress), /8086.*"app\.kubernetes\.io\/name":"influxdb"/);
  assert.match(JSON.stringify(policyOf("monitoring-influxdb").ingress), /influxdb-archive/);
});

test("an existing InfluxDB is archived with a user of the Job's, or a token that is given", async () => {
  const existing = { url: "https://influxdb.example.com", organization: "o", operatorToken: "t" };
  const own = await deploy(() => platform({ influxDb: { existing }, archive: { storage } }));
  const state = find(own.resources, "ConfigMap", "monitoring-influxdb-reconcile-program").inputs["data"];
  assert.match(JSON.stringify(state), /INFLUXDB_ARCHIVE_PASSWORD/);

  const credential = (user: string) => ({ username: "me@example.com", password: `the-token-of-${user}` });
  const credentials = {
    fluentd: credential("fluentd"),
    telegraf: credential("telegraf"),
    grafana: credential("grafana"),
  };
  const given = { ...credentials, archive: credential("archive") };
  const cloud = await deploy(() =>
    platform({ influxDb: { existing: { ...existing, credentials: given } }, archive: { storage } }),
  );
  const secret = find(cloud.resources, "Secret", "monitoring-influxdb-archive-credentials");
  assert.deepEqual(secret.inputs["stringData"], { influxDbPassword: "the-token-of-archive" });

  await deploy(() => {
    assert.throws(
      () => platform({ influxDb: { existing: { ...existing, credentials } }, archive: { storage } }),
      /influxDb\.existing\.credentials\.archive is missing: give .* reads the bucket events/,
    );
  });
});

test("days can't be removed that InfluxDB still holds", async () => {
  for (const keepDays of [14, 0, 20.5]) {
    await deploy(() => {
      assert.throws(
        () => platform({ archive: { storage, keepDays } }),
        /keepDays must be whole days, more than the 14 of retentionDays\.events, got /,
      );
    });
  }
});

test("a size of nothing and a schedule that cron does not know are refused", async () => {
  const withArchive = (archive: object) => deploy(() => platform({ archive: { storage, ...archive } }));
  await assert.rejects(
    withArchive({ storage: { size: "0Gi" } }),
    /"0Gi" is no Kubernetes quantity of storage above 0/,
  );
  await assert.rejects(
    withArchive({ schedule: "99 99 * * *" }),
    /schedule "99 99 \* \* \*" must be minute, hour/,
  );
});
