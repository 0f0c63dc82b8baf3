import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxFloat } from "../../influxdb/flux";
import { podMetricsAlias } from "../../telegraf/podMetrics";
import { ago, linesOf, type RuleDefinition, samplesOf } from "./define";
import { logSilence } from "./logSilence";

/** A message that could not be delivered counts for so long. */
const failedFor = "15m";

/** Does the monitoring itself work: do logs and metrics arrive, do tasks and alerts run? */
export const platformRules: readonly RuleDefinition[] = [
  {
    name: "LogsStalled",
    severity: "warning",
    inhibitedBy: ["ApiUnreachable"],
    query: `${logSilence}
    |> filter(fn: (r) => r.counts)`,
    threshold: thresholds.logSilenceSeconds,
    appThreshold: "logSilenceSeconds",
    unit: "seconds",
    summary: "{service} has logged nothing for {value}",
    description:
      "{service} answers its probes, but no line of it has arrived for {value} of the time in which it usually logs. Either nobody uses it, or its logs are lost on the way: the dashboards and all alerts on logs are blind for it.",
    dashboard: "platformHealth",
  },
  {
    name: "LogBufferBacklog",
    severity: "warning",
    forSeconds: 300,
    sampleSeconds: 60,
    query: `${samplesOf(measurements.fluentd, ["buffer_available_buffer_space_ratios"], "start")}
    |> aggregateWindow(every: 1m, fn: min, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with _value: 1.0 - float(v: r._value) / 100.0}))`,
    labels: ["service", "environment", "plugin_id"],
    threshold: thresholds.logBufferUseRatio,
    unit: "ratio",
    summary: "The log buffer of {service} is {value} full",
    description:
      "{service} receives more than it can send: its buffer {plugin_id} is {value} full. The dashboards lag behind; a full buffer makes the apps' sidecars hold the lines back.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "UnparsedLogs",
    severity: "warning",
    query: `parsed = ${linesOf([measurements.httpRequest, measurements.log], ago("15m"))}
    |> count()
    |> map(fn: (r) => ({service: r.service, environment: r.environment, lines: float(v: r._value), unparsed: 0.0}))
unparsed = ${samplesOf(measurements.unparsed, ["body"], ago("15m"))}
    |> count()
    |> map(fn: (r) => ({service: r.service, environment: r.environment, lines: float(v: r._value), unparsed: float(v: r._value)}))
union(tables: [parsed, unparsed])
    |> group(columns: ["service", "environment"])
    |> reduce(identity: {lines: 0.0, unparsed: 0.0}, fn: (r, accumulator) => ({lines: accumulator.lines + r.lines, unparsed: accumulator.unparsed + r.unparsed}))
    |> filter(fn: (r) => r.lines >= ${fluxFloat(thresholds.leastRequests)})
    |> map(fn: (r) => ({r with _time: stop, _value: r.unparsed / r.lines}))`,
    threshold: thresholds.unparsedRatio,
    appThreshold: "unparsedRatio",
    unit: "ratio",
    summary: "{service}: {value} of the log lines match no format",
    description:
      "Within a quarter of an hour, {value} of the lines of {service} matched no format. They are kept as text, but count in no metric.",
    dashboard: "platformHealth",
  },
  {
    name: "DeadLetters",
    severity: "warning",
    query: `${samplesOf(measurements.deadLetter, ["dead_letter.line"], ago("10m"))}
    |> group(columns: ["service", "environment"])
    |> count()
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: r._value)}))`,
    threshold: thresholds.deadLetters,
    unit: "count",
    summary: "{value} dead letters of {service}",
    description:
      "Within ten minutes, {value} points of {service} became dead letters: InfluxDB refused them for good, or Fluentd could not read a chunk of its buffer after a crash. The dashboards don't count them; the events log.dead_letter hold them, or say where they are.",
    dashboard: "platformHealth",
  },
  {
    name: "MetricsMissing",
    severity: "critical",
    // An input that fails says so with each look; Telegraf itself says nothing any more. That of the pods' endpoints fails as
    // soon as one of them does.
    query: `silent = ${samplesOf(measurements.telegrafInput, ["errors"], ago("7d"))}
    |> last()
    |> group(columns: ["service", "environment"])
    |> max(column: "_time")
    |> map(fn: (r) => ({service: r.service, environment: r.environment, input: "Telegraf", _time: stop, _value: float(v: int(v: stop) - int(v: r._time)) / 1000000000.0}))
failing = ${samplesOf(measurements.telegrafInput, ["errors", "gather_timeouts"], ago("1h"))}
    |> filter(fn: (r) => not exists r.alias or r.alias != "${podMetricsAlias}")
    |> toFloat()
    |> difference(nonNegative: true)
    |> map(fn: (r) => ({_time: r._time, _field: r._field, service: r.service, environment: r.environment, input: if exists r.alias then r.alias else r.input, fails: exists r._value and r._value > 0.0}))
    |> group(columns: ["service", "environment", "input", "_field"])
    |> sort(columns: ["_time"])
    |> reduce(identity: {since: 0, last: 0}, fn: (r, accumulator) => ({since: if not r.fails then 0 else if accumulator.since > 0 then accumulator.since else int(v: r._time), last: int(v: r._time)}))
    |> filter(fn: (r) => r.since > 0)
    |> map(fn: (r) => ({service: r.service, environment: r.environment, input: r.input, _time: stop, _value: float(v: int(v: stop) - r.since) / 1000000000.0}))
union(tables: [silent, failing])`,
    labels: ["service", "environment", "input"],
    threshold: thresholds.metricsSilenceSeconds,
    unit: "seconds",
    summary: "No metrics of {input} for {value}",
    description:
      "{input} has delivered nothing for {value}. Until it does, alerts on what it reads neither begin nor end: of Telegraf itself those are unreachable APIs, pods, volumes, memory and the log buffer.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "TaskFailures",
    severity: "warning",
    // InfluxDB keeps the runs of three days. Their field "name" is that of the task.
    query: `ran = from(bucket: "_tasks")
    |> range(start: ${ago("3d")}, stop: stop)
    |> filter(fn: (r) => r._measurement == "runs" and r._field == "name")
    |> last()
    |> map(fn: (r) => ({_time: r._time, service: "influxdb", environment: "", task: r._value, failed: if r.status == "failed" then int(v: r._time) else 0, succeeded: if r.status == "success" then int(v: r._time) else 0}))
    |> group(columns: ["service", "environment", "task"])
ran
    |> reduce(identity: {failed: 0, succeeded: 0}, fn: (r, accumulator) => ({failed: if r.failed > accumulator.failed then r.failed else accumulator.failed, succeeded: if r.succeeded > accumulator.succeeded then r.succeeded else accumulator.succeeded}))
    |> filter(fn: (r) => r.failed > r.succeeded)
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: int(v: stop) - (if r.succeeded > 0 then r.succeeded else r.failed)) / 1000000000.0}))`,
    labels: ["service", "environment", "task"],
    threshold: thresholds.taskFailureSeconds,
    unit: "seconds",
    summary: "The task {task} of InfluxDB fails: its last success is {value} old",
    description:
      "InfluxDB's tasks compute the rollups and evaluate the alerts. The last run of {task} failed, and none has succeeded for {value}: what it computes is missing, or its alert is not posted.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "NotificationsFailing",
    severity: "critical",
    query: `${samplesOf(measurements.failedNotifications, ["counter"], ago(failedFor))}
    |> toFloat()
    |> increase()
    |> last()
    |> group(columns: ["service", "environment", "integration"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: ["service", "environment", "integration"],
    threshold: 0,
    unit: "count",
    summary: "{value} notifications by {integration} failed",
    description:
      "Within a quarter of an hour Alertmanager could not deliver {value} notifications by {integration}: alerts reach nobody that way. The Watchdog is held back meanwhile.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "CertificateExpiring",
    severity: "warning",
    everySeconds: 300,
    query: `${samplesOf(measurements.certificate, ["expiry"], ago("15m"))}
    |> last()
    |> map(fn: (r) => ({r with _time: stop, _value: ${fluxFloat(thresholds.certificateSeconds)} - float(v: r._value), days: string(v: int(v: r._value) / 86400)}))`,
    labels: ["service", "environment", "source"],
    details: ["days"],
    threshold: 0,
    unit: "seconds",
    summary: "{service}: the certificate of {source} expires in {days} days",
    description:
      "The certificate at {source} of {service} is valid for {days} more days. After that its clients refuse to talk to it.",
    dashboard: "platformHealth",
  },
  {
    name: "SeriesCardinalityHigh",
    severity: "warning",
    everySeconds: 300,
    query: `${samplesOf(measurements.bucketSeries, ["gauge"], ago("10m"))}
    |> last()
    |> group(columns: ["service", "environment"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    threshold: thresholds.seriesCardinality,
    unit: "count",
    summary: "{service} holds {value} series",
    description:
      "Memory use grows with the number of series, and each query slows down. Something writes a value without a bound as a tag: an id, a path, a message.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "Watchdog",
    severity: "info",
    routing: "watchdog",
    // It is held back while no message gets out, so that whoever misses it says so. Its own don't count: an Alertmanager
    // that does not name receivers in its metrics has no other webhook.
    query: `failed = ${samplesOf(measurements.failedNotifications, ["counter"], ago(failedFor))}
    |> filter(fn: (r) => if exists r.receiver_name then r.receiver_name != "watchdog" else r.integration != "webhook")
    |> toFloat()
    |> increase()
    |> last()
    |> map(fn: (r) => ({service: "monitoring", _value: r._value}))
union(tables: [failed, array.from(rows: [{service: "monitoring", _value: 0.0}])])
    |> group(columns: ["service"])
    |> sum()
    |> filter(fn: (r) => r._value == 0.0)
    |> map(fn: (r) => ({r with _time: stop, _value: 1.0}))`,
    labels: ["service", "environment"],
    threshold: 0,
    unit: "count",
    summary: "Alerting pipeline is working",
    description:
      "Always fires, so that its absence shows that tasks or Alertmanager no longer run. Send it to a service that alerts when it stops.",
    dashboard: "platformHealth",
    dashboardVariables: {},
  },
];
