import { readFile } from "node:fs/promises";

import { influxDesiredState } from "../../components/influxdb/desiredState";
import type { FluxTask } from "../../components/influxdb/flux";
import { memoryLimits } from "../../components/influxdb/memoryLimits";
import { startTestDatabase, type TestDatabase } from "../dataplane/support/database";

/**
 * Times of the tasks that roll requests up, and InfluxDB's peak of memory, at 20 million requests a day of as many
 * different users, with the memory limits that the component sets.
 *
 * A day would take an hour to write: an hour's events are written at their rate, the tasks of minutes and hours run on
 * them, and the sketches of the other hours and days of the week are written as the tasks leave them.
 */
const perDay = Number(process.env["BENCH_REQUESTS_PER_DAY"] ?? 20_000_000);
const containerMemory = "2Gi";
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const sketchSize = 8192;

/** Seconds between two runs, by what a task is called. */
const intervals: Record<string, number> = {
  minutely: 60,
  "minutely late": 900,
  hourly: 900,
  daily: 3600,
  weekly: 6 * 3600,
};

/** The last Monday at 01:00 (UTC): a week, a day and an hour have just ended. */
const now = Math.floor((Date.now() - 4 * day - hour) / (7 * day)) * 7 * day + 4 * day + hour;

async function writeHour(database: TestDatabase): Promise<number> {
  const count = Math.round(perDay / 24);
  const routes = ["/predict", "/explain", "/batch", "/species/{name}"];
  const hex = (): string => Math.random().toString(16).slice(2).padEnd(13, "0");
  let lines: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const time = Math.floor((now - hour + (index * hour) / count) * 1000) * 1000;
    const status = index % 200 === 0 ? 5 : index % 50 === 0 ? 4 : 2;
    lines.push(
      `http.server.request,service=churn,environment=prod,model=churn,model_version=${1 + (index % 2)},method=POST,` +
        `route=${routes[index % 4] ?? ""},status_class=${status}xx duration_s=${0.02 - 0.1 * Math.log(1 - Math.random())},` +
        `http.response.status_code=${status}00,prediction.score=${Math.random()},request.fingerprint="${hex()}${hex()}",` +
        `enduser.pseudo.id="${hex()}${hex()}" ${time}`,
    );
    if (lines.length === 20_000 || index === count - 1) {
      await database.client.write(lines);
      lines = [];
    }
  }
  return count;
}

/** The sketch of so many different values: its hashes are the least of as many uniform ones. */
function sketch(start: number, values: number): string[] {
  const tags = "http.server.request.unique.sketch,service=churn,environment=prod,model=churn";
  return [
    `${tags} events=${values} ${start}000000`,
    ...["requests", "users"].flatMap((field) => {
      let hash = 0;
      return Array.from({ length: sketchSize }, (_, index) => {
        hash += -Math.log(1 - Math.random()) / values;
        return `${tags} ${field}=${hash} ${start}${String(index).padStart(6, "0")}`;
      });
    }),
  ];
}

/** Bytes of InfluxDB's peak of resident memory. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function benchRollups(print: (line: string) => void): Promise<void> {
  Object.assign(process.env, memoryLimits(containerMemory));
  const database = await startTestDatabase();
  const gib = async (): Promise<string> => ((await peakBytes(database.influxd.pid)) / 1024 ** 3).toFixed(2);
  try {
    await database.reconcile({ ...influxDesiredState(), tasks: [] });
    const start = performance.now();
    const count = await writeHour(database);
    print(
      `${count} requests of the last hour (${perDay} a day) written in ${((performance.now() - start) / 1000).toFixed(0)} s; ` +
        `limit ${containerMemory}, peak of InfluxDB so far ${await gib()} GiB`,
    );
    const { tasks } = influxDesiredState();
    const timed = async (task: FluxTask | undefined, at: number, what: string): Promise<void> => {
      if (task === undefined) throw new Error(`no task for ${what}`);
      const kind = / (minutely late|minutely|hourly|daily|weekly) /.exec(task.name)?.[1] ?? "";
      const interval = task.name.startsWith("uniques hourly") ? 600 : (intervals[kind] ?? NaN);
      const begin = performance.now();
      let failed = "";
      await database.client.flux(task.flux, new Date(at)).catch((error: Error) => {
        failed = `; FAILED: ${error.message.slice(0, 200)}`;
      });
      const seconds = (performance.now() - begin) / 1000;
      const share = (100 * seconds) / interval;
      print(
        `${task.name}, ${what}: ${seconds.toFixed(2)} s of ${interval} s, ${share.toFixed(1)} %${share > 10 ? " (OVER a tenth)" : ""}; ` +
          `peak ${await gib()} GiB${failed}`,
      );
    };
    const named = (name: string): FluxTask | undefined =>
      tasks.find((task) => task.name === `${name} http.server.request`);
    const firstMinute = now - hour + minute;
    // One whole minute, as each run of a minute finds it.
    for (const kind of ["rollup", "histogram"])
      await timed(named(`${kind} minutely`), firstMinute, "one minute");
    for (const kind of ["rollup", "histogram"])
      await timed(named(`${kind} minutely late`), now, "a whole hour that was missed");
    for (const kind of ["rollup", "histogram"]) {
      await timed(named(`${kind} hourly`), now, "one hour");
    }
    await timed(named("uniques hourly"), now, "one hour");
    const hours = Array.from({ length: 24 }, (_, index) => now - hour - day + index * hour);
    for (const time of hours) await database.client.write(sketch(time, perDay / 24), "minutely");
    await timed(named("uniques daily"), now, "one day of 24 sketches");
    for (let index = 2; index <= 7; index += 1)
      await database.client.write(sketch(now - hour - index * day, perDay), "daily");
    await timed(named("uniques weekly"), now, "one week of seven sketches");
    const rows = await database.client.influxql(
      `SELECT last("users") AS n FROM "weekly"."http.server.request.unique"`,
    );
    print(`users of the week: ${String(rows[0]?.["n"])}`);
    print(`peak of InfluxDB ${await gib()} GiB of ${containerMemory}`);
  } finally {
    await database.remove();
  }
}

if (require.main === module) {
  benchRollups(console.log).catch((error: Error) => {
    console.error(error.stack);
    process.exitCode = 1;
  });
}
