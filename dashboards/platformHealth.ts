import { thresholds } from "../contract/thresholds";
import { rollupField } from "../contract/rollups";
import { buildDashboard } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { firingAlerts } from "./firingAlerts";
import {
  field,
  matchesVariable,
  select,
  tag,
  time,
  timeFilter,
  type Condition,
  type Query,
} from "./influxql";
import {
  colouredCell,
  columns,
  fixedColour,
  mergeTables,
  quotient,
  redFrom,
  rowTotal,
  stat,
  table,
  timeSeries,
  unitOf,
} from "./panels";
import { meanOf, overRollups, totalCount } from "./rollupQueries";
import { rollups, source } from "./sources";
import { chained } from "./variables";

const logLines = rollups("log");
const unparsedLines = rollups("log.unparsed");
const fluentd = source("events", "fluentd");
const deadLetterPoints = source("events", "log.dead_letter");
const requests = rollups("http.server.request");
const logLag = source("minutely", "log.lag");
const probes = rollups("http_response");
const deployments = rollups("kubernetes_deployment");
const volumes = rollups("kubernetes_pod_volume");
const series = source("events", "storage_bucket_series_num");
const taskRuns = source("events", "task_executor_total_runs_complete");
const taskErrors = source("events", "task_executor_errors_counter");
const alerts = source("events", "alertmanager_alerts");
const failedNotifications = source("events", "alertmanager_notifications_failed_total");

const inEnvironment: readonly Condition[] = [matchesVariable("environment", "environment"), timeFilter];
const chosen: readonly Condition[] = [...inEnvironment, matchesVariable("service", "service")];
const interval = time("$__interval");
const bufferUse = field("buffer_available_buffer_space_ratios").over(-100).plus(1);

/** How much the counters of a measurement grew in the time range, each series by itself: restarts set them to 0. */
function growth(counters: typeof taskErrors, ...by: string[]): Query {
  return select(field("growth").sum().as("growth")).from(
    select(field("counter").nonNegativeDifference().as("growth"))
      .from(counters)
      .where(...inEnvironment)
      .groupBy(...by.map(tag)),
  );
}

