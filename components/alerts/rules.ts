import { buckets } from "../../contract/buckets";
import { fluxDuration, fluxFloat, fluxString } from "../influxdb/flux";
import { defaultProbeIntervalSeconds } from "../telegraf/telegrafConfig";
import { thresholds } from "../../contract/thresholds";
import type { AlertRule, ThresholdOverride } from "./rule";

/** What an app asks of its own alerts; what is left out keeps the platform's default. */
export interface AppAlertOptions {
  /** `service.name` of the app. */
  service: string;
  /**
   * Share of server errors (5xx), 0 to 1.
   * @default 0.05
   */
  errorRatio?: number;
  /**
   * 95th percentile of the response time, in seconds.
   * @default 1
   */
  latencyP95Seconds?: number;
  /**
   * Memory in use by the limit, 0 to 1.
   * @default 0.9
   */
  memoryUseRatio?: number;
  /**
   * Drifted features that a training run may have.
   * @default 0
   */
  driftedFeatures?: number;
  /**
   * Share of lines that no format matches, 0 to 1.
   * @default 0.05
   */
  unparsedRatio?: number;
  /**
   * Seconds without a log line while the app answers its probes.
   * @default 1800
   */
  logSilenceSeconds?: number;
}

/** Options of {@link alertRules}. */
export interface AlertRulesOptions {
  /**
   * Thresholds of single apps.
   * @default none
   */
  apps?: readonly AppAlertOptions[];
  /**
   * Seconds between two HTTP probes, as Telegraf is configured.
   * @default 10
   */
  probeIntervalSeconds?: number;
  /**
   * Seconds in which a new model API may become ready: its image is pulled, its model loaded.
   * @default 300
   */
  startingSeconds?: number;
  /**
   * Names of rules that are not wanted.
   * @default none
   */
  disabled?: readonly string[];
}

/** How long a failed or drifted run stays an alert unless a later run replaces it, in seconds. */
export const runAlertSeconds = 6 * 3600;

/** How long a run that never ended stays an alert, in seconds after it was due. */
export const overdueAlertSeconds = 24 * 3600;

/** Least number of requests in five minutes of which a share or a percentile says something. */
export const leastRequests = 20;

const dashboards = {
  approval: "model-approval",
  usage: "model-api-usage",
  resources: "resources-and-cost",
  health: "platform-health",
} as const;

/**
 * The platform's alert rules.
 *
 * @throws RangeError on a threshold that can't be, or a disabled rule that doesn't exist
 */
export function alertRules(options: AlertRulesOptions = {}): AlertRule[] {
  const apps = options.apps ?? [];
  const probeSeconds = options.probeIntervalSeconds ?? defaultProbeIntervalSeconds;
  for (const app of apps) checkApp(app);
  const rules = [
    apiUnreachable(probeSeconds, options.startingSeconds ?? 300),
    apiErrorRateHigh(apps),
    apiLatencyHigh(apps),
    trainingRunFailed(),
    pipelineRunOverdue(),
    dataDriftDetected(apps),
    memoryNearLimit(apps),
    containerRestarting(),
    volumeFillingUp(),
    logsStalled(apps),
    logBufferBacklog(),
    unparsedLogs(apps),
    deadLetters(),
    metricsMissing(),
    taskFailures(),
    seriesCardinalityHigh(),
    watchdog(),
  ];
  const disabled = options.disabled ?? [];
  const unknown = disabled.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown !== undefined) {
    throw new RangeError(
      `disabled: there is no alert rule ${JSON.stringify(unknown)}; rules are ${rules.map((rule) => rule.name).join(", ")}`,
    );
  }
  return rules.filter((rule) => !disabled.includes(rule.name));
}

const appLabels = ["service", "environment"] as const;

/** `from |> range |> filter` of one or more fields of a measurement. */
function samplesOf(measurement: string, fields: readonly string[], range: string): string {
  const field = fields.map((name) => `r._field == ${fluxString(name)}`).join(" or ");
  return `from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${range}, stop: stop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and (${field}))`;
}

/** A start that lies the given seconds before `start`. */
function before(seconds: number): string {
  return `date.sub(d: ${fluxDuration(seconds)}, from: start)`;
}

