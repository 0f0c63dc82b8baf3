import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import { sleep } from "../../local/processes";
import { startTestDatabase } from "./support/database";
import { startMailingAlertmanager } from "./support/mailingAlertmanager";
import { minute, second } from "./support/ruleEvaluator";
import { startTelegraf } from "./support/telegraf";
import { waitFor } from "./support/waitFor";

it(
  "InfluxDbUnreachable is mailed and ends with nothing but Telegraf and Alertmanager; no other alert is said to be over meanwhile",
  { timeout: 6 * minute },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-influxdb-away-"));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const database = await startTestDatabase();
    t.after(() => database.remove());
    await database.reconcile();
    const alertmanager = await startMailingAlertmanager({
      directory: join(directory, "alertmanager"),
      login: true,
    });
    t.after(() => alertmanager.stop());
    const authorization = String(alertmanager.authorization);
    // A minute would do the same, and take longer.
    Object.assign(process.env, { AWAY_SECONDS: "5", TMPDIR: directory });
    const telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: database.influxd.url,
        alertmanagerUrl: alertmanager.url,
        alertmanagerAuthorization: true,
        environment: "test",
        kubernetes: false,
        healthPort: await freePort(),
      }).replace('interval = "10s"', 'interval = "2s"'),
      alertmanagerAuthorization: authorization,
    });
    t.after(() => telegraf.stop());
    const mail = (subject: string, seconds: number) =>
      waitFor(`mail ${subject}`, seconds * second, () =>
        alertmanager.mails.find((one) => one.subject === subject),
      );
    const active = async () => {
      const url = `${alertmanager.url}/api/v2/alerts?filter=alertname="InfluxDbUnreachable"`;
      return (await (await fetch(url, { headers: { authorization } })).json()) as unknown[];
    };

    // What InfluxDB posted last before it went away.
    const labels = {
      alertname: "ApiUnreachable",
      severity: "critical",
      service: "churn",
      environment: "test",
    };
    const annotations = { summary: "churn does not answer", dashboard_url: "x", runbook_url: "y" };
    const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify([
        { labels, annotations, endsAt: new Date(Date.now() + 30 * second).toISOString() },
      ]),
    });
    assert.equal(response.status, 200);
    await mail("[CRITICAL] churn does not answer – test", 30);
    await sleep(4 * second);
    assert.deepEqual(await active(), [], "it answers");

    const stoppedAt = Date.now();
    await database.influxd.stop();
    const reported = await mail("[CRITICAL] InfluxDB does not answer – test", 60);
    t.diagnostic(`${(reported.receivedAt.getTime() - stoppedAt) / second} s after InfluxDB was stopped`);
    assert.match(
      reported.text,
      /What to do: https:\/\/docs\.example\.com\/runbooks\/InfluxDbUnreachable\.md/,
    );
    // The alert before has ended; its group is looked at each minute.
    await sleep(90 * second);
    assert.deepEqual(alertmanager.mails.map(({ subject }) => subject).sort(), [
      "[CRITICAL] InfluxDB does not answer – test",
      "[CRITICAL] churn does not answer – test",
    ]);

    await database.restart();
    await mail("[RESOLVED] InfluxDB does not answer – test", 150);
    assert.deepEqual(await active(), []);
  },
);
