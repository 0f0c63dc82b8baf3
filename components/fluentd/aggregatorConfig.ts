import { buckets, database, defaultRetentionDays, secondsPerDay } from "../../contract/buckets";
import { fluentdMonitorPort, parts } from "../platform/parts";
import { type ConfigFiles, contractFiles } from "./contractFiles";
import {
  callFilter,
  environmentVariable,
  keepFilter,
  label,
  lastingBuffer,
  ownLogSection,
  type Parameters,
  type Section,
  section,
  securitySection,
  systemSection,
  writeConfig,
} from "./fluentdConfig";
import { aggregatorDataPath } from "./paths";

/** Options of {@link renderAggregatorConfig}. */
export interface AggregatorConfigOptions {
  /** Base URL of InfluxDB, e.g. `http://influxdb:8086`. */
  influxDbUrl: string;
  /**
   * InfluxQL name of where the events go: a user name and a password of our choice are accepted by `/write` only.
   * @default { database: "monitoring", retentionPolicy: "events" }
   */
  target?: { database: string; retentionPolicy: string };
  /** `deployment.environment.name` of events that have none. */
  environment: string;
  /**
   * Folder on the volume: buffer, dead letters.
   * @default "/fluentd/data"
   */
  dataPath?: string;
  /**
   * Largest size of the buffer, in bytes. Above it the sidecars are made to wait. What InfluxDB refuses takes another
   * 5/14 of it at most: keep it at seven tenths of the volume.
   * @default 7516192768 (7 GiB, for a volume of 10 GiB)
   */
  bufferBytes?: number;
  /**
   * Port that the sidecars forward to.
   * @default 24224
   */
  port?: number;
  /**
   * Port of the monitor agent, with the figures of every plugin.
   * @default 24220
   */
  monitorPort?: number;
  /**
   * Address to listen on.
   * @default "0.0.0.0"
   */
  bind?: string;
}

/** Id of the output that counts the points that InfluxDB refused for good; the alert DeadLetters reads it. */
export const deadLetterPluginId = "dead_letters";

/** Points in a request that repeats a refused one: each size is tried before the next, down to a single point. */
const retrySizes = [500, 20, 1] as const;

/** Folders of refused requests, the labels of their points, and the begin of their files' names. */
const retryFolder = (size: number) => `retry-${size}`;
const retryLabel = (size: number) => `@RETRY_${size}`;
const deadLetterFolder = "dead-letters";
const refusedFiles = "refused";

/** Least size of the buffers of retried points: some of the largest requests. */
const leastBufferBytes = 16 * 1024 * 1024;

/** How long dead letters stay on the volume: as long as the events that were not refused. */
const deadLetterSeconds = defaultRetentionDays.events * secondsPerDay;

/**
 * Configuration of the aggregator: receive events, write them as points to InfluxDB.
 *
 * What InfluxDB refuses is tried again in smaller and smaller requests, because it refuses a request for one of its
 * points; the points that are refused alone stay in `dead-letters/` under the data folder and are counted as events `log.dead_letter`.
 *
 * Needs the environment variables FLUENTD_SHARED_KEY, INFLUXDB_USERNAME and INFLUXDB_PASSWORD. Stock image, core
 * plugins.
 *
 * @returns the files of a folder that `fluentd` is started with, see `fluentdArguments`
 */
