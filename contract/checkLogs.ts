import {
  type Attribute,
  attributesOf,
  commonAttributes,
  customEventName,
  type EventName,
  events,
} from "./events";
import {
  builtInFormats,
  jsonAliases,
  type LogFormat,
  recordStart,
  renderedFormat,
  severityNames,
} from "./formats";

/** Something about the lines that costs data, or makes it less useful than it could be. */
export interface Problem {
  /** What is wrong, and how to fix it. */
  message: string;
  /** How many records have it. */
  count: number;
  /** Number of the first line that has it, from 1. */
  firstLine: number;
  /** `error`: something is not counted where it should be. `hint`: kept, but under another name or as text. */
  severity: "error" | "hint";
}

/** What the platform will make of a log file. */
export interface LogReport {
  /** Lines of the file. */
  lines: number;
  /** Blank lines; they are no events. */
  blank: number;
  /** Records: lines, with their tracebacks joined. */
  records: number;
  /** Records by the name of the event that they become. */
  events: Readonly<Record<string, number>>;
  /** Records by the format that matched: `json`, `logrus`, `python`, …, or `none`. */
  formats: Readonly<Record<string, number>>;
  /** What costs data or could be better; empty when all is well. */
  problems: readonly Problem[];
  /** What the dashboards will show of it. */
  shown: readonly string[];
}

/** One record, understood. */
export interface ReadRecord {
  event: string;
  format: string;
  /** Problems without their count. */
  problems: readonly Pick<Problem, "message" | "severity">[];
}

/** Where people look for what an event says. */
const shownOn: Readonly<Record<EventName, string>> = {
  "http.server.request": "Model API usage: requests, errors, response times",
  "pipeline.run.start": "Model approval: runs; the alert PipelineRunOverdue",
  "pipeline.run.end": "Model approval: verdict of the run; the alert TrainingRunFailed",
  "pipeline.task.start": "Model approval: steps of the run",
  "pipeline.task.end": "Model approval and Resources and cost: duration, CPU and memory of each step",
  "ml.run.summary": "Model approval: the run against the champion",
  "ml.class": "Model approval: class balance",
  "ml.outliers": "Model approval: removed outliers per feature",
  "ml.drift": "Model approval: drift per feature; the alert DataDriftDetected",
  "ml.metric": "Model approval: scores by version",
  "ml.confusion": "Model approval: confusion",
  "ml.decision": "Model approval: decisions with their reasons",
  log: "Platform health: lines by severity",
  "log.unparsed": "Platform health: unparsed lines; the alert UnparsedLogs",
  "log.dead_letter": "Platform health: dead letters",
};

/** What people often call an attribute of the contract. */
const misnomers: Readonly<Record<string, string>> = {
  status: "http.response.status_code",
  status_code: "http.response.status_code",
  method: "http.request.method",
  http_method: "http.request.method",
  path: "http.route",
  route: "http.route",
  endpoint: "http.route",
  latency: "duration_s",
  latency_ms: "duration_s",
  duration: "duration_s",
  duration_ms: "duration_s",
  elapsed: "duration_s",
  user: "enduser.pseudo.id",
  user_id: "enduser.pseudo.id",
  request_id: "request.id",
  model: "ml.model.name",
  model_name: "ml.model.name",
  version: "ml.model.version",
  model_version: "ml.model.version",
  pipeline: "cicd.pipeline.name",
  run_id: "cicd.pipeline.run.id",
  task: "cicd.pipeline.task.name",
  step: "cicd.pipeline.task.name",
};

/**
 * Reads a log file as the sidecar does, and says what comes of it.
 *
 * The same expressions and the same contract as Fluentd's; a test compares the two line by line.
 */
export function checkLogs(text: string, format: LogFormat = "auto"): LogReport {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const start = new RegExp(typeof format === "object" ? (format.multilineStart ?? recordStart) : recordStart);
  const counts = { events: new Map<string, number>(), formats: new Map<string, number>() };
  const problems = new Map<string, Problem>();
  let records = 0;
  for (const { record, line } of joinRecords(lines, start)) {
    records++;
    const read = readRecord(record, format);
    increase(counts.events, read.event);
    increase(counts.formats, read.format);
    for (const { message, severity } of read.problems) {
      const known = problems.get(message) ?? { message, severity, count: 0, firstLine: line };
      problems.set(message, { ...known, count: known.count + 1 });
    }
  }
  const rank = (problem: Problem) => (problem.severity === "error" ? 0 : 1);
  return {
    lines: lines.length,
    blank: lines.filter((line) => line.trim() === "").length,
    records,
    events: Object.fromEntries(counts.events),
    formats: Object.fromEntries(counts.formats),
    problems: [...problems.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count),
    shown: [...counts.events.keys()].map((event) => `${event}: ${shown(event)}`),
  };
}

