import {
  checkFormat,
  formatNames,
  type LogFormat,
  type LogSource,
  recordStart,
} from "../../contract/formats";
import { type ConfigFiles, contractFiles } from "./contractFiles";
import {
  environmentVariable,
  ownLogSection,
  type Section,
  systemSection,
  writeConfig,
} from "./fluentdConfig";

/** Options of {@link renderSidecarConfig}. */
export interface SidecarConfigOptions {
  /** Whose lines these are, where a line does not say it itself. */
  service: {
    /** `service.name`. */
    name: string;
    /** `deployment.environment.name`. */
    environment: string;
    /** `service.version`. */
    version?: string;
  };
  /** Where the aggregator listens. */
  aggregator: { host: string; port: number };
  /**
   * Log files beside the helper's own *.events.log, which are always read.
   * @default [{}], every other *.log file, its format found out line by line
   */
  sources?: readonly LogSource[];
  /**
   * Folder that the application writes to.
   * @default "/var/log/app"
   */
  logPath?: string;
  /**
   * Folder of the buffer and of the positions read, lost with the pod.
   * @default "/fluentd/buffer"
   */
  bufferPath?: string;
  /**
   * Largest size of the buffer, in bytes. Above it the sidecar stops reading; the lines wait in their files.
   * @default 536870912 (512 MiB)
   */
  bufferBytes?: number;
}

/** Files that the helper writes: one JSON object a line, never a text of several lines. */
const eventFiles = "*.events.log";

/**
 * Configuration of a sidecar: follow the log files, make events of the lines, forward them to the aggregator.
 *
 * Needs the environment variable FLUENTD_SHARED_KEY; POD_NAME is recorded where it is set. Stock image, core plugins.
 *
 * @returns the files of a folder that `fluentd` is started with, see `fluentdArguments`
 * @throws Error that names the source and the sample that does not match its format
 */
export function renderSidecarConfig(options: SidecarConfigOptions): ConfigFiles {
  const logPath = options.logPath ?? "/var/log/app";
  const bufferPath = options.bufferPath ?? "/fluentd/buffer";
  const sources = options.sources ?? [{}];
  checkSources(sources);
  const formats: Record<string, LogFormat> = { events: "json" };
  const tails = [tail({ name: "events", paths: [`${logPath}/**/${eventFiles}`], bufferPath })];
  sources.forEach((source, index) => {
    const name = `source${index}`;
    const format = source.format ?? "auto";
    formats[name] = format;
    tails.push(
      tail({
        name,
        paths: [`${logPath}/${source.path ?? "**/*.log"}`],
        exclude: [`${logPath}/**/${eventFiles}`, ...ownedByOthers(sources, index, logPath)],
        recordStart: typeof format === "object" ? (format.multilineStart ?? recordStart) : recordStart,
        bufferPath,
      }),
    );
  });
  const { name, environment, version } = options.service;
  const defaults = {
    "service.name": name,
    "deployment.environment.name": environment,
    ...(version === undefined ? {} : { "service.version": version }),
  };
  return {
    "fluent.conf": writeConfig([
      systemSection(bufferPath),
      ...tails,
      ...Object.keys(formats).map(normalise),
      // Blank lines are no events.
      {
        name: "filter",
        argument: "event.**",
        parameters: { "@type": "grep" },
        sections: [{ name: "regexp", parameters: { key: "$.event.event_name", pattern: "/./" } }],
      },
      ownLogSection("@ROOT"),
      forward(options, "aggregator", {
        "@type": "file",
        path: `${bufferPath}/forward`,
        total_limit_size: options.bufferBytes ?? 512 * 1024 * 1024,
      }),
      // What the file buffer can't be given, because the disk is full: in_tail would drop it.
      {
        name: "label",
        argument: "@ERROR",
        sections: [
          forward(options, "aggregator_from_memory", { "@type": "memory", total_limit_size: memoryBytes }),
        ],
      },
    ]),
    ...contractFiles(defaults, formats),
  };
}

interface Tail {
  name: string;
  paths: string[];
  exclude?: string[];
  /** Expression of a record's first line; without it, each line is a record. */
  recordStart?: string;
  bufferPath: string;
}

