import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerCertificates } from "../../../components/fluentd/certificates";
import type { FullTextOptions } from "../../../components/fluentd/fullText";
import type { LogSource } from "../../../contract/formats";
import { sleep } from "../../../local/processes";
import { resolveTool } from "../../../local/tools/resolve";
import {
  type Aggregator,
  type AggregatorOptions,
  type Fluentd,
  startAggregator,
  startSidecar,
} from "./fluentd";
import { type ServiceBalancer, startServiceBalancer } from "./serviceBalancer";
import { passwords, startTestDatabase, type TestDatabase } from "./database";
import { writeMountingScript } from "./mountNamespace";
import { waitFor } from "./waitFor";

/** Events that a fault test sends. */
export const faultEvents = 100_000;

const sharedKey = "shared-key-of-the-test";
export const service = "fault-test";

export interface LogPathOptions {
  /** Folder of everything, removed with the fixture. @default a new one in the temporary folder */
  directory?: string;
  /** What starts Fluentd, in the place of the program itself. */
  wrapper?: string;
  /** What the aggregator logs in with. @default the right password */
  influxPassword?: string;
  /** Largest size of the aggregator's buffer. */
  aggregatorBufferBytes?: number;
  /** How many aggregators there are, behind a stand-in for their Service. @default 1 */
  replicas?: number;
  /** Sizes of volumes that are really no larger, e.g. `16m`; see `missingMountNamespace`. @default the disk */
  volumes?: { sidecar?: string; aggregator?: string };
  sources?: readonly LogSource[];
  /** Server that gets the texts too. @default none */
  fullText?: FullTextOptions;
  /** Certificates of `localhost`, for TLS between sidecar and aggregator. @default none: plain TCP */
  tls?: ServerCertificates;
}

/** What runs a function at its end, also when it has failed or its time is over: a test's context, or node:test. */
interface Scope {
  after(end: () => Promise<void>): void;
}

/** An InfluxDB, one or more aggregators and a sidecar, with the rendered configurations. */
export class LogPathFixture {
  directory = "";
  database!: TestDatabase;
  sidecar!: Fluentd;
  /** The aggregators by their ordinal. */
  readonly aggregators: Aggregator[] = [];
  private balancer?: ServiceBalancer;
  private commands!: Commands;

  private constructor(private readonly options: LogPathOptions) {}

  /** The first aggregator. */
  get aggregator(): Aggregator {
    return this.aggregators[0] as Aggregator;
  }

  get logPath(): string {
    return join(this.directory, "logs");
  }

  /** @param scope its end stops and removes everything, also what a start that fails or takes too long has begun */
  static async start(scope: Scope, options: LogPathOptions = {}): Promise<LogPathFixture> {
    const path = new LogPathFixture(options);
    const starting = path.begin();
    scope.after(async () => {
      await starting.catch(() => undefined);
      await path.remove();
    });
    await starting;
    return path;
  }

