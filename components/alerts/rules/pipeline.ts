import type { driftComparisons } from "../../../contract/values";
import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxDuration, fluxString } from "../../influxdb/flux";
import { ago, type RuleDefinition, samplesOf } from "./define";
import { runId, runsById, unsettled } from "./runs";

/** What the rules about single runs share. */
const ofRun = {
  routing: "run",
  labels: ["service", "environment", "pipeline", "run"],
  dashboard: "run",
  dashboardVariables: { runPipeline: "pipeline", environment: "environment", runId: "run" },
} as const;

const production: (typeof driftComparisons)[number] = "production_vs_training";

/** How many features have drifted in each run that no later comparison has replaced, of production or not of it. */
function driftOfRuns(ofProduction: "==" | "!="): string {
  const since = ago(fluxDuration(thresholds.runAlertSeconds + 600));
  return `${runsById}
drift = ${samplesOf(measurements.drift, [runId], since)}
    |> filter(fn: (r) => r.comparison ${ofProduction} ${fluxString(production)})
    |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, pipeline: r.pipeline, run: r._value, began: int(v: r._time), at: int(v: r._time), drifted: if r.verdict == "drift" then 1.0 else 0.0}))
started = runs
    |> map(fn: (r) => ({_time: time(v: r.began), service: r.service, environment: r.environment, pipeline: r.pipeline, run: r.run, began: r.began, at: 0, drifted: 0.0}))
compared = union(tables: [drift, started])
    |> group(columns: ["service", "environment", "pipeline", "run"])
    |> sort(columns: ["_time"])
    |> reduce(identity: {began: 0, at: 0, drifted: 0.0}, fn: (r, accumulator) => ({began: if accumulator.began > 0 then accumulator.began else r.began, at: if r.at > 0 then r.at else accumulator.at, drifted: accumulator.drifted + r.drifted}))
    |> filter(fn: (r) => r.at > 0)
    |> map(fn: (r) => ({r with settles: true}))
${unsettled("compared")}
    |> map(fn: (r) => ({r with _time: time(v: r.at), _value: r.drifted}))`;
}

/** Do the training pipelines run, end and succeed, and does their data stay as it was? */
export const pipelineRules: readonly RuleDefinition[] = [
  {
    ...ofRun,
    name: "TrainingRunFailed",
    severity: "critical",
    everySeconds: 15,
    query: `${runsById}
ended = runs
    |> map(fn: (r) => ({r with at: r.ended, settles: r.result == "success"}))
${unsettled("ended")}
    |> filter(fn: (r) => not r.running and (r.result == "failure" or r.result == "error" or r.result == "timeout"))
    |> filter(fn: (r) => r.attempts >= r.maxAttempts or int(v: stop) - r.ended > int(v: ${fluxDuration(thresholds.retrySeconds)}))
    |> map(fn: (r) => ({r with _time: time(v: r.ended), _value: 1.0}))`,
    reportedSeconds: thresholds.runAlertSeconds,
    threshold: 0,
    unit: "count",
    summary: "Run {run} of {pipeline} failed",
    description: `The run {run} of the pipeline {pipeline} did not succeed, and is not tried again: no new model comes from it. The alert ends when a run that began later succeeds; it is reported for ${thresholds.runAlertSeconds / 3600} hours.`,
  },
  {
    ...ofRun,
    name: "PipelineRunOverdue",
    severity: "critical",
    inhibitedBy: ["JobFailed"],
    query: `${runsById}
due = runs
    |> map(fn: (r) => ({r with at: if r.running then r.due else r.ended, settles: r.result == "success"}))
${unsettled("due")}
    |> filter(fn: (r) => r.running and r.due < int(v: stop))
    |> map(fn: (r) => ({r with _time: time(v: r.due), _value: float(v: int(v: stop) - r.due) / 1000000000.0}))`,
    reportedSeconds: thresholds.overdueAlertSeconds,
    threshold: 0,
    unit: "seconds",
    summary: "Run {run} of {pipeline} has not ended: {value} overdue",
    description:
      "The run reported that it started and never that it ended. Runs that are killed (out of memory, evicted) can't report that they failed.",
  },
  {
    ...ofRun,
    name: "DataDriftDetected",
    severity: "warning",
    query: driftOfRuns("!="),
    reportedSeconds: thresholds.runAlertSeconds,
    sendsEnd: false,
    threshold: thresholds.driftedFeatures,
    appThreshold: "driftedFeatures",
    unit: "count",
    summary: "{pipeline}: the data has drifted in {value} comparisons",
    description:
      "In the last run of {pipeline}, the distribution of {value} features (per comparison) moved beyond the limit and beyond noise. Its model may not fit the data that it will see.",
  },
  {
    ...ofRun,
    name: "ProductionDriftDetected",
    severity: "warning",
    query: driftOfRuns("=="),
    reportedSeconds: thresholds.runAlertSeconds,
    sendsEnd: false,
    threshold: thresholds.driftedFeatures,
    appThreshold: "driftedFeatures",
    unit: "count",
    summary: "{service}: {value} of the features that it serves have drifted",
    description:
      "The last comparison by {pipeline} found {value} features of the requests to {service} distributed otherwise than in the training of its model, beyond the limit and beyond noise. Its answers may be wrong.",
    dashboard: "modelApiUsage",
    dashboardVariables: { service: "service", environment: "environment" },
  },
];
