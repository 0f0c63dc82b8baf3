import assert from "node:assert/strict";
import { test } from "node:test";
import { restrictedProblems } from "../../../policies/safety/restrictedPods";
import { toPlain } from "../../../policies/core/values";
import { deploy, find, listed } from "../support/deploy";
import { platform } from "../support/fixtures";
import { workloadsOf } from "../support/pods";

const storage = { size: "100Gi", storageClassName: "azurefile-csi" };

test("backups are a CronJob with a protected volume, and only where they are asked for", async () => {
  const { resources } = await deploy(() => platform({ backup: { storage, keep: 30 } }));
  const own = resources.filter(({ name }) => name.startsWith("monitoring-influxdb-backup"));
  assert.deepEqual(listed(own), [
    "ConfigMap monitoring-influxdb-backup-scripts < InfluxDbBackup monitoring-influxdb-backup",
    "CronJob monitoring-influxdb-backup < InfluxDbBackup monitoring-influxdb-backup",
    "CronJob monitoring-influxdb-backup-restore < InfluxDbBackup monitoring-influxdb-backup",
    "InfluxDbBackup monitoring-influxdb-backup < Monitoring monitoring",
    "NetworkPolicy monitoring-influxdb-backup < InfluxDbBackup monitoring-influxdb-backup",
    "PersistentVolumeClaim monitoring-influxdb-backup < InfluxDbBackup monitoring-influxdb-backup",
    "Secret monitoring-influxdb-backup-credentials < InfluxDbBackup monitoring-influxdb-backup",
    "ServiceAccount monitoring-influxdb-backup < InfluxDbBackup monitoring-influxdb-backup",
  ]);
  const claim = find(resources, "PersistentVolumeClaim", "monitoring-influxdb-backup");
  assert.equal(claim.protect, true);
  assert.deepEqual((claim.inputs["spec"] as Record<string, unknown>)["storageClassName"], "azurefile-csi");
  const secret = find(resources, "Secret", "monitoring-influxdb-backup-credentials");
  assert.ok(
    secret.secrets.some((path) => path.startsWith("stringData")),
    secret.secrets.join(),
  );
  const without = await deploy(() => platform());
  assert.ok(without.resources.every(({ name }) => !name.includes("backup")));
});

test("the backup's pod is restricted and says how many backups it keeps", async () => {
  const { resources } = await deploy(() => platform({ backup: { storage, keep: 30 } }));
  const workload = workloadsOf(resources).find(({ title }) => title.includes("influxdb-backup"));
  assert.ok(workload);
  assert.deepEqual(restrictedProblems(toPlain(workload.pod)), []);
  const [container] = workload.pod.containers;
  assert.equal(container?.env?.find(({ name }) => name === "BACKUP_KEEP")?.value, "30");
  assert.equal(
    container?.env?.find(({ name }) => name === "INFLUX_TOKEN")?.value,
    undefined,
    "from the Secret",
  );
});

test("a restore is a CronJob that never runs by itself, with the backups and the way to InfluxDB", async () => {
  const { resources } = await deploy(() => platform({ backup: { storage } }));
  const of = (name: string) => {
    const { inputs } = find(resources, "CronJob", name);
    const { suspend } = inputs["spec"] as { suspend: boolean };
    const workload = workloadsOf(resources).find(({ title }) => title === `CronJob ${name}`);
    assert.ok(workload);
    const { labels, pod } = workload;
    return {
      name: (inputs["metadata"] as { name: string }).name,
      suspend,
      labels,
      volumes: pod.volumes,
      pod,
    };
  };
  const [backup, restore] = [of("monitoring-influxdb-backup"), of("monitoring-influxdb-backup-restore")];
  assert.deepEqual([backup.name, backup.suspend], ["influxdb-backup", false]);
  assert.deepEqual([restore.name, restore.suspend], ["influxdb-restore", true]);
  assert.deepEqual(restore.labels, backup.labels);
  assert.deepEqual(restore.volumes, backup.volumes);
  assert.deepEqual(restore.pod.containers[0]?.command, ["sh", "/opt/backup/restore.sh"]);
});

test("backups of an existing InfluxDB, and of no number, are refused", async () => {
  const existing = { url: "https://influxdb.example.com", organization: "o", operatorToken: "t" };
  await deploy(() => {
    assert.throws(
      () => platform({ influxDb: { existing }, backup: { storage } }),
      /backup is for an InfluxDB that is deployed here/,
    );
  });
  await deploy(() => {
    assert.throws(
      () => platform({ backup: { storage, keep: 0 } }),
      /keep must be a whole number from 1, got 0/,
    );
  });
});
