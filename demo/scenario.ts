import { randomUUID } from "node:crypto";
import { sleep } from "../local/processes";
import {
  type PlannedTotals,
  planRequests,
  sendRequest,
  sendRequests,
  totalsOf,
} from "../local/sample/traffic";
import { influxQl, influxQlNumber } from "./services/influxQuery";
import type { ReceivedMail } from "./services/smtpSink";
import type { Demo } from "./stack";
import { waitFor } from "./waiting";
import { type Api, type PipelineResult, type PipelineRun, runPipeline, workloadNames } from "./workloads";

/** The demo's training runs: one is approved, one rejected, and one fails on purpose. */
export const demoRuns: readonly PipelineRun[] = [
  { id: "penguins-2007", year: 2007 },
  { id: "penguins-2008", year: 2008 },
  { id: "penguins-2009", year: 2009, failStep: "train" },
];

/** The failed run again, without the fault. */
export const repairedRun: PipelineRun = { id: "penguins-2009-repaired", year: 2009 };

/** How long an event may take from its file into InfluxDB before the demo reports it as lost. */
const lostAfterMs = 120_000;

/** Results of {@link fillDemo}. */
export interface DemoFacts {
  runs: PipelineResult[];
  /** Totals of the requests that InfluxDB has to hold. */
  requests: PlannedTotals;
  /** Is still running. */
  api: Api;
  /** When the last run, which fails, had ended. */
  failedAt: Date;
}

/** Options of {@link fillDemo}. */
export interface FillOptions {
  /** Requests that are sent to the API. @default 1000 */
  requests?: number;
  /** Progress, a line each. @default none */
  log?: (line: string) => void;
}

/** Train three times, send requests to the API, and wait until all their events are in InfluxDB. */
export async function fillDemo(demo: Demo, options: FillOptions = {}): Promise<DemoFacts> {
  const { requests = 1000, log = () => undefined } = options;
  const [first, ...others] = demoRuns as [PipelineRun, ...PipelineRun[]];
  const runs = [await train(demo, first, log)];
  const api = await demo.startApi();
  const plan = planRequests({ requests });
  await sendRequests(api.url, plan);
  log(`sent ${plan.length} requests to ${api.url}/predict`);
  for (const pipelineRun of others) runs.push(await train(demo, pipelineRun, log));
  const failedAt = new Date();
  if (!("skipped" in demo.logPath)) {
    await waitForRequests(demo, requests);
    await waitForRunEnds(demo, runs.length);
  }
  return { runs, requests: totalsOf(plan), api, failedAt };
}

/** Train once; returns how it went. */
export async function train(
  demo: Demo,
  pipelineRun: PipelineRun,
  log: (line: string) => void = () => undefined,
): Promise<PipelineResult> {
  const result = await runPipeline(demo.workloads, pipelineRun);
  const ending =
    result.failed === undefined
      ? lastLine(result.output)
      : `failed in ${result.failed}: ${lastLine(result.output)}`;
  log(`run ${pipelineRun.id}: ${ending}`);
  return result;
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/** How many requests InfluxDB holds. */
export function countRequests(demo: Demo): Promise<number> {
  return influxQlNumber(
    demo.reader,
    `SELECT count("duration_s") FROM "events"."http.server.request" WHERE "service" = '${workloadNames.api}'`,
    "count",
  );
}

/** Wait until InfluxDB holds at least that many requests. */
export async function waitForRequests(demo: Demo, requests: number): Promise<void> {
  let found = 0;
  await waitFor(
    `${requests} requests in InfluxDB`,
    async () => {
      found = await countRequests(demo);
      return found >= requests ? found : undefined;
    },
    lostAfterMs,
  );
}

/** Wait until InfluxDB holds the ends of at least that many training runs. */
export async function waitForRunEnds(demo: Demo, runs: number): Promise<void> {
  const query = `SELECT count("cicd.pipeline.run.id") FROM "events"."pipeline.run.end"`;
  await waitFor(
    `the ends of ${runs} runs in InfluxDB`,
    async () => ((await influxQlNumber(demo.reader, query, "count")) >= runs ? true : undefined),
    lostAfterMs,
  );
}

/** Wait for an e-mail, at most `timeoutMs`. */
export function waitForMail(
  demo: Demo,
  what: string,
  matches: (mail: ReceivedMail) => boolean,
  timeoutMs: number,
): Promise<ReceivedMail> {
  return waitFor(`the mail: ${what}`, () => demo.mails.find(matches), timeoutMs);
}

/**
 * Measure the time from the application's log line until a query finds it: requests are sent one by one, at uneven
 * intervals, and InfluxDB is polled for each.
 *
 * @returns milliseconds for each of `samples` requests, in the order of sending; up to one poll (50 ms) too long
 */
export async function measureQueryable(demo: Demo, api: Api, samples: number): Promise<number[]> {
  const latencies: number[] = [];
  const [planned] = planRequests({ requests: 1 });
  if (planned === undefined) return latencies;
  for (let sample = 0; sample < samples; sample++) {
    // Uneven, so that the samples do not follow the intervals of tail and flush.
    await sleep(137 * (1 + (sample % 7)));
    const requestId = randomUUID();
    await sendRequest(api.url, planned, requestId);
    const sentAt = Date.now();
    const query = `SELECT "request.id" FROM "events"."http.server.request" WHERE "request.id" = '${requestId}'`;
    await waitFor(
      `request ${requestId} in InfluxDB`,
      async () => ((await influxQl(demo.reader, query)).length > 0 ? true : undefined),
      lostAfterMs,
      50,
    );
    latencies.push(Date.now() - sentAt);
  }
  return latencies;
}

/** The value that a share of the values does not exceed (nearest rank). `share`: above 0, up to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.ceil(share * sorted.length) - 1];
  if (value === undefined) throw new RangeError("no values to take a percentile of");
  return value;
}
