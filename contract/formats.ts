import { joinRecords } from "./joinRecords";
import { javascriptRegexp, portableRegexp, withoutColours } from "./regexps";
import { type BuiltInFormat, textFormats } from "./textFormats";
import { isTimeZone, readTime, timePattern, timePatterns } from "./times";

export type { BuiltInFormat } from "./textFormats";

/** A text format of an application's own. */
export interface CustomFormat {
  /**
   * Regular expression with named groups. `time`, `level`, `logger`, `body` mean what they say, `method`, `path`,
   * `status` and `duration` (seconds) make a request; any other group becomes an attribute of its name. `^` and `$` are
   * the begin and end of the record. It must mean the same in Ruby and JavaScript: no look-behind, no flags.
   */
  regexp: string;
  /**
   * What the first line of a record looks like; lines that don't match belong to the record before.
   * @default a line that is not indented and not part of a traceback
   */
  multilineStart?: string;
  /**
   * How the group `time` is written, with the directives of strptime, e.g. `%d.%m.%Y %H:%M:%S,%L`.
   * @default RFC 3339, Unix time, and what the built-in formats have
   */
  timeFormat?: string;
  /**
   * Time zone of times that name none, as in the IANA database, e.g. `Europe/Berlin`.
   * @default UTC
   */
  timeZone?: string;
  /** Lines that must match: tested before anything is deployed. At least one. */
  samples: readonly string[];
}

/** The format of a log file: `auto` tries JSON, then every built-in format. */
export type LogFormat = "auto" | "json" | BuiltInFormat | CustomFormat;

/** Formats that have a name. */
export const formatNames: readonly string[] = ["auto", "json", ...Object.keys(textFormats)];

/** Log files of an application. */
export interface LogSource {
  /**
   * Files, relative to the log volume, `*` and `**` allowed.
   * @default every *.log file but the helper's own *.events.log
   */
  path?: string;
  /** @default "auto" */
  format?: LogFormat;
  /**
   * Templates of the routes of text access lines, e.g. `/users/{name}/orders`. Of a path that none matches, parts with
   * digits and addresses become `{id}`.
   * @default none
   */
  routes?: readonly string[];
  /**
   * Paths of probes: access lines of theirs are a `log`, no request.
   * @default ["/healthz", "/health", "/livez", "/readyz"]
   */
  probePaths?: readonly string[];
  /**
   * Most routes that a service may have; the requests of further ones have the route `_other`.
   * @default 100
   */
  maxRoutes?: number;
}

/** One expression of a format. */
export interface FormatRow {
  /** Name of the format, e.g. `nginx`. */
  name: string;
  regexp: string;
  /** Severity of lines that name none. */
  severity?: string;
  /** The group `pairs` is read as a JSON object is. */
  pairs?: boolean;
}

/** A source as both parsers read it. */
export interface RenderedFormat {
  json: boolean;
  /** In the order in which they are tried. */
  rows: readonly FormatRow[];
  times: readonly string[];
  timeZone?: string;
  /** Each template and the expression of its paths. */
  routes: readonly { template: string; regexp: string }[];
  probePaths: readonly string[];
  maxRoutes: number;
}

const defaultProbePaths = ["/healthz", "/health", "/livez", "/readyz"];
const defaultMaxRoutes = 100;

/** What may be in the file of any application, whatever it logs. */
const everywhere: readonly BuiltInFormat[] = ["warnings", "traceback", "progress"];

/** The expressions and settings of a source. */
export function renderedFormat(source: LogSource | LogFormat = {}): RenderedFormat {
  const { format = "auto", ...more }: LogSource =
    typeof source === "string" || "regexp" in source ? { format: source } : source;
  const custom = typeof format === "object" ? format : undefined;
  const names =
    format === "auto"
      ? (Object.keys(textFormats) as BuiltInFormat[])
      : [...(custom || format === "json" ? [] : [format as BuiltInFormat]), ...everywhere];
  const rows = names.flatMap((name) => {
    const { regexps, ...rest } = textFormats[name];
    return regexps.map((regexp) => ({ name, regexp, ...rest }));
  });
  return {
    json: format === "auto" || format === "json",
    rows: custom === undefined ? rows : [{ name: "custom", regexp: custom.regexp }, ...rows],
    times: custom?.timeFormat === undefined ? timePatterns : [timePattern(custom.timeFormat)],
    timeZone: custom?.timeZone,
    routes: (more.routes ?? []).map((template) => ({ template, regexp: routeRegexp(template) })),
    probePaths: more.probePaths ?? defaultProbePaths,
    maxRoutes: more.maxRoutes ?? defaultMaxRoutes,
  };
}

