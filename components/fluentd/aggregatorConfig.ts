import { buckets, database } from "../../contract/buckets";
import { type ConfigFiles, contractFiles } from "./contractFiles";
import {
  environmentVariable,
  ownLogSection,
  type Section,
  systemSection,
  writeConfig,
} from "./fluentdConfig";

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

/** Least size of the buffers of retried points: some of the largest requests. */
const leastBufferBytes = 16 * 1024 * 1024;

/** How long dead letters stay on the volume: as long as the events that were not refused. */
const deadLetterSeconds = 14 * 24 * 3600;

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
  const dataPath = options.dataPath ?? "/fluentd/data";
  const bind = options.bind ?? "0.0.0.0";
  const folder = (name: string) => ({ directory: `${dataPath}/${name}`, basename: "refused" });
  const dead = folder("dead-letters");
  const bufferBytes = options.bufferBytes ?? 7 * 1024 * 1024 * 1024;
  const deadLetterBytes = Math.floor(bufferBytes / 14);
  const [firstRetry] = retrySizes.map((size) => folder(`retry-${size}`));
  return {
    "fluent.conf": writeConfig([
      systemSection(`${dataPath}/fluentd`),
      {
        name: "source",
        parameters: {
          "@type": "forward",
          "@id": "sidecars",
          "@label": "@EVENTS",
          port: options.port ?? 24224,
          bind,
        },
        sections: [
          {
            name: "security",
            parameters: {
              self_hostname: "aggregator",
              shared_key: environmentVariable("FLUENTD_SHARED_KEY"),
            },
          },
        ],
      },
      { name: "source", parameters: { "@type": "monitor_agent", bind, port: options.monitorPort ?? 24220 } },
      ...retrySizes.map((size) => tailPoints(`retry-${size}`, `@RETRY_${size}`, dataPath)),
      tailPoints("dead-letters", "@DEAD_LETTERS", dataPath),
      tailPoints("bad-chunks", `@RETRY_${retrySizes[0]}`, dataPath, `${badChunks(dataPath)}/*.log`),
      ownLogSection("@EVENTS"),
      label("@EVENTS", [
        toPoint('record["event"]'),
        write(options, {
          id: "influxdb",
          buffer: {
            path: `${dataPath}/buffer`,
            chunk_limit_size: "2m",
            total_limit_size: bufferBytes,
            // With 0, at each turn of the enqueueing thread: what the sidecars send together is one request.
            flush_interval: 0,
            flush_thread_count: 2,
          },
          refused: firstRetry ?? dead,
        }),
      ]),
      ...retrySizes.map((size, index) => {
        const smaller = retrySizes[index + 1];
        return label(`@RETRY_${size}`, [
          passOn(`drop_read(record["point"], ${JSON.stringify(`${dataPath}/retry-${size}`)})`),
          ...(index === 0 ? [keepFiles(badChunks(dataPath), deadLetterBytes)] : []),
          write(options, {
            id: `influxdb_retry_${size}`,
            buffer: {
              path: `${dataPath}/buffer-retry-${size}`,
              chunk_limit_records: size,
              total_limit_size: Math.max(leastBufferBytes, deadLetterBytes),
              flush_interval: 1,
              flush_thread_count: 2,
            },
            refused: smaller === undefined ? dead : folder(`retry-${smaller}`),
          }),
        ]);
      }),
      label("@DEAD_LETTERS", [
        keepFiles(dead.directory, deadLetterBytes),
        {
          name: "filter",
          argument: "**",
          parameters: { "@type": "record_transformer", enable_ruby: true, renew_record: true },
          sections: [
            { name: "record", parameters: { event: '${::LogContract.dead_letter(record["point"], time)}' } },
          ],
        },
        // What counts refused points can be refused itself: it must not be counted again, for ever.
        {
          name: "filter",
          argument: "**",
          parameters: { "@type": "grep" },
          sections: [{ name: "regexp", parameters: { key: "$.event.event_name", pattern: "/./" } }],
        },
        {
          name: "match",
          argument: "**",
          parameters: { "@type": "relabel", "@id": deadLetterPluginId, "@label": "@EVENTS" },
        },
      ]),
    ]),
    ...contractFiles({ "deployment.environment.name": options.environment }),
  };
}

function label(name: string, sections: Section[]): Section {
  return { name: "label", argument: name, sections };
}

/** Folder of the chunks that Fluentd could not read after a crash: a point a line. */
function badChunks(dataPath: string): string {
  return `${dataPath}/fluentd/backup/worker0/influxdb`;
}

/** Reads points, one a line, that a secondary output has written into the folder of that name. */
function tailPoints(
  name: string,
  toLabel: string,
  dataPath: string,
  path = `${dataPath}/${name}/refused*`,
): Section {
  return {
    name: "source",
    parameters: {
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
    },
    sections: [{ name: "parse", parameters: { "@type": "none", message_key: "point" } }],
  };
}

/** Removes what is old in a folder, and the oldest beyond `bytes`, now and then as points pass: no core plugin does. */
function keepFiles(directory: string, bytes: number): Section {
  return passOn(`keep_files(record["point"], ${JSON.stringify(directory)}, ${deadLetterSeconds}, ${bytes})`);
}

/** Calls a function of the contract's Ruby that gives back the point that it is given. */
function passOn(call: string): Section {
  return {
    name: "filter",
    argument: "**",
    parameters: { "@type": "record_transformer", enable_ruby: true },
    sections: [
      {
        name: "record",
        parameters: { point: `\${::LogContract.${call}}` },
      },
    ],
  };
}

function toPoint(event: string): Section {
  return {
    name: "filter",
    argument: "**",
    parameters: { "@type": "record_transformer", enable_ruby: true, renew_record: true },
    sections: [{ name: "record", parameters: { point: `\${::LogContract.point(${event})}` } }],
  };
}

function write(
  options: AggregatorConfigOptions,
  output: {
    id: string;
    buffer: Readonly<Record<string, string | number>>;
    refused: { directory: string; basename: string };
  },
): Section {
  const target = options.target ?? { database, retentionPolicy: buckets.events };
  const query = new URLSearchParams({ db: target.database, rp: target.retentionPolicy, precision: "ns" });
  return {
    name: "match",
    argument: "**",
    parameters: {
      "@type": "http",
      "@id": output.id,
      endpoint: `${options.influxDbUrl.replace(/\/$/, "")}/write?${query.toString()}`,
      content_type: "text/plain; charset=utf-8",
      open_timeout: 5,
      read_timeout: 30,
      // 401, 403 and 404 happen while a password rotates or InfluxDB is being set up. Any other code is final.
      retryable_response_codes: "401,403,404,408,429,500,502,503,504",
      error_response_as_unrecoverable: true,
    },
    sections: [
      {
        name: "auth",
        parameters: {
          method: "basic",
          username: environmentVariable("INFLUXDB_USERNAME"),
          password: environmentVariable("INFLUXDB_PASSWORD"),
        },
      },
      { name: "format", parameters: { "@type": "single_value", message_key: "point" } },
      {
        name: "buffer",
        parameters: {
          "@type": "file",
          ...output.buffer,
          flush_mode: "interval",
          flush_thread_interval: 0.1,
          flush_thread_burst_interval: 0.1,
          flush_at_shutdown: true,
          overflow_action: "block",
          retry_forever: true,
          retry_wait: 1,
          retry_max_interval: 15,
        },
      },
      {
        name: "secondary",
        parameters: { "@type": "secondary_file", ...output.refused },
      },
    ],
  };
}
