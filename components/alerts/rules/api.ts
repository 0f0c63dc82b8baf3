import { buckets } from "../../../contract/buckets";
import { measurements } from "../../../contract/measurements";
import { eventCountField } from "../../../contract/rollups";
import { thresholds } from "../../../contract/thresholds";
import { fluxFloat, fluxString } from "../../influxdb/flux";
import { ago, ofTelegraf, reachability, type RuleDefinition, samplesOf } from "./define";

/** Windows of the five minutes before each of the last minutes. */
const fiveMinutes = "window(every: 1m, period: 5m)";

/** Windows at the ends of the range are cut off; they would compare minutes with fewer. */
const wholeFiveMinutes = "int(v: r._stop) - int(v: r._start) == int(v: 5m)";

/** The windows that end in the time that the rule judges. */
const range = "date.sub(d: 300s, from: start)";

const failedProbes = 6;

/** How long ago the last requests may be that are judged, in hours. */
const quietHours = 6;

/**
 * The share of server errors of each version of an API, at the last three minutes: of the last five minutes, and of as
 * many before as it takes to have enough requests. So a quiet API is judged too, and an alert stays while nobody asks. A
 * version that no longer gets requests while others do is history.
 */
const errorRatios = `raw = ${samplesOf(measurements.httpRequest, ["http.response.status_code"], ago("10m"))}
    |> aggregateWindow(every: 1m, fn: count, createEmpty: false, timeSrc: "_start")
    |> toFloat()
before = from(bucket: ${fluxString(buckets.minutely)})
    |> range(start: ${ago(`${quietHours}h`)}, stop: ${ago("10m")})
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.httpRequest)} and r._field == ${fluxString(eventCountField)})
    |> toFloat()
minutes = union(tables: [raw, before])
    |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, model_version: if exists r.model_version then r.model_version else "", requests: r._value, errors: if r.status_class == "5xx" then r._value else 0.0}))
    |> group(columns: ["service", "environment", "model_version"])
judged = (at) => minutes
    |> filter(fn: (r) => r._time < at)
    |> sort(columns: ["_time"], desc: true)
    |> reduce(
        identity: {newest: 0, minute: 0, requests: 0.0, errors: 0.0},
        fn: (r, accumulator) => {
            minute = int(v: r._time)
            counts = accumulator.requests < ${fluxFloat(thresholds.leastRequests)} or minute == accumulator.minute or minute >= int(v: at) - int(v: 5m)

            return {
                newest: if accumulator.newest > 0 then accumulator.newest else minute,
                minute: if counts then minute else accumulator.minute,
                requests: accumulator.requests + (if counts then r.requests else 0.0),
                errors: accumulator.errors + (if counts then r.errors else 0.0),
            }
        },
    )
    |> map(fn: (r) => ({r with _time: at, _value: if r.errors >= ${fluxFloat(thresholds.leastErrors)} then r.errors / r.requests else 0.0}))
ratios = union(tables: [judged(at: stop), judged(at: ${ago("1m")}), judged(at: ${ago("2m")})])
last = ratios
    |> group(columns: ["service", "environment"])
    |> max(column: "newest")
    |> keep(columns: ["service", "environment", "newest"])
join(tables: {ratios: ratios |> group(columns: ["service", "environment"]), last: last}, on: ["service", "environment"])
    |> filter(fn: (r) => r.newest_last - r.newest_ratios <= int(v: 15m))`;

/**
 * Are the model APIs reachable, free of errors and fast?
 *
 * @param probeSeconds distance of Telegraf's probes
 * @param startingSeconds time in which a new API may become ready
 */
export const apiRules = (probeSeconds: number, startingSeconds: number): RuleDefinition[] => [
  {
    name: "ApiUnreachable",
    severity: "critical",
    everySeconds: 15,
    forSeconds: failedProbes * probeSeconds,
    sampleSeconds: probeSeconds,
    // The last probes, be they some minutes old: an alert does not end because Telegraf is silent for a while.
    query: `${reachability("3m", startingSeconds)}
looks
    |> group(columns: ["service", "environment", "server"])
    |> sort(columns: ["_time"])
    |> tail(n: ${failedProbes})`,
    labels: ["service", "environment", "server"],
    source: ofTelegraf,
    threshold: 0,
    unit: "count",
    summary: "{service} does not answer",
    description:
      "For a minute, nothing answered for {service}: {server} gave no answer, a wrong status or a time-out at each probe, or has no pod that the kubelet found ready. Its users get errors.",
    dashboard: "modelApiUsage",
  },
  {
    name: "ApiErrorRateHigh",
    severity: "critical",
    inhibitedBy: ["ApiUnreachable"],
    everySeconds: 30,
    forSeconds: 120,
    sampleSeconds: 60,
    query: errorRatios,
    labels: ["service", "environment", "model_version"],
    threshold: thresholds.apiErrorRatio,
    appThreshold: "errorRatio",
    unit: "ratio",
    summary: "{service}: {value} of the requests fail",
    description:
      "Of the requests of the last five minutes, or of the last twenty where those are fewer, {value} to {service} (version {model_version}) ended in a server error (5xx); the limit is {threshold}.",
    dashboard: "modelApiUsage",
  },
  {
    name: "ApiLatencyHigh",
    severity: "warning",
    inhibitedBy: ["ApiUnreachable", "ApiErrorRateHigh", "ErrorBudgetBurnsFast"],
    forSeconds: 180,
    sampleSeconds: 60,
    query: `latencies = ${samplesOf(measurements.httpRequest, ["duration_s"], range)}
    |> group(columns: ["service", "environment"])
    |> ${fiveMinutes}
    |> filter(fn: (r) => ${wholeFiveMinutes})
enough = latencies
    |> count()
    |> filter(fn: (r) => r._value >= ${thresholds.leastRequests})
    |> drop(columns: ["_value"])
percentiles = latencies
    |> quantile(q: 0.95, method: "estimate_tdigest")
join(tables: {enough: enough, percentiles: percentiles}, on: ["service", "environment", "_start", "_stop"])
    |> map(fn: (r) => ({r with _time: r._stop}))`,
    threshold: thresholds.apiLatencyP95Seconds,
    appThreshold: "latencyP95Seconds",
    unit: "seconds",
    summary: "{service} is slow: p95 {value}",
    description:
      "Over five minutes, one request in twenty to {service} took longer than {value}; the limit is {threshold}.",
    dashboard: "modelApiUsage",
  },
];
