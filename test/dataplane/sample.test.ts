import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { planRequests, sendRequests, totalsOf } from "../../local/sample/traffic";
import { contractViolations } from "../support/contractViolations";
import { missingFluentd } from "./support/missingFluentd";
import { type SampleStack, startSampleStack } from "./support/sampleStack";
import { logDirectoryOf, type PipelineResult, pipelineSteps, workloadNames } from "./support/workloads";

/** The lines that a workload has written so far. */
function linesOf(stack: SampleStack, service: string): string[] {
  const directory = logDirectoryOf(stack.workloads, service);
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

describe("the example's programs, from their log lines to InfluxDB, with real programs", async () => {
  const skip = await missingFluentd();
  const plan = planRequests({ requests: 600 });
  const totals = totalsOf(plan);
  const runs: PipelineResult[] = [];
  let stack: SampleStack;

  before(async () => {
    if (skip !== false) return;
    stack = await startSampleStack();
    runs.push(await stack.train({ id: "penguins-2007", year: 2007 }));
    const api = await stack.startApi();
    await sendRequests(api.url, plan);
    runs.push(await stack.train({ id: "penguins-2008", year: 2008 }));
    runs.push(await stack.train({ id: "penguins-2009", year: 2009, failStep: "train" }));
    await stack.waitForRequests(plan.length);
    await stack.waitForRunEnds(runs.length);
  });
  after(() => stack?.stop());

  it("one training is approved, one rejected, one fails on purpose", { skip }, async () => {
    assert.deepEqual(
      runs.map(({ id, failed, succeeded }) => [id, failed, succeeded.length]),
      [
        ["penguins-2007", undefined, pipelineSteps.length],
        ["penguins-2008", undefined, pipelineSteps.length],
        ["penguins-2009", "train", pipelineSteps.indexOf("train")],
      ],
    );
    const ends = await stack.query(
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
    const decisions = await stack.query(
      'SELECT "reason", "decision", "model_version" FROM "events"."ml.decision" ORDER BY time',
    );
    assert.deepEqual(
      decisions.map(({ model_version, decision }) => [model_version, decision]),
      [
        ["penguins-2007", "approve"],
        ["penguins-2008", "reject"],
      ],
    );
    assert.match(String(decisions[1]?.reason), /^f1 0\.\d+ is below 0\.9$/);
  });

  it("every line that the workloads wrote fits the log contract", { skip }, () => {
    const lines = [workloadNames.pipeline, workloadNames.api].flatMap((name) => linesOf(stack, name));
    assert.ok(lines.length > plan.length);
    assert.deepEqual(contractViolations(lines), []);
  });

  it("as many events are in InfluxDB as lines were written, of each kind", { skip }, async () => {
    const written = countsByEvent(
      [workloadNames.pipeline, workloadNames.api].flatMap((name) => linesOf(stack, name)),
    );
    const counted: Record<string, number> = {};
    for (const event of Object.keys(written)) {
      const fields: Record<string, string> = {
        "http.server.request": "request.id",
        "ml.features": "features",
      };
      const field = fields[event] ?? "cicd.pipeline.run.id";
      counted[event] = await stack.number(`SELECT count("${field}") FROM "events"."${event}"`, "count");
    }
    assert.deepEqual(counted, written);
    assert.equal(await stack.number('SELECT count("body") FROM "events"."log.unparsed"', "count"), 0);
    assert.equal(
      await stack.number('SELECT count("dead_letter.line") FROM "events"."log.dead_letter"', "count"),
      0,
    );
  });

  it("requests, their statuses, unique requests and users are exact", { skip }, async () => {
    const statuses = await stack.query(
      'SELECT count("duration_s") FROM "events"."http.server.request" GROUP BY "service", "method", "route", "status_class", "model_version"',
    );
    const common = {
      service: workloadNames.api,
      method: "POST",
      route: "/predict",
      model_version: "penguins-2007",
      time: 0,
    };
    assert.deepEqual(statuses, [
      { ...common, status_class: "2xx", count: totals.requests - totals.badRequests },
      { ...common, status_class: "4xx", count: totals.badRequests },
    ]);
    const uniques = 'SELECT count(distinct("%")) FROM "events"."http.server.request"';
    assert.equal(
      await stack.number(uniques.replace("%", "request.fingerprint"), "count"),
      totals.uniqueRequests,
    );
    assert.equal(await stack.number(uniques.replace("%", "enduser.pseudo.id"), "count"), totals.uniqueUsers);
  });
});
