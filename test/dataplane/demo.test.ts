import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { influxQl, influxQlNumber, type InfluxRow } from "../../demo/services/influxQuery";
import { writeHistory } from "../../demo/history";
import {
  type DemoFacts,
  fillDemo,
  measureQueryable,
  percentile,
  repairedRun,
  train,
  waitForMail,
  waitForRequests,
} from "../../demo/scenario";
import { type Demo, startDemo } from "../../demo/stack";
import { rollUpHistory } from "../../demo/tasks";
import { waitFor } from "../../demo/waiting";
import { logDirectoryOf, pipelineSteps, workloadNames } from "../../demo/workloads";
import { contractViolations } from "../support/contractViolations";
import { missingFluentd } from "./support/missingFluentd";

const requests = 600;
const historyDays = 3;
const mailTimeoutMs = 300_000;
const dayMs = 24 * 3600 * 1000;

/** The lines that a workload has written so far. */
function linesOf(demo: Demo, service: string): string[] {
  const directory = logDirectoryOf(demo.workloads, service);
  return readdirSync(directory)
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "");
}

/** Number of events in log lines, by event. */
function countsByEvent(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const { event_name } = JSON.parse(line) as { event_name: string };
    counts[event_name] = (counts[event_name] ?? 0) + 1;
  }
  return counts;
}

/** Sums of floats differ in their last digits with the order of adding. */
function assertClose(actual: unknown, expected: unknown, what: string): void {
  assert.equal(typeof actual, "number", what);
  assert.equal(typeof expected, "number", what);
  const difference = Math.abs((actual as number) - (expected as number));
  assert.ok(
    difference <= 1e-9 * Math.abs(expected as number),
    `${what}: ${String(actual)} is not ${String(expected)}`,
  );
}

