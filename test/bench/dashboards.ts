import { dashboards } from "../../dashboards";
import type { DashboardModel } from "../../local/dashboardPreview/dashboardModel";
import { influxClient } from "../../local/dashboardPreview/influxClient";
import type { RunQuery } from "../../local/dashboardPreview/influxClient";
import { queryDashboard } from "../../local/dashboardPreview/queryDashboard";
import { startTemporaryInfluxDb, writeLines } from "../../local/dashboardPreview/sampleInfluxDb";
import type { TemporaryInfluxDb } from "../../local/dashboardPreview/sampleInfluxDb";
import { resolveTool } from "../../local/tools/resolve";

/**
 * Times of the dashboards' queries over 30 days of an API's requests: as the panels ask them (rollups), and the same
 * questions asked of the raw events.
 *
 * The rollups have exactly the points that 1,000,000 requests a day have: a point a minute and series. So has the last
 * day of raw events, all that a panel reads of them. Of the days before, BENCH_REQUESTS_PER_DAY are written (default
 * 100,000: 3 million points); more of them only makes the raw side slower.
 */

const MINUTE = 60_000;
const DAY_MS = 86_400_000;
const DAYS = 30;
const NOW = Date.UTC(2026, 2, 18, 12);
const START = NOW - DAYS * DAY_MS;
const REQUESTS_PER_DAY = Number(process.env["BENCH_REQUESTS_PER_DAY"] ?? 100_000);
const FULL_REQUESTS_PER_DAY = 1_000_000;
const AIM_MS = 500;
const AIM_FACTOR = 20;
const LINES_PER_BATCH = 20_000;

const SERIES = ["/predict", "/explain"].flatMap((route) =>
  ["2xx", "4xx", "5xx"].flatMap((status) =>
    ["1", "2"].map(
      (version) =>
        `http.server.request,environment=prod,method=POST,model=churn,model_version=${version},route=${route},service=churn-api,status_class=${status}`,
    ),
  ),
);

function* rollupLines(windowMs: number): Generator<string> {
  const count = (FULL_REQUESTS_PER_DAY * windowMs) / DAY_MS / SERIES.length;
  for (let time = START; time < NOW; time += windowMs) {
    for (const [index, series] of SERIES.entries()) {
      const p95 = 0.1 + 0.01 * ((time / windowMs + index) % 30);
      yield `${series} count=${count},duration_s.sum=${count * 0.1},duration_s.count=${count},duration_s.min=0.01,duration_s.max=${2 * p95},duration_s.p50=0.1,duration_s.p95=${p95},duration_s.p99=${1.5 * p95},prediction.score.count=${count},prediction.score.p50=0.7,prediction.score.p95=0.9 ${time}`;
    }
  }
}

function* rawLines(): Generator<string> {
  const lastDay = NOW - DAY_MS;
  let index = 0;
  for (let time = START; time < NOW; index += 1) {
    const series = SERIES[index % SERIES.length] ?? "";
    yield `${series} duration_s=${0.05 + 0.001 * (index % 200)},enduser.pseudo.id="user-${index % 5000}",prediction.class="stays",prediction.score=0.7 ${Math.floor(time)}`;
    time += DAY_MS / (time < lastDay ? REQUESTS_PER_DAY : FULL_REQUESTS_PER_DAY);
  }
}

function* dayLines(): Generator<string> {
  for (let time = START - (START % DAY_MS); time < NOW; time += DAY_MS) {
    yield `http.server.request.unique,environment=prod,model=churn,service=churn-api requests=900,users=5000 ${time}`;
    for (const series of SERIES) yield `${series} count=${FULL_REQUESTS_PER_DAY / SERIES.length} ${time}`;
  }
}

