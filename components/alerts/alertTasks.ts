import { buckets } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { withoutEndSlashes } from "../../contract/patterns";
import {
  anyOf,
  fluxDuration,
  fluxFloat,
  fluxString,
  fluxStrings,
  type FluxTask,
  taskOption,
} from "../influxdb/flux";
import { dashboardUrl, linesUrl } from "./alertLinks";
import { asOf } from "./asOf";
import { notInhibited } from "./inhibited";
import { posting, type PostingOptions } from "./posting";
import type { AlertRule, ThresholdOverride, Unit } from "./rule";

/** Options of {@link alertTask}. */
export interface AlertTaskOptions extends PostingOptions {
  /**
   * Deployment environment of the platform: of alerts whose samples name none.
   * @default none
   */
  environment?: string;
  /** Base URL of the dashboards that alerts link to. */
  grafanaUrl: string;
  /** URL of the folder of runbooks; `/<rule>.md` is appended. */
  runbookBaseUrl: string;
}

/** Evaluations that may be missed before an alert ends by itself. */
const missedEvaluations = 4;

/** Least time for which a posted alert fires, in seconds: a restart of InfluxDB must not end it. */
const leastFiringSeconds = 120;

/** Seconds after its last post at which an alert of the rule ends. */
export function firingSeconds(rule: Pick<AlertRule, "everySeconds">): number {
  return Math.max(leastFiringSeconds, missedEvaluations * rule.everySeconds);
}

/**
 * Seconds after its end for which an alert is posted, as Prometheus does: Alertmanager keeps alerts in memory only, and may
 * be away when one ends. It remembers on its volume what it has sent, and so tells no end twice.
 */
export const resolvedSeconds = 900;

/**
 * The InfluxDB task that evaluates a rule and posts what fires to every Alertmanager, as Prometheus does: with an end
 * a few intervals ahead, so that an alert ends when it is not posted anew. What is posted is stored, and the last post of
 * an alert that does not fire any more is repeated until it is `resolvedSeconds` past its end.
 *
 * An Alertmanager that does not answer fails the run only after the others have got all alerts.
 * Source: https://prometheus.io/docs/alerting/latest/clients/
 *
 * @throws RangeError that names the option and the fix
 */
