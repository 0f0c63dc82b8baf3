import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { startService } from "../../local/services/service";
import { familyOf, run, sleep } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { passwords, startTestDatabase } from "../dataplane/support/database";
import { requestLine, withLogPath, writeRequests } from "../dataplane/support/logPath";
import { missingFluentd } from "../dataplane/support/missingFluentd";

const events = 300_000;

/** What a Fluentd did. */
interface Rate {
  /** Events a second: depends on what else the machine does. */
  rate: number;
  /** CPU time of all events, without that of the start: hardly does. */
  cpuSeconds: number;
  /** CPU time of InfluxDB meanwhile, and of the sidecar that sends. */
  othersSeconds: number[];
}

/** Lines of a report. */
type Report = string[];

/**
 * Events a second of the rendered aggregator against a bare tail -> out_http, in turn in one run; the memory of a
 * sidecar, and what one more app costs while it is idle.
 */
export async function benchAggregator(): Promise<Report> {
  const why = await missingFluentd();
  if (why !== false) return [`SKIPPED: ${why}`];
  const ratios: number[] = [];
  const cpuRatios: number[] = [];
  const report: Report = [];
  for (let round = 1; round <= 5; round++) {
    const bare = await bareRate();
    const { rate, cpuSeconds, othersSeconds, sidecar } = await renderedRate();
    const microseconds = (seconds: number[]) =>
      seconds.map((one) => ((one * 1e6) / events).toFixed(1)).join(", ");
    ratios.push(rate / bare.rate);
    cpuRatios.push(bare.cpuSeconds / cpuSeconds);
    report.push(
      `round ${round}: aggregator ${Math.round(rate)} events/s, bare tail -> out_http ${Math.round(bare.rate)} events/s, ` +
        `ratio ${(rate / bare.rate).toFixed(2)}; ${cpuSeconds.toFixed(1)} and ${bare.cpuSeconds.toFixed(1)} s of CPU, ` +
        `ratio ${(bare.cpuSeconds / cpuSeconds).toFixed(2)}; sidecar ${Math.round(sidecar.eventsPerCpuSecond)} events per second of CPU, ` +
        `${sidecar.memoryMiB.toFixed(0)} MiB with all ${events} in its buffer; µs of CPU an event: ` +
        `aggregator, InfluxDB, sending sidecar ${microseconds([cpuSeconds, ...othersSeconds])}; ` +
        `bare, InfluxDB ${microseconds([bare.cpuSeconds, ...bare.othersSeconds])}`,
    );
  }
  const spread = (values: readonly number[]) =>
    `median ratio ${median(values).toFixed(2)}, ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  report.push(
    `aggregator against bare (aim 0.9): events a second, ${spread(ratios)}; events per second of CPU, ${spread(cpuRatios)}`,
  );
  const [one, two] = [await renderedRate(1), await renderedRate(2)];
  report.push(
    `two aggregators: ${Math.round(two.rate)} events/s, ${(two.rate / one.rate).toFixed(2)} of the ` +
      `${Math.round(one.rate)} of one just before; ${availableParallelism()} cores for them, the sidecar and InfluxDB`,
  );
  report.push(...(await idleCost()));
  return report;
}

/** A file of ready line protocol, posted by the smallest configuration there is. */
async function bareRate(): Promise<Rate> {
  const { path: command } = await resolveTool("fluentd");
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-bench-"));
  const database = await startTestDatabase();
  try {
    await database.reconcile();
    const now = BigInt(Date.now()) * 1_000_000n;
    const points = Array.from(
      { length: events },
      (_, index) =>
        `http.server.request,environment=test,method=POST,route=/predict,service=bare,status_class=2xx ` +
        `http.response.status_code=200.0,duration_s=${0.001 * (1 + (index % 100))},request.id="r${index}" ${now + BigInt(index)}`,
    );
    const input = join(directory, "points.lp");
    await writeFile(`${input}.tmp`, `${points.join("\n")}\n`);
    const login = Buffer.from(`fluentd:${passwords.INFLUXDB_FLUENTD_PASSWORD}`).toString("base64");
    await writeFile(
      join(directory, "fluent.conf"),
      `<source>
  @type tail
  path ${directory}/points.lp
  pos_file ${directory}/points.pos
  read_from_head true
  refresh_interval 1
  tag points
  <parse>
    @type none
  </parse>
</source>
<match points>
  @type http
  endpoint ${database.influxd.url}/write?db=monitoring&rp=events&precision=ns
  headers {"authorization":"Basic ${login}"}
  <format>
    @type single_value
  </format>
  <buffer>
    @type file
    path ${directory}/buffer
    chunk_limit_size 2m
    flush_interval 1
    flush_thread_count 2
  </buffer>
</match>
`,
    );
    const logFile = join(directory, "fluentd.log");
    const fluentd = await startService({
      command,
      args: ["--config", join(directory, "fluent.conf")],
      logFile,
      isReady: async () => (await readFile(logFile, "utf8")).includes("fluentd worker is now running"),
    });
    await rename(`${input}.tmp`, input);
    const before = await cpuSecondsOf(fluentd.pid);
    const used = await cpuSecondsFrom(database.influxd.pid);
    const rate = await arrivalRate(database.client);
    const cpuSeconds = (await cpuSecondsOf(fluentd.pid)) - before;
    const othersSeconds = [await used()];
    await fluentd.stop();
    return { rate, cpuSeconds, othersSeconds };
  } finally {
    await database.remove();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The rendered configuration, fed by a sidecar that has everything in its buffer already. */
async function renderedRate(
  replicas = 1,
): Promise<Rate & { sidecar: { eventsPerCpuSecond: number; memoryMiB: number } }> {
  return withLogPath({ replicas }, async (path) => {
    const started = await cpuSecondsOf(path.aggregator.pid);
    await Promise.all(path.aggregators.map((aggregator) => aggregator.stop()));
    const now = Date.now() - 60_000;
    const lines = Array.from({ length: events }, (_, index) => requestLine(index, now)).join("");
    const size = Buffer.byteLength(lines);
    const file = join(path.logPath, "app.events.log");
    const idle = await cpuSecondsOf(path.sidecar.pid);
    await writeFile(`${file}.tmp`, lines);
    await rename(`${file}.tmp`, file);
    const position = async () => {
      const text = await readFile(join(path.sidecar.directory, "buffer", "events.pos"), "utf8").catch(
        () => "",
      );
      return parseInt(text.split("\t")[1] ?? "0", 16);
    };
    while ((await position()) < size) await sleep(100);
    const sidecar = {
      eventsPerCpuSecond: events / ((await cpuSecondsOf(path.sidecar.pid)) - idle),
      memoryMiB: await memoryOf(path.sidecar.pid),
    };
    const others = await Promise.all([path.database.influxd.pid, path.sidecar.pid].map(cpuSecondsFrom));
    await Promise.all(path.aggregators.map((_, ordinal) => path.restartAggregator({}, ordinal)));
    const rate = await arrivalRate(path.database.client);
    const used = await Promise.all(path.aggregators.map(({ pid }) => cpuSecondsOf(pid)));
    const othersSeconds = await Promise.all(others.map((seconds) => seconds()));
    const cpuSeconds = used.reduce((total, one) => total + one - started, 0);
    return { rate, cpuSeconds, othersSeconds, sidecar };
  });
}

/** What one more app costs: memory and CPU of a sidecar, idle and at 10 lines a second. */
async function idleCost(): Promise<Report> {
  return withLogPath({}, async (path) => {
    const cpuOver = async (work: () => Promise<void>) => {
      const before = await cpuSecondsOf(path.sidecar.pid);
      const startedAt = Date.now();
      await work();
      return ((await cpuSecondsOf(path.sidecar.pid)) - before) / ((Date.now() - startedAt) / 1000);
    };
    const idle = await cpuOver(() => sleep(15_000));
    const busy = await cpuOver(() => writeRequests(path.logPath, { events: 300, rate: 20 }));
    const memory = await memoryOf(path.sidecar.pid);
    return [
      `one more app: a sidecar of ${memory.toFixed(0)} MiB (supervisor and worker), ` +
        `${(idle * 1000).toFixed(0)} m CPU idle, ${(busy * 1000).toFixed(0)} m CPU at 20 lines/s`,
    ];
  });
}

/** Events a second from the first that InfluxDB has to the last: without how long programs take to start or to try again. */
async function arrivalRate(client: {
  influxql(query: string): Promise<Record<string, unknown>[]>;
}): Promise<number> {
  const deadline = Date.now() + 300_000;
  let first: { at: number; count: number } | undefined;
  for (;;) {
    const rows = await client.influxql(`SELECT count("request.id") AS n FROM "events"."http.server.request"`);
    const count = Number(rows[0]?.n ?? 0);
    if (count > 0) first ??= { at: Date.now(), count };
    if (first !== undefined && count >= events)
      return (count - first.count) / ((Date.now() - first.at) / 1000);
    if (Date.now() > deadline) throw new Error(`only ${count} of ${events} events after 300 s`);
    await sleep(200);
  }
}

async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", (await familyOf(pid)).join(",")]);
  return sum(stdout) / 1024;
}

/** Says what a process has used since now. */
async function cpuSecondsFrom(pid: number): Promise<() => Promise<number>> {
  const before = await cpuSecondsOf(pid);
  return async () => (await cpuSecondsOf(pid)) - before;
}

/** From /proc, in hundredths of a second: ps knows whole seconds only. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const stats = await Promise.all((await familyOf(pid)).map((one) => readFile(`/proc/${one}/stat`, "utf8")));
  const ticks = stats.map((stat) => {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((total, value) => total + value, 0) / 100;
}

function sum(column: string): number {
  return column
    .trim()
    .split(/\s+/)
    .reduce((total, value) => total + Number(value), 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

if (require.main === module) {
  benchAggregator()
    .then((lines) => console.log(lines.join("\n")))
    .catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
}