async function write(influxDb: TemporaryInfluxDb, bucket: string, lines: Iterable<string>): Promise<number> {
  let batch: string[] = [];
  let written = 0;
  for (const line of lines) {
    batch.push(line);
    if (batch.length === LINES_PER_BATCH) {
      await writeLines(influxDb, bucket, batch);
      written += batch.length;
      batch = [];
    }
  }
  await writeLines(influxDb, bucket, batch);
  return written + batch.length;
}

const RANGE = `time >= ${START}ms and time <= ${NOW}ms`;
const RAW = `FROM "events"."http.server.request" WHERE ${RANGE}`;

/** The questions of the panels, asked of the raw events. Percentiles of a panel's 1 h windows, uniques of its days. */
const RAW_QUESTIONS: Readonly<Record<string, string>> = {
  Requests: `SELECT count("duration_s") ${RAW}`,
  "Latency, 95th percentile": `SELECT percentile("duration_s", 95) ${RAW}`,
  "Request rate by service": `SELECT count("duration_s") ${RAW} GROUP BY time(1h), "service"`,
  "Latency percentiles": `SELECT percentile("duration_s", 50), percentile("duration_s", 95), percentile("duration_s", 99) ${RAW} GROUP BY time(1h)`,
  "Latency (p95) by route": `SELECT percentile("duration_s", 95) ${RAW} GROUP BY time(1h), "route"`,
  "Latency (p95) by model version": `SELECT percentile("duration_s", 95) ${RAW} GROUP BY time(1h), "model", "model_version"`,
  "Requests by status class": `SELECT count("duration_s") ${RAW} GROUP BY time(1h), "status_class"`,
  Routes: `SELECT count("duration_s"), mean("duration_s"), max("duration_s") ${RAW} GROUP BY "service", "method", "route", "status_class"`,
  "Requests by day": `SELECT count("duration_s") ${RAW} GROUP BY time(1d), "service"`,
  "Unique users and requests by day": `SELECT count(distinct("enduser.pseudo.id")) ${RAW} GROUP BY time(1d)`,
};

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

export async function benchDashboards(print: (line: string) => void): Promise<void> {
  const influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
  try {
    const rollups = await write(influxDb, "minutely", rollupLines(MINUTE));
    await write(influxDb, "hourly", rollupLines(60 * MINUTE));
    const raw = await write(influxDb, "events", rawLines());
    await write(influxDb, "daily", dayLines());
    print(
      `dashboards: ${DAYS} days, ${rollups} rollup points (1,000,000 requests a day), ${raw} raw points (${REQUESTS_PER_DAY} requests a day, 1,000,000 on the last)`,
    );
    const run = influxClient(influxDb.grafana);
    const overAim: string[] = [];
    for (const uid of ["model-api-usage", "monitoring-home"]) {
      const model = JSON.parse(dashboards().find((one) => one.uid === uid)?.json ?? "{}") as DashboardModel;
      const data = await queryDashboard(model, { run, nowMs: NOW, from: `now-${DAYS}d` });
      for (const { panel, queries } of data.panels.filter((one) => one.queries.length > 0)) {
        const panelMs = await fastest(run, queries, 5);
        const question = uid === "model-api-usage" ? RAW_QUESTIONS[panel.title] : undefined;
        const rawMs = question === undefined ? undefined : await fastest(run, [question], 1);
        if (panelMs > AIM_MS) overAim.push(`${model.title}: ${panel.title} ${panelMs.toFixed(0)} ms`);
        print(
          `  ${model.title.padEnd(16)} ${panel.title.padEnd(48)} ${panelMs.toFixed(0).padStart(6)} ms` +
            (rawMs === undefined
              ? ""
              : `   raw ${rawMs.toFixed(0).padStart(6)} ms   ${(rawMs / panelMs).toFixed(1)}x (aim ${AIM_FACTOR}x at 1,000,000 a day)`),
        );
      }
    }
    print(
      overAim.length === 0
        ? `  every panel within ${AIM_MS} ms`
        : `  over ${AIM_MS} ms: ${overAim.join("; ")}`,
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
