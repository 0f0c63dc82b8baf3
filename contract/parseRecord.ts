import { type Attributes, bounded, conform, type Value } from "./conform";
import { customEventName, isEventName } from "./events";
import { exceptionAttributes } from "./exceptions";
import type { FormatRow, RenderedFormat } from "./formats";
import { runtimePrefix } from "./joinRecords";
import { jsonText, parseJsonObject } from "./lenientJson";
import { jsonAliases, severityNumberKeys, severityOfNumber } from "./loggerNames";
import { foreignMeasurements, measurements } from "./measurements";
import { messageAndPairs, pairsOf, unquote } from "./pairs";
import { javascriptRegexp, withoutColours } from "./regexps";
import { requestAttributes } from "./requests";
import { leadingTime, readTime } from "./times";

/** What torchrun puts before each line. */
const rankPrefix = /^\[rank(\d+)\]: /;
const specialGroups = [
  ["time", "timestamp"],
  ["level", "severity_text"],
  ["logger", "log.logger"],
] as const;
const maxDepth = 4;
const daySeconds = 86_400n;
const billion = 1_000_000_000n;
const leastTime = 1_000_000_000n * billion;

type Groups = Record<string, string>;
type Texts = Map<string, Value>;

/** What a record becomes. */
export interface ParsedRecord {
  /** The event, without its time. */
  event: Attributes;
  /** Name of the format that matched: `json`, `logrus`, …, `custom`, or `none`. */
  format: string;
  /** Nanoseconds since 1970; undefined where the record has no time that can be read. */
  time?: bigint;
  /** How finely the time was written, in nanoseconds: see `ReadTime`. */
  tick?: bigint;
  /** The keys of the line as it was, for hints; of JSON only. */
  keys?: ReadonlyMap<string, Value>;
}

/**
 * Makes an event of a record, as log_parser.rb does in the sidecar; a test compares the two.
 *
 * @param record one or more lines, joined
 * @param now seconds since 1970
 * @returns undefined for a blank record, which says nothing
 */
export function parseRecord(record: string, format: RenderedFormat, now: number): ParsedRecord | undefined {
  const text = record.replace(/^\uFEFF|(?<![\r\n])[\r\n]+$/g, "").replaceAll("\r\n", "\n");
  if (/^[ \t\r\n\f\v]*$/.test(text)) return undefined;
  const prefix = runtimePrefix.exec(text);
  const [whole = "", rank] = rankPrefix.exec(text) ?? [];
  const parsed = new RecordParser(format, now).parse(text.slice((prefix?.[0] ?? whole).length));
  if (rank !== undefined) parsed.event.set("rank", Number(rank));
  if (prefix !== null && !parsed.event.has("timestamp")) parsed.event.set("timestamp", prefix[1] as string);
  return { ...parsed, ...stamp(parsed.event, format, now) };
}

/** Takes the time out of an event. */
function stamp(event: Attributes, format: RenderedFormat, now: number): Pick<ParsedRecord, "time" | "tick"> {
  const text = event.get("timestamp");
  event.delete("timestamp");
  if (typeof text !== "string") return {};
  const read = readTime(text, now, { patterns: format.times, timeZone: format.timeZone });
  // 2001 at the earliest, a day ahead at most.
  const isPlausible =
    read !== undefined &&
    read.nanoseconds >= leastTime &&
    read.nanoseconds <= (BigInt(Math.floor(now)) + daySeconds) * billion;
  if (isPlausible) return { time: read.nanoseconds, tick: read.tick };
  event.set("invalid.timestamp", bounded(text));
  return {};
}

class RecordParser {
  constructor(
    private readonly format: RenderedFormat,
    private readonly now: number,
  ) {}

  parse(text: string): ParsedRecord {
    const json = this.format.json && text.startsWith("{") ? fromJsonText(text) : undefined;
    if (json !== undefined) return this.ofDocker(json.keys) ?? json;
    const plain = withoutColours(text);
    const [first, rest] = splitFirst(plain);
    // Of an expression that knows single lines only, what follows belongs to the event nevertheless.
    const matched = this.match(plain) ?? (rest === undefined ? undefined : this.match(first, rest));
    if (matched !== undefined) return matched;
    const unknown = rest === undefined ? undefined : fromUnknown(first, rest);
    if (unknown !== undefined) return { event: unknown, format: "traceback" };
    const event: Attributes = new Map([
      ["event_name", measurements.unparsed],
      ["body", bounded(text)],
    ]);
    const { times: patterns, timeZone } = this.format;
    const time = leadingTime(text, this.now, { patterns, timeZone });
    if (time !== undefined) event.set("timestamp", time);
    return { event, format: "none" };
  }

