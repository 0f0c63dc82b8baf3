import type { Attribute } from "./attributes";
import { attributesOf, customEventName, type EventName, events, isEventName, isOwnAttribute } from "./events";
import { builtInFormats, jsonAliases, type LogFormat, renderedFormat, severityNames } from "./formats";
import { measurements } from "./measurements";
import { nearest } from "./nearest";

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
  const message = record.startsWith("{")
    ? "broken JSON: kept as text and counted as unparsed. Write one whole JSON object a line"
    : "no format matches: kept as text and counted as unparsed. Give the source a format with a regexp, or log JSON";
  return { event: measurements.unparsed, format: "none", problems: [error(message)] };
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
    const message = `event_name "${name}" is not of the contract: did you mean "${near}"?`;
    return { event: name, format: "json", problems: near === undefined ? [] : [error(message)] };
  }
  const aliases = new Set<string>(Object.values(jsonAliases).flat());
  const own = Object.fromEntries(
    Object.entries(flat).filter(([key]) => !aliases.has(key) && key !== "event_name"),
  );
  return { event: measurements.log, format: "json", problems: unknownKeys(measurements.log, own) };
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
  const problems: RecordProblem[] = [];
  if (isRequest && groups.duration === undefined) {
    problems.push(
      hint(
        "access lines without a duration: requests and errors are counted, response times are not. " +
          "Use the middleware, or add $request_time to nginx's log_format",
      ),
    );
  }
  if (groups.time === undefined) {
    problems.push(
      hint("lines without a time: they get the time at which they are read. Log the time, with its zone"),
    );
  }
  if (groups.level !== undefined && !(groups.level.toUpperCase() in severityNames)) {
    problems.push(hint(`level "${groups.level}" is not known: kept as invalid.severity_text`));
  }
  return { event: isRequest ? measurements.httpRequest : measurements.log, format, problems };
}

function problemsOf(name: EventName, flat: Record<string, unknown>): RecordProblem[] {
  const known = attributesOf(name);
  const problems = Object.entries(known).flatMap(([key, attribute]) => {
    const value = flat[key];
    if (value === undefined || value === null) {
      return attribute.required ? [error(`${name}: "${key}" is missing: ${attribute.description}`)] : [];
    }
    const wrong = wrongValue(key, attribute, value);
    return wrong === undefined ? [] : [error(`${name}: ${wrong}`)];
  });
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

function unknownKeys(name: EventName, attributes: Record<string, unknown>): RecordProblem[] {
  const known = Object.keys(attributesOf(name));
  const others = Object.entries(attributes).filter(([key]) => !isOwnAttribute(name, key));
  return others.map(([key, value]) => {
    const meant = misnomers[key.toLowerCase()];
    const near = meant !== undefined && known.includes(meant) ? meant : nearest(key, known);
    if (near !== undefined) return error(`${name}: "${key}" is not of the contract: rename it to "${near}"`);
    const kept = typeof value === "number" || typeof value === "boolean" ? key : `text.${key}`;
    return hint(`${name}: "${key}" is your own: kept as the field "${kept}"`);
  });
}
