import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { renderAlertmanagerConfig, watchdogUrlFile } from "../../components/alertmanager/alertmanagerConfig";
import { type Receivers, secretFiles } from "../../components/alertmanager/receivers";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import type { Service } from "../../local/services/service";
import { resolveTool } from "../../local/tools/resolve";
import { type AlertmanagerProcess, startAlertmanager } from "./support/alertmanager";
import { startReceiverSink } from "./support/receiverSink";
import { type RuleEvaluator, startRuleEvaluator } from "./support/ruleEvaluator";
import { startTelegraf } from "./support/telegraf";
import { waitFor } from "./support/waitFor";

const dashboard = "https://grafana.example.com/d/model-api?var-service=churn";
const runbook = "https://docs.example.com/runbooks/ApiUnreachable.md";

/** An alert as our tasks post it. */
const alert = (more: object = {}) => ({
  labels: {
    ...{ alertname: "ApiUnreachable", severity: "critical", service: "churn", environment: "test" },
    server: "http://churn",
  },
  annotations: {
    summary: "churn does not answer",
    description: "Since 60 s, no request is answered.",
    dashboard_url: dashboard,
    runbook_url: runbook,
  },
  startsAt: new Date(Date.now() - 60_000).toISOString(),
  endsAt: new Date(Date.now() + 300_000).toISOString(),
  ...more,
});

