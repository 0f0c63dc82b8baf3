import { fieldName, type Value } from "./conform";
import type { Attribute } from "./attributes";
import { attributesOf, type EventName, events, isEventName, isOwnAttribute } from "./events";
import { type LogFormat, type RenderedFormat, renderedFormat } from "./formats";
import { jsonAliases, severityNames } from "./loggerNames";
import { measurements } from "./measurements";
import { nearest } from "./nearest";
import { isWritableEvent, parseRecord, type ParsedRecord } from "./parseRecord";
import { otherRoute } from "./requests";

/** Something about a record that costs data, or makes it less useful than it could be. */
export interface RecordProblem {
  /** What is wrong, and how to fix it. */
  message: string;
  /** `error`: something is not counted where it should be. `hint`: kept, but under another name or as text. */
  severity: "error" | "hint";
}

const error = (message: string): RecordProblem => ({ severity: "error", message });
const hint = (message: string): RecordProblem => ({ severity: "hint", message });

/** What a record becomes. */
export interface ReadRecord {
  event: string;
  format: string;
  problems: readonly RecordProblem[];
}

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

/** Reads one record: its event, the format that matched, and what is wrong with it. */
export function readRecord(record: string, format: LogFormat = "auto", now = Date.now() / 1000): ReadRecord {
  const rendered = renderedFormat(format);
  const parsed = parseRecord(record, rendered, now);
  if (parsed === undefined) return { event: measurements.unparsed, format: "none", problems: [] };
  return {
    event: String(parsed.event.get("event_name")),
    format: parsed.format,
    problems: problemsOf(parsed, record, rendered),
  };
}

/** What is wrong with a record, from the event that it has become. */
export function problemsOf(parsed: ParsedRecord, record: string, format: RenderedFormat): RecordProblem[] {
  const name = String(parsed.event.get("event_name"));
  if (parsed.format === "none") return [unparsed(record)];
  return [
    ...nameProblems(parsed),
    ...invalidValues(name, parsed),
    ...missingValues(name, parsed),
    ...requestHints(name, parsed),
    ...timeHints(parsed, format),
    ...(parsed.keys === undefined ? [] : unknownKeys(name, parsed.keys)),
  ];
}

function unparsed(record: string): RecordProblem {
  return error(
    record.startsWith("{")
      ? "broken JSON: kept as text and counted as unparsed. Write one whole JSON object a line"
      : "no format matches: kept as text and counted as unparsed. Give the source a format with a regexp, or log JSON",
  );
}

function nameProblems({ event, keys }: ParsedRecord): RecordProblem[] {
  const name = keys?.get("event_name");
  if (name === undefined || name === null || isEventName(String(name))) return [];
  if (event.get("event_name") !== name) {
    const why =
      typeof name === "string" && !isWritableEvent(name) && /^[a-z0-9_.]+$/.test(name)
        ? "is the platform's own"
        : "is no name: write a.b_c";
    return [error(`event_name ${JSON.stringify(name)} ${why}; the line is a log`)];
  }
  const near = nearest(String(name), Object.keys(events));
  return near === undefined
    ? []
    : [error(`event_name "${String(name)}" is not of the contract: did you mean "${near}"?`)];
}

function invalidValues(name: string, { event, keys }: ParsedRecord): RecordProblem[] {
  return [...event].flatMap(([field, value]) => {
    if (!field.startsWith("invalid.")) return [];
    const key = field.slice("invalid.".length);
    const shown = JSON.stringify(keys?.get(key) ?? value);
    return [error(`${name}: "${key}" ${expected(name, key)}, got ${shown}: kept as ${field}`)];
  });
}

function expected(name: string, key: string): string {
  if (key === "timestamp") {
    return (
      "must be RFC 3339, e.g. 2026-01-06T17:44:13.368024402Z, or Unix time, of 2001 to a day from now " +
      "(a format with a regexp can say its timeFormat)"
    );
  }
  if (key === "severity_text") {
    return `must be a known level (${[...new Set(Object.values(severityNames))].join(", ")} or what loggers call them)`;
  }
  const attribute = isEventName(name) ? attributesOf(name)[key] : undefined;
  if (attribute?.values !== undefined) return `must be one of ${attribute.values.join(", ")}`;
  return `must be a number${ofUnit(attribute)}`;
}

function ofUnit(attribute: Attribute | undefined): string {
  if (attribute?.minimum !== undefined) return ` from ${attribute.minimum} to ${attribute.maximum}`;
  return attribute?.unit === undefined ? "" : ` (${attribute.unit})`;
}

function missingValues(name: string, { event, keys }: ParsedRecord): RecordProblem[] {
  const missing = event.get("contract.missing");
  const known = isEventName(name) ? attributesOf(name) : undefined;
  const required = typeof missing === "string" ? missing.split(", ") : [];
  const isContract = known !== undefined && keys?.get("event_name") === name;
  if (isContract && keys.get("timestamp") === undefined) required.unshift("timestamp");
  return required
    .filter((key) => !event.has(`invalid.${key}`))
    .map((key) => error(`${name}: "${key}" is missing: ${known?.[key]?.description}`));
}

function requestHints(name: string, { event, format }: ParsedRecord): RecordProblem[] {
  if (name !== measurements.httpRequest) return [];
  if (event.get("http.route") === otherRoute) {
    return [
      error(
        `more routes than logs.maxRoutes: further ones are counted as "${otherRoute}". ` +
          'Give the templates, e.g. logs: [{ routes: ["/users/{name}"] }], or log the route yourself',
      ),
    ];
  }
  if (format === "json" || event.has("duration_s")) return [];
  return [
    hint(
      "access lines without a duration: requests and errors are counted, response times are not. " +
        "Use the middleware, or add $request_time to nginx's log_format",
    ),
  ];
}

function timeHints({ event, format, time }: ParsedRecord, { timeZone }: RenderedFormat): RecordProblem[] {
  if (time !== undefined || event.has("invalid.timestamp")) return [];
  if (format === "json" && event.get("event_name") !== measurements.log) return [];
  const zone = timeZone === undefined ? ", with its zone" : "";
  return [hint(`lines without a time: they get the time at which they are read. Log the time${zone}`)];
}

const aliasNames = new Set<string>(Object.values(jsonAliases).flat());

function unknownKeys(name: string, keys: ReadonlyMap<string, Value>): RecordProblem[] {
  const isKnown = isEventName(name) && keys.get("event_name") === name;
  const known = isEventName(name) ? Object.keys(attributesOf(name)) : [];
  const isOwn = (key: string) => isEventName(name) && isOwnAttribute(name, key);
  return [...keys].flatMap(([key, value]) => {
    const isAlias = !isKnown && aliasNames.has(key);
    if (value === null || key === "event_name" || known.includes(key) || isAlias || isOwn(key)) return [];
    const near = isEventName(name) ? meantKey(key, name, known) : undefined;
    if (near !== undefined)
      return [error(`${name}: "${key}" is not of the contract: rename it to "${near}"`)];
    if (!isEventName(name)) return [];
    const field = typeof value === "string" ? `text.${fieldName(key)}` : fieldName(key);
    return [hint(`${name}: "${key}" is your own: kept as the field "${field}"`)];
  });
}

function meantKey(key: string, name: EventName, known: readonly string[]): string | undefined {
  if (name === measurements.log && aliasNames.has(key)) return undefined;
  const meant = misnomers[key.toLowerCase()];
  return meant !== undefined && known.includes(meant) ? meant : nearest(key, known);
}