  private async begin(): Promise<void> {
    const { options } = this;
    const command = options.wrapper ?? (await resolveTool("fluentd")).path;
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "ds-monitoring-logs-")));
    this.directory = directory;
    await mkdir(join(directory, "logs"));
    const { volumes = {}, tls } = options;
    if (tls !== undefined) await writeCertificates(directory, tls);
    this.commands = {
      aggregator: await onVolume(join(aggregatorFolder(directory, 0), "data"), volumes.aggregator, command),
      // The shell, not Fluentd: the volume stays when Fluentd is started anew.
      sidecarShell: await onVolume(join(directory, "sidecar", "buffer"), volumes.sidecar, "/bin/sh"),
      sidecar: command,
    };
    this.database = await startTestDatabase();
    await this.database.reconcile();
    for (let ordinal = 0; ordinal < (options.replicas ?? 1); ordinal++) {
      this.aggregators.push(
        await startAggregator(
          aggregatorOptions(directory, this.database, this.commands.aggregator, options, ordinal),
        ),
      );
    }
    const ports = this.aggregators.map(({ port }) => port);
    if (ports.length > 1) this.balancer = await startServiceBalancer(ports);
    await this.restartSidecar();
  }

  /** Start an aggregator anew on what the last one left; it keeps its ports. */
  async restartAggregator(changed: LogPathOptions = {}, ordinal = 0): Promise<void> {
    const options = { ...this.options, ...changed };
    const { port, monitorUrl } = this.aggregators[ordinal] as Aggregator;
    this.aggregators[ordinal] = await startAggregator({
      ...aggregatorOptions(this.directory, this.database, this.commands.aggregator, options, ordinal),
      port,
      monitorPort: Number(new URL(monitorUrl).port),
    });
  }

  /** Start the sidecar anew on what the last one left. */
  async restartSidecar(changed: LogPathOptions = {}): Promise<void> {
    const port = this.balancer?.port ?? this.aggregator.port;
    const options = { ...this.options, ...changed };
    this.sidecar = await sidecarOf(this.directory, port, this.commands, options);
  }

  /** Give the aggregator another certificate, as the kubelet does when its Secret has changed. */
  async renewCertificate(certificates: ServerCertificates): Promise<void> {
    await writeCertificates(this.directory, certificates);
  }

  /** How many events of a measurement InfluxDB holds, counted by a field that each has. */
  async count(measurement = "http.server.request", field = "request.id"): Promise<number> {
    const rows = await this.database.client.influxql(
      `SELECT count("${field}") AS n FROM "events"."${measurement}"`,
    );
    return Number(rows[0]?.n ?? 0);
  }

  /** Wait until InfluxDB holds so many requests, and then whether more come. */
  async waitForRequests(expected: number, timeoutMs = 180_000): Promise<number> {
    await waitFor(`${expected} requests in InfluxDB`, timeoutMs, async () =>
      (await this.count()) >= expected ? true : undefined,
    );
    await this.settle();
    return this.count();
  }

  /** Wait until nothing is under way any more: every buffer is empty, for two seconds. */
  async settle(): Promise<void> {
    let empty = 0;
    await waitFor("empty buffers", 120_000, async () => {
      empty = (await this.waiting()) === 0 ? empty + 1 : 0;
      return empty >= 10 ? true : undefined;
    });
  }

  /** Bytes in the aggregators' buffers. */
  async waiting(): Promise<number> {
    const plugins = (await Promise.all(this.aggregators.map(pluginsOf))).flat();
    return plugins.reduce((sum, { buffer_total_queued_size: bytes = 0 }) => sum + bytes, 0);
  }

  /** Points that InfluxDB refused, as they lie on the volume. */
  async deadLetters(): Promise<string[]> {
    const texts = await Promise.all(
      this.aggregators.map(async ({ directory, pid }) => {
        const folder = join("/proc", String(pid), "root", directory, "data", "dead-letters");
        const files = await readdir(folder).catch(() => []);
        return Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
      }),
    );
    return texts.flat().flatMap((text) => text.split("\n").filter((line) => line !== ""));
  }

  private async remove(): Promise<void> {
    const started = [this.sidecar, ...this.aggregators, this.balancer, this.database?.influxd];
    // All of them, whatever happens to one: what is left running would hold up the test's process.
    const ended = await Promise.allSettled(started.map((one) => one?.stop()));
    await this.database?.remove();
    await rm(this.directory, { recursive: true, force: true });
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

/** The scope of a file or suite, made beside its hooks: within one, `after` is the hook's own. */
export function scopeOf(after: (end: () => Promise<void>) => void): Scope {
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends) await end();
  });
  return { after: (end) => void ends.push(end) };
}

/** Calls a function with a log path that is there until it ends. */
export async function withLogPath<Result>(
  options: LogPathOptions,
  use: (path: LogPathFixture) => Promise<Result>,
): Promise<Result> {
  const ends: (() => Promise<void>)[] = [];
  try {
    return await use(await LogPathFixture.start({ after: (end) => ends.push(end) }, options));
  } finally {
    for (const end of ends) await end();
  }
}

interface Commands {
  aggregator: string;
  sidecarShell: string;
  sidecar: string;
}

async function writeCertificates(directory: string, { certificate, privateKey }: ServerCertificates) {
  const folder = tlsFolder(directory);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "tls.key"), privateKey);
  await writeFile(join(folder, "tls.crt"), certificate);
}

function tlsFolder(directory: string): string {
  return join(directory, "tls");
}

/** The program, started on a volume of that size at `folder`; it is gone with the program. */
async function onVolume(folder: string, size: string | undefined, command: string): Promise<string> {
  if (size === undefined) return command;
  await mkdir(folder, { recursive: true });
  return writeMountingScript(`${folder}-volume`, `mount -t tmpfs -o size=${size} tmpfs ${folder}`, command);
}