export function renderAggregatorConfig(options: AggregatorConfigOptions): ConfigFiles {
  const { dataPath = aggregatorDataPath, bind = "0.0.0.0", bufferBytes = 7 * 1024 * 1024 * 1024 } = options;
  const folder = (name: string) => `${dataPath}/${name}`;
  // Chunks that Fluentd could not read after a crash: a point a line.
  const badChunks = folder("fluentd/backup/worker0/influxdb");
  const deadLetterBytes = Math.floor(bufferBytes / 14);
  // Removes what is old in a folder, and the oldest beyond a bound, now and then as points pass: no core plugin does.
  const keepFiles = (directory: string) =>
    passOn(
      `keep_files(record["point"], ${JSON.stringify(directory)}, ${deadLetterSeconds}, ${deadLetterBytes})`,
    );
  return {
    "fluent.conf": writeConfig([
      systemSection(folder("fluentd")),
      section(
        "source",
        {
          "@type": "forward",
          "@id": "sidecars",
          "@label": "@EVENTS",
          port: options.port ?? parts.fluentdAggregator.port,
          bind,
        },
        [securitySection("aggregator")],
      ),
      section("source", { "@type": "monitor_agent", bind, port: options.monitorPort ?? fluentdMonitorPort }),
      ...retrySizes.map((size) => tailPoints(retryFolder(size), retryLabel(size), dataPath)),
      tailPoints(deadLetterFolder, "@DEAD_LETTERS", dataPath),
      tailPoints("bad-chunks", retryLabel(retrySizes[0]), dataPath, `${badChunks}/*.log`),
      ownLogSection("@EVENTS"),
      label("@EVENTS", [
        callFilter("**", "point", 'point(record["event"])', { renew_record: true }),
        write(options, "influxdb", folder(retryFolder(retrySizes[0])), {
          path: folder("buffer"),
          chunk_limit_size: "2m",
          total_limit_size: bufferBytes,
          // With 0, at each turn of the enqueueing thread: what the sidecars send together is one request.
          flush_interval: 0,
        }),
      ]),
      ...retrySizes.map((size, index) => {
        const smaller = retrySizes[index + 1];
        const refused = folder(smaller === undefined ? deadLetterFolder : retryFolder(smaller));
        return label(retryLabel(size), [
          passOn(`drop_read(record["point"], ${JSON.stringify(folder(retryFolder(size)))})`),
          ...(index === 0 ? [keepFiles(badChunks)] : []),
          write(options, `influxdb_retry_${size}`, refused, {
            path: folder(`buffer-retry-${size}`),
            chunk_limit_records: size,
            total_limit_size: Math.max(leastBufferBytes, deadLetterBytes),
            flush_interval: 1,
          }),
        ]);
      }),
      label("@DEAD_LETTERS", [
        keepFiles(folder(deadLetterFolder)),
        callFilter("**", "event", 'dead_letter(record["point"], time)', { renew_record: true }),
        // What counts refused points can be refused itself: it must not be counted again, for ever.
        keepFilter("**", "$.event.event_name", "/./"),
        section("match **", { "@type": "relabel", "@id": deadLetterPluginId, "@label": "@EVENTS" }),
      ]),
    ]),
    ...contractFiles({ "deployment.environment.name": options.environment }),
  };
}

/** Calls a function of LogContract that returns the point that it is given. */
function passOn(call: string): Section {
  return callFilter("**", "point", call);
}

/** Reads points, one a line, that a secondary output has written into the folder of that name. */
function tailPoints(
  name: string,
  toLabel: string,
  dataPath: string,
  path = `${dataPath}/${name}/${refusedFiles}*`,
): Section {
  const parameters = {
    "@type": "tail",
    "@id": `tail_${name}`,
    "@label": toLabel,
    tag: name,
    path,
    pos_file: `${dataPath}/${name}.pos`,
    // Each refused request is a file of another name.
    pos_file_compaction_interval: 600,
    read_from_head: true,
    refresh_interval: 1,
  };
  return section("source", parameters, [section("parse", { "@type": "none", message_key: "point" })]);
}

/** Writes points to InfluxDB, and requests that it refuses for good into a folder. */
function write(
  options: AggregatorConfigOptions,
  id: string,
  refusedFolder: string,
  buffer: Parameters,
): Section {
  const target = options.target ?? { database, retentionPolicy: buckets.events };
  const query = new URLSearchParams({ db: target.database, rp: target.retentionPolicy, precision: "ns" });
  const parameters = {
    "@type": "http",
    "@id": id,
    endpoint: `${options.influxDbUrl.replace(/\/$/, "")}/write?${query.toString()}`,
    content_type: "text/plain; charset=utf-8",
    open_timeout: 5,
    read_timeout: 30,
    // 401, 403 and 404 happen while a password rotates or InfluxDB is being set up. Any other code is final.
    retryable_response_codes: "401,403,404,408,429,500,502,503,504",
    error_response_as_unrecoverable: true,
  };
  return section("match **", parameters, [
    section("auth", {
      method: "basic",
      username: environmentVariable("INFLUXDB_USERNAME"),
      password: environmentVariable("INFLUXDB_PASSWORD"),
    }),
    section("format", { "@type": "single_value", message_key: "point" }),
    section("buffer", { "@type": "file", ...buffer, flush_thread_count: 2, ...lastingBuffer }),
    section("secondary", { "@type": "secondary_file", directory: refusedFolder, basename: refusedFiles }),
  ]);
}
