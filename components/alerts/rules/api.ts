import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxFloat } from "../../influxdb/flux";
import { ago, reachability, type RuleDefinition, samplesOf } from "./define";

/** Windows of the five minutes before each of the last minutes. */
const fiveMinutes = "window(every: 1m, period: 5m)";

/** Windows at the ends of the range are cut off; they would compare minutes with fewer. */
const wholeFiveMinutes = "int(v: r._stop) - int(v: r._start) == int(v: 5m)";

/** The windows that end in the time that the rule judges. */
const range = "date.sub(d: 300s, from: start)";

const failedProbes = 6;

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
    query: `${reachability(ago("3m"), startingSeconds)}
looks
    |> group(columns: ["service", "environment", "server"])
    |> sort(columns: ["_time"])
    |> tail(n: ${failedProbes})`,
    labels: ["service", "environment", "server"],
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
    query: `${samplesOf(measurements.httpRequest, ["http.response.status_code"], range)}
    |> aggregateWindow(every: 1m, fn: count, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with requests: float(v: r._value), errors: if r.status_class == "5xx" then float(v: r._value) else 0.0}))
    |> group(columns: ["service", "environment"])
    |> ${fiveMinutes}
    |> reduce(identity: {requests: 0.0, errors: 0.0}, fn: (r, accumulator) => ({requests: accumulator.requests + r.requests, errors: accumulator.errors + r.errors}))
    |> filter(fn: (r) => ${wholeFiveMinutes} and r.requests >= ${fluxFloat(thresholds.leastRequests)})
    |> map(fn: (r) => ({r with _time: r._stop, _value: r.errors / r.requests}))`,
    threshold: thresholds.apiErrorRatio,
    appThreshold: "errorRatio",
    unit: "ratio",
    summary: "{service}: {value} of the requests fail",
    description:
      "Over five minutes, {value} of the requests to {service} ended in a server error (5xx); the limit is {threshold}.",
    dashboard: "modelApiUsage",
  },
  {
    name: "ApiLatencyHigh",
    severity: "warning",
    inhibitedBy: ["ApiUnreachable", "ApiErrorRateHigh"],
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
