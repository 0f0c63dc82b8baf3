import type { Attribute } from "../../contract/attributes";
import { tagNames } from "../../contract/conform";
import {
  attributesOf,
  commonAttributes,
  type EventName,
  events,
  maxTagBytes,
  maxTextBytes,
} from "../../contract/events";
import { measurements } from "../../contract/measurements";
import { severities } from "../../contract/values";
import { boundedFunction, pointFunction, reservedNames } from "./seriesBound";

/** Events that only the sidecar and the aggregator make. */
const notFromApps: readonly EventName[] = [measurements.unparsed, measurements.deadLetter];

/** Attributes of OpenTelemetry's older conventions, and of its resources, by ours. */
const olderNames = {
  "http.request.method": "http.method",
  "http.response.status_code": "http.status_code",
  "deployment.environment.name": "deployment.environment",
} as const;

/** Attributes that say how a process runs, not what it does. */
const dropped = [
  "telemetry.",
  "process.",
  "host.",
  "os.",
  "container.",
  "code.",
  "thread.",
  "otel.",
  "service.instance.id",
];

/** Rows of the contract as Starlark reads them: type, tag or "", allowed values. */
const rows = (attributes: Readonly<Record<string, Attribute>>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([key, { type, tag = "", values = [] }]) => [key, [type, tag, values]]),
  );

const contract = Object.fromEntries(
  (Object.keys(events) as EventName[])
    .filter((name) => !notFromApps.includes(name))
    .map((name) => [name, rows(attributesOf(name))]),
);

/** Starlark functions that make a point of the log contract of attributes. */
const eventFunctions = (seriesPerApp: number): string => `load("json.star", "json")

# Series of each app's metrics.
state = {}

# Of each event, its attributes: type, tag, allowed values.
contract = ${JSON.stringify(contract)}
common = ${JSON.stringify(rows(commonAttributes))}
older_names = ${JSON.stringify(olderNames)}
dropped_prefixes = ${JSON.stringify(dropped)}
tag_names = ${JSON.stringify(tagNames)}
${reservedNames}
${pointFunction}
${boundedFunction(seriesPerApp)}
def is_number(value):
    return type(value) in ["int", "float"]

# Line breaks become U+2028, as in the log path.
def text(value):
    return (value if type(value) == "string" else json.encode(value)).replace("\\r", "").replace("\\n", "\\u2028")[:${maxTextBytes}]

def number(value):
    if type(value) == "bool":
        return 1.0 if value else 0.0
    if is_number(value):
        return float(value)
    if type(value) == "string" and value.replace(".", "", 1).removeprefix("-").isdigit():
        return float(value)
    return None

def clean_tag(value):
    return " ".join(text(value).replace("\\\\", "/").split())[:${maxTagBytes}]

def own_field(key):
    taken = key in tag_names or key in ["time", "table", "result"] or key[0] in "_"
    return "attributes." + key if taken else key

def attributes_of(metric):
    attributes = json.decode(metric.fields.get("attributes", "{}"))
    for ours, theirs in older_names.items():
        if ours not in attributes and theirs in attributes:
            attributes[ours] = attributes.pop(theirs)
    return attributes

# A point of the contract. Attributes that it does not know are kept where \`others\` is set.
def event(metric, name, attributes, others):
    schema = contract.get(name, common)
    made = Metric(name)
    made.tags["environment"] = metric.tags.get("environment", "")
    made.tags["service"] = metric.tags["service.name"]
    unknown = 0
    for key, value in attributes.items():
        if value == None or value == "" or key in ["service.name", "timestamp", "event_name"]:
            continue
        if key in schema:
            kind, tag, allowed = schema[key]
            if allowed and text(value) not in allowed:
                made.fields["invalid." + key] = text(value)
            elif tag:
                made.tags[tag] = clean_tag(value)
            elif kind == "float" and number(value) == None:
                made.fields["invalid." + key] = text(value)
            else:
                made.fields[key] = number(value) if kind == "float" else text(value)
        elif others and unknown < 64 and not [one for one in dropped_prefixes if key.startswith(one)]:
            unknown += 1
            if is_number(value) or type(value) == "bool":
                made.fields[own_field(key)] = number(value)
            else:
                made.fields["text." + own_field(key)] = text(value)
    if "trace_id" in metric.tags:
        made.fields["trace_id"] = metric.tags["trace_id"]
        if "exception.type" in made.fields:
            made.fields["exception.trace_id"] = metric.tags["trace_id"]
    if not made.fields:
        made.fields["present"] = 1.0
    return made

# Points of one series need different times: the last digits tell those apart that were made at once, and a record that
# is sent twice is the same point.
def at(made, nanoseconds, identity):
    made.time = nanoseconds - nanoseconds % 1000 + abs(hash(identity)) % 1000
    return made
`;

