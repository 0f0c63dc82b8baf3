import { buckets, database, defaultRetentionDays, secondsPerDay } from "../../contract/buckets";
import { withoutEndSlashes } from "../../contract/patterns";
import { fluentdMonitorPort, parts } from "../platform/parts";
import { type ConfigFiles, contractFiles } from "./contractFiles";
import {
  environmentVariable,
  label,
  lastingBuffer,
  ownLogSection,
  type Section,
  section,
  securitySection,
  systemSection,
  writeConfig,
} from "./fluentdConfig";
import { fullTextCaFile, fullTextLabel, type FullTextOptions, fullTextOutput } from "./fullText";
import { aggregatorDataPath, configPath } from "./paths";

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
   * 2/14 of it at most, full text too: keep it at seven tenths of the volume.
   * @default 7516192768 (7 GiB, for a volume of 10 GiB)
   */
  bufferBytes?: number;
  /**
   * Port that the sidecars forward to.
   * @default 24224
   */
  port?: number;
  /**
   * Folder with the certificate `tls.crt` and its key `tls.key`, where the sidecars connect by TLS.
   * @default none: plain TCP
   */
  tlsPath?: string;
  /**
   * A server that gets the texts of events too. Its buffer is a seventh of `bufferBytes`, beside it.
   * @default none
   */
  fullText?: FullTextOptions;
  /**
   * Folder that the files are rendered for.
   * @default "/fluentd/etc"
   */
  configFolder?: string;
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

const defaultBufferBytes = 7 * 1024 * 1024 * 1024;

/** Folder of refused points. */
const deadLetterFolder = "dead-letters";

/** How long dead letters stay on the volume: as long as the events that were not refused. */
const deadLetterSeconds = defaultRetentionDays.events * secondsPerDay;

/**
 * Configuration of the aggregator: receive points, write them to InfluxDB.
 *
 * InfluxDB refuses a request for one of its points: such a request is halved until the points that are refused alone are
 * found. Those stay in `dead-letters/` under the data folder and are counted as events `log.dead_letter`.
 *
 * Needs the environment variables FLUENTD_SHARED_KEY, INFLUXDB_USERNAME and INFLUXDB_PASSWORD. Stock image, with the
 * plugins of plugins/.
 *
 * @returns the files of a folder that `fluentd` is started with, see `fluentdArguments`
 */
export function renderAggregatorConfig(options: AggregatorConfigOptions): ConfigFiles {
  const { dataPath = aggregatorDataPath, bind = "0.0.0.0", fullText } = options;
  const folder = (name: string) => `${dataPath}/${name}`;
  return {
    "fluent.conf": writeConfig([
      systemSection(folder("fluentd")),
      section(
        "source",
        {
          "@type": "log_forward",
          "@id": "sidecars",
          "@label": "@EVENTS",
          port: options.port ?? parts.fluentdAggregator.port,
          bind,
        },
        [
          ...(options.tlsPath === undefined ? [] : [tlsSection(options.tlsPath)]),
          securitySection("aggregator"),
        ],
      ),
      section("source", { "@type": "monitor_agent", bind, port: options.monitorPort ?? fluentdMonitorPort }),
      tailPoints("dead-letters", "@DEAD_LETTERS", dataPath, folder(deadLetterFolder)),
      tailPoints("bad-chunks", "@EVENTS", dataPath, badChunks(dataPath)),
      ownLogSection("@EVENTS"),
      ...events(options, dataPath),
      label("@DEAD_LETTERS", [
        section("filter **", { "@type": "dead_letter" }),
        section("match **", { "@type": "relabel", "@id": "dead_letters", "@label": "@EVENTS" }),
      ]),
    ]),
    ...(fullText?.caCertificate !== undefined && { [fullTextCaFile]: fullText.caCertificate }),
    ...contractFiles({ "deployment.environment.name": options.environment }),
  };
}

/** The outputs of events. */
function events(options: AggregatorConfigOptions, dataPath: string): Section[] {
  const { fullText, bufferBytes = defaultBufferBytes, configFolder = configPath } = options;
  const influxDb = write(options, dataPath);
  if (fullText === undefined) return [label("@EVENTS", [influxDb])];
  const buffer = { path: `${dataPath}/full-text`, bytes: Math.floor(bufferBytes / 7) };
  return [
    label("@EVENTS", [
      section("match **", { "@type": "copy" }, [
        { ...influxDb, head: "store" },
        // An error of the second output is none of the batch: the sidecar would send it again.
        section("store ignore_error", { "@type": "relabel", "@label": fullTextLabel }),
      ]),
    ]),
    label(fullTextLabel, [fullTextOutput(fullText, buffer, configFolder)]),
  ];
}

function tlsSection(folder: string): Section {
  return section("transport tls", {
    version: "TLSv1_3",
    cert_path: `${folder}/tls.crt`,
    private_key_path: `${folder}/tls.key`,
  });
}

/** Folder of chunks that Fluentd could not read after a crash: a point a line. */
function badChunks(dataPath: string): string {
  return `${dataPath}/fluentd/backup/worker0/influxdb`;
}

/** Reads the points, one a line, in the files of a folder. */
function tailPoints(name: string, toLabel: string, dataPath: string, path: string): Section {
  const parameters = {
    "@type": "log_files",
    "@id": `tail_${name}`,
    "@label": toLabel,
    tag: name,
    join: false,
    path: `${path}/*.log`,
    pos_file: `${dataPath}/${name}.pos`,
    // Each chunk is a file of another name.
    pos_file_compaction_interval: 600,
    read_from_head: true,
    refresh_interval: 1,
  };
  return section("source", parameters, [section("parse", { "@type": "none" })]);
}

/** Writes points to InfluxDB, and those that it refuses for good into a folder. */
function write(options: AggregatorConfigOptions, dataPath: string): Section {
  const { bufferBytes = defaultBufferBytes } = options;
  const target = options.target ?? { database, retentionPolicy: buckets.events };
  const query = new URLSearchParams({ db: target.database, rp: target.retentionPolicy, precision: "ns" });
  const parameters = {
    "@type": "influxdb_write",
    "@id": "influxdb",
    endpoint: `${withoutEndSlashes(options.influxDbUrl)}/write?${query.toString()}`,
    content_type: "text/plain; charset=utf-8",
    open_timeout: 5,
    read_timeout: 30,
    // 401, 403 and 404 happen while a password rotates or InfluxDB is being set up. Any other code is final.
    retryable_response_codes: "401,403,404,408,429,500,502,503,504",
    error_response_as_unrecoverable: true,
    refused_path: `${dataPath}/${deadLetterFolder}`,
    bounded_paths: badChunks(dataPath),
    // Points of refused requests, and of the buffers from which 0.1.0 sent them again in smaller ones.
    earlier_files: `${dataPath}/retry-*/refused*,${dataPath}/buffer-retry-*/buffer.*.log`,
    earlier_path: badChunks(dataPath),
    keep_seconds: deadLetterSeconds,
    keep_bytes: Math.floor(bufferBytes / 14),
  };
  return section("match **", parameters, [
    section("auth", {
      method: "basic",
      username: environmentVariable("INFLUXDB_USERNAME"),
      password: environmentVariable("INFLUXDB_PASSWORD"),
    }),
    section("buffer", {
      "@type": "file",
      path: `${dataPath}/buffer`,
      chunk_limit_size: "2m",
      total_limit_size: bufferBytes,
      // With 0, at each turn of the enqueueing thread: what the sidecars send together is one request.
      flush_interval: 0,
      flush_thread_count: 2,
      ...lastingBuffer,
    }),
  ]);
}
