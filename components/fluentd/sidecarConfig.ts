import {
  checkFormat,
  formatNames,
  type LogSource,
  multilineStartOf,
  renderedFormat,
} from "../../contract/formats";
import { portableRegexp } from "../../contract/regexps";
import { type ConfigFiles, contractFiles } from "./contractFiles";
import {
  label,
  lastingBuffer,
  ownLogSection,
  type Parameters,
  RubyValue,
  type Section,
  section,
  securitySection,
  systemSection,
  writeConfig,
} from "./fluentdConfig";
import { configPath, logDirectory, sidecarBufferPath } from "./paths";
import { runFluentdFile, runFluentdScript } from "./runFluentd";

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
  /** Where the aggregator listens. With the certificate of a CA, in PEM, it must show one for `host` that the CA signs. */
  aggregator: { host: string; port: number; caCertificate?: string };
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
   * Folder that the files are rendered for.
   * @default "/fluentd/etc"
   */
  configFolder?: string;
  /**
   * Folder of the buffer and of the positions read.
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
 * Configuration of a sidecar: follow the log files, make points of the lines, forward them to the aggregator.
 *
 * Needs the environment variable FLUENTD_SHARED_KEY; POD_NAME is recorded where it is set. Stock image, with
 * the plugins of plugins/.
 *
 * @returns the files of a folder that `fluentd` is started with, see `sidecarArguments`
 * @throws Error that names the source and the sample that does not match its format
 */
export function renderSidecarConfig(options: SidecarConfigOptions): ConfigFiles {
  const { logPath = logDirectory, bufferPath = sidecarBufferPath, sources = [{}] } = options;
  const { name, environment, version } = options.service;
  const { caCertificate } = options.aggregator;
  checkSources(sources);
  const eventPaths = `${logPath}/**/${eventFiles}`;
  const formats = Object.fromEntries(
    sources.map((source, index) => [`source${index}`, renderedFormat(source)]),
  );
  const defaults = {
    "service.name": name,
    "deployment.environment.name": environment,
    ...(version !== undefined && { "service.version": version }),
  };
  return {
    "fluent.conf": writeConfig([
      systemSection(bufferPath),
      tail("events", eventPaths, bufferPath, { join: false }),
      ...sources.map((source, index) => {
        const path = `${logPath}/${source.path ?? "**/*.log"}`;
        const excluded = [eventPaths, ...ownedBySources(sources, index, logPath)];
        const start = multilineStartOf(source.format);
        return tail(`source${index}`, path, bufferPath, {
          exclude_path: JSON.stringify(excluded),
          format: `source${index}`,
          ...(start !== undefined && { record_start: portableRegexp(start).ruby }),
        });
      }),
      ...["events", ...Object.keys(formats)].map((format) =>
        section(`filter event.${format}`, {
          "@type": "log_contract",
          format,
          pod_name: new RubyValue("#{ENV.fetch('POD_NAME', '')}"),
        }),
      ),
      ownLogSection("@ROOT"),
      forward(options, "aggregator", {
        "@type": "file",
        path: `${bufferPath}/forward`,
        total_limit_size: options.bufferBytes ?? 512 * 1024 * 1024,
      }),
      // What the file buffer can't be given, because the disk is full: in_tail would drop it.
      label("@ERROR", [
        forward(options, "aggregator_from_memory", {
          "@type": "memory",
          total_limit_size: memoryBytes,
        }),
      ]),
    ]),
    [runFluentdFile]: runFluentdScript,
    ...(caCertificate !== undefined && { [caFile]: caCertificate }),
    ...contractFiles(defaults, { events: renderedFormat("json"), ...formats }),
  };
}

/** Follows the files of a path. */
function tail(name: string, path: string, bufferPath: string, more: Parameters): Section {
  const parameters = {
    "@type": "log_files",
    "@id": `tail_${name}`,
    tag: `event.${name}`,
    path,
    pos_file: `${bufferPath}/${name}.pos`,
    // By path, not by inode: a new file soon gets the inode of a removed one, and would be taken for it.
    // What was written before the sidecar came up is read too; a new file is found within a second.
    read_from_head: true,
    refresh_interval: 1,
    rotate_wait: 5,
    // One large file must not keep the others waiting.
    read_lines_limit: 1000,
    ...more,
  };
  return section("source", parameters, [section("parse", { "@type": "none" })]);
}

/** Name of the file that holds the certificate of the aggregator's CA. */
const caFile = "ca.crt";

/** Bound of what waits in memory while the disk is full, a part of the container's 256 MiB; above it the reading stops. */
const memoryBytes = 8 * 1024 * 1024;

function forward(
  { aggregator, configFolder = configPath }: SidecarConfigOptions,
  id: string,
  buffer: Parameters,
): Section {
  const { host, port, caCertificate } = aggregator;
  const parameters = {
    "@type": "log_forward",
    "@id": id,
    ...(caCertificate !== undefined && {
      transport: "tls",
      tls_version: "TLSv1_3",
      tls_ca_cert_path: `${configFolder}/${caFile}`,
    }),
    // Held until the aggregator has it on its own disk; sent again otherwise.
    require_ack_response: true,
    ack_response_timeout: 30,
    connect_timeout: 5,
    send_timeout: 30,
    // An aggregator that is away is no reason to give up: the buffer holds until it is back.
    heartbeat_type: "none",
    phi_failure_detector: false,
  };
  return section("match **", parameters, [
    securitySection("sidecar"),
    section("server", { host, port }),
    // At each whole second: a connection for every batch that is read costs both ends far more. At most ten chunks a
    // second follow each other: 20 MB of what has piled up.
    section("buffer", { ...buffer, ...lastingBuffer, flush_interval: 1, chunk_limit_size: "2m" }),
  ]);
}

/** Patterns of the sources that name files themselves: the general one leaves those out, so no line counts twice. */
function ownedBySources(sources: readonly LogSource[], index: number, logPath: string): string[] {
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
    if (path?.startsWith("/") || path?.split("/").includes("..") || /[\s,'"]/.test(path ?? "")) {
      throw new Error(
        `logs[${index}].path must be relative to the log folder, without "..", spaces, commas and quotes, ` +
          `e.g. "train/*.log"; got ${JSON.stringify(path)}`,
      );
    }
    // Languages without literal types get here with any name.
    if (typeof format === "string" && !formatNames.includes(format)) {
      throw new Error(
        `logs[${index}].format "${format}" is not known: one of ${formatNames.join(", ")}, ` +
          "or { regexp, samples } of your own",
      );
    }
    if (typeof format !== "object") return;
    try {
      checkFormat(format);
    } catch (error) {
      throw new Error(`logs[${index}].format: ${(error as Error).message}`);
    }
  });
}
