import { type EventName, isEventName } from "./events";
import { isRecord, type LogFormat, type LogSource, multilineStartOf, renderedFormat } from "./formats";
import { joinRecords } from "./joinRecords";
import { type ParsedRecord, parseRecord } from "./parseRecord";
import { problemsOf, type RecordProblem } from "./readRecord";
import { RouteLimit } from "./requests";

/** Something about the lines that costs data, or makes it less useful than it could be. */
export interface Problem extends RecordProblem {
  /** How many records have it. */
  count: number;
  /** Number of the first line that has it, from 1. */
  firstLine: number;
}

/** What the platform will make of a log file. */
export interface LogReport {
  /** Lines of the file. */
  lines: number;
  /** Blank lines; they are no events. */
  blank: number;
  /** Records: lines, with their tracebacks joined. */
  records: number;
  /** Records by the name of the event that they become. */
  events: Readonly<Record<string, number>>;
  /** Records by the format that matched: `json`, `logrus`, `python`, …, or `none`. */
  formats: Readonly<Record<string, number>>;
  /** What costs data or could be better; empty when all is well. */
  problems: readonly Problem[];
  /** What the dashboards will show of it. */
  shown: readonly string[];
}

/** Where people look for what an event says. */
const shownOn: Readonly<Record<EventName, string>> = {
  "http.server.request": "Model API usage: requests, errors, response times",
  "ml.features":
    "no dashboard: compared with the training by Run.production_drift, whose ml.drift events are shown",
  "pipeline.run.start": "Model approval: runs; the alert PipelineRunOverdue",
  "pipeline.run.end": "Model approval: verdict of the run; the alert TrainingRunFailed",
  "pipeline.task.start": "Model approval: steps of the run",
  "pipeline.task.end": "Model approval and Resources and cost: duration, CPU and memory of each step",
  "ml.run.summary": "Model approval: the run against the champion",
  "ml.class": "Model approval: class balance",
  "ml.outliers": "Model approval: removed outliers per feature",
  "ml.drift":
    "Model approval and Model API usage: drift per feature; the alerts DataDriftDetected and ProductionDriftDetected",
  "ml.metric": "Model approval: scores by version",
  "ml.confusion": "Model approval: confusion",
  "ml.decision": "Model approval: decisions with their reasons",
  log: "Platform health: lines by severity",
  "log.unparsed": "Platform health: unparsed lines; the alert UnparsedLogs",
  "log.dead_letter": "Platform health: dead letters",
};

/**
 * Reads a log file as the sidecar does, and reports what becomes of it.
 *
 * The same expressions and the same contract as Fluentd's; a test compares the two line by line.
 *
 * @param source the source, or only its format
 */
export function checkLogs(text: string, source: LogSource | LogFormat = "auto"): LogReport {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  const format = renderedFormat(source);
  const start = typeof source === "object" && "format" in source ? source.format : (source as LogFormat);
  const now = Date.now() / 1000;
  const routes = new RouteLimit(format.maxRoutes);
  const records = joinRecords(lines, multilineStartOf(start), (line) => isRecord(line, format)).flatMap(
    ({ text: record, line }) => {
      const parsed = parseRecord(record, format, now);
      if (parsed === undefined) return [];
      routes.apply(parsed.event);
      return [{ parsed, line, problems: problemsOf(parsed, record, format) }];
    },
  );
  const problems = new Map<string, Problem>();
  for (const { line, problems: found } of records) {
    for (const problem of found) {
      const known = problems.get(problem.message) ?? { ...problem, count: 0, firstLine: line };
      problems.set(problem.message, { ...known, count: known.count + 1 });
    }
  }
  const counts = countsOf(records.map(({ parsed }) => eventName(parsed)));
  const rank = (problem: Problem) => (problem.severity === "error" ? 0 : 1);
  return {
    lines: lines.length,
    blank: lines.filter((line) => line.trim() === "").length,
    records: records.length,
    events: counts,
    formats: countsOf(records.map(({ parsed }) => parsed.format)),
    problems: [...problems.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count),
    shown: Object.keys(counts).map(
      (event) =>
        `${event}: ${isEventName(event) ? shownOn[event] : "no dashboard of the platform; a measurement for yours"}`,
    ),
  };
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function eventName({ event }: ParsedRecord): string {
  return String(event.get("event_name"));
}

/** The report as text for a terminal. */
export function formatReport(file: string, report: LogReport): string {
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
  const problem = ({ severity, message, count, firstLine }: Problem) =>
    `  ${severity.padEnd(5)} ${String(count).padStart(6)} ×  line ${firstLine}: ${message}`;
  return [
    `${file}: ${report.lines} lines, ${report.blank} blank, ${report.records} records`,
    "",
    "Read as",
    ...table(report.formats),
    "Become the events",
    ...table(report.events),
    "",
    report.problems.length === 0 ? "Nothing is wrong." : "Problems",
    ...report.problems.map(problem),
    "",
    "The dashboards will show",
    ...report.shown.map((line) => `  ${line}`),
    "",
  ].join("\n");
}