function overrides(
  apps: readonly AppAlertOptions[],
  threshold: (app: AppAlertOptions) => number | undefined,
): ThresholdOverride[] {
  return apps.flatMap((app) => {
    const value = threshold(app);
    return value === undefined ? [] : [{ labels: { service: app.service }, threshold: value }];
  });
}

/**
 * Whether each API could be reached (0) or not (1), sample by sample: probes over the network, and Deployments of model
 * APIs of which the kubelets found no pod ready. -1: no pod is expected, because it is new, or scaled to zero on purpose.
 */
function reachability(range: string, startingSeconds: number): string {
  return `union(tables: [
        ${indented(samplesOf("http_response", ["result_code"], range))}
            |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, server: r.server, _value: if int(v: r._value) == 0 then 0.0 else 1.0})),
        ${indented(samplesOf("kubernetes_deployment", ["replicas_desired", "replicas_available", "created_at"], range))}
            |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
            |> map(fn: (r) => ({
                _time: r._time, service: r.service, environment: r.environment,
                server: "Deployment " + r.namespace + "/" + r.service,
                _value: if r.replicas_available > 0 then 0.0 else if r.replicas_desired > 0 and int(v: r._time) - int(v: time(v: r.created_at)) > int(v: ${fluxDuration(startingSeconds)}) then 1.0 else -1.0,
            })),
    ])`;
}

/** A query as an argument: no line of it but the first begins a statement. */
function indented(query: string): string {
  return query.replaceAll("\n", "\n        ");
}

