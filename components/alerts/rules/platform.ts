import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxFloat } from "../../influxdb/flux";
import { ago, linesOf, logSilence, type RuleDefinition, samplesOf } from "./define";

/** Does the monitoring itself work: do logs and metrics arrive, do tasks and alerts run? */
export const platformRules: readonly RuleDefinition[] = [
  {
    name: "LogsStalled",
    severity: "warning",
    inhibitedBy: ["ApiUnreachable"],
    query: logSilence,
    threshold: thresholds.logSilenceSeconds,
    appThreshold: "logSilenceSeconds",
    unit: "seconds",
    summary: "{service} has logged nothing for {value}",
    description:
      "{service} answers its probes, but no line of it has arrived for {value}. Either nobody uses it, or its logs are lost on the way: the dashboards and all alerts on logs are blind for it.",
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
    // What Telegraf reads from InfluxDB itself is there wherever Telegraf runs.
    query: `${samplesOf(measurements.bucketSeries, ["gauge"], ago("7d"))}
    |> last()
    |> group(columns: ["service", "environment"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: int(v: stop) - int(v: r._time)) / 1000000000.0}))`,
    threshold: thresholds.metricsSilenceSeconds,
    unit: "seconds",
    summary: "No metrics for {value}: unreachable APIs are not noticed",
    description:
      "Telegraf has delivered nothing for {value}. Until it does, no alert fires for unreachable APIs, full volumes, memory near its limit and a full log buffer.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "TaskFailures",
    severity: "warning",
    // A counter: a restart sets it back to 0.
    query: `${samplesOf(measurements.taskErrors, ["counter"], ago("10m"))}
    |> toFloat()
    |> increase()
    |> last()
    |> group(columns: ["service", "environment"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    threshold: thresholds.taskFailures,
    unit: "count",
    summary: "{value} task runs of {service} failed",
    description:
      "InfluxDB's tasks compute the rollups and evaluate the alerts. Within ten minutes {value} runs failed: rollups lag behind, or alerts are not posted.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
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
    query: `array.from(rows: [{_time: stop, _value: 1.0, service: "monitoring"}])`,
    labels: ["service"],
    threshold: 0,
    unit: "count",
    summary: "Alerting pipeline is working",
    description:
      "Always fires, so that its absence shows that tasks or Alertmanager no longer run. Send it to a service that alerts when it stops.",
    dashboard: "platformHealth",
    dashboardVariables: {},
  },
];
