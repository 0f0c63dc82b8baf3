import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { whatHappened } from "./annotations";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { redFrom } from "./fieldOptions";
import { firingAlerts } from "./firingAlerts";
import { equals, field, select, tag, timeFilter, type Condition, type Query } from "./influxql";
import { linesOfSeries, linesOfChosen, whatFires } from "./links";
import { stackedCounts, stat, timeSeries } from "./panels";
import { platformHealthDetails } from "./platformHealthDetails";
import { countOverTime, lateSamples, overRollups, overTime, totalCount, whileFresh } from "./rollupQueries";
import { inEnvironment, interval, ofChosenServices, ofNow, rollups, source } from "./sources";
import { calculated, mergeTables, rowTotal } from "./transformations";
import { chained } from "./variables";
import { coloursOf } from "./verdicts";

const logLines = rollups(measurements.log);
const unparsedLines = rollups(measurements.unparsed);
const fluentd = source("events", measurements.fluentd);
const deadLetterPoints = source("events", measurements.deadLetter);
const requests = rollups(measurements.httpRequest);
const logLag = source("minutely", measurements.logLag);
const series = source("events", measurements.bucketSeries);
const taskRuns = source("events", measurements.taskRuns);
const alerts = source("events", measurements.firingAlerts);
const failedNotifications = source("events", measurements.failedNotifications);

const bufferUse = field("buffer_available_buffer_space_ratios").over(-100).plus(1);

/**
 * How much the counters of a measurement grew in the time range, each series by itself: restarts set them to 0. Nothing
 * where its end has no sample.
 *
 * @param which of them, where others show that the source is alive: some begin with the first failure
 */
function growth(counters: typeof taskRuns, by: readonly string[], ...which: Condition[]): Query {
  return select(whileFresh(field("growth").sum()).as("growth")).from(
    lateSamples(counters, "counter", inEnvironment),
    select(field("counter").count().times(0).as("growth"))
      .from(counters)
      .where(...inEnvironment),
    select(field("counter").nonNegativeDifference().as("growth"))
      .from(counters)
      .where(...inEnvironment, ...which)
      .groupBy(...by.map(tag)),
  );
}

const verdict = row("Verdict: does the monitoring work?", [
  firingAlerts({ where: inEnvironment, size: [3, 4], link: whatFires }),
  stat("Log lag", {
    link: linesOfChosen,
    description:
      "Longest time for which a service that answers its probes has logged nothing, now. Red where LogsStalled fires.",
    unit: "s",
    decimals: 0,
    thresholds: redFrom(thresholds.logSilenceSeconds),
    size: [3, 4],
    query: select(field("lag").max().as("lag")).from(
      select(field("seconds").last().as("lag"))
        .from(logLag)
        .where(...ofNow(...ofChosenServices))
        .groupBy(tag("service")),
    ),
  }),
  stat("Failed notifications", {
    link: whatFires,
    description: "Notifications that Alertmanager could not deliver in the time range.",
    unit: "short",
    thresholds: redFrom(1),
    size: [3, 4],
    query: growth(failedNotifications, ["integration", "reason"]),
  }),
  stat("Buffer in use", {
    link: whatFires,
    description: "Fullest buffer of the log aggregators. Red where LogBufferBacklog fires.",
    unit: "percentunit",
    decimals: 1,
    thresholds: redFrom(thresholds.logBufferUseRatio),
    size: [3, 4],
    query: select(whileFresh(field("use").max()).as("use")).from(
      lateSamples(fluentd, "buffer_available_buffer_space_ratios", inEnvironment),
      select(bufferUse.as("use"))
        .from(fluentd)
        .where(...inEnvironment),
    ),
  }),
  stat("Unparsed share", {
    link: linesOfChosen,
    description:
      "Highest share, of a service's lines in the time range, of those that no format matched; they are kept as they are. Red where UnparsedLogs fires.",
    unit: "percentunit",
    decimals: 1,
    thresholds: redFrom(thresholds.unparsedRatio, "text"),
    fields: "/^Unparsed share$/",
    reduce: "max",
    noValue: "none",
    size: [3, 4],
    targets: [
      { of: unparsedLines, alias: "unparsed" },
      { of: logLines, alias: "text" },
      { of: requests, alias: "requests" },
    ].map(({ of, alias }) => ({
      query: overRollups({
        of,
        columns: [totalCount(alias)],
        where: ofChosenServices,
        groupBy: [tag("service")],
      }),
      format: "table" as const,
    })),
    transformations: [
      mergeTables(),
      rowTotal("lines", ["unparsed", "text", "requests"]),
      calculated("Unparsed share", "unparsed", "/", "lines"),
    ],
  }),
  stat("Series", {
    link: whatFires,
    description:
      "Series of all buckets: their number, not that of the points, is what slows InfluxDB 2. Red where the limit is.",
    unit: "short",
    thresholds: redFrom(thresholds.seriesCardinality),
    size: [3, 4],
    query: select(field("bucket").sum().as("series")).from(
      select(field("gauge").last().as("bucket"))
        .from(series)
        .where(...ofNow(...inEnvironment))
        .groupBy(tag("bucket")),
    ),
  }),
  stat("Failed tasks", {
    link: whatFires,
    description: "Runs of InfluxDB's tasks (rollups, alerts) that failed in the time range.",
    unit: "short",
    thresholds: redFrom(1),
    size: [3, 4],
    query: growth(taskRuns, ["task_type"], equals("status", "failed")),
  }),
  stat("Dead letters", {
    link: whatFires,
    description:
      "Points that InfluxDB refused for good in the time range; no figure counts them. DeadLetters fires from the first.",
    unit: "short",
    thresholds: redFrom(1, "text"),
    size: [3, 4],
    noValue: "none",
    query: select(field("dead_letter.line").count().as("points"))
      .from(deadLetterPoints)
      .where(...ofChosenServices),
  }),
]);

