import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { colouredCell, linkTo, redFrom, unitOf, unitsOf, wordColours, wrapped } from "./fieldOptions";
import { fieldTable } from "./fieldQueries";
import { equals, field, matchesVariable, ofLast, select, tag, timeFilter } from "./influxql";
import { dashboardPath, linesPath, runOf } from "./links";
import { decisions, drift, driftThresholds, kept, runs, summaries } from "./modelEvents";
import { barChart, stat, table } from "./panels";
import { finishedRuns } from "./runPanels";
import { source } from "./sources";
import { stateTimeline } from "./stateTimeline";
import { asTime, calculated, columns, mergeTables, tableFor, withoutTime } from "./transformations";
import { chained, fieldVariable } from "./variables";
import {
  coloursOf,
  decisionColours,
  driftColours,
  driftVerdicts,
  resultColours,
  resultWords,
  severityColours,
} from "./verdicts";

const runId = "cicd.pipeline.run.id";
const starts = kept(measurements.runStart);
const steps = kept(measurements.taskEnd);
const logLines = source("events", measurements.log);

/** The pipeline's runs. Variables have names of their own: links of other dashboards carry theirs, "All" among them. */
const ofPipeline = [
  matchesVariable("environment", "environment"),
  matchesVariable("pipeline", "runPipeline"),
];
const ofRun = [...ofPipeline, matchesVariable(runId, "runId")];
/** What a run is compared with. */
const earlier = [...ofPipeline, ofLast("90d")];
const succeeded = equals("result", "success");

const chooseRun = 'choose a run in "Runs of the pipeline" below: its link brings its time along';

const runLines = linesPath({ service: "${runPipeline}", pod: "${runId}" });
const itsLines = { title: "Lines of the run", url: runLines };
const approvalPath = dashboardPath(dashboardIdentities.modelApproval.uid, { pipeline: "${runPipeline}" });
const itsApproval = { title: "Approval of its models", url: approvalPath };

const verdict = row("Verdict: what became of run ${runId} of ${runPipeline}?", [
  stat("Result", {
    link: itsLines,
    description:
      "How the run ended. One that has no end still runs, or was killed: PipelineRunOverdue fires.",
    unit: "string",
    fill: true,
    fields: "/^Result$/",
    mappings: resultColours,
    noValue: "no end reported",
    size: [4, 5],
    query: select(field("result").as("Result"), field(runId).as("Run"))
      .from(runs)
      .where(...ofRun),
    format: "table",
  }),
  stat("Decision on its model", {
    link: itsApproval,
    description: "What was decided on the model that the run trained; the reason is in Model approval.",
    unit: "string",
    fill: true,
    fields: "/^Decision$/",
    mappings: decisionColours,
    noValue: "none reported",
    size: [4, 5],
    query: select(field("decision").as("Decision"), field("reason").as("Reason"))
      .from(decisions)
      .where(...ofRun),
    format: "table",
  }),
  stat("Duration: this run and the mean", {
    link: itsLines,
    description: "How long the run took, and how long the runs of the last 90 days that succeeded took.",
    unit: "s",
    noValue: "no end reported",
    size: [6, 5],
    targets: [
      {
        query: select(field("duration_s").last().as("duration"))
          .from(runs)
          .where(...ofRun),
        alias: "This run",
      },
      {
        query: select(field("duration_s").mean().as("duration"))
          .from(runs)
          .where(...earlier, succeeded),
        alias: "Mean of 90 days",
      },
    ],
  }),
  stat("Results of 90 days", {
    link: itsApproval,
    description: "Finished runs of the pipeline in the last 90 days: how often does it fail?",
    unit: "short",
    noValue: "no run has ended",
    size: [4, 5],
    query: select(field("duration_s").count().as("n"))
      .from(runs)
      .where(...earlier)
      .groupBy(tag("result")),
    alias: "$tag_result",
    overrides: coloursOf(...Object.keys(resultWords)),
  }),
  stat("Features by drift verdict", {
    link: itsApproval,
    description: "Features of the run's data against the data of the version before, by verdict.",
    unit: "short",
    noValue: "nothing was compared",
    size: [6, 5],
    query: select(field("psi").count().as("features"))
      .from(drift)
      .where(...ofRun, equals("comparison", "new_vs_old"))
      .groupBy(tag("verdict")),
    alias: "$tag_verdict",
    overrides: coloursOf(...Object.keys(driftColours)),
  }),
  table("Model of the run", {
    description:
      "What the run trained, of which data and code, and the checks that it failed; the version leads to its approval.",
    noValue: "no model: the run trained none, or ended before",
    size: [24, 4],
    ...fieldTable({
      from: summaries,
      where: ofRun,
      headings: {
        model: "Model",
        model_version: "Version",
        failed_checks: "Failed checks",
        rows: "Rows",
        data_version: "Data",
        git_revision: "Code",
      },
    }),
    overrides: {
      Rows: unitOf("short"),
      "Failed checks": [{ id: "noValue", value: "none" }],
      Version: linkTo(
        "Approval of ${__value.text}",
        dashboardPath(dashboardIdentities.modelApproval.uid, {
          pipeline: "${runPipeline}",
          candidateModel: "${__data.fields.Model:percentencode}",
          candidate: "${__value.text:percentencode}",
        }),
      ),
    },
  }),
]);

