import { buckets } from "../../../contract/buckets";
import { measurements } from "../../../contract/measurements";
import { eventCountField } from "../../../contract/rollups";
import { thresholds } from "../../../contract/thresholds";
import { anyOf, fluxDuration, fluxFloat, fluxString } from "../../influxdb/flux";
import { ago, indented, lineFields, linesOf, reachability } from "./define";

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
 * The hours by which one is judged: the same of the last weeks, and those before and after each. So neither a change of the
 * clocks nor a late morning counts as silence.
 */
const judgedBy = Array.from({ length: usualWeeks }, (_, index) => index + 1).flatMap((weeks) =>
  [-1, 0, 1].map((hours) => `${weeks} * week + ${hours} * hour`.replace("+ -", "- ")),
);

/**
 * Seconds, at `stop`, for which each service that answers its probes has logged nothing, of the time in which it usually
 * logs. A Deployment of a model API that has never logged anything has been silent since it was made.
 *
 * `counts` says whether that is more than an idle hour: it would usually have logged {@link thresholds.missedLines} lines
 * since, by the least of {@link judgedBy}. Of a service that is younger than a week nobody knows its nights and weekends: it
 * has to have logged in each hour of a day, or to be silent for {@link thresholds.youngSilenceSeconds}.
 */
export const logSilence = `week = int(v: 7d)
hour = int(v: 1h)
spoke = union(tables: [
        ${indented(linesOf(Object.keys(lineFields) as (keyof typeof lineFields)[], ago("1h")))}
            |> last()
            |> keep(columns: ["_time", "service", "environment"]),
        ${lastIn(buckets.minutely, "2d")},
        ${lastIn(buckets.hourly, `${rememberedDays}d`)},
        from(bucket: ${fluxString(buckets.events)})
            |> range(start: ${ago("3m")}, stop: stop)
            |> filter(fn: (r) => r._measurement == ${fluxString(measurements.deployment)} and r._field == "created_at")
            |> last()
            |> map(fn: (r) => ({_time: time(v: r._value), service: r.service, environment: r.environment}))
            |> filter(fn: (r) => r._time > ${ago(`${rememberedDays}d`)}),
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
since = if read then int(v: stop) - longest.silence - hour else int(v: stop)
logged = from(bucket: ${fluxString(buckets.hourly)})
    |> range(start: if read then ${ago(`${rememberedDays + 7 * usualWeeks + 1}d`)} else 2200-01-01T00:00:00Z, stop: if read then stop else 2200-01-02T00:00:00Z)
    |> filter(fn: (r) => ${lineCounts})
    |> group(columns: ["service", "environment", "_time"])
    |> sum()
    |> map(fn: (r) => ({service: r.service, environment: r.environment, hour: int(v: r._time), lines: float(v: r._value)}))
    |> group(columns: ["service", "environment"])
known = logged
    |> reduce(
        identity: {first: 0, newest: 0, hours: 0},
        fn: (r, accumulator) => ({
            first: if accumulator.hours == 0 or r.hour < accumulator.first then r.hour else accumulator.first,
            newest: if r.hour > accumulator.newest then r.hour else accumulator.newest,
            hours: accumulator.hours + 1,
        }),
    )
    |> map(fn: (r) => ({r with steady: if r.hours >= 24 and r.newest - r.first == (r.hours - 1) * hour then 1 else 0}))
    |> group()
later = (by) => logged
    |> filter(fn: (r) => r.hour + by >= since and r.hour + by < int(v: stop))
    |> map(fn: (r) => ({r with hour: r.hour + by}))
overlap = (hour, last) => (if hour + int(v: 1h) < int(v: stop) then hour + int(v: 1h) else int(v: stop)) - (if hour > last then hour else last)
usual = join(tables: {hours: union(tables: [${judgedBy.map((by) => `later(by: ${by})`).join(", ")}]) |> group(), quiet: quiet}, on: ["service", "environment"])
    |> map(fn: (r) => ({r with seconds: overlap(hour: r.hour, last: r.last)}))
    |> filter(fn: (r) => r.seconds > 0)
    |> group(columns: ["service", "environment", "hour"])
    |> reduce(identity: {hours: 0, seconds: 0, lines: 0.0}, fn: (r, accumulator) => ({hours: accumulator.hours + 1, seconds: r.seconds, lines: if accumulator.hours == 0 or r.lines < accumulator.lines then r.lines else accumulator.lines}))
    |> group()
missed = join(tables: {usual: usual, known: known}, on: ["service", "environment"])
    |> filter(fn: (r) => r.hours_usual == ${judgedBy.map((by) => `(if r.hour - (${by}) >= r.first then 1 else 0)`).join(" + ")})
    |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: 0, last: 0, first: 0, steady: 0, missed: r.seconds, lines: r.lines * float(v: r.seconds) / float(v: hour)}))
union(tables: [
        quiet |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: r.silence, last: r.last, first: 0, steady: 0, missed: 0, lines: 0.0})),
        known |> map(fn: (r) => ({service: r.service, environment: r.environment, silence: 0, last: 0, first: r.first, steady: r.steady, missed: 0, lines: 0.0})),
        missed,
    ])
    |> group(columns: ["service", "environment"])
    |> reduce(
        identity: {silence: 0, last: 0, first: 0, steady: 0, missed: 0, lines: 0.0},
        fn: (r, accumulator) => ({silence: accumulator.silence + r.silence, last: accumulator.last + r.last, first: accumulator.first + r.first, steady: accumulator.steady + r.steady, missed: accumulator.missed + r.missed, lines: accumulator.lines + r.lines}),
    )
    |> filter(fn: (r) => r.last > 0)
    |> map(fn: (r) => {
        isKnown = r.first > 0 and r.first + week <= r.last
        counts = if isKnown then r.lines >= ${fluxFloat(thresholds.missedLines)} else r.steady > 0 or r.silence > int(v: ${fluxDuration(thresholds.youngSilenceSeconds)})

        return {r with _time: stop, _value: float(v: if isKnown then r.missed else r.silence) / 1000000000.0, counts: counts}
    })`;
