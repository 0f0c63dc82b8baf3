import { get } from "node:http";

import { database } from "../../contract/buckets";
import { dashboardUids } from "../../contract/dashboardUids";
import { dashboards } from "../../dashboards";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { influxClient, type InfluxConnection, type RunQuery } from "../../local/services/influxQuery";
import { queryDashboard } from "../../viewer/frames/queryDashboard";
import {
  startTemporaryInfluxDb,
  writeLines,
  type TemporaryInfluxDb,
} from "../../viewer/sample/sampleInfluxDb";
import { resolveTool } from "../../local/tools/resolve";
import { benchLines, dayMs, days, fullRequestsPerDay, benchNow, type BucketLines } from "./dashboards/data";
import { rawQuestions } from "./dashboards/rawQuestions";

/**
 * Times of every dashboard's queries over 30 days at 1,000,000 requests a day: as the panels ask them, and the same
 * questions asked of the raw events.
 *
 * What the panels read has the points of 1,000,000 requests a day. So have the log lines of 14 days and the last day of raw
 * requests: all that a panel reads of them, but exceptions. Of the days before, BENCH_REQUESTS_PER_DAY are written:
 * 50,000 unless told otherwise, 1,000,000 for the whole month (36 million points; some 15 minutes and 3 GB of disk). Fewer
 * only make the raw side, and the panel of exceptions, faster.
 */

const requestsPerDay = Number(process.env["BENCH_REQUESTS_PER_DAY"] ?? 50_000);
const aimMs = 500;
const aimFactor = 20;
const linesPerBatch = 10_000;
const writers = 4;
const repeats = 5;

/** Writes in batches, some at a time. @returns number of lines */
async function write(influxDb: TemporaryInfluxDb, sources: readonly BucketLines[]): Promise<number> {
  let written = 0;
  for (const { bucket, lines } of sources) {
    const iterator = lines[Symbol.iterator]();
    const writer = async (): Promise<void> => {
      for (;;) {
        const batch: string[] = [];
        while (batch.length < linesPerBatch) {
          const next = iterator.next();
          if (next.done === true) break;
          batch.push(next.value);
        }
        if (batch.length === 0) return;
        await writeLines(influxDb, bucket, batch);
        written += batch.length;
      }
    };
    await Promise.all(Array.from({ length: writers }, writer));
  }
  return written;
}

/** Runs InfluxQL however long it takes: `fetch` gives up after five minutes. */
function patientClient({ url, username, password }: InfluxConnection): RunQuery {
  return (query) =>
    new Promise((resolve, reject) => {
      const address = new URL("/query", url);
      address.search = new URLSearchParams({ db: database, epoch: "ms", q: query }).toString();
      get(address, { auth: `${username}:${password}` }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("error", reject).on("end", () => {
          if (response.statusCode === 200 && !text.includes('"error"')) resolve([]);
          else reject(new Error(`InfluxDB refused the query (${text.slice(0, 300)}): ${query}`));
        });
      }).on("error", reject);
    });
}

/** Milliseconds of the fastest of some runs: what the query costs, not what else the machine did. */
async function fastest(run: RunQuery, queries: readonly string[], times: number): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < times; attempt += 1) {
    const start = performance.now();
    for (const query of queries) await run(query);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

interface Question {
  readonly model: DashboardModel;
  readonly from?: string;
  readonly choose?: Readonly<Record<string, readonly string[]>>;
}

/** Every dashboard over all days, and Logs as one searches in it: a text, and a trace over what its link shows. */
function questions(): Question[] {
  const models = dashboards().map(({ json }) => JSON.parse(json) as DashboardModel);
  const searched = models.filter(({ uid }) => uid === dashboardUids.logs);
  return [
    ...models.map((model) => ({ model })),
    ...searched.flatMap((model) => [
      { model, choose: { text: ["holds 17 entries"] } },
      { model, from: "now-6h", choose: { text: ["holds 17 entries"] } },
      { model, choose: { text: ["no value for 3"] } },
      { model, choose: { trace: ["0123456789"] } },
      { model, from: "now-30m", choose: { trace: ["0123456789"] } },
    ]),
  ];
}

export async function benchDashboards(print: (line: string) => void): Promise<void> {
  if (!(requestsPerDay > 0 && requestsPerDay <= fullRequestsPerDay)) {
    throw new Error(
      `BENCH_REQUESTS_PER_DAY is ${process.env["BENCH_REQUESTS_PER_DAY"] ?? ""}: give 1 to ${fullRequestsPerDay}`,
    );
  }
  const influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
  try {
    const lines = benchLines(requestsPerDay);
    const start = performance.now();
    const read = await write(influxDb, lines.read);
    const raw = await write(influxDb, lines.raw);
    const density = requestsPerDay / fullRequestsPerDay;
    print(
      `${days} days; ${read} points that panels read, as 1,000,000 requests a day leave them; ${raw} raw points at ` +
        `${density} of their density, the last day in full; written in ${((performance.now() - start) / 1000).toFixed(0)} s; ` +
        `each panel the fastest of ${repeats}, each raw question once`,
    );
    const run = influxClient(influxDb.grafana);
    const runRaw = patientClient(influxDb.grafana);
    // A question of fixed cost, asked before each dashboard: how fast the machine is just then.
    const baseline = `SELECT count("duration_s") FROM "events"."http.server.request" WHERE time > ${benchNow - dayMs}ms`;
    const overAim: string[] = [];
    const belowFactor: string[] = [];
    for (const { model, ...asked } of questions()) {
      const from = asked.from ?? `now-${days}d`;
      const choose = asked.choose ?? {};
      const data = await queryDashboard(model, { run, nowMs: benchNow, from, choose });
      const times: number[] = [];
      const baselineMs = await fastest(run, [baseline], repeats);
      for (const { panel, queries } of data.panels.filter((one) => one.queries.length > 0)) {
        const panelMs = await fastest(run, queries, repeats);
        times.push(panelMs);
        const what = `${model.title}: ${panel.title}`;
        if (panelMs > aimMs) overAim.push(`${what} ${panelMs.toFixed(0)} ms`);
        const questions = rawQuestions[model.uid]?.[panel.title];
        let compared = "";
        if (questions !== undefined) {
          const rawMs = await fastest(runRaw, questions, 1);
          const factor = rawMs / panelMs;
          if (factor < aimFactor) belowFactor.push(`${what} ${factor.toFixed(1)}x`);
          compared = `   raw ${rawMs.toFixed(0).padStart(6)} ms ${factor.toFixed(1).padStart(8)}x`;
        }
        print(
          `  ${model.title.padEnd(18)} ${panel.title.padEnd(48)} ${panelMs.toFixed(1).padStart(7)} ms${compared}`,
        );
      }
      print(
        `  ${[model.title, from, ...Object.entries(choose).flat(2)].join(", ")}: slowest panel ${Math.max(...times).toFixed(0)} ms of ${times.length}, ` +
          `${(Math.max(...times) / baselineMs).toFixed(2)} times as long as counting a day's requests (${baselineMs.toFixed(0)} ms)`,
      );
    }
    print(
      `  over ${aimMs} ms: ${overAim.length === 0 ? "none" : overAim.join("; ")}\n` +
        `  below ${aimFactor}x at this density: ${belowFactor.length === 0 ? "none" : belowFactor.join("; ")}`,
    );
  } finally {
    await influxDb.stop();
  }
}

if (require.main === module) {
  benchDashboards((line) => {
    console.log(line);
  }).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