const timeline = row("Timeline: the steps, from start to end", [
  stateTimeline("Steps of the run", {
    link: itsLines,
    description:
      "Each step from its start to its end, in the colour of its result. A step that was killed reports no end, and has no bar.",
    unit: "string",
    mappings: resultColours,
    noValue: "no step has ended",
    lane: "task",
    size: [14, 8],
    query: select(field("task"), field("result").as("result"), field("duration_s").times(1000).as("took"))
      .from(steps)
      .where(...ofRun),
    transformations: [
      calculated("Start", "Time", "-", "took"),
      asTime("Start"),
      columns({ Start: "Start", Time: "End" }, ["took"]),
      tableFor("task"),
    ],
  }),
  barChart("Duration of steps: this run and the mean", {
    link: itsLines,
    description: "Each step of the run, and its mean over the runs of the last 90 days: what became slower?",
    unit: "s",
    min: 0,
    noValue: "no step has ended",
    xField: "Step",
    size: [10, 8],
    targets: [
      {
        query: select(field("duration_s").last().as("This run"))
          .from(steps)
          .where(...ofRun)
          .groupBy(tag("task")),
      },
      {
        query: select(field("duration_s").mean().as("Mean of 90 days"))
          .from(steps)
          .where(...earlier, succeeded)
          .groupBy(tag("task")),
      },
    ],
    transformations: [withoutTime(), mergeTables(), columns({ task: "Step" })],
    overrides: coloursOf("This run", "Mean of 90 days"),
  }),
]);

const resources = row("Detail: what the steps used", [
  table("Steps", {
    description:
      "Each step of the run: its result, time, CPU time, memory and rows. An error says why a step failed.",
    noValue: "no step has ended",
    size: [16, 7],
    sortBy: { column: "Time", descending: false },
    ...fieldTable({
      from: steps,
      where: ofRun,
      headings: {
        Time: "Time",
        task: "Step",
        result: "Result",
        duration_s: "Duration",
        cpu_s: "CPU time",
        mem_peak_bytes: "Memory peak",
        rows_in: "Rows in",
        rows_out: "Rows out",
        "exception.message": "Error",
      },
    }),
    overrides: {
      Step: linkTo("Lines of the run", runLines),
      Result: colouredCell({ mappings: resultColours }),
      ...unitsOf("s", ["Duration", "CPU time"]),
      "Memory peak": unitOf("bytes", 0),
      ...unitsOf("short", ["Rows in", "Rows out"]),
      Error: wrapped,
    },
  }),
  barChart("Memory peak by step", {
    link: {
      title: "Resources of the pipeline",
      url: dashboardPath(dashboardIdentities.resourcesAndCost.uid, { service: "${runPipeline}" }),
    },
    description:
      "Highest memory of each step by its limit; the line is where MemoryNearLimit fires. Above the limit the kernel kills it.",
    unit: "percentunit",
    decimals: 0,
    min: 0,
    thresholds: redFrom(thresholds.memoryUseRatio),
    noValue: "no step reported its memory",
    xField: "Step",
    size: [8, 7],
    query: select(field("task").as("task"), field("mem_peak_bytes").over(field("mem_limit_bytes")).as("use"))
      .from(steps)
      .where(...ofRun),
    transformations: [columns({ task: "Step", use: "Memory peak" })],
    overrides: coloursOf("Memory peak"),
  }),
]);

