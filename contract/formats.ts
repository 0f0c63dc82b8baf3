import type { severities } from "./values";

/**
 * The text formats that are understood, as regular expressions that mean the same in Ruby (Fluentd) and JavaScript:
 * named groups, no look-behind, no inline options.
 *
 * Groups: `time`, `level`, `logger`, `body`, `attributes` (`key=value` pairs), `text` (a body with such pairs at its
 * end), and for access lines `method`, `path`, `status`, `duration`.
 */
export const builtInFormats = {
  /** logrus: `INFO[2021-01-06T17:44:13.368-08:00] message key=value`, `WARN[0003] …` */
  logrus: {
    event: "log",
    regexps: [
      "^(?<level>TRAC|TRACE|DEBU|DEBUG|INFO|WARN|WARNING|ERRO|ERROR|FATA|FATAL|PANI|PANIC)\\[(?<time>[^\\]]+)\\]\\s*(?<text>[\\s\\S]*)$",
      '^time="?(?<time>[^"\\s]+)"?\\s+level=(?<level>\\w+)\\s+msg=(?<body>"(?:[^"\\\\]|\\\\[\\s\\S])*"|\\S+)(?<attributes>[\\s\\S]*)$',
    ],
  },
  /** Python's logging: `INFO:name:message`, `2021-01-06 17:44:13,368 INFO name: message`, `… - name - INFO - message` */
  python: {
    event: "log",
    regexps: [
      "^(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?<logger>[^:\\s]*):(?<body>[\\s\\S]*)$",
      "^(?<time>\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:Z|[+-]\\d\\d:?\\d\\d)?) - (?<logger>\\S+) - (?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) - (?<body>[\\s\\S]*)$",
      "^(?<time>\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:Z|[+-]\\d\\d:?\\d\\d)?)\\s+\\[?(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\\]?\\s+(?:(?<logger>[\\w.]+)\\s*[:-]\\s+)?(?<body>[\\s\\S]*)$",
    ],
  },
  /** uvicorn: `INFO:     127.0.0.1:51824 - "GET /predict HTTP/1.1" 200 OK` */
  uvicorn: {
    event: "http.server.request",
    regexps: [
      '^(?:\\S+ \\S+ )?INFO:\\s+\\S+ - "(?<method>[A-Z]+) (?<path>\\S+) HTTP/[\\d.]+" (?<status>\\d{3})(?: .*)?$',
    ],
  },
  /** nginx: common and combined format; a last number, as of `$request_time`, is the duration in seconds. */
  nginx: {
    event: "http.server.request",
    regexps: [
      '^\\S+ \\S+ \\S+ \\[(?<time>[^\\]]+)\\] "(?<method>[A-Z]+) (?<path>\\S+)(?: HTTP/[\\d.]+)?" (?<status>\\d{3}) \\S+(?: "(?:[^"\\\\]|\\\\.)*" "(?:[^"\\\\]|\\\\.)*")?(?: "[^"]*")?(?: (?<duration>\\d+\\.\\d+))?$',
    ],
  },
} as const satisfies Record<
  BuiltInFormat,
  { event: "log" | "http.server.request"; regexps: readonly string[] }
>;

/** A format that comes with the platform. */
export type BuiltInFormat = "logrus" | "python" | "uvicorn" | "nginx";

/** A text format of an application's own. */
export interface CustomFormat {
  /**
   * Regular expression with named groups. `time`, `level`, `logger`, `body` mean what they say; any other group
   * becomes an attribute of its name. It must mean the same in Ruby and JavaScript: no look-behind, no flags.
   */
  regexp: string;
  /**
   * What the first line of a record looks like; lines that don't match belong to the record before.
   * @default a line that is not indented and not part of a Python traceback
   */
  multilineStart?: string;
  /** Lines that must match: tested before anything is deployed. At least one. */
  samples: readonly string[];
}

/** The format of a log file: `auto` tries JSON, then every built-in format. */
export type LogFormat = "auto" | "json" | BuiltInFormat | CustomFormat;

/** Formats that have a name. */
export const formatNames: readonly string[] = ["auto", "json", ...Object.keys(builtInFormats)];