/**
 * Starlark that makes events of the log contract of spans and log records, and keeps metrics up to the bound.
 *
 * @param marker tag of what came in by OpenTelemetry's protocol
 */
export const otlpScript = (marker: string, seriesPerApp: number): string => `${eventFunctions(seriesPerApp)}
def of_span(metric):
    fields = metric.fields
    attributes = attributes_of(metric)
    if fields.get("span.kind", "").lower() != "server" or "http.request.method" not in attributes:
        return None
    status = attributes.get("http.response.status_code")
    if status == None and fields.get("otel.status_code", "").lower() == "error":
        status = 500
    attributes.setdefault("http.route", "unmatched")
    attributes["duration_s"] = float(fields.get("duration_nano", 0)) / 1e9
    if status != None:
        attributes["http.response.status_code"] = status
        attributes["http.response.status_class"] = str(int(status) // 100) + "xx"
    made = event(metric, "${measurements.httpRequest}", attributes, False)
    return at(made, fields.get("end_time_unix_nano", metric.time), metric.tags["trace_id"] + metric.tags["span_id"])

severities = ${JSON.stringify(severities)}

def is_custom(name):
    plain = name.replace("_", "").replace(".", "")
    return name[0].isalpha() and plain.isalnum() and name == name.lower() and name not in reserved_names

def of_log(metric):
    attributes = attributes_of(metric)
    name = attributes.pop("event.name", attributes.pop("event_name", "${measurements.log}"))
    if name not in contract and not is_custom(name):
        attributes["event.name"], name = name, "${measurements.log}"
    level = metric.fields.get("severity_number", 0)
    if level > 0:
        attributes["severity_text"] = severities[min(int(level) - 1, 23) // 4]
    if metric.fields.get("body"):
        attributes["body"] = metric.fields["body"]
    made = event(metric, name, attributes, True)
    return at(made, metric.time, metric.tags.get("span_id", "") + str(metric.fields))

def of_metric(metric):
    tags = metric.tags
    service = tags.pop("service.name")
    if metric.name in reserved_names:
        return None
    for key in list(tags.keys()):
        if [one for one in dropped_prefixes if key.startswith(one) and key != "service.instance.id"]:
            tags.pop(key)
    for key in ["deployment.environment", "deployment.environment.name"]:
        tags["environment"] = tags.pop(key, tags.get("environment", ""))
    for key in ["service.version", "service"]:
        tags.pop(key, "")
    metric.fields.pop("start_time_unix_nano", 0)
    # InfluxDB refuses a field whose type varies.
    for key, value in metric.fields.items():
        metric.fields[key] = float(value)
    return bounded(metric, service)

def apply(metric):
    metric.tags.pop("${marker}")
    # Links and events of spans don't say whose they are.
    if not metric.tags.get("service.name"):
        return None
    if metric.name == "spans":
        return of_span(metric)
    if metric.name == "logs":
        return of_log(metric)
    return of_metric(metric)
`;