/** What an aggregator's monitor agent tells of its plugins. */
export async function pluginsOf({ monitorUrl }: Aggregator): Promise<MonitoredPlugin[]> {
  const response = await fetch(`${monitorUrl}/api/plugins.json`);
  return ((await response.json()) as { plugins: MonitoredPlugin[] }).plugins;
}

/** A plugin in the answer of a monitor agent, as far as tests look at it. */
export interface MonitoredPlugin {
  plugin_id: string;
  emit_records?: number;
  buffer_total_queued_size?: number;
}

function aggregatorFolder(directory: string, ordinal: number): string {
  return join(directory, ordinal === 0 ? "aggregator" : `aggregator-${ordinal}`);
}

function aggregatorOptions(
  directory: string,
  database: TestDatabase,
  command: string,
  options: LogPathOptions,
  ordinal: number,
): AggregatorOptions {
  return {
    command,
    directory: aggregatorFolder(directory, ordinal),
    influxDbUrl: database.influxd.url,
    environment: "test",
    bufferBytes: options.aggregatorBufferBytes,
    fullText: options.fullText,
    ...(options.tls !== undefined && { tlsPath: tlsFolder(directory) }),
    sharedKey,
    influxDb: {
      username: "fluentd",
      password: options.influxPassword ?? passwords.INFLUXDB_FLUENTD_PASSWORD,
    },
  };
}

function sidecarOf(
  directory: string,
  aggregatorPort: number,
  commands: Commands,
  options: LogPathOptions,
): Promise<Fluentd> {
  return startSidecar({
    command: commands.sidecar,
    shell: commands.sidecarShell,
    directory: join(directory, "sidecar"),
    logPath: join(directory, "logs"),
    service: { name: service, environment: "test" },
    sources: options.sources,
    aggregator:
      options.tls === undefined
        ? { host: "127.0.0.1", port: aggregatorPort }
        : { host: "localhost", port: aggregatorPort, caCertificate: options.tls.caCertificate },
    sharedKey,
  });
}

/** The line of a request, as the Python helper writes it: each has its own nanosecond. */
export function requestLine(index: number, startedAt: number): string {
  const nanoseconds = BigInt(startedAt) * 1_000_000n + BigInt(index) * 1_301n + 1n;
  const seconds = Number(nanoseconds / 1_000_000_000n);
  const fraction = String(nanoseconds % 1_000_000_000n).padStart(9, "0");
  const timestamp = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
  return (
    JSON.stringify({
      timestamp,
      event_name: "http.server.request",
      "http.request.method": "POST",
      "http.route": "/predict",
      "http.response.status_code": 200,
      duration_s: 0.001 * (1 + (index % 100)),
      "request.id": `r${index}`,
    }) + "\n"
  );
}

export interface WriteOptions {
  /** How many. @default 100,000 */
  events?: number;
  /** Number of the first. @default 0 */
  from?: number;
  /** Lines a second, about. @default 10,000 */
  rate?: number;
  /** Begin a new file of the same name after so many lines, and keep this many old ones. */
  rotate?: {
    lines: number;
    keep: number;
    /** Waited for before each new file, with the number of lines written so far. */
    before?: (written: number) => Promise<unknown>;
  };
  /** @default "app.events.log" */
  file?: string;
}

/** Write requests to the log folder at a steady rate. */
export async function writeRequests(logPath: string, options: WriteOptions = {}): Promise<void> {
  const { events = faultEvents, from = 0, rate = 10_000, rotate, file = "app.events.log" } = options;
  const startedAt = Date.now() - 60_000;
  const batch = Math.ceil(rate / 20);
  const path = join(logPath, file);
  let stream = createWriteStream(path, { flags: "a" });
  const end = () => new Promise<void>((resolve) => stream.end(resolve));
  let inFile = 0;
  for (let index = from; index < from + events; index += batch) {
    const last = Math.min(index + batch, from + events);
    let text = "";
    for (let one = index; one < last; one++) text += requestLine(one, startedAt);
    if (!stream.write(text)) await new Promise<void>((resolve) => stream.once("drain", resolve));
    inFile += last - index;
    if (rotate !== undefined && inFile >= rotate.lines) {
      await rotate.before?.(last - from);
      await end();
      await rm(`${path}.${rotate.keep}`, { force: true });
      for (let old = rotate.keep - 1; old >= 1; old--)
        await rename(`${path}.${old}`, `${path}.${old + 1}`).catch(() => 0);
      await rename(path, `${path}.1`);
      stream = createWriteStream(path, { flags: "a" });
      inFile = 0;
    }
    await sleep(50);
  }
  await end();
}
