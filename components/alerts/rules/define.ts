import { buckets } from "../../../contract/buckets";
import { measurements, type Measurement } from "../../../contract/measurements";
import { eventCountField } from "../../../contract/rollups";
import { anyOf, fluxDuration, fluxString } from "../../influxdb/flux";
import { asOf } from "../asOf";
import type { AlertRule } from "../rule";

/**
 * A rule; what is left out: evaluated each minute, the last sample decides, labels `service` and `environment`, which
 * are also variables of its dashboard.
 */
export type RuleDefinition = Omit<AlertRule, Defaulted | "overrides"> & Partial<Pick<AlertRule, Defaulted>>;

type Defaulted =
  "inhibitedBy" | "everySeconds" | "forSeconds" | "sampleSeconds" | "labels" | "dashboardVariables";

/** A Flux time that lies a duration, e.g. `10m`, before the evaluation. */
export function ago(duration: string): string {
  return `date.sub(d: ${duration}, from: stop)`;
}

/** `from |> range |> filter` of one or more fields of a measurement. */
export function samplesOf(measurement: Measurement, fields: readonly string[], start: string): string {
  const field = fields.map((name) => `r._field == ${fluxString(name)}`).join(" or ");
  return `from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${start}, stop: stop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and (${field}))`;
}

/** A field that each event of a kind of log lines and requests has. */
const lineFields = {
  [measurements.httpRequest]: "http.response.status_code",
  [measurements.log]: "body",
  [measurements.unparsed]: "body",
};

/** One value of each log line and request of these kinds. */
export function linesOf(kinds: readonly (keyof typeof lineFields)[], start: string): string {
  const filters = kinds.map(
    (kind) => `(r._measurement == ${fluxString(kind)} and r._field == ${fluxString(lineFields[kind])})`,
  );
  return `from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${start}, stop: stop)
    |> filter(fn: (r) => ${filters.join(" or ")})`;
}

/** A sample by which is seen that Telegraf is alive. */
export const ofTelegraf = `r._measurement == "${measurements.telegrafInput}" and r._field == "errors"`;

/** A sample by which is seen that Telegraf has read a list of the Kubernetes API. */
export const ofList = (kind: string): string =>
  `r._measurement == "${measurements.kubernetesList}" and r.kind == "${kind}"`;

/**
 * Statements that define `looks`: whether each API could be reached (0) or not (1), sample by sample. Of a service that is
 * probed over the network, its probes; of others, Deployments of model APIs of which the kubelets found no pod ready. -1:
 * no pod is expected, because it is new, or scaled to zero on purpose; then its probes don't count either. Both for one
 * service would mail each outage twice.
 *
 * @param duration of the last samples that count, e.g. `3m`
 */
export function reachability(duration: string, startingSeconds: number): string {
  const deployments = `from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: ${duration}, from: seen), stop: seen)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.deployment)})`;
  return `${asOf("seen", ofList("Deployment"))}
deployed = ${deployments}
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({
        _time: r._time, service: r.service, environment: r.environment,
        server: "Deployment " + r.namespace + "/" + r.service,
        rank: 1,
        _value: if r.replicas_available > 0 then 0.0 else if r.replicas_desired > 0 and int(v: r._time) - int(v: time(v: r.created_at)) > int(v: ${fluxDuration(startingSeconds)}) then 1.0 else -1.0,
    }))
unexpected = deployed
    |> group(columns: ["service", "environment", "server"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> group(columns: ["service", "environment"])
    |> max(column: "_value")
    |> filter(fn: (r) => r._value < 0.0)
    |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, server: r.server, rank: -1, _value: r._value}))
both = union(tables: [
        ${indented(samplesOf(measurements.probe, ["result_code"], ago(duration)))}
            |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, server: r.server, rank: 0, _value: if int(v: r._value) == 0 then 0.0 else 1.0})),
        deployed,
        unexpected,
    ])
first = both
    |> group(columns: ["service", "environment"])
    |> min(column: "rank")
    |> keep(columns: ["service", "environment", "rank"])
    |> group()
looks = join(tables: {first: first, both: both |> group()}, on: ["service", "environment", "rank"])`;
}

/** A query as an argument: no line of it but the first begins a statement. */
export function indented(query: string): string {
  return query.replaceAll("\n", "\n        ");
}

/** Measurements of {@link linesOf}, in rollups. */
const lineCounts = `r._field == ${fluxString(eventCountField)} and ${anyOf("_measurement", Object.keys(lineFields))}`;