/** Log files of an application. */
export interface LogSource {
  /**
   * Files, relative to the log volume, `*` and `**` allowed.
   * @default every *.log file but the helper's own *.events.log
   */
  path?: string;
  /** @default "auto" */
  format?: LogFormat;
}

/** A format as both parsers read it. */
export interface RenderedFormat {
  json: boolean;
  regexps: readonly string[];
}

/** The expressions of a format in the order in which they are tried. */
export function renderedFormat(format: LogFormat): RenderedFormat {
  if (typeof format === "object") return { json: false, regexps: [format.regexp] };
  if (format === "json") return { json: true, regexps: [] };
  if (format === "auto") {
    return { json: true, regexps: Object.values(builtInFormats).flatMap(({ regexps }) => regexps) };
  }
  return { json: false, regexps: builtInFormats[format].regexps };
}

/**
 * A line that begins a record: not indented, not blank, not a part of a Python traceback.
 *
 * The last lines of a traceback are `package.SomeError: message`, with no mark but their name.
 */
export const recordStart =
  "^(?!\\s|$|Traceback \\(most recent call last\\)|During handling of the above exception|The above exception was|[A-Za-z_][\\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)(?::|\\s*$))";

/** What other libraries call the severities. */
export const severityNames: Readonly<Record<string, (typeof severities)[number]>> = {
  TRAC: "TRACE",
  TRACE: "TRACE",
  DEBU: "DEBUG",
  DEBUG: "DEBUG",
  INFO: "INFO",
  INFORMATION: "INFO",
  NOTICE: "INFO",
  WARN: "WARN",
  WARNING: "WARN",
  ERRO: "ERROR",
  ERROR: "ERROR",
  FATA: "FATAL",
  FATAL: "FATAL",
  PANI: "FATAL",
  PANIC: "FATAL",
  CRIT: "FATAL",
  CRITICAL: "FATAL",
};

/** Keys in which JSON loggers put what the contract calls `body`, `severity_text`, `timestamp` and `log.logger`. */
export const jsonAliases = {
  body: ["body", "message", "msg", "event"],
  severity_text: ["severity_text", "level", "levelname", "severity"],
  timestamp: ["timestamp", "time", "ts", "@timestamp", "asctime"],
  "log.logger": ["log.logger", "logger", "name"],
} as const;

/**
 * Checks a custom format by its samples.
 *
 * @throws Error that names the sample, or the part of the expression that Ruby and JavaScript read differently
 */
export function checkFormat(format: CustomFormat): void {
  if (/\(\?<[=!]/.test(format.regexp))
    throw new Error(`regexp: look-behind is not supported: ${format.regexp}`);
  if (!/\(\?<\w+>/.test(format.regexp)) {
    throw new Error(
      `regexp: needs named groups, e.g. "^(?<time>\\S+) (?<level>\\w+) (?<body>.*)$"; got ${format.regexp}`,
    );
  }
  const regexp = compile("regexp", format.regexp);
  const start = compile("multilineStart", format.multilineStart ?? recordStart);
  if (format.samples.length === 0)
    throw new Error("samples: give at least one line that the format must match");
  format.samples.forEach((sample, index) => {
    const first = sample.split("\n")[0] ?? "";
    if (!start.test(first)) {
      throw new Error(
        `samples[${index}]: multilineStart does not match its first line: ${JSON.stringify(first)}`,
      );
    }
    if (!regexp.test(sample)) {
      throw new Error(
        `samples[${index}] does not match ${format.regexp}: ${JSON.stringify(sample)}; ` +
          `it matches up to ${JSON.stringify(longestMatch(format.regexp, sample))}`,
      );
    }
  });
}

function compile(key: string, source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new Error(`${key}: not a regular expression: ${(error as Error).message}`);
  }
}

/** The longest beginning of the sample that a beginning of the expression matches: where to look for the mistake. */
function longestMatch(source: string, sample: string): string {
  for (let end = source.length - 1; end > 0; end--) {
    try {
      const match = new RegExp(source.slice(0, end)).exec(sample);
      if (match !== null && match[0].length > 0) return match[0];
    } catch {
      // A beginning that is cut inside a group is no expression; the next shorter one may be.
    }
  }
  return "";
}
