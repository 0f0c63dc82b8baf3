import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { buckets, database, defaultOrganization } from "../../components/metrics/buckets";
import { rollupTasks } from "../../components/metrics/rollupTasks";
import type { InfluxConnection } from "./influxClient";
import { SAMPLE_NOW, samplePoints, toLine } from "./sampleData";

const DAY = 86_400_000;
const LINES_PER_WRITE = 5_000;

/** An InfluxDB that runs for a preview or a test, with its data in a temporary folder. */
export interface TemporaryInfluxDb extends InfluxConnection {
  readonly organization: string;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts InfluxDB on a free port of 127.0.0.1, with our buckets (which keep everything) and their database mapping.
 *
 * @param executable path of influxd
 * @throws Error when it is not ready within 30 seconds
 */
export async function startInfluxDb(executable: string): Promise<TemporaryInfluxDb> {
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-influxdb-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    executable,
    [
      `--bolt-path=${join(folder, "bolt")}`,
      `--sqlite-path=${join(folder, "sqlite")}`,
      `--engine-path=${join(folder, "engine")}`,
      `--http-bind-address=${new URL(url).host}`,
      "--reporting-disabled",
      "--log-level=error",
    ],
    { stdio: "ignore" },
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(url);
    return { ...(await setUp(url)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Writes the sample data and computes its rollups with the platform's own tasks, as if they had run on time. */
export async function fillWithSampleData(influxDb: TemporaryInfluxDb): Promise<void> {
  await writeLines(influxDb, buckets.events, samplePoints().map(toLine));
  await runRollups(influxDb, SAMPLE_NOW);
}

/** @param lines line protocol with times in milliseconds */
export async function writeLines(
  influxDb: TemporaryInfluxDb,
  bucket: string,
  lines: readonly string[],
): Promise<void> {
  for (let start = 0; start < lines.length; start += LINES_PER_WRITE) {
    const query = new URLSearchParams({ org: influxDb.organization, bucket, precision: "ms" }).toString();
    await call(
      influxDb,
      "POST",
      `/api/v2/write?${query}`,
      lines.slice(start, start + LINES_PER_WRITE).join("\n"),
    );
  }
}

/** Runs the scripts of the rollup tasks: day by day for the minutes, then the longer windows from the shorter ones. */
async function runRollups(influxDb: TemporaryInfluxDb, nowMs: number): Promise<void> {
  const tasks = rollupTasks();
  const named = (part: string): typeof tasks => tasks.filter((task) => task.name.includes(part));
  for (let days = 0; days <= 14; days += 1) await runScripts(influxDb, named(" late"), nowMs);
  await runScripts(
    influxDb,
    named("rollup minutely").filter((task) => !task.name.includes(" late")),
    nowMs,
  );
  for (let pass = 0; pass < 4; pass += 1) await runScripts(influxDb, named(" daily "), nowMs);
  await runScripts(influxDb, named(" weekly "), nowMs);
  await runScripts(influxDb, named("keep "), nowMs);
}

async function runScripts(
  influxDb: TemporaryInfluxDb,
  tasks: readonly { readonly flux: string }[],
  nowMs: number,
): Promise<void> {
  for (const { flux } of tasks) {
    const body = JSON.stringify({ query: flux, type: "flux", now: new Date(nowMs).toISOString() });
    await call(influxDb, "POST", `/api/v2/query?org=${influxDb.organization}`, body);
  }
}

async function setUp(url: string): Promise<InfluxConnection & { organization: string }> {
  const connection = { url, token: "preview-and-tests-only", database, organization: defaultOrganization };
  const setup = await call(connection, "POST", "/api/v2/setup", {
    username: "preview",
    password: "preview-and-tests-only",
    org: defaultOrganization,
    bucket: buckets.events,
    token: connection.token,
    retentionPeriodSeconds: 0,
  });
  const { bucket, org } = setup as { bucket: { id: string }; org: { id: string } };
  for (const name of Object.values(buckets)) {
    const id =
      name === buckets.events
        ? bucket.id
        : ((await call(connection, "POST", "/api/v2/buckets", { orgID: org.id, name })) as { id: string }).id;
    await call(connection, "POST", "/api/v2/dbrps", {
      orgID: org.id,
      bucketID: id,
      database,
      retention_policy: name,
      default: name === buckets.events,
    });
  }
  return connection;
}

async function call(
  { url, token }: Pick<InfluxConnection, "url" | "token">,
  method: string,
  path: string,
  body: string | object,
): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: `Token ${token}`, "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`InfluxDB answered ${method} ${path} with ${response.status}: ${text}`);
  return text.startsWith("{") ? (JSON.parse(text) as unknown) : text;
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const ready = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(200);
  }
  throw new Error(`InfluxDB at ${url} was not ready within 30 seconds`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