/** Does the monitoring itself work: are logs on their way, kept, read and answered with alerts? */
export function platformHealth(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.platformHealth,
      description: "Can the other dashboards be believed: does the monitoring itself work?",
      from: "now-6h",
      variables: chained({ measurement: "log" }, [
        { name: "environment", label: "Environment", description: "Where the apps run", tag: "environment" },
        { name: "service", label: "Service", description: "Who logs", tag: "service" },
      ]),
      rows: [
        {
          title: "Verdict: does the monitoring work?",
          panels: [
            firingAlerts({ where: inEnvironment, width: 3, height: 4 }),
            stat({
              title: "Log lag",
              description:
                "Longest time for which a service that answers its probes has logged nothing, now. Red where LogsStalled fires.",
              unit: "s",
              decimals: 0,
              thresholds: redFrom(thresholds.logSilenceSeconds),
              width: 3,
              height: 4,
              targets: [
                {
                  query: select(field("lag").max().as("lag")).from(
                    select(field("seconds").last().as("lag"))
                      .from(logLag)
                      .where(...chosen)
                      .groupBy(tag("service")),
                  ),
                },
              ],
            }),
            stat({
              title: "Failed notifications",
              description: "Notifications that Alertmanager could not deliver in the time range.",
              unit: "short",
              thresholds: redFrom(1),
              width: 3,
              height: 4,
              targets: [{ query: growth(failedNotifications, "integration", "reason") }],
            }),
            stat({
              title: "Buffer in use",
              description: "Fullest buffer of the log aggregators. Red where LogBufferBacklog fires.",
              unit: "percentunit",
              decimals: 1,
              thresholds: redFrom(thresholds.logBufferUseRatio),
              width: 3,
              height: 4,
              targets: [
                {
                  query: select(field("use").max().as("use")).from(
                    select(bufferUse.as("use"))
                      .from(fluentd)
                      .where(...inEnvironment),
                  ),
                },
              ],
            }),
            stat({
              title: "Unparsed share",
              description:
                "Highest share, of a service's lines in the time range, of those that no format matched; they are kept as they are. Red where UnparsedLogs fires.",
              unit: "percentunit",
              decimals: 1,
              thresholds: redFrom(thresholds.unparsedRatio),
              fields: "/^share$/",
              reduce: "max",
              noValue: "none",
              width: 3,
              height: 4,
              targets: [
                { of: unparsedLines, alias: "unparsed" },
                { of: logLines, alias: "text" },
                { of: requests, alias: "requests" },
              ].map(({ of, alias }) => ({
                query: overRollups({
                  of,
                  columns: [totalCount(alias)],
                  where: chosen,
                  groupBy: [tag("service")],
                }),
                format: "table" as const,
              })),
              transformations: [
                mergeTables(),
                rowTotal("lines", ["unparsed", "text", "requests"]),
                quotient("share", "unparsed", "lines"),
              ],
            }),
            stat({
              title: "Series",
              description:
                "Series of all buckets: their number, not that of the points, is what slows InfluxDB 2. Red where the limit is.",
              unit: "short",
              thresholds: redFrom(thresholds.seriesCardinality),
              width: 3,
              height: 4,
              targets: [
                {
                  query: select(field("bucket").sum().as("series")).from(
                    select(field("gauge").last().as("bucket"))
                      .from(series)
                      .where(...inEnvironment)
                      .groupBy(tag("bucket")),
                  ),
                },
              ],
            }),
            stat({
              title: "Failed tasks",
              description: "Runs of InfluxDB's tasks (rollups, alerts) that failed in the time range.",
              unit: "short",
              thresholds: redFrom(1),
              width: 3,
              height: 4,
              targets: [{ query: growth(taskErrors, "task_type", "errorType") }],
            }),
            stat({
              title: "Dead letters",
              description:
                "Points that InfluxDB refused for good in the time range; no figure counts them. DeadLetters fires from the first.",
              unit: "short",
              thresholds: redFrom(1),
              width: 3,
              height: 4,
              noValue: "none",
              targets: [
                {
                  query: select(field("dead_letter.line").count().as("points"))
                    .from(deadLetterPoints)
                    .where(...chosen),
                },
              ],
            }),
          ],
        },
        {
          title: "Trend: the way of the logs",
          panels: [
            timeSeries({
              title: "Log lines by service",
              description:
                "Text lines in each window. A gap is a service that wrote nothing, or whose lines did not arrive.",
              unit: "short",
              min: 0,
              draw: "bars",
              stack: true,
              width: 6,
              height: 8,
              targets: [
                {
                  query: overRollups({
                    of: logLines,
                    columns: [totalCount("lines")],
                    where: chosen,
                    groupBy: [interval, tag("service")],
                  }).fill("null"),
                  alias: "$tag_service",
                },
              ],
            }),
            timeSeries({
              title: "Unparsed lines by service",
              description: "Lines that no format matched: a service with many needs a LogSource of its own.",
              unit: "short",
              min: 0,
              draw: "bars",
              stack: true,
              width: 6,
              height: 8,
              targets: [
                {
                  query: overRollups({
                    of: unparsedLines,
                    columns: [totalCount("lines")],
                    where: chosen,
                    groupBy: [interval, tag("service")],
                  }).fill("null"),
                  alias: "$tag_service",
                },
              ],
            }),
            timeSeries({
              title: "Log lag by service",
              description:
                "Time since the last line or request of each service that answers its probes; the line is where LogsStalled fires.",
              unit: "s",
              min: 0,
              thresholds: redFrom(thresholds.logSilenceSeconds),
              width: 6,
              height: 8,
              targets: [
                {
                  query: select(field("seconds").max().as("lag"))
                    .from(logLag)
                    .where(...chosen)
                    .groupBy(interval, tag("service"))
                    .fill("null"),
                  alias: "$tag_service",
                },
              ],
            }),
            timeSeries({
              title: "Buffer in use by replica and output",
              description:
                "Share of each aggregator's buffer that waits for InfluxDB; the line is where LogBufferBacklog fires.",
              unit: "percentunit",
              min: 0,
              thresholds: redFrom(thresholds.logBufferUseRatio),
              width: 6,
              height: 8,
              targets: [
                {
                  query: select(field("use").max().as("use"))
                    .from(
                      select(bufferUse.as("use"))
                        .from(fluentd)
                        .where(...inEnvironment),
                    )
                    .where(timeFilter)
                    .groupBy(interval, tag("service"), tag("plugin_id"))
                    .fill("null"),
                  alias: "$tag_service $tag_plugin_id",
                },
              ],
            }),
          ],
        },
        {
          title: "Trend: storage, tasks and alerts",
          panels: [
            timeSeries({
              title: "Series by bucket",
              description: "A steady climb means a tag with unbounded values.",
              unit: "short",
              min: 0,
              width: 8,
              height: 8,
              targets: [
                {
                  query: select(field("gauge").last().as("series"))
                    .from(series)
                    .where(...inEnvironment)
                    .groupBy(interval, tag("bucket"))
                    .fill("null"),
                  alias: "$tag_bucket",
                },
              ],
            }),
            timeSeries({
              title: "Task runs by result",
              description: "Runs of InfluxDB's tasks by second.",
              unit: "ops",
              min: 0,
              width: 8,
              height: 8,
              targets: [
                {
                  query: select(field("counter").last().nonNegativeDerivative("1s").as("runs"))
                    .from(taskRuns)
                    .where(...inEnvironment)
                    .groupBy(interval, tag("task_type"), tag("status"))
                    .fill("null"),
                  alias: "$tag_task_type $tag_status",
                },
              ],
              overrides: { "system success": fixedColour("green"), "system failed": fixedColour("red") },
            }),
            timeSeries({
              title: "Alerts by state",
              description:
                "Alerts that Alertmanager holds: active, and suppressed by silences and inhibitions.",
              unit: "short",
              min: 0,
              decimals: 0,
              width: 8,
              height: 8,
              targets: [
                {
                  query: select(field("gauge").max().as("alerts"))
                    .from(alerts)
                    .where(...inEnvironment)
                    .groupBy(interval, tag("state"))
                    .fill("null"),
                  alias: "$tag_state",
                },
              ],
            }),
          ],
        },
        {
          title: "Detail: logs and volumes",
          panels: [
            table({
              title: "Last line by service",
              description:
                "When each service's last text line was written, as far as it has arrived: a lag, or a silent service.",
              unit: "dateTimeFromNow",
              width: 8,
              height: 7,
              sortBy: { column: "Last line", descending: false },
              targets: [
                {
                  query: select(field("count").last().as("lines"))
                    .from(source("minutely", "log"))
                    .where(...chosen)
                    .groupBy(tag("service")),
                  format: "table",
                },
              ],
              transformations: [
                columns({ service: "Service", Time: "Last line", lines: "Lines in that minute" }),
              ],
              overrides: { "Lines in that minute": unitOf("short", 0) },
            }),
            table({
              title: "Lines by service and severity",
              description: "Text lines in the time range.",
              unit: "short",
              width: 8,
              height: 7,
              sortBy: { column: "Lines", descending: true },
              targets: [
                {
                  query: overRollups({
                    of: logLines,
                    columns: [totalCount("lines")],
                    where: chosen,
                    groupBy: [tag("service"), tag("severity")],
                  }),
                  format: "table",
                },
              ],
              transformations: [columns({ service: "Service", severity: "Severity", lines: "Lines" })],
            }),
            table({
              title: "Volumes",
              description: "Fullest state of each volume by its capacity. Red where VolumeFillingUp fires.",
              unit: "percentunit",
              decimals: 0,
              thresholds: redFrom(thresholds.volumeUseRatio),
              width: 8,
              height: 7,
              sortBy: { column: "In use", descending: true },
              targets: [
                {
                  query: overRollups({
                    of: volumes,
                    columns: [
                      field("used_bytes.max").max().over(field("capacity_bytes.max").max()).as("use"),
                    ],
                    where: inEnvironment,
                    groupBy: [tag("service"), tag("volume_name")],
                  }),
                  format: "table",
                },
              ],
              transformations: [columns({ service: "Service", volume_name: "Volume", use: "In use" })],
            }),
          ],
        },
        {
          title: "Detail: what answers",
          panels: [
            table({
              title: "Probes",
              description:
                "Answers of each address that is probed over the network: number of probes and mean time, by result.",
              unit: "short",
              width: 12,
              height: 7,
              targets: [
                {
                  query: overRollups({
                    of: probes,
                    columns: [totalCount("probes"), meanOf("response_time").as("mean")],
                    where: inEnvironment,
                    groupBy: [tag("service"), tag("result")],
                  }),
                  format: "table",
                },
              ],
              transformations: [
                columns({ service: "Service", result: "Result", probes: "Probes", mean: "Mean time" }),
              ],
              overrides: { "Mean time": unitOf("s") },
            }),
            table({
              title: "Ready pods of model APIs",
              description:
                "Pods that each model API shall have, and that the kubelets found ready. ApiUnreachable fires where none was ready for a minute; n is the number of samples.",
              unit: "short",
              decimals: 2,
              width: 12,
              height: 7,
              sortBy: { column: "Least ready", descending: false },
              targets: [
                {
                  query: overRollups({
                    of: deployments,
                    columns: [
                      field(rollupField("replicas_desired", "max")).max().as("desired"),
                      meanOf("replicas_available").as("mean"),
                      field(rollupField("replicas_available", "min")).min().as("least"),
                      totalCount("n"),
                    ],
                    where: chosen,
                    groupBy: [tag("namespace"), tag("service")],
                  }),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  namespace: "Namespace",
                  service: "Service",
                  desired: "Desired",
                  mean: "Ready on average",
                  least: "Least ready",
                  n: "n",
                }),
              ],
              overrides: {
                "Least ready": colouredCell({
                  thresholds: [
                    { value: null, color: "red" },
                    { value: 1, color: "green" },
                  ],
                }),
                n: unitOf("none", 0),
              },
            }),
          ],
        },
      ],
    },
    options,
  );
}
