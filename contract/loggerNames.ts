import { severities } from "./values";

type Severity = (typeof severities)[number];

/** The numbers of levels, tens from `from` on, one of each severity; a number between two belongs to the lower one. */
function numbers(prefix: string, from: number, of: readonly Severity[]): Record<string, Severity> {
  const rows = of.flatMap((severity, index) =>
    Array.from({ length: 10 }, (_, below) => [`${prefix}${from + index * 10 + below}`, severity]),
  );
  return Object.fromEntries(rows) as Record<string, Severity>;
}

/** What other libraries call the severities, in capitals. */
export const severityNames: Readonly<Record<string, Severity>> = {
  T: "TRACE",
  TRAC: "TRACE",
  TRACE: "TRACE",
  D: "DEBUG",
  DEBU: "DEBUG",
  DEBUG: "DEBUG",
  VERBOSE: "DEBUG",
  TRC: "TRACE",
  DBG: "DEBUG",
  DBUG: "DEBUG",
  VRB: "DEBUG",
  I: "INFO",
  INF: "INFO",
  INFO: "INFO",
  INFORMATION: "INFO",
  NOTICE: "INFO",
  SUCCESS: "INFO",
  W: "WARN",
  WRN: "WARN",
  WARN: "WARN",
  WARNING: "WARN",
  E: "ERROR",
  ERR: "ERROR",
  ERRO: "ERROR",
  EROR: "ERROR",
  ERROR: "ERROR",
  SEVERE: "ERROR",
  EXCEPTION: "ERROR",
  FAIL: "ERROR",
  F: "FATAL",
  FTL: "FATAL",
  PNC: "FATAL",
  FATA: "FATAL",
  FATAL: "FATAL",
  C: "FATAL",
  CRIT: "FATAL",
  CRITICAL: "FATAL",
  PANI: "FATAL",
  PANIC: "FATAL",
  DPANIC: "FATAL",
  ALERT: "FATAL",
  EMERG: "FATAL",
  EMERGENCY: "FATAL",
  // What Python's logging calls a level without a name, and one that was never set
  ...numbers("LEVEL ", 0, severities),
  NOTSET: "TRACE",
  // pino and bunyan
  ...numbers("", 10, severities),
  // GELF: severities of syslog
  0: "FATAL",
  1: "FATAL",
  2: "FATAL",
  3: "ERROR",
  4: "WARN",
  5: "INFO",
  6: "INFO",
  7: "DEBUG",
};

/**
 * Keys in which JSON loggers put what the contract has: zap, zerolog, pino, bunyan, structlog, loguru, Serilog, log4j2,
 * ECS, OpenTelemetry. Of an object inside of the line the key is `outer.inner`.
 */
export const jsonAliases = {
  body: [
    "body",
    "message",
    "msg",
    "event",
    "record.message",
    "body.stringValue",
    "MessageTemplate",
    "@mt",
    "@m",
    "short_message",
    "Body",
    // Docker's json-file
    "log",
  ],
  severity_text: [
    ...[
      "severity_text",
      // Monolog's level is a number of its own
      "level_name",
      "level",
      "levelname",
      "severity",
      "log.level",
      "lvl",
      "level.name",
      "record.level.name",
    ],
    ...["severityText", "SeverityText", "Level", "@l"],
  ],
  timestamp: [
    ...["timestamp", "time", "ts", "@timestamp", "asctime", "t", "record.time.timestamp", "timeUnixNano"],
    ...["Timestamp", "@t", "instant.epochSecond", "timestamp.seconds", "datetime", "eventTime"],
  ],
  "log.logger": ["log.logger", "logger", "loggerName", "logger_name", "name", "record.name"],
  "exception.type": [
    ...["exception.type", "error.type", "err.type", "exception.class", "thrown.name", "error.name"],
    "err.name",
  ],
  "exception.message": [
    "exception.message",
    "error.message",
    "err.message",
    "exception.msg",
    "thrown.message",
  ],
  "exception.stacktrace": [
    ...[
      "exception.stacktrace",
      "error.stack_trace",
      "err.stack",
      "error.stack",
      "stacktrace",
      "stack_trace",
      "exception",
    ],
    ...["exc_info", "@x"],
  ],
  trace_id: ["trace_id", "traceId", "trace.id", "TraceId"],
} as const;

/** Keys of OpenTelemetry's severity number, from 1 to 24, read where there is no level. */
export const severityNumberKeys: readonly string[] = ["severity_number", "severityNumber", "SeverityNumber"];

/** The severity of OpenTelemetry's number, from 1 to 24, the first of the values that is one. */
export function severityOfNumber(values: readonly unknown[]): Severity | undefined {
  const found = Number(values.find((one) => typeof one === "number" || typeof one === "bigint"));
  return found >= 1 && found <= 24 ? severities[Math.floor((found - 1) / 4)] : undefined;
}
