import type { driftComparisons } from "../../../contract/values";
import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxDuration, fluxFloat, fluxString } from "../../influxdb/flux";
import { ago, type RuleDefinition, samplesOf } from "./define";

/** What the rules about single runs share. */
const ofRun = {
  routing: "run",
  labels: ["service", "environment", "pipeline", "run"],
  dashboard: "modelApproval",
  dashboardVariables: { pipeline: "pipeline", environment: "environment", run: "run" },
} as const;

const runId = "cicd.pipeline.run.id";
const lastRuns = ago(fluxDuration(thresholds.runAlertSeconds));

const production: (typeof driftComparisons)[number] = "production_vs_training";

/** How many features have drifted in the last run of each pipeline, in comparisons that are or are not of production. */
function driftOfLastRun(ofProduction: "==" | "!="): string {
  return `${samplesOf(measurements.drift, [runId], lastRuns)}
    |> filter(fn: (r) => r.comparison ${ofProduction} ${fluxString(production)})
    |> map(fn: (r) => ({r with run: r._value, drifted: if r.verdict == "drift" then 1.0 else 0.0}))
    |> group(columns: ["service", "environment", "pipeline", "run"])
    |> sort(columns: ["_time"])
    |> reduce(identity: {_time: 1970-01-01T00:00:00Z, _value: 0.0}, fn: (r, accumulator) => ({_time: r._time, _value: accumulator._value + r.drifted}))
    |> group(columns: ["service", "environment", "pipeline"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)`;
}

/** Do the training pipelines run, end and succeed, and does their data stay as it was? */
export const pipelineRules: readonly RuleDefinition[] = [
  {
    ...ofRun,
    name: "TrainingRunFailed",
    severity: "critical",
    everySeconds: 15,
    // Only the last run of a pipeline counts: a later success ends the alert.
    query: `${samplesOf(measurements.runEnd, [runId], lastRuns)}
    |> group(columns: ["service", "environment", "pipeline"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> filter(fn: (r) => r.result == "failure" or r.result == "error" or r.result == "timeout")
    |> map(fn: (r) => ({r with run: r._value, _value: 1.0}))`,
    threshold: 0,
    unit: "count",
    summary: "Run {run} of {pipeline} failed",
    description: `The last run of the pipeline {pipeline} did not succeed: no new model comes from it. The alert ends with the next run that succeeds, or after ${thresholds.runAlertSeconds / 3600} hours.`,
  },
  {
    ...ofRun,
    name: "PipelineRunOverdue",
    severity: "critical",
    // A run is looked for as long as it may be late and then be an alert; starts before that are history.
    query: `since = ${ago(fluxDuration(7 * 24 * 3600))}
started = ${samplesOf(measurements.runStart, [runId, "expected_max_s"], "since")}
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({
        service: r.service, environment: r.environment, pipeline: r.pipeline,
        run: r["${runId}"],
        ended: 0.0,
        dueNs: float(v: int(v: r._time)) + 1000000000.0 * (if exists r["expected_max_s"] then r["expected_max_s"] else ${fluxFloat(thresholds.pipelineRunSeconds)}),
    }))
ended = ${samplesOf(measurements.runEnd, [runId], "since")}
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
    |> filter(fn: (r) => r._value <= ${fluxFloat(thresholds.overdueAlertSeconds)})`,
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
    query: driftOfLastRun("!="),
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
    query: driftOfLastRun("=="),
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