describe("receivers: Alertmanager, Telegraf and InfluxDB are real, the services answer as they document", () => {
  let directory: string;
  let sink: Awaited<ReturnType<typeof startReceiverSink>>;
  let alertmanager: AlertmanagerProcess;
  let evaluator: RuleEvaluator;
  let telegraf: Service;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-receivers-"));
    sink = await startReceiverSink();
    const receivers: Receivers = {
      chat: {
        slack: { url: `${sink.url}/slack/secret`, channel: "#alerts" },
        msTeams: { url: `${sink.url}/msTeams/secret` },
      },
      duty: {
        pagerDuty: { integrationKey: "the-integration-key", url: `${sink.url}/pagerDuty` },
        opsgenie: { apiKey: "the-api-key", url: `${sink.url}/opsgenie/` },
        severities: ["critical"],
      },
      tickets: { webhook: { url: `${sink.url}/webhook/secret`, token: "the-token" } },
      mails: { email: { to: ["team@example.com"] } },
    };
    const folder = join(directory, "alertmanager");
    await mkdir(folder);
    const secrets = Object.entries(receivers).map(([name, receiver]) => secretFiles(name, receiver));
    const files = { ...Object.assign({}, ...secrets), [watchdogUrlFile]: `${sink.url}/webhook/watchdog` };
    for (const [name, value] of Object.entries<string>(files)) await writeFile(join(folder, name), value);
    const config = renderAlertmanagerConfig({
      // Nobody listens there.
      email: { smarthost: `127.0.0.1:${await freePort()}`, from: "m@example.com", requireTls: false },
      receivers,
      secretsFolder: folder,
      grafanaUrl: "https://grafana.example.com",
      watchdog: true,
    });
    alertmanager = await startAlertmanager({
      command: (await resolveTool("alertmanager")).path,
      directory: folder,
      // What may take a minute shall take seconds here.
      config: config
        .replaceAll("group_interval: 1m", "group_interval: 3s")
        .replaceAll("group_wait: 5s", "group_wait: 1s"),
    });
    evaluator = await startRuleEvaluator();
    telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: evaluator.database.influxd.url,
        influxDbMetrics: false,
        alertmanagerUrl: alertmanager.url,
        environment: "test",
        kubernetes: false,
        healthPort: await freePort(),
        intervalSeconds: 1,
      }),
    });
  });
  after(async () => {
    await telegraf.stop();
    await alertmanager.stop();
    await evaluator.stop();
    await sink.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const post = async (...alerts: object[]): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const url = `${alertmanager.url}/api/v2/alerts`;
    const { status } = await fetch(url, { method: "POST", headers, body: JSON.stringify(alerts) });
    assert.equal(status, 200);
  };
  const message = (service: string, index: number) =>
    waitFor(`message ${index + 1} of ${service}`, 20_000, () => sink.received(service)[index]);

  it("sends an alert to each service in its format, with its secret", { timeout: 60_000 }, async () => {
    await post(alert());
    const slack = await message("slack", 0);
    const subject = "[CRITICAL] churn does not answer – test";
    const text =
      "FIRING: churn does not answer*\n\nSince 60 s, no request is answered.\n\n" +
      `<${dashboard}|Dashboard> · <${runbook}|What to do>`;
    assert.equal(slack.path, "/slack/secret");
    assert.equal(slack.body.channel, "#alerts");
    const [attachment] = slack.body.attachments as Record<string, unknown>[];
    assert.deepEqual(
      [attachment?.title, attachment?.title_link, attachment?.color, String(attachment?.text).trim()],
      [subject, dashboard, "danger", `*${text}`],
    );

    const teams = await message("msTeams", 0);
    const [card] = teams.body.attachments as { content: { body: { text: string }[] } }[];
    assert.equal(card?.content.body[0]?.text, subject);
    assert.match(
      card?.content.body[1]?.text ?? "",
      /\[What to do\]\(https:\/\/docs\.example\.com\/runbooks\/Api/,
    );

    const pagerDuty = await message("pagerDuty", 0);
    const { routing_key, event_action, payload, links } = pagerDuty.body as {
      routing_key: string;
      event_action: string;
      payload: Record<string, unknown>;
      links: unknown;
    };
    const { custom_details, ...told } = payload;
    assert.deepEqual([routing_key, event_action], ["the-integration-key", "trigger"]);
    assert.deepEqual(told, {
      summary: "churn does not answer – test",
      source: "churn",
      severity: "critical",
      class: "ApiUnreachable",
      component: "churn",
      group: "test",
    });
    assert.match(String((custom_details as Record<string, unknown>).description), /no request is answered/);
    assert.deepEqual(links, [
      { href: dashboard, text: "Dashboard" },
      { href: runbook, text: "What to do" },
    ]);

    const opsgenie = await message("opsgenie", 0);
    assert.equal(opsgenie.headers.authorization, "GenieKey the-api-key");
    assert.equal(opsgenie.path, "/opsgenie/v2/alerts");
    const { message: title, priority, entity, tags } = opsgenie.body;
    assert.deepEqual(
      [title, priority, entity, tags],
      ["churn does not answer – test", "P1", "churn", ["ApiUnreachable", "test"]],
    );

    const webhook = await message("webhook", 0);
    assert.equal(webhook.headers.authorization, "Bearer the-token");
    assert.deepEqual([webhook.path, webhook.body.receiver], ["/webhook/secret", "tickets"]);
    assert.deepEqual(sink.refused, []);
  });

  it("sends the end to each of them", { timeout: 60_000 }, async () => {
    await post(alert({ endsAt: new Date().toISOString() }));
    const slack = await message("slack", 1);
    const [attachment] = slack.body.attachments as Record<string, unknown>[];
    assert.deepEqual(
      [attachment?.title, attachment?.color],
      ["[RESOLVED] churn does not answer – test", "good"],
    );
    const [opened, closed] = [await message("pagerDuty", 0), await message("pagerDuty", 1)];
    assert.deepEqual([closed.body.event_action, closed.body.dedup_key], ["resolve", opened.body.dedup_key]);
    const close = await message("opsgenie", 1);
    assert.match(
      close.path,
      new RegExp(`/v2/alerts/${String((await message("opsgenie", 0)).body.alias)}/close`),
    );
    assert.equal((await message("webhook", 1)).body.status, "resolved");
    assert.equal(((await message("msTeams", 1)).body.attachments as unknown[]).length, 1);
    assert.deepEqual(sink.refused, []);
  });

  it("reports by the other ways that mails can't be delivered", { timeout: 60_000 }, async () => {
    await waitFor("the failed mail in InfluxDB", 40_000, async () => {
      const [row] = await evaluator.database.client.influxql(
        `SELECT last("counter") AS value FROM "events"."alertmanager_notifications_failed_total" WHERE "receiver_name" = 'mails' AND "counter" > 0`,
      );
      return row;
    });
    await evaluator.evaluate("NotificationsFailing", Date.now(), {}, [alertmanager.url]);
    const reported = await waitFor("its message", 20_000, () =>
      sink
        .received("webhook")
        .find(
          ({ body }) => (body.groupLabels as Record<string, string>).alertname === "NotificationsFailing",
        ),
    );
    assert.equal((reported.body.commonLabels as Record<string, string>).integration, "email");
    assert.deepEqual(sink.refused, []);
  });

  it(
    "holds the Watchdog back meanwhile, and not for failures of its own URL",
    { timeout: 60_000 },
    async () => {
      assert.equal((await evaluator.evaluate("Watchdog", Date.now())).size, 0);
      assert.equal(sink.received("webhook").filter(({ path }) => path === "/webhook/watchdog").length, 0);
      // A quarter of an hour later, only the watchdog's own URL has failed.
      const later = Date.now() + 20 * 60_000;
      const failed = (receiver: string, count: number, at: number): string =>
        `alertmanager_notifications_failed_total,service=alertmanager,environment=test,integration=webhook,reason=other,receiver_name=${receiver} counter=${count} ${at}000000`;
      await evaluator.write([failed("watchdog", 1, later - 60_000), failed("watchdog", 2, later - 30_000)]);
      assert.equal((await evaluator.evaluate("Watchdog", later)).size, 1);
      await evaluator.write([failed("tickets", 1, later - 60_000), failed("tickets", 2, later - 30_000)]);
      // At another time: the last Watchdog is posted again.
      assert.equal((await evaluator.evaluate("Watchdog", later + 1000)).size, 0);
    },
  );
});
