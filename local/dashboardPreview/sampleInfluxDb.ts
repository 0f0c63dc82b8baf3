import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buckets, database, defaultOrganization } from "../../components/metrics/buckets";
import { credentials, influxDesiredState } from "../../components/metrics/desiredState";
import { InfluxApi } from "../../components/metrics/reconcile/influxApi";
import { reconcile } from "../../components/metrics/reconcile/reconcile";
import { defaultRollups } from "../../components/metrics/rollups";
import { lateRangeHours, rollupTasks } from "../../components/metrics/rollupTasks";
import { startInfluxd } from "../dataplane/influxd";
import type { InfluxConnection } from "./influxClient";
import { SAMPLE_NOW, samplePoints, toLine } from "./sampleData";

const LINES_PER_WRITE = 5_000;
/** For a server that lives for one preview or test on 127.0.0.1. */
const PASSWORD = "preview-and-tests-only";

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
    const influxd = await startInfluxd({ command, directory, token: PASSWORD });
    const desired = influxDesiredState();
    await reconcile({
      api: new InfluxApi(influxd),
      desired: {
        ...desired,
        buckets: desired.buckets.map((bucket) => ({ ...bucket, retentionSeconds: 0 })),
        tasks: [],
      },
      passwords: Object.fromEntries(
        desired.credentials.map(({ passwordVariable }) => [passwordVariable, PASSWORD]),
      ),
    });
    return {
      grafana: { url: influxd.url, username: credentials.grafana.username, password: PASSWORD, database },
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
  // No dashboard reads the rollups of containers' samples.
  const tasks = rollupTasks({
    rollups: defaultRollups.filter(({ measurement }) => measurement !== "kubernetes_pod_container"),
  });
  const run = async (part: string, times: number): Promise<void> => {
    const scripts = tasks.filter((task) => task.name.includes(part)).map((task) => task.flux);
    for (let time = 0; time < times; time += 1) await runFlux(influxDb, scripts, SAMPLE_NOW);
  };
  // A run of the task for late events computes a part of a day, the others one day; the shorter resolutions feed the
  // longer ones.
  await run(" late", (10 * 24) / lateRangeHours);
  await run("rollup minutely", 1);
  await run("rollup hourly", (10 * 24) / lateRangeHours);
  await run("rollup daily", 10);
  await run("uniques daily", 10);
  await run(" weekly ", 1);
}

/** @param lines line protocol with times in milliseconds */
export async function writeLines(
  influxDb: Pick<TemporaryInfluxDb, "url" | "token">,
  bucket: string,
  lines: readonly string[],
): Promise<void> {
  const query = new URLSearchParams({ org: defaultOrganization, bucket, precision: "ms" }).toString();
  for (let start = 0; start < lines.length; start += LINES_PER_WRITE) {
    await post(influxDb, `/api/v2/write?${query}`, lines.slice(start, start + LINES_PER_WRITE).join("\n"));
  }
}

/** Runs Flux scripts together, each of another measurement, as if it were `nowMs`. */
async function runFlux(
  influxDb: Pick<TemporaryInfluxDb, "url" | "token">,
  scripts: readonly string[],
  nowMs: number,
): Promise<void> {
  await Promise.all(
    scripts.map((query) =>
      post(
        influxDb,
        `/api/v2/query?org=${defaultOrganization}`,
        JSON.stringify({ query, type: "flux", now: new Date(nowMs).toISOString() }),
      ),
    ),
  );
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
