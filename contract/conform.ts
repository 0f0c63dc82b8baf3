import type { Attribute } from "./attributes";
import {
  attributesOf,
  commonAttributes,
  type EventName,
  events,
  isEventName,
  maxTextBytes,
  tagsOf,
} from "./events";
import { severityNames } from "./loggerNames";

/** An event as the sidecar makes it: attributes of the contract's types, and what did not fit under `invalid.KEY`. */
export type Attributes = Map<string, string | number>;

/** A value of a line: of JSON, or the text of a group. */
export type Value = string | number | bigint | boolean | null | undefined;

const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const notANumber = ["nan", "inf", "-inf", "infinity", "-infinity"];
const reserved = ["time_unix_nano", "time", "table", "result"];
const reservedPrefixes = ["_", "text.", "invalid.", "contract.", "attributes."];
const maxKeys = 64;
/** Texts of an application's own keys, together. */
const maxOwnBytes = 256 * 1024;
const maxKeyLength = 128;

const allTags = new Set((Object.keys(events) as EventName[]).flatMap(tagsOf));

/** Tags of every event: no field may be called like one. */
export const tagNames: readonly string[] = [...allTags];

/**
 * Gives the attributes of an event the types of the contract, as log_attributes.rb does in the sidecar: what doesn't fit
 * is kept as text in `invalid.KEY`; keys that the contract doesn't know become numbers of their name, or `text.KEY`.
 */
export function conform(name: string, attributes: ReadonlyMap<string, Value>): Attributes {
  const schema: Readonly<Record<string, Attribute>> = isEventName(name)
    ? attributesOf(name)
    : commonAttributes;
  const event: Attributes = new Map([["event_name", name]]);
  let kept = 0;
  let dropped = 0;
  let bytes = 0;
  for (const [key, value] of attributes) {
    if (value === null || value === undefined) continue;
    const attribute = Object.hasOwn(schema, key) ? schema[key] : undefined;
    if (attribute !== undefined) set(event, key, attribute, value);
    else if (kept < maxKeys && bytes < maxOwnBytes) {
      kept++;
      if (typeof value === "string") bytes += Math.min(Buffer.byteLength(value), maxTextBytes);
      addCustom(event, key, value);
    } else dropped++;
  }
  if (dropped > 0) event.set("contract.keys_dropped", dropped);
  const status = event.get("http.response.status_code");
  if (typeof status === "number" && name === "http.server.request")
    event.set("http.response.status_class", `${Math.floor(status / 100)}xx`);
  const trace = event.get("trace_id");
  if (trace !== undefined && event.has("exception.type")) event.set("exception.trace_id", trace);
  const missing = requiredOf(name).filter((key) => !event.has(key));
  if (missing.length > 0) event.set("contract.missing", missing.join(", "));
  return event;
}

/** The attributes that only this event must have. */
export function requiredOf(name: string): string[] {
  if (!isEventName(name)) return [];
  return Object.entries(events[name].attributes).flatMap(([key, attribute]) =>
    attribute.required ? [key] : [],
  );
}

/** A text of a field: no control characters, and not longer than InfluxDB takes. */
export function bounded(text: string): string {
  const clean = text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const bytes = Buffer.from(clean);
  if (bytes.length <= maxTextBytes) return clean;
  let end = maxTextBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.subarray(0, end).toString()}…[cut: ${bytes.length} bytes]`;
}

function set(event: Attributes, key: string, attribute: Attribute, value: NonNullable<Value>): void {
  const converted =
    attribute.type === "float" ? inRange(float(value), attribute) : known(key, attribute, String(value));
  if (converted !== undefined) event.set(key, typeof converted === "string" ? bounded(converted) : converted);
  else if (!notANumber.includes(String(value).toLowerCase()))
    event.set(`invalid.${key}`, bounded(String(value)));
}

function known(key: string, { values }: Attribute, value: string): string | undefined {
  // Go's slog: INFO+2
  const upper = value.toUpperCase().replace(/[+-]\d+$/, "");
  const text =
    key === "severity_text" && Object.hasOwn(severityNames, upper) ? (severityNames[upper] as string) : value;
  return values === undefined || values.includes(text) ? text : undefined;
}

function inRange(number: number | undefined, { minimum, maximum }: Attribute): number | undefined {
  if (number === undefined || minimum === undefined || maximum === undefined) return number;
  return number >= minimum && number <= maximum ? number : undefined;
}

function float(value: NonNullable<Value>): number | undefined {
  const isNumber =
    typeof value === "number" ||
    typeof value === "bigint" ||
    (typeof value === "string" && numberPattern.test(value));
  const number = isNumber ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function addCustom(event: Attributes, key: string, value: NonNullable<Value>): void {
  const name = fieldName(key);
  if (typeof value === "string") event.set(`text.${name}`, bounded(value));
  else if (Number.isFinite(Number(value))) event.set(name, Number(value));
}

/** The field of an application's own key that is a number; of a text it is `text.` before it. */
export function fieldName(key: string): string {
  const clean = key.replace(/[\u0000-\u001f\u007f\u2028]+/g, "_").replaceAll("\\", "/");
  const name =
    (clean.length > maxKeyLength ? Array.from(clean).slice(0, maxKeyLength).join("") : clean) || "unnamed";
  const isReserved =
    reserved.includes(name) ||
    allTags.has(name) ||
    reservedPrefixes.some((prefix) => name.startsWith(prefix));
  return isReserved ? `attributes.${name}` : name;
}