export function alertTask(rule: AlertRule, options: AlertTaskOptions): FluxTask {
  const { details = [] } = rule;
  const { alertmanagerUrls, authorizationSecret, environment = "", grafanaUrl, runbookBaseUrl } = options;
  if (alertmanagerUrls.length === 0) {
    throw new RangeError("alertmanagerUrls is empty: name the base URL of each Alertmanager");
  }
  if (rule.labels.length === 0)
    throw new RangeError(`${rule.name}: labels is empty: name at least one column`);
  const name = `alert ${rule.name}`;
  const expiry =
    rule.reportedSeconds === undefined
      ? undefined
      : `It is reported for ${rule.reportedSeconds / 3600} hours, and is not known to be over.`;
  const schedule = { every: fluxDuration(rule.everySeconds) };
  const labels = fluxStrings(rule.labels);
  // A tag without a value is not stored, so it is put back where it is read.
  const columns = (names: readonly string[]): string =>
    names
      .map((column) => {
        const otherwise = fluxString(column === "environment" ? environment : "");
        return `${fluxString(column)}: if exists r[${fluxString(column)}] and r[${fluxString(column)}] != "" then r[${fluxString(column)}] else ${otherwise}`;
      })
      .join(", ");
  const inhibited = notInhibited(rule, firingSeconds(rule));
  return {
    name,
    flux: `import "array"
import "date"
import "experimental"
import "http"
${authorizationSecret === undefined ? "" : 'import "influxdata/influxdb/secrets"\n'}import "json"
import "math"

${taskOption(name, schedule)}
${authorizationSecret === undefined ? "" : `\nauthorization = secrets.get(key: ${fluxString(authorizationSecret)})`}

${rule.source === undefined ? "stop = now()" : asOf("stop", rule.source)}
start = date.sub(d: ${fluxDuration(rule.forSeconds + rule.sampleSeconds)}, from: stop)
${ownerFunction(rule)}
threshold = (r) => ${thresholdExpression(rule)}
readable = (v) => ${readable(rule.unit)}

samples = () => {
${returning(rule.query)}
}

${inhibited.functions}
firing = samples()
    |> map(fn: (r) => ({${columns([...rule.labels, ...details])}, _time: r._time, _value: r._value}))
    |> group(columns: ${labels})
    |> sort(columns: ["_time"])
    |> reduce(
        identity: {at: 1970-01-01T00:00:00Z, samples: 0.0, above: 0.0, value: 0.0${details.map((column) => `, ${column}: ""`).join("")}},
        fn: (r, accumulator) => ({
            at: r._time,
            samples: accumulator.samples + 1.0,
            above: accumulator.above + (if r._value > threshold(r: r) then 1.0 else 0.0),
            value: r._value,${details.map((column) => `\n            ${column}: r.${column},`).join("")}
        }),
    )
    |> filter(fn: (r) => r.samples >= ${fluxFloat(leastSamples(rule))} and r.above == r.samples)${reported(rule)}${inhibited.filter}
    |> map(fn: (r) => {
        value = readable(v: r.value)
        limit = readable(v: threshold(r: r))
        alert = json.encode(
            v: {
                labels: {
                    alertname: ${fluxString(rule.name)},
                    severity: ${fluxString(rule.severity)},
                    owner: owner(r: r),
                    ${rule.labels.map((label) => `${fluxString(label)}: r[${fluxString(label)}]`).join(",\n                    ")},
                },
                annotations: {
                    summary: ${template(rule, rule.summary)},
                    description: ${template(rule, rule.description)},
                    runbook_url: ${fluxString(`${withoutEndSlashes(runbookBaseUrl)}/${rule.name}.md`)},
                    dashboard_url: ${dashboardUrl(rule, grafanaUrl)},${linesUrl(rule, grafanaUrl)}${expiry === undefined ? "" : `\n                    expired: if r.expired then ${fluxString(expiry)} else "",`}
                },
                // Without a start Alertmanager takes the end for it; of several it keeps the earliest.
                startsAt: string(v: now()),
                endsAt: string(v: ${expiry === undefined ? "" : "if r.expired then now() else "}date.add(d: ${fluxDuration(firingSeconds(rule))}, to: now())),
                generatorURL: ${dashboardUrl(rule, grafanaUrl)},
            },
        )

        return {_time: now(), _measurement: ${fluxString(measurements.postedAlert)}, _field: "json", _value: string(v: alert), alertname: ${fluxString(rule.name)}, ${columns(rule.labels)}}
    })
    |> to(bucket: ${fluxString(buckets.events)}, tagColumns: ${fluxStrings(["alertname", ...rule.labels])})
    |> keep(columns: ${fluxStrings(["_time", "_value", ...rule.labels])})
posted = from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: ${fluxDuration(firingSeconds(rule) + resolvedSeconds)}, from: now()))
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.postedAlert)} and r._field == "json" and r.alertname == ${fluxString(rule.name)})
    |> last()
    |> map(fn: (r) => ({${columns(rule.labels)}, _time: r._time, _value: r._value}))

union(tables: [firing, posted])
    |> group(columns: ${labels})
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> group()
    |> reduce(identity: {alerts: ""}, fn: (r, accumulator) => ({alerts: accumulator.alerts + (if accumulator.alerts == "" then "" else ",") + r._value}))
    |> map(fn: (r) => {
        body = bytes(v: "[" + r.alerts + "]")
${posting(rule.name, options)}
    })
`,
  };
}

/** Flux that defines the team that an alert goes to: the last one that Telegraf saw. It asks for what fires only. */
function ownerFunction({ labels }: AlertRule): string {
  if (!labels.includes("service")) return 'owner = (r) => ""';
  return `owners = from(bucket: ${fluxString(buckets.events)})
    |> range(start: -1d)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.owner)} and r._field == "owner")
owner = (r) => {
    service = r.service
    found = owners
        |> filter(fn: (r) => r.service == service)
        |> last()
        |> findRecord(fn: (key) => true, idx: 0)

    return if exists found._value then found._value else ""
}`;
}

