import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { localStack, openEngine } from "../../../local/commands/localStack";
import { repositoryRoot } from "../../../local/paths";
import { waitFor } from "../../dataplane/support/waitFor";
import type { Platform } from "../support/platform";
import { Writer } from "../support/writer";
import { scenario, type Suite } from "./suite";

const namespace = "monitoring";
/** A part that Telegraf may reach. */
const probed = "alertmanager";

/** Changes of a running stack, and the loss of its database. */
export function backup(suite: Suite): void {
  scenario(
    suite,
    "a changed ConfigMap rolls its pods, and a backup is added, while an app writes",
    600,
    async (platform) => {
      const writer = await Writer.start(platform, "during-change");
      const before = await platform.ready("telegraf");
      const engine = await openEngine({
        stateDirectory: platform.state,
        stack: localStack,
        kubeconfig: platform.kubeconfig,
      });
      const file = parse(await readFile(join(repositoryRoot, `Pulumi.${localStack}.yaml`), "utf8")) as {
        config: Record<string, object>;
      };
      const key = "ds-monitoring:monitoring";
      await engine.setConfig({
        [key]: {
          ...file.config[key],
          telegraf: {
            probes: [{ service: probed, url: "http://alertmanager.monitoring.svc:9093/-/healthy" }],
          },
          backup: { storage: { size: "1Gi" } },
        },
      });
      const result = await engine.up();
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const after = await platform.ready(
        "telegraf",
        ({ metadata }) => metadata?.uid !== before.metadata?.uid,
      );
      const configOf = (pod: typeof after) =>
        pod.spec?.volumes?.flatMap(({ configMap }) => configMap?.name ?? []).join();
      assert.notEqual(configOf(after), configOf(before));
      const influxDb = await platform.influxDb();
      const [probe] = await waitFor("a probe", 60_000, async () => {
        const rows = await influxDb.flux(`from(bucket: "events") |> range(start: -5m)
          |> filter(fn: (r) => r._measurement == "http_response" and r.service == "${probed}" and r._field == "result_code")
          |> group() |> last()`);
        return rows.length > 0 ? rows : undefined;
      });
      assert.equal(probe?.result, "success", "the new configuration counts, and policies let it through");
      await writer.stop();
      await writer.expectAllArrived();
    },
  );

  scenario(suite, "a backup is restored into a new InfluxDB, and its tasks run on", 600, async (platform) => {
    await runNow(platform, "influxdb-backup");
    const before = await countOf(platform);
    assert.ok(before > 0);

    const old = await platform.ready("influxdb");
    const claim = { namespace, name: "data-influxdb-0" };
    await platform.core.deleteNamespacedPersistentVolumeClaim(claim);
    await platform.core.deleteNamespacedPod({ namespace, name: old.metadata?.name ?? "" });
    await platform.ready("influxdb", ({ metadata }) => metadata?.uid !== old.metadata?.uid);
    assert.equal(await countOf(platform), 0, "the new one is empty");

    const writer = await Writer.start(platform, "during-loss");
    await runNow(platform, "influxdb-restore");
    const restoredAt = new Date();
    assert.equal(await countOf(platform), before, "requests that were backed up");
    await writer.stop();
    await writer.expectAllArrived();
    await tasksRun(platform, restoredAt);
  });
}

/** Start a Job of a CronJob, and wait until it has succeeded. */
async function runNow(platform: Platform, cronJob: string): Promise<void> {
  const name = `${cronJob}-now`;
  await platform.startJob({ namespace, name: cronJob }, name);
  await waitFor(`the end of ${name}`, 180_000, async () => {
    const { status } = await platform.batch.readNamespacedJob({ namespace, name });
    assert.equal(status?.failed ?? 0, 0, `${name} failed`);
    return status?.succeeded === 1 ? true : undefined;
  });
}

/** Requests of the sample that are in InfluxDB. */
async function countOf(platform: Platform): Promise<number> {
  const influxDb = await platform.influxDb();
  const [row] = await influxDb.flux(`from(bucket: "events") |> range(start: -1d)
    |> filter(fn: (r) => r._measurement == "http.server.request" and r._field == "duration_s")
    |> group() |> count()`);
  return Number(row?._value ?? 0);
}

/** Every active task that is due twice a minute or more often has run successfully since a time. */
async function tasksRun(platform: Platform, since: Date): Promise<void> {
  const influxDb = await platform.influxDb();
  await waitFor("runs of the tasks", 150_000, async () => {
    const tasks = await influxDb.tasks();
    const frequent = tasks.filter(
      ({ every, status }) => status === "active" && /^(15|30)s$/.test(every ?? ""),
    );
    assert.ok(frequent.length > 5, `${frequent.length} tasks run twice a minute`);
    const idle = frequent.filter(
      ({ latestCompleted, lastRunStatus }) =>
        new Date(latestCompleted ?? 0) < since || lastRunStatus !== "success",
    );
    return idle.length === 0 ? true : undefined;
  });
}