/** So long after its last line a silent service is forgotten. */
const rememberedDays = 14;

/** How many weeks are looked back at for the hours in which a service usually logs. */
const usualWeeks = 3;

/** The last line of each service in a bucket of rollups, by the start of its window. */
const lastIn = (bucket: string, start: string): string => `from(bucket: ${fluxString(bucket)})
            |> range(start: ${ago(start)}, stop: stop)
            |> filter(fn: (r) => ${lineCounts})
            |> last()
            |> keep(columns: ["_time", "service", "environment"])`;

/**
 * Seconds, at `stop`, for which each service that answers its probes has logged nothing, of the time in which it usually
 * logs: of the hours of the week in which it did in each of the last three weeks. A service that is younger than a week
 * usually logs.
 */
export const logSilence = `week = int(v: 7d)
spoke = union(tables: [
        ${indented(linesOf(Object.keys(lineFields) as (keyof typeof lineFields)[], ago("1h")))}
            |> last()
            |> keep(columns: ["_time", "service", "environment"]),
        ${lastIn(buckets.minutely, "2d")},
        ${lastIn(buckets.hourly, `${rememberedDays}d`)},
    ])
    |> group(columns: ["service", "environment"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
${reachability("2m", 0)}
answers = looks
    |> filter(fn: (r) => r._value == 0.0)
    |> group(columns: ["service", "environment"])
    |> count()
quiet = join(tables: {spoke: spoke, answers: answers}, on: ["service", "environment"])
    |> map(fn: (r) => ({service: r.service, environment: r.environment, last: int(v: r._time), silence: int(v: stop) - int(v: r._time)}))
    |> group()
longest = quiet
    |> max(column: "silence")
    |> findRecord(fn: (key) => true, idx: 0)
// While nobody is silent, nothing is read: an empty range far ahead.
read = exists longest.silence and longest.silence > int(v: 10m)
logged = from(bucket: ${fluxString(buckets.hourly)})
    |> range(start: if read then ${ago(`${rememberedDays + 7 * usualWeeks + 1}d`)} else 2200-01-01T00:00:00Z, stop: if read then ${ago("6d")} else 2200-01-02T00:00:00Z)
    |> filter(fn: (r) => ${lineCounts})
    |> keep(columns: ["_time", "service", "environment"])
    |> group(columns: ["service", "environment"])
    |> distinct(column: "_time")
    |> map(fn: (r) => ({service: r.service, environment: r.environment, hour: int(v: r._value)}))
known = logged
    |> min(column: "hour")
    |> map(fn: (r) => ({service: r.service, environment: r.environment, first: r.hour}))
    |> group()
later = (weeks) => logged
    |> map(fn: (r) => ({r with hour: r.hour + weeks * week}))
overlap = (hour, last) => (if hour + int(v: 1h) < int(v: stop) then hour + int(v: 1h) else int(v: stop)) - (if hour > last then hour else last)
usual = join(tables: {hours: union(tables: [${Array.from({ length: usualWeeks }, (_, index) => `later(weeks: ${index + 1})`).join(", ")}]) |> group(), quiet: quiet}, on: ["service", "environment"])
    |> map(fn: (r) => ({r with seconds: overlap(hour: r.hour, last: r.last)}))
    |> filter(fn: (r) => r.seconds > 0)
    |> group(columns: ["service", "environment", "hour"])
    |> reduce(identity: {weeks: 0, seconds: 0}, fn: (r, accumulator) => ({weeks: accumulator.weeks + 1, seconds: r.seconds}))
    |> group()
missed = join(tables: {usual: usual, known: known}, on: ["service", "environment"])
    |> filter(fn: (r) => r.weeks >= ${usualWeeks} or r.hour - (r.weeks + 1) * week < r.first)
    |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: 0, last: 0, first: 0, missed: r.seconds}))
union(tables: [
        quiet |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: r.silence, last: r.last, first: 0, missed: 0})),
        known |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: 0, last: 0, first: r.first, missed: 0})),
        missed,
    ])
    |> group(columns: ["service", "environment"])
    |> reduce(
        identity: {silence: 0, last: 0, first: 0, missed: 0},
        fn: (r, accumulator) => ({silence: accumulator.silence + r.silence, last: accumulator.last + r.last, first: accumulator.first + r.first, missed: accumulator.missed + r.missed}),
    )
    |> filter(fn: (r) => r.last > 0)
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: if r.first > 0 and r.first + week <= r.last then r.missed else r.silence) / 1000000000.0}))`;