function apiUnreachable(probeSeconds: number, startingSeconds: number): AlertRule {
  const failedProbes = 6;
  return {
    name: "ApiUnreachable",
    severity: "critical",
    everySeconds: 15,
    forSeconds: failedProbes * probeSeconds,
    sampleSeconds: probeSeconds,
    // The last probes, be they some minutes old: an alert does not end because Telegraf is silent for a while.
    query: `${reachability("date.sub(d: 3m, from: stop)", startingSeconds)}
    |> group(columns: ["service", "environment", "server"])
    |> sort(columns: ["_time"])
    |> tail(n: ${failedProbes})`,
    labels: [...appLabels, "server"],
    threshold: 0,
    unit: "count",
    summary: "{service} does not answer",
    description:
      "For a minute, nothing answered for {service}: {server} gave no answer, a wrong status or a time-out at each probe, or has no pod that the kubelet found ready. Its users get errors.",
    dashboardUid: dashboards.usage,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

/** Counts of a minute, summed over the five minutes before each of the last minutes. */
const fiveMinutes = "window(every: 1m, period: 5m)";

/** Windows at the ends of the range are cut off; they'd compare minutes with fewer. */
const wholeFiveMinutes = "int(v: r._stop) - int(v: r._start) == int(v: 5m)";

function apiErrorRateHigh(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "ApiErrorRateHigh",
    severity: "critical",
    everySeconds: 30,
    forSeconds: 120,
    sampleSeconds: 60,
    query: `${samplesOf("http.server.request", ["http.response.status_code"], before(300))}
    |> aggregateWindow(every: 1m, fn: count, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with requests: float(v: r._value), errors: if r.status_class == "5xx" then float(v: r._value) else 0.0}))
    |> group(columns: ["service", "environment"])
    |> ${fiveMinutes}
    |> reduce(identity: {requests: 0.0, errors: 0.0}, fn: (r, accumulator) => ({requests: accumulator.requests + r.requests, errors: accumulator.errors + r.errors}))
    |> filter(fn: (r) => ${wholeFiveMinutes} and r.requests >= ${fluxFloat(leastRequests)})
    |> map(fn: (r) => ({r with _time: r._stop, _value: r.errors / r.requests}))`,
    labels: appLabels,
    threshold: thresholds.apiErrorRatio,
    overrides: overrides(apps, (app) => app.errorRatio),
    unit: "ratio",
    summary: "{service}: {value} of the requests fail",
    description:
      "Over five minutes, {value} of the requests to {service} ended in a server error (5xx); the limit is {threshold}.",
    dashboardUid: dashboards.usage,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function apiLatencyHigh(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "ApiLatencyHigh",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 180,
    sampleSeconds: 60,
    query: `latencies = ${samplesOf("http.server.request", ["duration_s"], before(300))}
    |> group(columns: ["service", "environment"])
    |> ${fiveMinutes}
    |> filter(fn: (r) => ${wholeFiveMinutes})
enough = latencies
    |> count()
    |> filter(fn: (r) => r._value >= ${leastRequests})
    |> drop(columns: ["_value"])
percentiles = latencies
    |> quantile(q: 0.95, method: "estimate_tdigest")
join(tables: {enough: enough, percentiles: percentiles}, on: ["service", "environment", "_start", "_stop"])
    |> map(fn: (r) => ({r with _time: r._stop}))`,
    labels: appLabels,
    threshold: thresholds.apiLatencyP95Seconds,
    overrides: overrides(apps, (app) => app.latencyP95Seconds),
    unit: "seconds",
    summary: "{service} is slow: p95 {value}",
    description:
      "Over five minutes, one request in twenty to {service} took longer than {value}; the limit is {threshold}.",
    dashboardUid: dashboards.usage,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

const runLabels = ["service", "environment", "pipeline", "run"] as const;
const runVariables = { pipeline: "pipeline", environment: "environment" };

function trainingRunFailed(): AlertRule {
  return {
    name: "TrainingRunFailed",
    severity: "critical",
    everySeconds: 15,
    forSeconds: 0,
    sampleSeconds: 0,
    // Only the last run of a pipeline counts: a later success ends the alert.
    query: `${samplesOf("pipeline.run.end", ["cicd.pipeline.run.id"], `date.sub(d: ${fluxDuration(runAlertSeconds)}, from: stop)`)}
    |> group(columns: ["service", "environment", "pipeline"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> filter(fn: (r) => r.result == "failure" or r.result == "error" or r.result == "timeout")
    |> map(fn: (r) => ({r with run: r._value, _value: 1.0}))`,
    labels: runLabels,
    threshold: 0,
    unit: "count",
    summary: "Run {run} of {pipeline} failed",
    description:
      "The last run of the pipeline {pipeline} did not succeed: no new model comes from it. The alert ends with the next run that succeeds, or after six hours.",
    dashboardUid: dashboards.approval,
    dashboardVariables: { ...runVariables, run: "run" },
  };
}

function pipelineRunOverdue(): AlertRule {
  // A run is looked for as long as it may be late and then be an alert; starts before that are history.
  const lookBack = fluxDuration(7 * 24 * 3600);
  return {
    name: "PipelineRunOverdue",
    severity: "critical",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `since = date.sub(d: ${lookBack}, from: stop)
started = ${samplesOf("pipeline.run.start", ["cicd.pipeline.run.id", "expected_max_s"], "since")}
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({
        service: r.service, environment: r.environment, pipeline: r.pipeline,
        run: r["cicd.pipeline.run.id"],
        ended: 0.0,
        dueNs: float(v: int(v: r._time)) + 1000000000.0 * (if exists r["expected_max_s"] then r["expected_max_s"] else ${fluxFloat(thresholds.pipelineRunSeconds)}),
    }))
ended = ${samplesOf("pipeline.run.end", ["cicd.pipeline.run.id"], "since")}
    |> map(fn: (r) => ({
        service: r.service, environment: r.environment, pipeline: r.pipeline,
        run: r._value,
        ended: 1.0,
        dueNs: 0.0,
    }))
union(tables: [started, ended])
    |> group(columns: ["service", "environment", "pipeline", "run"])
    |> reduce(identity: {ended: 0.0, dueNs: 0.0}, fn: (r, accumulator) => ({ended: accumulator.ended + r.ended, dueNs: accumulator.dueNs + r.dueNs}))
    |> filter(fn: (r) => r.ended == 0.0)
    |> map(fn: (r) => ({r with _time: stop, _value: (float(v: int(v: stop)) - r.dueNs) / 1000000000.0}))
    |> filter(fn: (r) => r._value <= ${fluxFloat(overdueAlertSeconds)})`,
    labels: runLabels,
    threshold: 0,
    unit: "seconds",
    summary: "Run {run} of {pipeline} has not ended: {value} overdue",
    description:
      "The run said that it started and never that it ended. Runs that are killed (out of memory, evicted) can't say that they failed.",
    dashboardUid: dashboards.approval,
    dashboardVariables: { ...runVariables, run: "run" },
  };
}

function dataDriftDetected(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "DataDriftDetected",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `${samplesOf("ml.drift", ["cicd.pipeline.run.id"], `date.sub(d: ${fluxDuration(runAlertSeconds)}, from: stop)`)}
    |> map(fn: (r) => ({r with run: r._value, drifted: if r.verdict == "drift" then 1.0 else 0.0}))
    |> group(columns: ["service", "environment", "pipeline", "run"])
    |> sort(columns: ["_time"])
    |> reduce(identity: {_time: 1970-01-01T00:00:00Z, _value: 0.0}, fn: (r, accumulator) => ({_time: r._time, _value: accumulator._value + r.drifted}))
    |> group(columns: ["service", "environment", "pipeline"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)`,
    labels: runLabels,
    threshold: thresholds.driftedFeatures,
    overrides: overrides(apps, (app) => app.driftedFeatures),
    unit: "count",
    summary: "{pipeline}: the data has drifted in {value} comparisons",
    description:
      "In the last run of {pipeline}, the distribution of {value} features (per comparison) moved beyond the limit and beyond noise. Its model may not fit the data that it will see.",
    dashboardUid: dashboards.approval,
    dashboardVariables: { ...runVariables, run: "run" },
  };
}

/** The ratio of two fields that the same or another series of a measurement holds, minute by minute. */
function ratioPerMinute(options: {
  measurement: string;
  used: string;
  available: string;
  by: readonly string[];
}): string {
  const { measurement, used, available, by } = options;
  const columns = ["_time", ...by].map(fluxString).join(", ");
  const side = (field: string): string => `${samplesOf(measurement, [field], "start")}
    |> aggregateWindow(every: 1m, fn: max, createEmpty: false, timeSrc: "_start")
    |> toFloat()`;
  return `used = ${side(used)}
available = ${side(available)}
    |> group(columns: [${columns}])
    |> max()
    |> filter(fn: (r) => r._value > 0.0)
    |> keep(columns: [${columns}, "_value"])
    |> group()
join(tables: {used: used |> group(), available: available}, on: [${columns}])
    |> map(fn: (r) => ({r with _value: r._value_used / r._value_available}))`;
}

function memoryNearLimit(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "MemoryNearLimit",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 180,
    sampleSeconds: 60,
    query: ratioPerMinute({
      measurement: "kubernetes_pod_container",
      used: "memory_working_set_bytes",
      available: "resource_limits_memory_bytes",
      by: ["namespace", "pod_name", "container_name"],
    }),
    labels: [...appLabels, "namespace", "pod_name", "container_name"],
    threshold: thresholds.memoryUseRatio,
    overrides: overrides(apps, (app) => app.memoryUseRatio),
    unit: "ratio",
    summary: "{service}: {container_name} uses {value} of its memory limit",
    description:
      "The container {container_name} of {pod_name} holds {value} of its memory limit; at 100 % the kernel kills it, and a run in it is lost.",
    dashboardUid: dashboards.resources,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function containerRestarting(): AlertRule {
  return {
    name: "ContainerRestarting",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `${samplesOf("kubernetes_pod_container", ["restarts_total"], "date.sub(d: 15m, from: stop)")}
    |> toFloat()
    |> group(columns: ["service", "environment", "namespace", "pod_name", "container_name"])
    |> spread()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: [...appLabels, "namespace", "pod_name", "container_name"],
    threshold: thresholds.containerRestarts,
    unit: "count",
    summary: "{service}: {container_name} has restarted {value} times",
    description:
      "Within a quarter of an hour the container {container_name} of {pod_name} in {namespace} was started anew {value} times: it crashes, runs out of memory, or fails its liveness probe.",
    dashboardUid: dashboards.resources,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function volumeFillingUp(): AlertRule {
  return {
    name: "VolumeFillingUp",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 300,
    sampleSeconds: 60,
    query: ratioPerMinute({
      measurement: "kubernetes_pod_volume",
      used: "used_bytes",
      available: "capacity_bytes",
      by: ["namespace", "pod_name", "volume_name"],
    }),
    labels: [...appLabels, "namespace", "pod_name", "volume_name"],
    threshold: thresholds.volumeUseRatio,
    unit: "ratio",
    summary: "Volume {volume_name} of {pod_name} is {value} full",
    description:
      "The volume {volume_name} of {pod_name} in {namespace} is {value} full. A full volume stops InfluxDB or the log buffer.",
    dashboardUid: dashboards.resources,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

/** Seconds, at `stop`, since each service that logged within the last day and answers its probes has said anything. */
export const logSilence = `spoke = from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: 1d, from: stop), stop: stop)
    |> filter(fn: (r) => (r._measurement == "http.server.request" and r._field == "http.response.status_code") or (r._measurement == "log" and r._field == "body") or (r._measurement == "log.unparsed" and r._field == "body"))
    |> last()
    |> keep(columns: ["_time", "service", "environment"])
    |> group(columns: ["service", "environment"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
answers = ${reachability("date.sub(d: 2m, from: stop)", 0)}
    |> filter(fn: (r) => r._value == 0.0)
    |> group(columns: ["service", "environment"])
    |> count()
join(tables: {spoke: spoke, answers: answers}, on: ["service", "environment"])
    |> map(fn: (r) => ({r with _value: float(v: int(v: stop) - int(v: r._time)) / 1000000000.0, _time: stop}))`;

function logsStalled(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "LogsStalled",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: logSilence,
    labels: appLabels,
    threshold: thresholds.logSilenceSeconds,
    overrides: overrides(apps, (app) => app.logSilenceSeconds),
    unit: "seconds",
    summary: "{service} has logged nothing for {value}",
    description:
      "{service} answers its probes, but no line of it has arrived for {value}. Either nobody uses it, or its logs are lost on the way: the dashboards and the other alerts are blind for it.",
    dashboardUid: dashboards.health,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function logBufferBacklog(): AlertRule {
  return {
    name: "LogBufferBacklog",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 300,
    sampleSeconds: 60,
    query: `${samplesOf("fluentd", ["buffer_available_buffer_space_ratios"], "start")}
    |> aggregateWindow(every: 1m, fn: min, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with _value: 1.0 - float(v: r._value) / 100.0}))`,
    labels: [...appLabels, "plugin_id"],
    threshold: thresholds.logBufferUseRatio,
    unit: "ratio",
    summary: "The log buffer of {service} is {value} full",
    description:
      "{service} receives more than it can hand on: its buffer {plugin_id} is {value} full. The dashboards lag behind; a full buffer makes the apps' sidecars hold the lines back.",
    dashboardUid: dashboards.health,
    dashboardVariables: { environment: "environment" },
  };
}

function unparsedLogs(apps: readonly AppAlertOptions[]): AlertRule {
  return {
    name: "UnparsedLogs",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `parsed = from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: 15m, from: stop), stop: stop)
    |> filter(fn: (r) => (r._measurement == "http.server.request" and r._field == "http.response.status_code") or (r._measurement == "log" and r._field == "body"))
    |> count()
    |> map(fn: (r) => ({service: r.service, environment: r.environment, lines: float(v: r._value), unparsed: 0.0}))
unparsed = ${samplesOf("log.unparsed", ["body"], "date.sub(d: 15m, from: stop)")}
    |> count()
    |> map(fn: (r) => ({service: r.service, environment: r.environment, lines: float(v: r._value), unparsed: float(v: r._value)}))
union(tables: [parsed, unparsed])
    |> group(columns: ["service", "environment"])
    |> reduce(identity: {lines: 0.0, unparsed: 0.0}, fn: (r, accumulator) => ({lines: accumulator.lines + r.lines, unparsed: accumulator.unparsed + r.unparsed}))
    |> filter(fn: (r) => r.lines >= ${fluxFloat(leastRequests)})
    |> map(fn: (r) => ({r with _time: stop, _value: r.unparsed / r.lines}))`,
    labels: appLabels,
    threshold: thresholds.unparsedRatio,
    overrides: overrides(apps, (app) => app.unparsedRatio),
    unit: "ratio",
    summary: "{service}: {value} of the log lines match no format",
    description:
      "Within a quarter of an hour, {value} of the lines of {service} matched no format. They are kept as text, but count in no metric.",
    dashboardUid: dashboards.health,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function deadLetters(): AlertRule {
  return {
    name: "DeadLetters",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `${samplesOf("log.dead_letter", ["dead_letter.line"], "date.sub(d: 10m, from: stop)")}
    |> group(columns: ["service", "environment"])
    |> count()
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: r._value)}))`,
    labels: appLabels,
    threshold: thresholds.deadLetters,
    unit: "count",
    summary: "{value} dead letters of {service}",
    description:
      "Within ten minutes, {value} points of {service} became dead letters: InfluxDB refused them for good, or Fluentd could not read a chunk of its buffer after a crash. The dashboards don't count them; the events log.dead_letter hold them, or say where they are.",
    dashboardUid: dashboards.health,
    dashboardVariables: { service: "service", environment: "environment" },
  };
}

function metricsMissing(): AlertRule {
  return {
    name: "MetricsMissing",
    severity: "critical",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    // What Telegraf reads from InfluxDB itself is there wherever Telegraf runs.
    query: `${samplesOf("storage_bucket_series_num", ["gauge"], "date.sub(d: 7d, from: stop)")}
    |> last()
    |> group(columns: ["service", "environment"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: int(v: stop) - int(v: r._time)) / 1000000000.0}))`,
    labels: appLabels,
    threshold: thresholds.metricsSilenceSeconds,
    unit: "seconds",
    summary: "No metrics for {value}: unreachable APIs are not noticed",
    description:
      "Telegraf has delivered nothing for {value}. Until it does, nobody is told of unreachable APIs, full volumes, memory near its limit and a full log buffer.",
    dashboardUid: dashboards.health,
    dashboardVariables: { environment: "environment" },
  };
}

function taskFailures(): AlertRule {
  return {
    name: "TaskFailures",
    severity: "warning",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    // A counter: a restart sets it back to 0.
    query: `${samplesOf("task_executor_errors_counter", ["counter"], "date.sub(d: 10m, from: stop)")}
    |> toFloat()
    |> increase()
    |> last()
    |> group(columns: ["service", "environment"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: appLabels,
    threshold: thresholds.taskFailures,
    unit: "count",
    summary: "{value} task runs of {service} failed",
    description:
      "InfluxDB's tasks compute the rollups and evaluate the alerts. Within ten minutes {value} runs failed: rollups lag behind, or alerts are not posted.",
    dashboardUid: dashboards.health,
    dashboardVariables: { environment: "environment" },
  };
}

