import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { errorBudgetTask } from "../../components/alerts/errorBudgets";
import { logLagTask } from "../../components/alerts/logLagTask";
import { buckets, defaultOrganization } from "../../contract/buckets";
import { credentials, influxDesiredState } from "../../components/influxdb/desiredState";
import { InfluxApi } from "../../components/influxdb/influxApi";
import { reconcile } from "../../components/influxdb/reconcile/reconcile";
import type { FluxTask } from "../../components/influxdb/flux";
import { histogramMeasurement, totalField } from "../../contract/histograms";
import { defaultRollups, keptBucket, requestUniques } from "../../contract/rollups";
import { rollupTasks } from "../../components/influxdb/rollupTasks";
import { startInfluxd } from "../../local/services/influxd";
import { influxClient, type InfluxConnection } from "../../local/services/influxQuery";
import { sampleNow, samplePoints, toLine } from "./sampleData";

const linesPerWrite = 5_000;
/** Minutes for which the lag of logs is computed. */
export const lagMinutes = 30;
/** For a server that lives for one preview or test on 127.0.0.1. */
const samplePassword = "preview-and-tests-only";

/** An InfluxDB with the platform's buckets, for a preview or a test; its data is in a temporary folder. */
export interface TemporaryInfluxDb {
  /** As Grafana's data source connects: reads only. */
  readonly grafana: InfluxConnection;
  /** Base URL. */
  readonly url: string;
  /** Operator token. */
  readonly token: string;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts InfluxDB and brings it to the platform's desired state. Nothing expires, as the sample data has fixed dates,
 * and no task runs by itself.
 *
 * @param command path of influxd
 */
export async function startTemporaryInfluxDb(command: string): Promise<TemporaryInfluxDb> {
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-influxdb-"));
  const removeData = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const influxd = await startInfluxd({ command, directory, token: samplePassword });
    const desired = influxDesiredState();
    await reconcile({
      api: new InfluxApi(influxd),
      desired: {
        ...desired,
        buckets: desired.buckets.map((bucket) => ({ ...bucket, retentionSeconds: 0 })),
        tasks: [],
      },
      passwords: Object.fromEntries(
        desired.credentials.map(({ passwordVariable }) => [passwordVariable, samplePassword]),
      ),
    });
    return {
      grafana: {
        url: influxd.url,
        username: credentials.grafana.username,
        password: samplePassword,
      },
      url: influxd.url,
      token: influxd.token,
      stop: async () => {
        await influxd.stop();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}

/** Writes the sample data and computes its rollups with the platform's own tasks, as if they had run on time. */
export async function fillWithSampleData(influxDb: TemporaryInfluxDb): Promise<void> {
  await writeLines(influxDb, buckets.events, samplePoints().map(toLine));
  const tasks = rollupTasks();
  // Of days and weeks the dashboards read those of requests; a run computes one of them.
  const ofRequests = "http.server.request";
  const chain = async (measurement: string): Promise<void> => {
    const resolutions = [
      "minutely late",
      "minutely",
      "hourly",
      ...(measurement === ofRequests ? ["daily", "weekly"] : []),
    ];
    for (const resolution of resolutions) {
      const [bucket = ""] = resolution.split(" ");
      await runUntilCaughtUp(
        influxDb,
        tasks,
        `rollup ${resolution} ${measurement}`,
        bucket,
        measurement,
        "count",
      );
    }
  };
  const measurements = defaultRollups.map(({ measurement }) => measurement);
  await Promise.all(measurements.map(chain));
  const histogram = histogramMeasurement(ofRequests);
  for (const resolution of ["minutely late", "minutely", "hourly"]) {
    const [bucket = ""] = resolution.split(" ");
    const name = `histogram ${resolution} ${ofRequests}`;
    await runUntilCaughtUp(influxDb, tasks, name, bucket, histogram, totalField("duration_s"));
  }
  const { measurement, target, sketch } = requestUniques;
  for (const [kind, bucket, counted] of [
    ["hourly", "minutely", sketch],
    ["daily", "daily", target],
    ["weekly", "weekly", target],
  ] as const) {
    await runUntilCaughtUp(influxDb, tasks, `uniques ${kind} ${measurement}`, bucket, counted, "events");
  }
  await runTask(influxDb, tasks, `keep ${keptBucket} events late`);
  const minutes = Array.from({ length: lagMinutes }, (_, ago) => sampleNow - ago * 60_000);
  await Promise.all(minutes.map((nowMs) => runFlux(influxDb, logLagTask().flux, nowMs)));
  for (const ago of [0, 5, 10]) await runFlux(influxDb, errorBudgetTask().flux, sampleNow - ago * 60_000);
}

/** Runs a task until a run adds nothing: each computes a part, from the oldest window that is short of events. */
async function runUntilCaughtUp(
  influxDb: TemporaryInfluxDb,
  tasks: readonly FluxTask[],
  name: string,
  bucket: string,
  measurement: string,
  countField: string,
): Promise<void> {
  const query = influxClient(influxDb.grafana);
  const count = async (): Promise<unknown> =>
    (await query(`SELECT sum("${countField}") FROM "${bucket}"."${measurement}"`))[0]?.values[0]?.[1];
  for (let before; ;) {
    await runTask(influxDb, tasks, name);
    const after = await count();
    if (after === before) return;
    before = after;
  }
}

async function runTask(influxDb: TemporaryInfluxDb, tasks: readonly FluxTask[], name: string): Promise<void> {
  const task = tasks.find((one) => one.name === name);
  if (task === undefined) throw new Error(`there is no task "${name}"`);
  await runFlux(influxDb, task.flux, sampleNow);
}

/** @param lines line protocol with times in milliseconds */
export async function writeLines(
  influxDb: Pick<TemporaryInfluxDb, "url" | "token">,
  bucket: string,
  lines: readonly string[],
): Promise<void> {
  const query = new URLSearchParams({ org: defaultOrganization, bucket, precision: "ms" }).toString();
  for (let start = 0; start < lines.length; start += linesPerWrite) {
    await post(influxDb, `/api/v2/write?${query}`, lines.slice(start, start + linesPerWrite).join("\n"));
  }
}

/** Runs a Flux script as if it were `nowMs`. */
async function runFlux(
  influxDb: Pick<TemporaryInfluxDb, "url" | "token">,
  query: string,
  nowMs: number,
): Promise<void> {
  const body = JSON.stringify({ query, type: "flux", now: new Date(nowMs).toISOString() });
  await post(influxDb, `/api/v2/query?org=${defaultOrganization}`, body);
}

async function post(
  { url, token }: Pick<TemporaryInfluxDb, "url" | "token">,
  path: string,
  body: string,
): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { Authorization: `Token ${token}`, "Content-Type": "application/json" },
    body,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`InfluxDB answered POST ${path} with ${response.status}: ${answer}`);
}