  /** The line inside of one of Docker's json-file, if a format knows it. */
  private ofDocker(keys: ParsedRecord["keys"]): ParsedRecord | undefined {
    const values = ["log", "stream", "time"].map((key) => keys?.get(key));
    if (keys?.size !== 3 || !values.every((one) => typeof one === "string")) return undefined;
    const [log = "", stream = "", time = ""] = values;
    const inner = this.parse(log.replace(/\n$/, ""));
    if (inner.format === "none") return undefined;
    if (!inner.event.has("timestamp")) inner.event.set("timestamp", time);
    inner.event.set("text.stream", bounded(stream));
    return inner;
  }

  /** @param rest lines after the text */
  private match(text: string, rest?: string): ParsedRecord | undefined {
    for (const row of this.format.rows) {
      const groups = groupsOf(javascriptRegexp(row.regexp).exec(text));
      if (groups !== undefined) return { event: this.fromMatch(groups, row, text, rest), format: row.name };
    }
    return undefined;
  }

  private fromMatch(groups: Groups, row: FormatRow, text: string, rest: string | undefined): Attributes {
    if (row.pairs) {
      const keys = new Map<string, Value>([["exception.stacktrace", rest], ...pairsOf(groups.pairs ?? "")]);
      return fromKeys(keys, text).event;
    }
    if (groups.traceback !== undefined) return fromTraceback(groups.traceback, row);
    if (groups.path !== undefined && groups.status !== undefined)
      return this.request(withRest(groups, "more", rest), text);
    const nested = this.nestedRequest(groups.body);
    if (nested !== undefined) {
      const timed = groups.time === undefined ? nested : { ...nested, time: groups.time };
      return this.request(withRest(timed, "more", rest), text);
    }
    return fromLog(withRest(groups, groups.text === undefined ? "body" : "text", rest), row);
  }