const logsAndDrift = row("Detail: log lines and drift", [
  table("Log lines of the pipeline", {
    description:
      "The newest 200 text lines of the pipeline in the time range; other runs' too, where they overlap.",
    noValue: `no line in the time range: ${chooseRun}`,
    size: [14, 9],
    sortBy: { column: "Time", descending: true },
    ...fieldTable({
      from: logLines,
      where: [
        matchesVariable("environment", "environment"),
        matchesVariable("service", "runPipeline"),
        timeFilter,
      ],
      newest: 200,
      headings: { Time: "Time", severity: "Severity", body: "Line" },
    }),
    overrides: {
      Severity: [
        ...colouredCell({ mappings: wordColours(severityColours) }),
        ...linkTo(
          "Lines of this run and severity",
          linesPath({
            service: "${runPipeline}",
            pod: "${runId}",
            severity: "${__value.text:percentencode}",
          }),
        ),
      ],
      Line: wrapped,
    },
  }),
  table("Drift by feature", {
    description:
      "The run's data against that of the version before. A verdict needs a PSI above the limit and above noise; Model approval has all comparisons.",
    noValue: "the run compared no feature",
    size: [10, 9],
    sortBy: { column: "PSI", descending: true },
    ...fieldTable({
      from: drift,
      where: [...ofRun, equals("comparison", "new_vs_old")],
      headings: { feature: "Feature", verdict: "Verdict", psi: "PSI", n_ref: "n before", n_cur: "n now" },
    }),
    overrides: {
      Feature: linkTo("Drift of all versions", approvalPath),
      Verdict: colouredCell({ mappings: driftVerdicts }),
      PSI: [...unitOf("none", 3), ...colouredCell({ thresholds: driftThresholds })],
      ...unitsOf("short", ["n before", "n now"]),
    },
  }),
]);

const earlierRuns = row("Detail: runs of ${runPipeline}", [
  barChart("Duration of the runs of 90 days", {
    link: { title: "This run", url: runOf("${runPipeline}", "${__data.fields.Run:percentencode}") },
    description: "Each finished run, the oldest first: a run that failed early is short.",
    unit: "s",
    min: 0,
    noValue: "no run has ended in 90 days",
    xField: "Run",
    size: [10, 8],
    query: select(field(runId), field("duration_s"))
      .from(runs)
      .where(...earlier),
    transformations: [columns({ [runId]: "Run", duration_s: "Duration" })],
    overrides: coloursOf("Duration"),
  }),
  table("Runs of the pipeline", {
    description: "Finished runs of any time; the run leads to its dashboard, over the time that it took.",
    noValue: "no run of this pipeline yet: docs/instrumenting.md says how it reports them",
    size: [14, 8],
    sortBy: { column: "Time", descending: true },
    ...finishedRuns({ where: ofPipeline, newest: 100, more: { "exception.message": "Error" } }),
  }),
]);

/** One training run from its start to the decision on its model. */
export function run(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.run,
      description:
        "What became of one training run: its steps, their time and memory, its logs, data and decision?",
      from: "now-7d",
      variables: [
        ...chained({ source: starts, field: runId }, [
          { name: "environment", description: "Where the training ran" },
          {
            name: "runPipeline",
            label: "Pipeline",
            description: "The training pipeline",
            tag: "pipeline",
            choose: "one",
          },
        ]),
        fieldVariable({
          name: "runId",
          label: "Run",
          description: "The run, the newest first",
          query: select(field(runId))
            .from(starts)
            .where(...ofPipeline)
            .newestFirst()
            .limit(200)
            .render(),
        }),
      ],
      rows: [verdict, timeline, resources, logsAndDrift, earlierRuns],
    },
    options,
  );
}
