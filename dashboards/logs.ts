import { measurements } from "../contract/measurements";
import { whatHappened } from "./annotations";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { colouredCell, hidden, linkTo, wordColours, wrapped } from "./fieldOptions";
import { fieldTable } from "./fieldQueries";
import {
  beginsWithText,
  containsText,
  field,
  isPresent,
  matchesVariable,
  oneOf,
  select,
  type Condition,
} from "./influxql";
import { dashboardPath, linesPath, tracePath } from "./links";
import { stackedCounts, stat, table, timeSeries } from "./panels";
import { countOverTime, overRollups, totalCount } from "./rollupQueries";
import { ofChosenServices, rollups, source } from "./sources";
import { calculated, columns, mergeTables } from "./transformations";
import { chained, textVariable } from "./variables";
import { coloursOf, severityColours } from "./verdicts";

const lines = rollups(measurements.log);
const rawLines = source("events", measurements.log);
const rawUnparsed = source("events", measurements.unparsed);
const requests = source("events", measurements.httpRequest);
const steps = source("events", measurements.taskEnd);

/** Rows that a table shows, the newest ones: a browser draws no more at once. */
const newest = 500;

const ofSeverity = matchesVariable("severity", "severity");
const pod = "k8s.pod.name";
const withText = (...names: string[]): Condition => containsText(names, "text");

/** The trace of an exception: a field that only exceptions have, as `trace_id` of each request would have to be read. */
const exceptionTrace = "exception.trace_id";

/** What is shown before and after a line of a trace, in milliseconds: all lines of days would have to be read. */
const traceMarginMs = 15 * 60_000;
/** The columns that `tracePath` reads. */
const aroundTime = [
  calculated("From", "Time", "-", String(traceMarginMs)),
  calculated("To", "Time", "+", String(traceMarginMs)),
];
/** The trace leads to its lines around the time of the row. */
const traceColumns = { Trace: linkTo("Lines of the trace", tracePath), From: hidden, To: hidden };
const newestLines = fieldTable({
  from: rawLines,
  where: [
    ...ofChosenServices,
    ofSeverity,
    withText("body", "exception.type", "exception.message"),
    beginsWithText(pod, "pod"),
    beginsWithText("trace_id", "trace"),
  ],
  newest,
  headings: {
    Time: "Time",
    severity: "Severity",
    service: "Service",
    body: "Line",
    "exception.type": "Exception",
    "exception.message": "Message",
    "log.logger": "Logger",
    [pod]: "Pod",
    trace_id: "Trace",
  },
});

const verdict = row("Verdict: what went wrong?", [
  stat("Lines of errors", {
    link: { title: "Lines of ERROR", url: linesPath({ severity: "ERROR" }, ["service"]) },
    description: "Lines of the severities ERROR and FATAL in the time range, by the rollups.",
    unit: "short",
    noValue: "none",
    size: [3, 7],
    query: overRollups({
      of: lines,
      columns: [totalCount("lines")],
      where: [...ofChosenServices, oneOf("severity", ["ERROR", "FATAL"])],
    }),
  }),
  stat("Requests that raised", {
    link: {
      title: "Usage of the chosen services",
      url: dashboardPath(dashboardIdentities.modelApiUsage.uid, {}, ["service"]),
    },
    description: "Requests of the time range that an exception ended, from the raw events.",
    unit: "short",
    noValue: "none",
    size: [3, 7],
    query: select(field("exception.type").count().as("requests"))
      .from(requests)
      .where(...ofChosenServices),
  }),
  stat("Steps that raised", {
    link: { title: "Runs", url: dashboardPath(dashboardIdentities.run.uid) },
    description: "Steps and runs of pipelines in the time range that an exception ended.",
    unit: "short",
    noValue: "none",
    size: [3, 7],
    query: select(field("exception.type").count().as("steps"))
      .from(steps)
      .where(...ofChosenServices),
  }),
  stat("Unparsed lines", {
    link: {
      title: "Unparsed lines by service",
      url: dashboardPath(dashboardIdentities.platformHealth.uid, {}, ["service"]),
    },
    description: "Lines that no format matched, in the time range; they are kept as they are.",
    unit: "short",
    noValue: "none",
    size: [3, 7],
    query: overRollups({
      of: rollups(measurements.unparsed),
      columns: [totalCount("lines")],
      where: ofChosenServices,
    }),
  }),
  timeSeries("Lines by severity", {
    link: {
      title: "Lines of this severity",
      url: linesPath({ severity: "${__field.labels.severity:percentencode}" }, ["service"]),
    },
    description:
      "Lines of the chosen services and severities in each window, by the rollups: text, run and trace narrow the tables only.",
    ...stackedCounts,
    noValue: "no line of these in the time range",
    size: [12, 7],
    ...countOverTime(lines, [...ofChosenServices, ofSeverity], totalCount("lines"), "severity"),
    overrides: coloursOf(...Object.keys(severityColours)),
  }),
]);