describe("the demo, from log lines to mails, with real programs", async () => {
  const skip = await missingFluentd();
  let demo: Demo;
  let facts: DemoFacts;

  before(async () => {
    if (skip !== false) return;
    demo = await startDemo();
    facts = await fillDemo(demo, { requests });
  });
  after(() => demo?.stop());

  const query = (text: string): Promise<InfluxRow[]> => influxQl(demo.reader, text);
  const number = (text: string, column: string): Promise<number> => influxQlNumber(demo.reader, text, column);

  it("one training is approved, one rejected, one fails on purpose", { skip }, async () => {
    assert.deepEqual(
      facts.runs.map(({ id, failed, succeeded }) => [id, failed, succeeded.length]),
      [
        ["penguins-2007", undefined, pipelineSteps.length],
        ["penguins-2008", undefined, pipelineSteps.length],
        ["penguins-2009", "train", pipelineSteps.indexOf("train")],
      ],
    );
    const ends = await query(
      'SELECT "cicd.pipeline.run.id" AS run, "result" FROM "events"."pipeline.run.end" ORDER BY time',
    );
    assert.deepEqual(
      ends.map(({ run, result }) => [run, result]),
      [
        ["penguins-2007", "success"],
        ["penguins-2008", "success"],
        ["penguins-2009", "failure"],
      ],
    );
    const decisions = await query(
      'SELECT "reason", "decision", "model_version" FROM "events"."ml.decision" ORDER BY time',
    );
    assert.deepEqual(
      decisions.map(({ model_version, decision }) => [model_version, decision]),
      [
        ["2007", "approve"],
        ["2008", "reject"],
      ],
    );
    assert.match(String(decisions[1]?.reason), /^f1 0\.\d+ is below 0\.9$/);
  });

  it("every line that the workloads wrote fits the log contract", { skip }, () => {
    const lines = [workloadNames.pipeline, workloadNames.api].flatMap((name) => linesOf(demo, name));
    assert.ok(lines.length > requests);
    assert.deepEqual(contractViolations(lines), []);
  });

  it("as many events are in InfluxDB as lines were written, of each kind", { skip }, async () => {
    const written = countsByEvent(
      [workloadNames.pipeline, workloadNames.api].flatMap((name) => linesOf(demo, name)),
    );
    const counted: Record<string, number> = {};
    for (const event of Object.keys(written)) {
      const fields: Record<string, string> = {
        "http.server.request": "request.id",
        "ml.features": "features",
      };
      const field = fields[event] ?? "cicd.pipeline.run.id";
      counted[event] = await number(`SELECT count("${field}") FROM "events"."${event}"`, "count");
    }
    assert.deepEqual(counted, written);
    assert.equal(await number('SELECT count("body") FROM "events"."log.unparsed"', "count"), 0);
    assert.equal(
      await number('SELECT count("dead_letter.line") FROM "events"."log.dead_letter"', "count"),
      0,
    );
  });

  it("requests, their statuses, unique requests and users are exact", { skip }, async () => {
    const totals = facts.requests;
    assert.equal(totals.requests, requests);
    const statuses = await query(
      'SELECT count("duration_s") FROM "events"."http.server.request" GROUP BY "service", "method", "route", "status_class", "model_version"',
    );
    const common = {
      service: workloadNames.api,
      method: "POST",
      route: "/predict",
      model_version: "2007",
      time: 0,
    };
    assert.deepEqual(statuses, [
      { ...common, status_class: "2xx", count: totals.requests - totals.badRequests },
      { ...common, status_class: "4xx", count: totals.badRequests },
    ]);
    const uniques = 'SELECT count(distinct("%")) FROM "events"."http.server.request"';
    assert.equal(await number(uniques.replace("%", "request.fingerprint"), "count"), totals.uniqueRequests);
    assert.equal(await number(uniques.replace("%", "enduser.pseudo.id"), "count"), totals.uniqueUsers);
  });

  it("the failed run's mail arrives", { skip }, async (t) => {
    const mail = await waitForMail(
      demo,
      "the run failed",
      ({ subject }) => subject.startsWith("[CRITICAL] Run penguins-2009 of penguins-training failed"),
      mailTimeoutMs,
    );
    assert.deepEqual(mail.to, ["team@demo.example"]);
    assert.match(mail.text, /Dashboard: http\S+\/d\/model-approval\?\S*var-run=penguins-2009/);
    assert.match(mail.text, /What to do: http\S+TrainingRunFailed\.md/);
    t.diagnostic(`failure -> mail: ${(mail.receivedAt.getTime() - facts.failedAt.getTime()) / 1000} s`);
  });

  it("minutely rollups equal the sums over the raw events", { skip }, async () => {
    const counted = 'SELECT sum("count") FROM "minutely"."http.server.request"';
    await waitFor(
      "the minutely rollup of all requests",
      async () => ((await number(counted, "sum")) >= requests ? true : undefined),
      180_000,
    );
    const byTags = 'GROUP BY "method", "route", "status_class", "model_version"';
    const raw = await query(
      `SELECT count("duration_s") AS n, sum("duration_s") AS total, min("duration_s") AS least, max("duration_s") AS most FROM "events"."http.server.request" ${byTags}`,
    );
    const rolledUp = await query(
      `SELECT sum("count") AS n, sum("duration_s.sum") AS total, min("duration_s.min") AS least, max("duration_s.max") AS most FROM "minutely"."http.server.request" ${byTags}`,
    );
    assert.equal(rolledUp.length, raw.length);
    raw.forEach((row, index) => {
      const other = rolledUp[index] as InfluxRow;
      for (const key of ["method", "route", "status_class", "model_version", "n", "least", "most"]) {
        assert.equal(other[key], row[key], key);
      }
      assertClose(other.total, row.total, `sum of duration_s, ${String(row.status_class)}`);
    });
  });

  it("log lines become queryable", { skip }, async (t) => {
    const samples = 20;
    const latencies = await measureQueryable(demo, facts.api, samples);
    assert.equal(latencies.length, samples);
    t.diagnostic(`log line -> queryable: p95 ${percentile(latencies, 0.95)} ms of ${samples}`);
    facts.requests.requests += samples;
    assert.equal(
      await number('SELECT count("duration_s") FROM "events"."http.server.request"', "count"),
      requests + samples,
    );
  });

  it("days before today are rolled up, and their unique requests and users are exact", { skip }, async () => {
    const today = facts.requests.requests;
    const written = await writeHistory(logDirectoryOf(demo.workloads, workloadNames.api), historyDays);
    assert.equal(written, today * historyDays);
    await waitForRequests(demo, today * (historyDays + 1));
    await rollUpHistory(demo, historyDays);
    const midnight = Math.floor(Date.now() / dayMs) * dayMs;
    const from = new Date(midnight - historyDays * dayMs).toISOString();
    const before = `time >= '${from}' AND time < '${new Date(midnight).toISOString()}'`;
    const raw = await query(
      `SELECT count("duration_s") AS n, sum("duration_s") AS total FROM "events"."http.server.request" WHERE ${before} GROUP BY time(1d)`,
    );
    const daily = await query(
      `SELECT sum("count") AS n, sum("duration_s.sum") AS total FROM "daily"."http.server.request" WHERE ${before} GROUP BY time(1d)`,
    );
    assert.deepEqual(
      daily.map(({ time, n }) => [time, n]),
      Array.from({ length: historyDays }, (_, day) => [midnight - (historyDays - day) * dayMs, today]),
    );
    raw.forEach((row, index) =>
      assertClose(daily[index]?.total, row.total, `sum of duration_s on ${String(row.time)}`),
    );
    const uniques = await query(
      `SELECT "requests", "users" FROM "daily"."http.server.request.unique" WHERE ${before}`,
    );
    assert.deepEqual(
      uniques.map(({ requests: unique, users }) => [unique, users]),
      Array.from({ length: historyDays }, () => [facts.requests.uniqueRequests, facts.requests.uniqueUsers]),
    );
  });

  let repairedAt: number;

  it("the failed run is repaired", { skip }, async () => {
    const repaired = await train(demo, repairedRun);
    assert.equal(repaired.failed, undefined, repaired.output);
    repairedAt = Date.now();
  });

  // Its mail comes in the meantime.
  it("an API that is down is reported by mail, and so is its recovery", { skip }, async (t) => {
    await facts.api.stop();
    const stoppedAt = Date.now();
    const isAbout = (status: string) => (mail: { subject: string; receivedAt: Date }) =>
      mail.subject.startsWith(`[${status}] penguins-api does not answer`) &&
      mail.receivedAt.getTime() > stoppedAt;
    const mail = await waitForMail(demo, "the API is gone", isAbout("CRITICAL"), mailTimeoutMs);
    t.diagnostic(`unreachable -> mail: ${(mail.receivedAt.getTime() - stoppedAt) / 1000} s`);
    assert.match(mail.text, /ApiUnreachable\.md/);
    facts.api = await demo.startApi();
    const returned = await waitForMail(demo, "the API is back", isAbout("RESOLVED"), mailTimeoutMs);
    t.diagnostic(`back -> mail: ${(returned.receivedAt.getTime() - stoppedAt) / 1000} s after the stop`);
  });

  it("the failed run is resolved by itself once a later run succeeds", { skip }, async (t) => {
    const mail = await waitForMail(
      demo,
      "the failed run is resolved",
      ({ subject }) => subject.startsWith("[RESOLVED] Run penguins-2009 of penguins-training failed"),
      mailTimeoutMs,
    );
    assert.ok(mail.receivedAt.getTime() > repairedAt, "no mail before the repair");
    t.diagnostic(`repaired -> mail: ${(mail.receivedAt.getTime() - repairedAt) / 1000} s`);
  });
});