const logFlow = row("Trend: logs", [
  timeSeries("Log lines by service", {
    link: linesOfSeries,
    description:
      "Text lines in each window. A gap is a service that wrote nothing, or whose lines did not arrive.",
    ...stackedCounts,
    size: [6, 8],
    ...countOverTime(logLines, ofChosenServices, totalCount("lines"), "service"),
  }),
  timeSeries("Unparsed lines by service", {
    link: linesOfSeries,
    description: "Lines that no format matched: a service with many needs a LogSource of its own.",
    ...stackedCounts,
    size: [6, 8],
    ...countOverTime(unparsedLines, ofChosenServices, totalCount("lines"), "service"),
  }),
  timeSeries("Log lag by service", {
    link: linesOfSeries,
    description:
      "Time since the last line or request of each service that answers its probes; the line is where LogsStalled fires.",
    unit: "s",
    min: 0,
    thresholds: redFrom(thresholds.logSilenceSeconds),
    size: [6, 8],
    ...overTime(
      select(field("seconds").max().as("lag"))
        .from(logLag)
        .where(...ofChosenServices),
      "service",
    ),
  }),
  timeSeries("Buffer in use by replica and output", {
    link: whatFires,
    description:
      "Share of each aggregator's buffer that waits for InfluxDB; the line is where LogBufferBacklog fires.",
    unit: "percentunit",
    min: 0,
    thresholds: redFrom(thresholds.logBufferUseRatio),
    size: [6, 8],
    ...overTime(
      select(field("use").max().as("use"))
        .from(
          select(bufferUse.as("use"))
            .from(fluentd)
            .where(...inEnvironment),
        )
        .where(timeFilter),
      "service",
      "plugin_id",
    ),
  }),
]);

const storageTasksAlerts = row("Trend: storage, tasks and alerts", [
  timeSeries("Series over time", {
    link: whatFires,
    description:
      "Series of all buckets, which InfluxDB tells apart by ids only. A steady climb means a tag with unbounded values: docs/runbooks/SeriesCardinalityHigh.md.",
    unit: "short",
    min: 0,
    thresholds: redFrom(thresholds.seriesCardinality),
    size: [8, 8],
    query: select(field("bucket").sum().as("series"))
      .from(
        select(field("gauge").last().as("bucket"))
          .from(series)
          .where(...inEnvironment)
          .groupBy(interval, tag("bucket")),
      )
      .groupBy(interval)
      .fill("null"),
    alias: "Series",
    overrides: coloursOf("Series"),
  }),
  timeSeries("Task runs by result", {
    link: whatFires,
    description: "Runs of InfluxDB's tasks by second.",
    unit: "ops",
    min: 0,
    size: [8, 8],
    ...overTime(
      select(field("counter").last().nonNegativeDerivative("1s").as("runs"))
        .from(taskRuns)
        // The only type that InfluxDB has; its other series would repeat the names of these.
        .where(...inEnvironment, equals("task_type", "system")),
      "status",
    ),
    overrides: coloursOf("success", "failed"),
  }),
  timeSeries("Alerts by state", {
    link: whatFires,
    description:
      "Alerts that Alertmanager holds, Watchdog among them: active, and suppressed by silences and inhibitions.",
    unit: "short",
    min: 0,
    decimals: 0,
    size: [8, 8],
    ...overTime(
      select(field("gauge").max().as("alerts"))
        .from(alerts)
        .where(...inEnvironment),
      "state",
    ),
    overrides: coloursOf("active", "suppressed"),
  }),
]);

/** Does the monitoring itself work: are logs on their way, kept, read and answered with alerts? */
export function platformHealth(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.platformHealth,
      description: "Can the other dashboards be believed: does the monitoring itself work?",
      from: "now-6h",
      variables: chained({ measurement: measurements.log }, [
        { name: "environment", description: "Where the apps run" },
        { name: "service", description: "Who logs" },
      ]),
      annotations: whatHappened(),
      rows: [verdict, logFlow, storageTasksAlerts, ...platformHealthDetails],
    },
    options,
  );
}
