import { thresholds } from "../contract/thresholds";
import { increaseField, minutesField, rollupField } from "../contract/rollups";
import { buildDashboard } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { ComputePrices, DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import {
  field,
  matchesVariable,
  select,
  tag,
  time,
  timeFilter,
  type Condition,
  type Dimension,
  type Expression,
  type Query,
} from "./influxql";
import { colouredCell, columns, redFrom, stat, table, timeSeries, unitOf } from "./panels";
import { meanOf, overRollups, totalCount } from "./rollupQueries";
import { rollups, source } from "./sources";
import { chained } from "./variables";

const nanocores = 1e9;
const millicores = 1e3;
const bytesPerGib = 1024 ** 3;

const containers = rollups("kubernetes_pod_container");
const minutesOfContainers = source("minutely", "kubernetes_pod_container");
const tasks = rollups("pipeline.task.end");

const cpuUsed = "cpu_usage_nanocores";
const cpuRequested = "resource_requests_millicpu_units";
const cpuLimit = "resource_limits_millicpu_units";
const memoryUsed = "memory_working_set_bytes";
const memoryRequested = "resource_requests_memory_bytes";
const memoryLimit = "resource_limits_memory_bytes";

const highest = (name: string): Expression => field(rollupField(name, "max"));

const chosenContainers: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("service", "service"),
  timeFilter,
];
const chosenTasks: readonly Condition[] = [matchesVariable("environment", "environment"), timeFilter];

const interval = time("$__interval");
const byContainer: readonly Dimension[] = [tag("service"), tag("container_name")];

const sizingThresholds = [
  { value: null, color: "blue" },
  { value: thresholds.sizing.overProvisioned, color: "green" },
  { value: thresholds.sizing.underProvisioned, color: "orange" },
  { value: thresholds.sizing.critical, color: "red" },
];

/** What all pods of a service had together: the mean over the minutes, or hours, of a window in which there were any. */
function overPods(name: string, divisor: number, alias: string): Query {
  return select(field("together").mean().as(alias))
    .from(
      ...containers.resolutions.map(({ source: from, when, minutes }) =>
        select(
          field(minutesField(name))
            .sum()
            .over(divisor * minutes)
            .as("together"),
        )
          .from(from)
          .where(...chosenContainers, when)
          .groupBy(time(`${minutes}m`), tag("service"))
          .fill("none"),
      ),
    )
    .where(timeFilter)
    .groupBy(interval, tag("service"))
    .fill("null");
}

/** The highest of a ratio of two fields: of each minute's, or hour's, highest values. */
function highestRatio(used: string, available: string, divisor: number, by: readonly Dimension[]): Query {
  return select(field("use").max().as("use"))
    .from(
      ...containers.resolutions.map(({ source: from, when }) =>
        select(highest(used).over(divisor).over(highest(available)).as("use"))
          .from(from)
          .where(...chosenContainers, when),
      ),
    )
    .where(timeFilter)
    .groupBy(...by);
}

/** The part of `amount` above zero; InfluxQL has no maximum of two columns. */
function positivePart(amount: Expression): Expression {
  return amount.plus(amount.absolute()).over(2);
}

/**
 * Money for what the containers requested, and for the part of it that they did not use, in the time range: idle ratio
 * times capacity times price. Of amounts times minutes, so that a pod of two minutes costs two minutes.
 *
 * The subquery's columns are only summed: arithmetic on its rows, which all have one time, mixes rows of several services.
 */
function costs(prices: ComputePrices): Query {
  const total = (column: string): Expression => field(column).sum();
  const requested = total("cores").times(prices.vcpuHour).plus(total("gib").times(prices.gibHour));
  const idle = positivePart(total("cores").minus(total("cores_used")))
    .times(prices.vcpuHour)
    .plus(positivePart(total("gib").minus(total("gib_used"))).times(prices.gibHour));
  const hours = (name: string, divisor: number): Expression =>
    field(minutesField(name))
      .sum()
      .over(60 * divisor);
  return select(requested.as("requested"), idle.as("idle"), idle.over(requested).as("idle share"))
    .from(
      ...containers.resolutions.map(({ source: from, when }) =>
        select(
          hours(cpuRequested, millicores).as("cores"),
          hours(cpuUsed, nanocores).as("cores_used"),
          hours(memoryRequested, bytesPerGib).as("gib"),
          hours(memoryUsed, bytesPerGib).as("gib_used"),
        )
          .from(from)
          .where(...chosenContainers, when)
          .groupBy(tag("service")),
      ),
    )
    .where(timeFilter)
    .groupBy(tag("service"));
}