function seriesCardinalityHigh(): AlertRule {
  return {
    name: "SeriesCardinalityHigh",
    severity: "warning",
    everySeconds: 300,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `${samplesOf("storage_bucket_series_num", ["gauge"], "date.sub(d: 10m, from: stop)")}
    |> last()
    |> group(columns: ["service", "environment"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: appLabels,
    threshold: thresholds.seriesCardinality,
    unit: "count",
    summary: "{service} holds {value} series",
    description:
      "The number of combinations of tags grows with memory and slows down each query. Something writes a value as a tag that has no bound: an id, a path, a message.",
    dashboardUid: dashboards.health,
    dashboardVariables: { environment: "environment" },
  };
}

function watchdog(): AlertRule {
  return {
    name: "Watchdog",
    severity: "info",
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    query: `array.from(rows: [{_time: stop, _value: 1.0, service: "monitoring"}])`,
    labels: ["service"],
    threshold: 0,
    unit: "count",
    summary: "The way of the alerts works",
    description:
      "Fires always, so that its absence tells that tasks or Alertmanager stand still. Send it to a service that raises the alarm when it stops.",
    dashboardUid: dashboards.health,
    dashboardVariables: {},
  };
}

function checkApp(app: AppAlertOptions): void {
  const ratios = ["errorRatio", "memoryUseRatio", "unparsedRatio"] as const;
  for (const key of ratios) {
    const value = app[key];
    if (value !== undefined && !(value >= 0 && value < 1)) {
      throw new RangeError(`${app.service}: ${key} must be from 0 to below 1 (0.05 is 5 %), got ${value}`);
    }
  }
  const amounts = ["latencyP95Seconds", "driftedFeatures", "logSilenceSeconds"] as const;
  for (const key of amounts) {
    const value = app[key];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      throw new RangeError(`${app.service}: ${key} must be a number from 0, got ${value}`);
    }
  }
}