function tail({ name, paths, exclude = [], recordStart: start, bufferPath }: Tail): Section {
  return {
    name: "source",
    parameters: {
      "@type": "tail",
      "@id": `tail_${name}`,
      tag: `event.${name}`,
      path: paths.join(","),
      ...(exclude.length === 0 ? {} : { exclude_path: JSON.stringify(exclude) }),
      pos_file: `${bufferPath}/${name}.pos`,
      // By path, not by inode: a new file soon gets the inode of a removed one, and would be taken for it.
      // What was written before the sidecar came up is read too; a new file is found within a second.
      read_from_head: true,
      refresh_interval: 1,
      rotate_wait: 5,
      // One large file must not keep the others waiting.
      read_lines_limit: 1000,
      path_key: "file",
      ...(start === undefined ? {} : { multiline_flush_interval: 0.5 }),
    },
    sections: [
      {
        name: "parse",
        parameters:
          start === undefined
            ? { "@type": "none" }
            : {
                "@type": "multiline",
                format_firstline: `/${start}/`,
                format1: "/(?<message>[\\s\\S]*)/",
              },
      },
    ],
  };
}

function normalise(format: string): Section {
  return {
    name: "filter",
    argument: `event.${format}`,
    parameters: { "@type": "record_transformer", enable_ruby: true, renew_record: true },
    sections: [
      {
        name: "record",
        parameters: {
          event: `\${::LogContract.normalise(record["message"], time, record["file"], "${format}")}`,
        },
      },
    ],
  };
}

/** Bound of what waits in memory while the disk is full, a part of the container's 256 MiB; above it the reading stops. */
const memoryBytes = 8 * 1024 * 1024;

function forward(
  options: SidecarConfigOptions,
  id: string,
  buffer: NonNullable<Section["parameters"]>,
): Section {
  return {
    name: "match",
    argument: "**",
    parameters: {
      "@type": "forward",
      "@id": id,
      // Held until the aggregator has it on its own disk; sent again otherwise.
      require_ack_response: true,
      ack_response_timeout: 30,
      connect_timeout: 5,
      send_timeout: 30,
      // An aggregator that is away is no reason to give up: the buffer holds until it is back.
      heartbeat_type: "none",
      phi_failure_detector: false,
    },
    sections: [
      {
        name: "security",
        parameters: { self_hostname: "sidecar", shared_key: environmentVariable("FLUENTD_SHARED_KEY") },
      },
      { name: "server", parameters: { host: options.aggregator.host, port: options.aggregator.port } },
      {
        name: "buffer",
        parameters: {
          ...buffer,
          // At each whole second: a connection for every batch that is read costs both ends far more.
          flush_mode: "interval",
          flush_interval: 1,
          flush_thread_interval: 0.1,
          // Ten chunks a second are 20 MB of what has piled up. Without a pause, a chunk that the aggregator can't take (its
          // disk is full) would be sent again in a tight loop.
          flush_thread_burst_interval: 0.1,
          flush_at_shutdown: true,
          chunk_limit_size: "2m",
          // A full buffer stops the reading: what waits in the log files is not lost.
          overflow_action: "block",
          retry_forever: true,
          retry_wait: 1,
          retry_max_interval: 15,
        },
      },
    ],
  };
}

/** Patterns of the sources that name files themselves: the general one leaves those out, so no line counts twice. */
function ownedByOthers(sources: readonly LogSource[], index: number, logPath: string): string[] {
  if (sources[index]?.path !== undefined) return [];
  return sources.flatMap(({ path }) => (path === undefined ? [] : [`${logPath}/${path}`]));
}

/**
 * Checks log sources, so that a mistake fails before anything is deployed.
 *
 * @throws Error that names the source, and the sample that does not match its format
 */
export function checkSources(sources: readonly LogSource[]): void {
  sources.forEach(({ path, format }, index) => {
    if (path !== undefined) checkPath(index, path);
    if (typeof format === "object") checkSource(index, () => checkFormat(format));
    // Languages without literal types get here with any name.
    else if (format !== undefined && !formatNames.includes(format)) {
      throw new Error(
        `logs[${index}].format "${format}" is not known: one of ${formatNames.join(", ")}, ` +
          "or { regexp, samples } of your own",
      );
    }
  });
}

function checkPath(index: number, path: string): void {
  if (path.startsWith("/") || path.split("/").includes("..") || /[\s,'"]/.test(path)) {
    throw new Error(
      `logs[${index}].path must be relative to the log folder, without "..", spaces, commas and quotes, ` +
        `e.g. "train/*.log"; got ${JSON.stringify(path)}`,
    );
  }
}

function checkSource(index: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`logs[${index}].format: ${(error as Error).message}`);
  }
}