/** What the apps and the pipelines' steps use of what they asked for, and what the rest costs (USE). */
export function resourcesAndCost(options: ResolvedDashboardOptions): DashboardDefinition {
  const { prices } = options;
  const money = `currency${prices.currency.toUpperCase()}`;
  const priceNote = `${prices.vcpuHour} a vCPU-hour and ${prices.gibHour} a GiB-hour (${prices.currency.toUpperCase()}), from the configuration`;
  return buildDashboard(
    {
      ...dashboardIdentities.resourcesAndCost,
      description: "Are the apps and the pipelines' steps sized right, and what does the idle part cost?",
      from: "now-24h",
      variables: chained({ measurement: minutesOfContainers.measurement }, [
        { name: "environment", label: "Environment", description: "Where the apps run", tag: "environment" },
        { name: "service", label: "Service", description: "An API or a pipeline", tag: "service" },
      ]),
      rows: [
        {
          title: "Verdict: is anything too small, and what is idle?",
          panels: [
            stat({
              title: "Highest memory use",
              description:
                "Highest working set of a container by its limit. Red where MemoryNearLimit fires: above the limit the kernel kills it.",
              unit: "percentunit",
              decimals: 0,
              thresholds: redFrom(thresholds.memoryUseRatio),
              width: 6,
              height: 4,
              targets: [
                {
                  query: highestRatio(memoryUsed, memoryLimit, 1, []),
                },
              ],
            }),
            stat({
              title: "Restarts",
              description: "Restarts of containers in the time range.",
              unit: "short",
              thresholds: redFrom(1),
              width: 6,
              height: 4,
              targets: [
                {
                  query: overRollups({
                    of: containers,
                    columns: [field(increaseField("restarts_total")).sum().as("restarts")],
                    where: chosenContainers,
                  }),
                },
              ],
            }),
            stat({
              title: "Cost of what is requested",
              description: `Requested CPU and memory in the time range, at ${priceNote}.`,
              unit: money,
              decimals: 2,
              fields: "/^requested$/",
              reduce: "sum",
              width: 6,
              height: 4,
              targets: [{ query: costs(prices), format: "table" }],
            }),
            stat({
              title: "Idle cost",
              description: `The part of it that was requested and not used: idle ratio × capacity × price, at ${priceNote}.`,
              unit: money,
              decimals: 2,
              fields: "/^idle$/",
              reduce: "sum",
              width: 6,
              height: 4,
              targets: [{ query: costs(prices), format: "table" }],
            }),
          ],
        },
        {
          title: "Trend: use against request and limit",
          panels: [
            timeSeries({
              title: "CPU used by service",
              description:
                "Cores in use, summed over the pods, with what was requested and the limit. A container without a limit adds nothing to it.",
              unit: "cores",
              min: 0,
              width: 12,
              height: 8,
              targets: [
                { query: overPods(cpuUsed, nanocores, "used"), alias: "$tag_service used" },
                { query: overPods(cpuRequested, millicores, "requested"), alias: "$tag_service requested" },
                { query: overPods(cpuLimit, millicores, "limit"), alias: "$tag_service limit" },
              ],
            }),
            timeSeries({
              title: "Memory used by service",
              description: "Working set, summed over the pods, with what was requested and the limit.",
              unit: "bytes",
              min: 0,
              width: 12,
              height: 8,
              targets: [
                { query: overPods(memoryUsed, 1, "used"), alias: "$tag_service used" },
                { query: overPods(memoryRequested, 1, "requested"), alias: "$tag_service requested" },
                { query: overPods(memoryLimit, 1, "limit"), alias: "$tag_service limit" },
              ],
            }),
            timeSeries({
              title: "CPU spikes: highest of any pod by its limit",
              description:
                "Highest sample of a window by the limit: at 100 % the kernel throttles the container. Kubelets don't report the throttling itself.",
              unit: "percentunit",
              min: 0,
              width: 12,
              height: 8,
              targets: [
                {
                  query: highestRatio(cpuUsed, cpuLimit, nanocores / millicores, [
                    interval,
                    ...byContainer,
                  ]).fill("null"),
                  alias: "$tag_service $tag_container_name",
                },
              ],
            }),
            timeSeries({
              title: "Memory spikes: highest of any pod by its limit",
              description:
                "Highest sample of a window by the limit; the line is where MemoryNearLimit fires.",
              unit: "percentunit",
              min: 0,
              thresholds: redFrom(thresholds.memoryUseRatio),
              width: 12,
              height: 8,
              targets: [
                {
                  query: highestRatio(memoryUsed, memoryLimit, 1, [interval, ...byContainer]).fill("null"),
                  alias: "$tag_service $tag_container_name",
                },
              ],
            }),
          ],
        },
        {
          title: "Sizing and cost by service",
          panels: [
            table({
              title: "Sizing: 95th percentile over 7 days by request",
              description: `Above ${percent(thresholds.sizing.critical)} critical, above ${percent(thresholds.sizing.underProvisioned)} too small, below ${percent(thresholds.sizing.overProvisioned)} too large. Of each minute counts the highest pod; n is the number of minutes.`,
              unit: "percentunit",
              decimals: 0,
              width: 14,
              height: 7,
              timeFrom: "7d",
              targets: [
                {
                  query: select(
                    highest(cpuUsed)
                      .percentile(95)
                      .over(nanocores / millicores)
                      .over(highest(cpuRequested).max())
                      .as("cpu"),
                    highest(memoryUsed).percentile(95).over(highest(memoryRequested).max()).as("memory"),
                    highest(cpuRequested).max().over(millicores).as("cpu request"),
                    highest(memoryRequested).max().as("memory request"),
                    highest(cpuUsed).count().as("n"),
                  )
                    .from(minutesOfContainers)
                    .where(...chosenContainers)
                    .groupBy(...byContainer),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  service: "Service",
                  container_name: "Container",
                  cpu: "CPU p95 / request",
                  memory: "Memory p95 / request",
                  "cpu request": "CPU request",
                  "memory request": "Memory request",
                  n: "n",
                }),
              ],
              overrides: {
                "CPU p95 / request": colouredCell({ thresholds: sizingThresholds }),
                "Memory p95 / request": colouredCell({ thresholds: sizingThresholds }),
                "CPU request": unitOf("cores", 2),
                "Memory request": unitOf("bytes", 0),
                n: unitOf("none", 0),
              },
            }),
            table({
              title: "Cost by service",
              description: `Money in the time range for what was requested, and for the idle part, at ${priceNote}.`,
              unit: money,
              decimals: 2,
              width: 10,
              height: 7,
              sortBy: { column: "Idle cost", descending: true },
              targets: [{ query: costs(prices), format: "table" }],
              transformations: [
                columns({
                  service: "Service",
                  requested: "Cost",
                  idle: "Idle cost",
                  "idle share": "Idle share",
                }),
              ],
              overrides: { "Idle share": unitOf("percentunit", 0) },
            }),
          ],
        },
        {
          title: "Detail: steps of the pipelines",
          panels: [
            timeSeries({
              title: "Memory peak by step",
              description:
                "Highest memory of each step's runs, by its limit; the line is where MemoryNearLimit fires.",
              unit: "percentunit",
              min: 0,
              thresholds: redFrom(thresholds.memoryUseRatio),
              draw: "bars",
              width: 8,
              height: 7,
              targets: [
                {
                  query: overRollups({
                    of: tasks,
                    columns: [
                      field(rollupField("mem_peak_bytes", "max"))
                        .max()
                        .over(field(rollupField("mem_limit_bytes", "max")).max())
                        .as("use"),
                    ],
                    where: chosenTasks,
                    groupBy: [interval, tag("pipeline"), tag("task")],
                  }).fill("null"),
                  alias: "$tag_pipeline $tag_task",
                },
              ],
            }),
            table({
              title: "Steps",
              description:
                "Each step with n, its number of runs in the time range, their time, CPU time and memory.",
              unit: "short",
              width: 16,
              height: 7,
              targets: [
                {
                  query: overRollups({
                    of: tasks,
                    columns: [
                      totalCount("n"),
                      meanOf("duration_s").as("mean"),
                      field(rollupField("duration_s", "max")).max().as("max"),
                      meanOf("cpu_s").as("cpu"),
                      field(rollupField("mem_peak_bytes", "max")).max().as("memory"),
                      field(rollupField("mem_limit_bytes", "max")).max().as("limit"),
                    ],
                    where: chosenTasks,
                    groupBy: [tag("pipeline"), tag("task"), tag("result")],
                  }),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  pipeline: "Pipeline",
                  task: "Step",
                  result: "Result",
                  n: "n",
                  mean: "Mean time",
                  max: "Longest",
                  cpu: "Mean CPU time",
                  memory: "Memory peak",
                  limit: "Memory limit",
                }),
              ],
              overrides: {
                n: unitOf("short", 0),
                "Mean time": unitOf("s"),
                Longest: unitOf("s"),
                "Mean CPU time": unitOf("s"),
                "Memory peak": unitOf("bytes"),
                "Memory limit": unitOf("bytes"),
              },
            }),
          ],
        },
      ],
    },
    options,
  );
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
