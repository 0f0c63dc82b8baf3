import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { alertTask } from "../../components/alerts/alertTasks";
import { alertRules } from "../../components/alerts/rules";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import type { Service } from "../../local/services/service";
import { startTelegraf } from "./support/telegraf";
import { startTestDatabase, type TestDatabase } from "./support/database";
import {
  links,
  type MailingAlertmanager,
  type ReceivedMail,
  startMailingAlertmanager,
} from "./support/mailingAlertmanager";
import { waitFor } from "./support/waitFor";

/** Something that answers with 200 until it is stopped. */
async function startApi(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((_, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe("from a failure to a mail: InfluxDB's tasks, Alertmanager, Telegraf and a mail server, all real", () => {
  let directory: string;
  let database: TestDatabase;
  let alertmanager: MailingAlertmanager;
  let telegraf: Service;
  let api: Awaited<ReturnType<typeof startApi>>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-alerts-"));
    alertmanager = await startMailingAlertmanager({
      directory: join(directory, "alertmanager"),
      criticalTo: ["on-call@example.com"],
      login: true,
    });
    database = await startTestDatabase();
    const alertmanagerUrls = [alertmanager.url];
    const authorizationSecret = "ALERTMANAGER_AUTHORIZATION";
    await database.reconcile(
      influxDesiredState({
        secrets: [{ key: authorizationSecret, valueVariable: authorizationSecret }],
        tasks: alertRules().map((rule) =>
          alertTask(rule, { alertmanagerUrls, authorizationSecret, ...links }),
        ),
      }),
      { [authorizationSecret]: String(alertmanager.authorization) },
    );
    api = await startApi();
    telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: database.influxd.url,
        alertmanagerUrl: alertmanager.url,
        alertmanagerAuthorization: true,
        environment: "test",
        probes: [{ url: api.url, service: "churn" }],
        kubernetes: false,
        healthPort: await freePort(),
      }),
      alertmanagerAuthorization: alertmanager.authorization,
    });
  });
  after(async () => {
    await telegraf.stop();
    await alertmanager.stop();
    await database.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const mailsAbout = (text: string): ReceivedMail[] =>
    alertmanager.mails.filter(({ subject }) => subject.includes(text));
  const runEnd = (id: string, result: string): string =>
    `pipeline.run.end,service=churn-training,environment=test,pipeline=churn-training,result=${result} ` +
    `cicd.pipeline.run.id="${id}",duration_s=5 ${Date.now()}000000`;

  it("collects the platform's own health", async () => {
    for (const [measurement, field] of [
      ["storage_bucket_series_num", "gauge"],
      ["task_executor_total_runs_complete", "counter"],
      ["alertmanager_alerts", "gauge"],
      ["http_response", "result_code"],
    ] as const) {
      const rows = await waitFor(`${measurement} in InfluxDB`, 90_000, async () => {
        const found = await database.client.influxql(
          `SELECT last("${field}") AS value FROM "events"."${measurement}" GROUP BY "service", "environment"`,
        );
        return found.length > 0 ? found : undefined;
      });
      assert.equal(rows[0]?.environment, "test", measurement);
    }
  });

  it(
    "mails a failed training run once, and its end; and an unreachable API",
    { timeout: 480_000 },
    async (t) => {
      const failedAt = Date.now();
      await database.client.write([runEnd("run-7", "failure")]);
      await api.stop();
      const unreachableAt = Date.now();

      const failure = await waitFor("mail of the failed run", 60_000, () => mailsAbout("run-7")[0]);
      t.diagnostic(`failed run to mail: ${(failure.receivedAt.getTime() - failedAt) / 1000} s`);
      assert.equal(failure.subject, "[CRITICAL] Run run-7 of churn-training failed – test");
      assert.deepEqual(failure.to, ["on-call@example.com"]);
      assert.match(
        failure.text,
        /Dashboard: https:\/\/grafana\.example\.com\/d\/training-run\?var-runPipeline=churn-training/,
      );
      const [, url = "", from, to] = /Log lines: (\S+)&from=(\d+)&to=(\d+)/.exec(failure.text) ?? [];
      assert.equal(
        url,
        "https://grafana.example.com/d/log-lines?var-service=churn-training&var-environment=test",
      );
      assert.equal(Number(to) - Number(from), 20 * 60_000);
      assert.ok(failedAt > Number(from) && failedAt < Number(to), "the time of the failure");
      assert.match(failure.text, /What to do: https:\/\/docs\.example\.com\/runbooks\/TrainingRunFailed\.md/);
      assert.match(
        failure.html,
        /<a href="https:\/\/grafana\.example\.com\/d\/training-run\?var-runPipeline=churn-training/,
      );
      assert.doesNotMatch(failure.text + failure.html, /\{\{|<no value>/);

      await database.client.write([runEnd("run-8", "success")]);
      const succeededAt = Date.now();

      const unreachable = await waitFor(
        "mail of the unreachable API",
        120_000,
        () => mailsAbout("churn does not answer")[0],
      );
      t.diagnostic(`unreachable API to mail: ${(unreachable.receivedAt.getTime() - unreachableAt) / 1000} s`);
      assert.equal(unreachable.subject, "[CRITICAL] churn does not answer – test");

      const resolved = await waitFor(
        "mail that the run's alert is over",
        300_000,
        () => mailsAbout("run-7")[1],
      );
      t.diagnostic(`successful run to mail: ${(resolved.receivedAt.getTime() - succeededAt) / 1000} s`);
      assert.equal(resolved.subject, "[RESOLVED] Run run-7 of churn-training failed – test");
      assert.equal(mailsAbout("run-7").length, 2, "one mail when it failed, one when it was over");
      assert.equal(mailsAbout("Watchdog").length, 0);
    },
  );

  it("keeps the always-firing Watchdog in Alertmanager", async () => {
    const url = `${alertmanager.url}/api/v2/alerts?filter=alertname%3DWatchdog`;
    assert.equal((await fetch(url)).status, 401, "it asks for a login");
    const response = await fetch(url, { headers: { authorization: String(alertmanager.authorization) } });
    const alerts = (await response.json()) as { status: { state: string } }[];
    assert.deepEqual(
      alerts.map(({ status }) => status.state),
      ["active"],
    );
  });

  it("runs every task of the platform without a failure", async () => {
    const { tasks } = await database.api.request<{
      tasks: { name: string; lastRunStatus?: string; lastRunError?: string }[];
    }>({ path: "/api/v2/tasks?limit=500" });
    const failed = tasks.filter(({ lastRunStatus }) => lastRunStatus === "failed");
    assert.deepEqual(
      failed.map(({ name, lastRunError }) => `${name}: ${lastRunError ?? ""}`),
      [],
    );
    assert.ok(tasks.filter(({ lastRunStatus }) => lastRunStatus === "success").length > 20);
  });
});