/** Seconds in which an alert that is no longer reported says so, in several posts. */
const expirySeconds = 300;

/** Flux that leaves out what is no longer reported, and marks what has just reached that age as `expired`. */
function reported({ reportedSeconds }: AlertRule): string {
  if (reportedSeconds === undefined) return "";
  const age = "int(v: stop) - int(v: r.at)";
  return `
    |> filter(fn: (r) => ${age} <= int(v: ${fluxDuration(reportedSeconds + expirySeconds)}))
    |> map(fn: (r) => ({r with expired: ${age} > int(v: ${fluxDuration(reportedSeconds)})}))`;
}

/** How many samples the time above the threshold holds: fewer prove nothing. */
function leastSamples(rule: AlertRule): number {
  return rule.sampleSeconds === 0 ? 1 : Math.max(1, Math.floor(rule.forSeconds / rule.sampleSeconds));
}

function thresholdExpression(rule: AlertRule): string {
  const otherwise = fluxFloat(rule.threshold);
  return [...(rule.overrides ?? [])].reverse().reduce((rest, override) => {
    return `if ${matches(rule, override)} then ${fluxFloat(override.threshold)} else ${rest}`;
  }, otherwise);
}

function matches(rule: AlertRule, override: ThresholdOverride): string {
  const labels = Object.entries(override.labels);
  if (labels.length === 0)
    throw new RangeError(`${rule.name}: an override without labels: raise the threshold instead`);
  const unknown = labels.find(([label]) => !rule.labels.includes(label));
  if (unknown !== undefined) {
    throw new RangeError(
      `${rule.name}: an override names the label ${unknown[0]}, which the rule lacks; it has ${rule.labels.join(", ")}`,
    );
  }
  return labels.map(([label, value]) => anyOf(label, [value])).join(" and ");
}

/** Flux that writes a value for people: `12.3 %`, `1.25 s`, `2.5 h`, `17`. */
function readable(unit: Unit): string {
  const rounded = (value: string, digits: number): string =>
    `string(v: math.round(x: ${value} * ${fluxFloat(10 ** digits)}) / ${fluxFloat(10 ** digits)})`;
  switch (unit) {
    case "ratio":
      return `${rounded("100.0 * v", 1)} + " %"`;
    case "seconds":
      return `if v < 120.0 then ${rounded("v", 2)} + " s" else if v < 7200.0 then ${rounded("v / 60.0", 1)} + " min" else ${rounded("v / 3600.0", 1)} + " h"`;
    case "count":
      return rounded("v", 2);
  }
}

/** A template such as `{service} fails` as a Flux expression. */
function template(rule: AlertRule, text: string): string {
  const expressions = text.split(/(\{\w+\})/).flatMap((part) => {
    if (part === "") return [];
    const placeholder = /^\{(\w+)\}$/.exec(part)?.[1];
    if (placeholder === undefined) return [fluxString(part)];
    if (placeholder === "value") return ["value"];
    if (placeholder === "threshold") return ["limit"];
    if ([...rule.labels, ...(rule.details ?? [])].includes(placeholder))
      return [`r[${fluxString(placeholder)}]`];
    throw new RangeError(
      `${rule.name}: "{${placeholder}}" in ${JSON.stringify(text)} is no label; use ${[...rule.labels, "value", "threshold"].join(", ")}`,
    );
  });
  return expressions.join(" + ");
}

/** The last statement of a query becomes the result of the function that holds it. */
function returning(query: string): string {
  const lines = query.split("\n");
  let last = lines.length - 1;
  while (last > 0 && !/^[a-z]/.test(lines[last] ?? "")) last -= 1;
  return lines.map((line, index) => `    ${index === last ? "return " : ""}${line}`).join("\n");
}
