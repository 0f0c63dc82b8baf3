import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertTask } from "../../components/alerts/alertTasks";
import { alertRules } from "../../components/alerts/rules";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import { startTelegraf } from "../dataplane/support/telegraf";
import { sleep } from "../../local/processes";
import { LogPathFixture, requestLine } from "../dataplane/support/logPath";
import { missingFluentd } from "../dataplane/support/missingFluentd";
import { links, startMailingAlertmanager } from "../dataplane/support/mailingAlertmanager";
import { waitFor } from "../dataplane/support/waitFor";

/** Samples of each kind: failed pipelines, unreachable APIs. They fail at different phases of the tasks' intervals. */
const failures = 30;
const lines = 100;
const phaseMs = 1_700;

/**
 * Times from a cause to what a person sees, with every rule's task running: log line to queryable; a failed run's line
 * to its mail, and a later success to the mail that it is over; an API that goes away to its mail. Each is a
 * distribution, all of the same run.
 */
async function benchLatency(): Promise<string[]> {
  const why = await missingFluentd();
  if (why !== false) return [`SKIPPED: ${why}`];
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-latency-"));
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const path = await LogPathFixture.start({ after: (end) => stops.push(end) });
    const alertmanager = await startMailingAlertmanager({ directory: join(directory, "alertmanager") });
    stops.push(() => alertmanager.stop());
    await path.database.reconcile(
      influxDesiredState({
        tasks: alertRules().map((rule) =>
          alertTask(rule, { alertmanagerUrls: [alertmanager.url], ...links }),
        ),
      }),
    );
    const apis = await Promise.all(Array.from({ length: failures }, startApi));
    stops.push(() => Promise.all(apis.map(stopApi)));
    const telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: path.database.influxd.url,
        environment: "test",
        probes: apis.map((api, index) => ({ url: urlOf(api), service: `api-${index}` })),
        kubernetes: false,
        healthPort: await freePort(),
      }),
    });
    stops.push(() => telegraf.stop());

    const mailAt = (subject: string): Promise<number> =>
      waitFor(`mail ${subject}`, 600_000, () =>
        alertmanager.mails.find((mail) => mail.subject === subject)?.receivedAt.getTime(),
      );
    const queryable = await queryableTimes(path);

    const failed: Promise<number>[] = [];
    const gone: Promise<number>[] = [];
    for (let index = 0; index < failures; index++) {
      const failedAt = await endRun(path, index, "failure");
      failed.push(
        mailAt(`[CRITICAL] Run run-${index} of pipeline-${index} failed – test`).then((at) => at - failedAt),
      );
      await sleep(phaseMs);
      await stopApi(apis[index] as Server);
      const stoppedAt = Date.now();
      gone.push(mailAt(`[CRITICAL] api-${index} does not answer – test`).then((at) => at - stoppedAt));
      await sleep(phaseMs);
    }
    const report = [
      line("log line -> queryable", queryable, 3),
      line("failed run -> mail", await Promise.all(failed), 30),
      line("unreachable API -> mail", await Promise.all(gone), 90),
    ];
    const over: Promise<number>[] = [];
    for (let index = 0; index < failures; index++) {
      const succeededAt = await endRun(path, index, "success");
      over.push(
        mailAt(`[RESOLVED] Run run-${index} of pipeline-${index} failed – test`).then(
          (at) => at - succeededAt,
        ),
      );
      await sleep(phaseMs);
    }
    return [...report, line("later run succeeds -> mail that it is over", await Promise.all(over))];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Time from the line in the file until InfluxDB answers with it, one line after the other. */
async function queryableTimes(path: LogPathFixture): Promise<number[]> {
  const times: number[] = [];
  const startedAt = Date.now() - 60_000;
  for (let index = 0; index < lines; index++) {
    await appendFile(join(path.logPath, "app.events.log"), requestLine(index, startedAt));
    const writtenAt = performance.now();
    await waitFor(`line ${index}`, 60_000, async () => ((await path.count()) > index ? true : undefined));
    times.push(performance.now() - writtenAt);
    // Out of step with the intervals at which files are read and buffers flushed.
    await sleep((index * 37) % 500);
  }
  return times;
}

/** @returns when the line was written */
async function endRun(path: LogPathFixture, index: number, result: string): Promise<number> {
  const id = result === "success" ? `run-${index}-again` : `run-${index}`;
  const event = {
    timestamp: new Date().toISOString(),
    event_name: "pipeline.run.end",
    "cicd.pipeline.name": `pipeline-${index}`,
    "cicd.pipeline.run.id": id,
    "cicd.pipeline.result": result,
    duration_s: 5,
  };
  await appendFile(join(path.logPath, "runs.events.log"), `${JSON.stringify(event)}\n`);
  return Date.now();
}

async function startApi(): Promise<Server> {
  const server = createServer((_, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function stopApi(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
}

function line(what: string, milliseconds: readonly number[], aimSeconds?: number): string {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (share: number): string =>
    `${((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) / 1000).toFixed(1)} s`;
  const aim = aimSeconds === undefined ? "" : ` (aim of p95: ${aimSeconds} s)`;
  return `${what}: p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} of ${sorted.length}${aim}`;
}

benchLatency()
  .then((report) => console.log(report.join("\n")))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