/** Whether a line is a record of one of the formats. */
export function isRecord(line: string, format: RenderedFormat): boolean {
  if (format.json && line.startsWith("{")) return true;
  const plain = withoutColours(line);
  return format.rows.some(({ regexp }) => javascriptRegexp(regexp).test(plain));
}

/** What the first line of a record of the format looks like, where it isn't the default. */
export function multilineStartOf(format: LogFormat | undefined): string | undefined {
  return typeof format === "object" ? format.multilineStart : undefined;
}

function routeRegexp(template: string): string {
  const parts = template.split(/\{[^}]*\}/).map((part) => part.replace(/[^A-Za-z0-9_/]/g, "\\$&"));
  return `^${parts.join("[^/]+")}$`;
}

/**
 * Checks a custom format by its samples.
 *
 * @throws Error that names the sample, or the part of the expression that Ruby and JavaScript read differently
 */
export function checkFormat(format: CustomFormat): void {
  checkExpressions(format);
  if (format.samples.length === 0)
    throw new Error("samples: give at least one line that the format must match");
  format.samples.forEach((sample, index) => checkSample(format, sample, `samples[${index}]`));
}

/** Checks a custom format but for its samples. */
export function checkExpressions(format: Omit<CustomFormat, "samples">): void {
  portable("regexp", format.regexp);
  if (!/\(\?<\w+>/.test(format.regexp)) {
    throw new Error(
      `regexp: needs named groups, e.g. "^(?<time>\\S+) (?<level>\\w+) (?<body>.*)$"; got ${format.regexp}`,
    );
  }
  if (format.multilineStart !== undefined) portable("multilineStart", format.multilineStart);
  if (format.timeFormat !== undefined) timePattern(format.timeFormat);
  if (format.timeZone !== undefined && !isTimeZone(format.timeZone)) {
    throw new Error(
      `timeZone: "${format.timeZone}" is not in the IANA database; give a name such as "Europe/Berlin"`,
    );
  }
}

function checkSample(format: CustomFormat, sample: string, name: string): void {
  const [first = "", ...more] = sample.split("\n");
  const start = format.multilineStart;
  if (start !== undefined ? !javascriptRegexp(start).test(first) : joinRecords([first, ...more]).length > 1) {
    throw new Error(
      start === undefined
        ? `${name}: it is more than one record: give a multilineStart that matches its first line only`
        : `${name}: multilineStart does not match its first line: ${JSON.stringify(first)}`,
    );
  }
  const regexp = javascriptRegexp(format.regexp);
  const match = regexp.exec(sample) ?? regexp.exec(first);
  if (match === null) {
    throw new Error(
      `${name} does not match ${format.regexp}: ${JSON.stringify(sample)}; ` +
        `it matches up to ${JSON.stringify(longestMatch(format.regexp, sample))}`,
    );
  }
  const { times, timeZone } = renderedFormat(format);
  const time = match.groups?.time;
  if (time !== undefined && readTime(time, Date.now() / 1000, { patterns: times, timeZone }) === undefined) {
    throw new Error(
      `${name}: its time ${JSON.stringify(time)} is not ` +
        (format.timeFormat === undefined
          ? 'understood: give the timeFormat, e.g. "%d.%m.%Y %H:%M:%S"'
          : `of the timeFormat "${format.timeFormat}"`),
    );
  }
}

function portable(key: string, source: string): void {
  try {
    portableRegexp(source);
  } catch (error) {
    throw new Error(`${key}: ${(error as Error).message}`);
  }
}

/** The longest beginning of the sample that a beginning of the expression matches: where to look for the mistake. */
function longestMatch(source: string, sample: string): string {
  for (let end = source.length - 1; end > 0; end--) {
    try {
      const match = javascriptRegexp(source.slice(0, end)).exec(sample);
      if (match !== null && match[0].length > 0) return match[0];
    } catch {
      // A beginning that is cut inside a group is no expression; the next shorter one may be.
    }
  }
  return "";
}