function shown(event: string): string {
  return isEventName(event)
    ? shownOn[event]
    : "no dashboard of the platform; a measurement of its own for yours";
}

function increase(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Lines joined to records: a line that does not begin one belongs to the one before. Blank records are left out. */
function joinRecords(lines: readonly string[], start: RegExp): { record: string; line: number }[] {
  const records: { record: string; line: number }[] = [];
  lines.forEach((line, index) => {
    const last = records.at(-1);
    if (last === undefined || start.test(line)) records.push({ record: line, line: index + 1 });
    else last.record += `\n${line}`;
  });
  return records
    .map(({ record, line }) => ({ record: record.replace(/[\r\n]+$/, ""), line }))
    .filter(({ record }) => record.trim() !== "");
}

/** Reads one record: its event, the format that matched, and what is wrong with it. */
export function readRecord(record: string, format: LogFormat = "auto"): ReadRecord {
  const { json, regexps } = renderedFormat(format);
  if (json && record.startsWith("{")) {
    const object = parseObject(record) ?? parseObject(record.split("\n")[0] ?? "");
    if (object !== undefined) return readObject(object);
  }
  const plain = record.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
  for (const source of regexps) {
    const match = new RegExp(source).exec(plain);
    if (match !== null) return readMatch(match.groups ?? {}, formatName(source, format));
  }
  return {
    event: "log.unparsed",
    format: "none",
    problems: [
      {
        severity: "error",
        message: record.startsWith("{")
          ? "broken JSON: kept as text and counted as unparsed. Write one whole JSON object a line"
          : "no format matches: kept as text and counted as unparsed. Give the source a format with a regexp, or log JSON",
      },
    ],
  };
}

function formatName(source: string, format: LogFormat): string {
  if (typeof format === "object") return "custom";
  const found = Object.entries(builtInFormats).find(([, { regexps }]) =>
    (regexps as readonly string[]).includes(source),
  );
  return found?.[0] ?? "custom";
}

/** JSON, with Python's NaN and Infinity, which are left out later; undefined for what is no object. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, "$1null"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function readObject(object: Record<string, unknown>): ReadRecord {
  const flat = flatten(object);
  const name = flat.event_name;
  if (typeof name === "string" && isEventName(name)) {
    return { event: name, format: "json", problems: problemsOf(name, flat) };
  }
  if (typeof name === "string" && new RegExp(customEventName).test(name)) {
    const near = nearest(name, Object.keys(events));
    const problems =
      near === undefined
        ? []
        : [
            {
              severity: "error" as const,
              message: `event_name "${name}" is not of the contract: did you mean "${near}"?`,
            },
          ];
    return { event: name, format: "json", problems };
  }
  const aliases = new Set<string>(Object.values(jsonAliases).flat());
  const own = Object.fromEntries(
    Object.entries(flat).filter(([key]) => !aliases.has(key) && key !== "event_name"),
  );
  return { event: "log", format: "json", problems: unknownKeys("log", own) };
}

function flatten(object: Record<string, unknown>, prefix = "", depth = 1): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      return isObject && depth < 4
        ? Object.entries(flatten(value as Record<string, unknown>, `${prefix}${key}.`, depth + 1))
        : [[`${prefix}${key}`, value]];
    }),
  );
}

function readMatch(groups: Record<string, string | undefined>, format: string): ReadRecord {
  const isRequest = groups.path !== undefined && groups.status !== undefined;
  const problems: ReadRecord["problems"][number][] = [];
  if (isRequest && groups.duration === undefined) {
    problems.push({
      severity: "hint",
      message:
        "access lines without a duration: requests and errors are counted, response times are not. " +
        "Use the middleware, or add $request_time to nginx's log_format",
    });
  }
  if (groups.time === undefined) {
    problems.push({
      severity: "hint",
      message: "lines without a time: they get the time at which they are read. Log the time, with its zone",
    });
  }
  if (groups.level !== undefined && !(groups.level.toUpperCase() in severityNames)) {
    problems.push({
      severity: "hint",
      message: `level "${groups.level}" is not known: kept as invalid.severity_text`,
    });
  }
  return { event: isRequest ? "http.server.request" : "log", format, problems };
}

function problemsOf(name: EventName, flat: Record<string, unknown>): ReadRecord["problems"] {
  const known: Readonly<Record<string, Attribute>> = attributesOf(name);
  const problems: { severity: "error" | "hint"; message: string }[] = [];
  for (const [key, attribute] of Object.entries(known)) {
    const value = flat[key];
    if (value === undefined || value === null) {
      if (attribute.required) {
        problems.push({
          severity: "error",
          message: `${name}: "${key}" is missing: ${attribute.description}`,
        });
      }
      continue;
    }
    const wrong = wrongValue(key, attribute, value);
    if (wrong !== undefined) problems.push({ severity: "error", message: `${name}: ${wrong}` });
  }
  const unknown = Object.fromEntries(Object.entries(flat).filter(([key]) => !(key in known)));
  return [...problems, ...unknownKeys(name, unknown)];
}

function wrongValue(key: string, attribute: Attribute, value: unknown): string | undefined {
  if (attribute.type === "float") {
    const isNumber =
      typeof value === "number" ||
      (typeof value === "string" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value));
    return isNumber
      ? undefined
      : `"${key}" must be a number${attribute.unit === undefined ? "" : ` (${attribute.unit})`}, got ${JSON.stringify(value)}`;
  }
  if (key === "timestamp" && !isTime(String(value))) {
    return `"timestamp" must be RFC 3339, e.g. 2026-01-06T17:44:13.368024402Z, got ${JSON.stringify(value)}`;
  }
  const text =
    key === "severity_text" ? (severityNames[String(value).toUpperCase()] ?? String(value)) : String(value);
  if (attribute.values !== undefined && !attribute.values.includes(text)) {
    return `"${key}" must be one of ${attribute.values.join(", ")}, got ${JSON.stringify(value)}`;
  }
  return undefined;
}

function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?\s?(?:[Zz]|[+-]\d\d:?\d\d)?$/.test(text) ||
    /^\d{10}(?:\.\d+|\d{3}|\d{6}|\d{9})?$/.test(text)
  );
}

function unknownKeys(name: EventName, attributes: Record<string, unknown>): ReadRecord["problems"] {
  const known = Object.keys({ ...commonAttributes, ...events[name].attributes });
  return Object.entries(attributes).map(([key, value]): ReadRecord["problems"][number] => {
    const meant = misnomers[key.toLowerCase()];
    const near = meant !== undefined && known.includes(meant) ? meant : nearest(key, known);
    if (near !== undefined) {
      return {
        severity: "error",
        message: `${name}: "${key}" is not of the contract: rename it to "${near}"`,
      };
    }
    const kept = typeof value === "number" || typeof value === "boolean" ? key : `text.${key}`;
    return { severity: "hint", message: `${name}: "${key}" is your own: kept as the field "${kept}"` };
  });
}

function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

/** The known name that differs in separators, case, or at most two letters. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return (
    known.find((candidate) => bare(candidate) === bare(name)) ??
    known.find((candidate) => name.length > 4 && distance(bare(candidate), bare(name)) <= 2)
  );
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The report as text for a terminal. */
export function formatReport(file: string, report: LogReport): string {
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
  const problem = ({ severity, message, count, firstLine }: Problem) =>
    `  ${severity.padEnd(5)} ${String(count).padStart(6)} ×  line ${firstLine}: ${message}`;
  return [
    `${file}: ${report.lines} lines, ${report.blank} blank, ${report.records} records`,
    "",
    "Read as",
    ...table(report.formats),
    "Become the events",
    ...table(report.events),
    "",
    report.problems.length === 0 ? "Nothing is wrong." : "Problems",
    ...report.problems.map(problem),
    "",
    "The dashboards will show",
    ...report.shown.map((line) => `  ${line}`),
    "",
  ].join("\n");
}