  /** A line of a server that went through a logger. */
  private nestedRequest(body: string | undefined): Groups | undefined {
    if (body === undefined || !/"|[A-Z] \//.test(body)) return undefined;
    for (const { regexp } of this.format.rows) {
      if (!regexp.includes("(?<status>")) continue;
      const groups = groupsOf(javascriptRegexp(regexp).exec(body));
      if (groups?.status !== undefined) return groups;
    }
    return undefined;
  }

  private request({ more, time, ...groups }: Groups, text: string): Attributes {
    const attributes = requestAttributes(groups, this.format);
    if (attributes === undefined) {
      const log: Texts = new Map([
        ["severity_text", "DEBUG"],
        ["body", text],
        ["timestamp", time],
      ]);
      return conform(measurements.log, log);
    }
    const exception = exceptionAttributes(more ?? "");
    for (const [key, value] of exception) attributes.set(key, value);
    attributes.set(exception.size === 0 ? "body" : "exception.stacktrace", more);
    return conform(measurements.httpRequest, attributes.set("timestamp", time));
  }
}

function withRest(groups: Groups, key: string, rest: string | undefined): Groups {
  if (rest === undefined) return groups;
  return { ...groups, [key]: groups[key] === undefined ? rest : `${groups[key]}\n${rest}` };
}

function groupsOf(match: RegExpExecArray | null): Groups | undefined {
  if (match === null) return undefined;
  return Object.fromEntries(
    Object.entries(match.groups ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function fromLog({ text, body, attributes, ...groups }: Groups, row: FormatRow): Attributes {
  const [first = "", rest] = splitFirst(text ?? body ?? "");
  const isText = row.regexp.includes("(?<text>");
  const found = isText ? messageAndPairs(first) : { message: first, pairs: [] };
  const log: Texts = new Map();
  for (const [group, key] of specialGroups) {
    if (groups[group] !== undefined) log.set(key, groups[group]);
    delete groups[group];
  }
  if (row.severity !== undefined && !log.has("severity_text")) log.set("severity_text", row.severity);
  log.set("body", unquote(found.message));
  if (rest !== undefined) addRest(log, rest);
  for (const [key, value] of [
    ...Object.entries(groups),
    ...new Map([...found.pairs, ...pairsOf(attributes ?? "")]),
  ]) {
    if (!log.has(key)) log.set(key, value);
  }
  return conform(measurements.log, log);
}

/** Further lines of a record: an exception, or a part of the message. */
function addRest(log: Texts, rest: string): void {
  const exception = exceptionAttributes(rest);
  if (exception.size === 0) {
    log.set("body", `${String(log.get("body"))}\n${rest}`);
    return;
  }
  for (const [key, value] of exception) log.set(key, value);
  log.set("exception.stacktrace", rest);
}

/** What no format knows, before an exception: `Exception in thread Thread-1 (f):` */
function fromUnknown(first: string, rest: string): Attributes | undefined {
  const exception = exceptionAttributes(rest);
  if (exception.size === 0) return undefined;
  return conform(
    measurements.log,
    new Map([["severity_text", "ERROR"], ["body", first], ["exception.stacktrace", rest], ...exception]),
  );
}

function fromTraceback(text: string, row: FormatRow): Attributes {
  const exception = exceptionAttributes(text);
  const body = [...exception.values()].filter((part) => part !== "").join(": ");
  const log: Texts = new Map<string, Value>([
    ["severity_text", row.severity],
    ["body", exception.size === 0 ? text : body],
    ["exception.stacktrace", text],
    ...exception,
  ]);
  return conform(measurements.log, log);
}

function fromJsonText(text: string): ParsedRecord | undefined {
  const whole = parseJsonObject(text);
  if (whole !== undefined) return { ...fromKeys(flatten(whole), text), format: "json" };
  // A traceback may follow the line that announced it.
  const [first = "", rest] = splitFirst(text);
  const object = rest === undefined || rest === "" ? undefined : parseJsonObject(first);
  if (object === undefined) return undefined;
  const keys: Texts = new Map([["exception.stacktrace", rest]]);
  for (const [key, value] of flatten(object)) keys.set(key, value);
  return { ...fromKeys(keys, first), format: "json" };
}

function fromKeys(keys: Texts, text: string): { event: Attributes; keys: Texts } {
  const flat = new Map(keys);
  const name = flat.get("event_name");
  flat.delete("event_name");
  if (typeof name === "string" && isWritableEvent(name)) return { event: conform(name, flat), keys };
  const log: Texts = new Map();
  for (const [key, names] of Object.entries(jsonAliases)) {
    const found = names.find(
      (candidate) => flat.get(candidate) !== undefined && flat.get(candidate) !== null,
    );
    if (found === undefined) continue;
    log.set(key, flat.get(found));
    flat.delete(found);
  }
  if (!log.has("body")) log.set("body", text);
  if (!log.has("severity_text")) {
    const severity = severityOfNumber(severityNumberKeys.map((key) => flat.get(key)));
    if (severity !== undefined) log.set("severity_text", severity);
  }
  const stack = log.get("exception.stacktrace");
  const all: Texts = new Map(typeof stack === "string" ? exceptionAttributes(stack) : []);
  for (const [key, value] of [...log, ...flat]) all.set(key, value);
  const event = conform(measurements.log, all);
  if (name !== undefined && name !== null) event.set("text.event_name", bounded(String(name)));
  return { event, keys };
}

/** Whether lines may make events of that name. */
export function isWritableEvent(name: string): boolean {
  return isEventName(name) || (new RegExp(customEventName).test(name) && !foreignMeasurements.includes(name));
}

function flatten(object: Readonly<Record<string, unknown>>, prefix?: string, depth = 1): Texts {
  const flat: Texts = new Map();
  for (const [key, value] of Object.entries(object)) {
    const name = prefix === undefined ? key : `${prefix}.${key}`;
    const isObject = typeof value === "object" && value !== null;
    if (isObject && !Array.isArray(value) && depth < maxDepth) {
      for (const [inner, one] of flatten(value as Record<string, unknown>, name, depth + 1))
        flat.set(inner, one);
    } else flat.set(name, isObject ? jsonText(value) : (value as Value));
  }
  return flat;
}

function splitFirst(text: string): [string, string | undefined] {
  const at = text.indexOf("\n");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