const detail = row("Detail: lines", [
  table("Log lines", {
    description: `The newest ${newest} lines of the time range that all of the choices above leave; the trace leads to its own.`,
    noValue: "no such line in the time range: widen it, or take a choice away",
    size: [24, 16],
    sortBy: { column: "Time", descending: true },
    query: newestLines.query,
    transformations: [...aroundTime, ...newestLines.transformations],
    overrides: {
      Severity: colouredCell({ mappings: wordColours(severityColours) }),
      Line: wrapped,
      Message: wrapped,
      ...traceColumns,
    },
  }),
]);

const raised = ["exception.type", "exception.message"];

const exceptions = row("Detail: exceptions and unparsed lines", [
  table("Exceptions", {
    description: `The newest ${newest} exceptions of lines, requests and steps each, whatever their severity.`,
    noValue: "no exception in the time range",
    size: [14, 10],
    sortBy: { column: "Time", descending: true },
    targets: [rawLines, requests, steps].map((from) => ({
      query: select(
        ...["service", ...raised, from === steps ? "cicd.pipeline.run.id" : exceptionTrace].map((name) =>
          field(name),
        ),
      )
        .from(from)
        .where(
          ...ofChosenServices,
          isPresent("exception.type"),
          withText(...raised),
          from === steps
            ? beginsWithText("cicd.pipeline.run.id", "pod")
            : beginsWithText(exceptionTrace, "trace"),
        )
        .newestFirst()
        .limit(newest),
    })),
    transformations: [
      mergeTables(),
      ...aroundTime,
      columns({
        Time: "Time",
        service: "Service",
        "exception.type": "Exception",
        "exception.message": "Message",
        [exceptionTrace]: "Trace",
        "cicd.pipeline.run.id": "Run",
      }),
    ],
    overrides: { Message: wrapped, ...traceColumns },
  }),
  table("Lines that no format matched", {
    description: `The newest ${newest} of the time range, as they are: the file says which LogSource needs a format.`,
    noValue: "none in the time range",
    size: [10, 10],
    sortBy: { column: "Time", descending: true },
    ...fieldTable({
      from: rawUnparsed,
      where: [...ofChosenServices, withText("body"), beginsWithText(pod, "pod")],
      newest,
      headings: { Time: "Time", service: "Service", source: "File", body: "Line" },
    }),
    overrides: { Line: wrapped },
  }),
]);

/** The lines behind the figures. */
export function logs(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.logs,
      description: "Which lines and exceptions are behind a figure, an alert or a run?",
      from: "now-6h",
      variables: [
        ...chained({ measurement: measurements.log }, [
          { name: "environment", description: "Where the apps run" },
          { name: "service", description: "Who logs" },
          { name: "severity", description: "How bad the line is" },
        ]),
        textVariable({ name: "text", label: "Text", description: "A part of the line or of its exception" }),
        textVariable({
          name: "pod",
          label: "Run or pod",
          description: "The beginning of the pod's name: the run's id, where the pipeline is a Job of ours",
        }),
        textVariable({ name: "trace", label: "Trace", description: "A trace id, or its beginning" }),
      ],
      annotations: whatHappened(),
      rows: [verdict, detail, exceptions],
    },
    options,
  );
}
