import { measurements } from "../contract/measurements";
import { increaseField, rollupField } from "../contract/rollups";
import { thresholds } from "../contract/thresholds";
import { whatHappened } from "./annotations";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import {
  byContainer,
  chosenContainers,
  containers,
  costs,
  cpuLimit,
  cpuRequested,
  cpuUsed,
  highest,
  highestRatio,
  memoryLimit,
  memoryRequested,
  memoryUsed,
  millicores,
  minutesOfContainers,
  nanocores,
  overPods,
} from "./containerQueries";
import type { ComputePrices, DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { colouredCell, linkTo, redFrom, toItsLines, unitOf, unitsOf } from "./fieldOptions";
import { gpuRow } from "./gpus";
import { field, ofLast, select, someChosen, tag, timeFilter } from "./influxql";
import { dashboardPath, linesOfSeries, linesOfChosen, runsOf } from "./links";
import { barChart, stat, table, timeSeries } from "./panels";
import { meanOf, overRollups, totalCount } from "./rollupQueries";
import { inEnvironment, interval, rollups } from "./sources";
import { columns } from "./transformations";
import { chained } from "./variables";
import { resultColours } from "./verdicts";

const tasks = rollups(measurements.taskEnd);

const usageOfChosen = {
  title: "Usage of the chosen services",
  url: dashboardPath(dashboardIdentities.modelApiUsage.uid, {}, ["service"]),
};

const sizingThresholds = [
  { value: null, color: "blue" },
  { value: thresholds.sizing.overProvisioned, color: "green" },
  { value: thresholds.sizing.underProvisioned, color: "orange" },
  { value: thresholds.sizing.critical, color: "red" },
];

const sizingCell = [...unitOf("percentunit", 0), ...colouredCell({ thresholds: sizingThresholds })];

/** Prices, the unit of money, and how panels describe the prices. */
interface Pricing {
  readonly prices: ComputePrices;
  readonly money: string;
  readonly priceNote: string;
}

const costColumns = columns({
  service: "Service",
  requested: "Cost",
  idle: "Idle cost",
  "idle share": "Idle share",
});

const verdict = ({ prices, money, priceNote }: Pricing) =>
  row("Verdict: is anything too small, and what is idle?", [
    stat("Highest memory use", {
      link: linesOfChosen,
      description:
        "Highest working set of a container by its limit. Red where MemoryNearLimit fires: above the limit the kernel kills it.",
      unit: "percentunit",
      decimals: 0,
      thresholds: redFrom(thresholds.memoryUseRatio),
      size: [6, 4],
      query: highestRatio(memoryUsed, memoryLimit, 1, []),
    }),
    stat("Restarts", {
      link: linesOfChosen,
      description: "Restarts of containers in the time range.",
      unit: "short",
      thresholds: redFrom(1),
      size: [6, 4],
      query: overRollups({
        of: containers,
        columns: [field(increaseField("restarts_total")).sum().as("restarts")],
        where: chosenContainers,
        freshWithin: "15m",
      }),
    }),
    stat("Cost of what is requested", {
      link: usageOfChosen,
      description: `Requested CPU and memory in the time range, at ${priceNote}.`,
      unit: money,
      decimals: 2,
      fields: "/^Cost$/",
      reduce: "sum",
      size: [6, 4],
      query: costs(prices),
      format: "table",
      transformations: [costColumns],
    }),
    stat("Idle cost", {
      link: usageOfChosen,
      description: `The part of it that was requested and not used: idle ratio × capacity × price, at ${priceNote}.`,
      unit: money,
      decimals: 2,
      fields: "/^Idle cost$/",
      reduce: "sum",
      size: [6, 4],
      query: costs(prices),
      format: "table",
      transformations: [costColumns],
    }),
  ]);

/** Requests and limits of all services would be three lines each. */
const ofChosen = { more: [someChosen("service")] };

const trend = row("Trend: use against request and limit", [
  timeSeries("CPU used by service", {
    link: linesOfSeries,
    description:
      "Cores in use, summed over the pods; of chosen services with what was requested and the limit. A container without a limit adds nothing to it.",
    unit: "cores",
    min: 0,
    size: [12, 8],
    targets: [
      { query: overPods(cpuUsed, nanocores, "used"), alias: "$tag_service used" },
      { query: overPods(cpuRequested, millicores, "requested", ofChosen), alias: "$tag_service requested" },
      { query: overPods(cpuLimit, millicores, "limit", ofChosen), alias: "$tag_service limit" },
    ],
  }),
  timeSeries("Memory used by service", {
    link: linesOfSeries,
    description:
      "Working set, summed over the pods; of chosen services with what was requested and the limit.",
    unit: "bytes",
    min: 0,
    size: [12, 8],
    targets: [
      { query: overPods(memoryUsed, 1, "used"), alias: "$tag_service used" },
      { query: overPods(memoryRequested, 1, "requested", ofChosen), alias: "$tag_service requested" },
      { query: overPods(memoryLimit, 1, "limit", ofChosen), alias: "$tag_service limit" },
    ],
  }),
  timeSeries("CPU spikes: highest of any pod by its limit", {
    link: linesOfSeries,
    description:
      "Highest sample of a window by the limit: at 100 % the kernel throttles the container. Kubelets don't report the throttling itself.",
    unit: "percentunit",
    min: 0,
    size: [12, 8],
    query: highestRatio(cpuUsed, cpuLimit, nanocores / millicores, [interval, ...byContainer]).fill("null"),
    alias: "$tag_service $tag_container_name",
  }),
  timeSeries("Memory spikes: highest of any pod by its limit", {
    link: linesOfSeries,
    description: "Highest sample of a window by the limit; the line is where MemoryNearLimit fires.",
    unit: "percentunit",
    min: 0,
    thresholds: redFrom(thresholds.memoryUseRatio),
    size: [12, 8],
    query: highestRatio(memoryUsed, memoryLimit, 1, [interval, ...byContainer]).fill("null"),
    alias: "$tag_service $tag_container_name",
  }),
]);

const sizingAndCost = ({ prices, money, priceNote }: Pricing) =>
  row("Sizing and cost by service", [
    table("Sizing: 95th percentile over 7 days by request", {
      description: `Above ${percent(thresholds.sizing.critical)} critical, above ${percent(thresholds.sizing.underProvisioned)} too small, below ${percent(thresholds.sizing.overProvisioned)} too large. Of each minute counts the highest pod; n is the number of minutes.`,
      size: [14, 7],
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
        .where(...chosenContainers.filter((condition) => condition !== timeFilter), ofLast("7d"))
        .groupBy(...byContainer),
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
        Service: toItsLines,
        "CPU p95 / request": sizingCell,
        "Memory p95 / request": sizingCell,
        "CPU request": unitOf("cores", 2),
        "Memory request": unitOf("bytes", 0),
        n: unitOf("none", 0),
      },
    }),
    table("Cost by service", {
      description: `Money in the time range for what was requested, and for the idle part, at ${priceNote}.`,
      size: [10, 7],
      sortBy: { column: "Idle cost", descending: true },
      query: costs(prices),
      transformations: [costColumns],
      overrides: {
        Service: linkTo(
          "Usage of ${__value.text}",
          dashboardPath(dashboardIdentities.modelApiUsage.uid, { service: "${__value.text:percentencode}" }),
        ),
        ...unitsOf(money, ["Cost", "Idle cost"], 2),
        "Idle share": unitOf("percentunit", 0),
      },
    }),
  ]);

const steps = row("Detail: steps of the pipelines", [
  barChart("Memory peak by step", {
    link: { title: "Its last run", url: runsOf("${__field.name:percentencode}") },
    description:
      "Highest memory of each step's runs in the time range, by its limit; the line is where MemoryNearLimit fires.",
    unit: "percentunit",
    min: 0,
    thresholds: redFrom(thresholds.memoryUseRatio),
    noValue: "no step ran in the time range",
    size: [8, 7],
    query: overRollups({
      of: tasks,
      columns: [
        field(rollupField("mem_peak_bytes", "max"))
          .max()
          .over(field(rollupField("mem_limit_bytes", "max")).max())
          .as("use"),
      ],
      where: inEnvironment,
      groupBy: [tag("pipeline"), tag("task")],
    }),
    matrix: { row: "task", column: "pipeline", value: "use", heading: "Step" },
  }),
  table("Steps", {
    noValue: "no step ran in the time range",
    description: "Each step with n, its number of runs in the time range, their time, CPU time and memory.",
    size: [16, 7],
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
      where: inEnvironment,
      groupBy: [tag("pipeline"), tag("task"), tag("result")],
    }),
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
      Pipeline: linkTo("Its last run", runsOf("${__value.text:percentencode}")),
      Result: colouredCell({ mappings: resultColours }),
      n: unitOf("short"),
      ...unitsOf("s", ["Mean time", "Longest", "Mean CPU time"]),
      ...unitsOf("bytes", ["Memory peak", "Memory limit"], 0),
    },
  }),
]);

/** What the apps and the pipelines' steps use of what they asked for, and what the rest costs (USE). */
export function resourcesAndCost(options: ResolvedDashboardOptions): DashboardDefinition {
  const { prices } = options;
  const currency = prices.currency.toUpperCase();
  const pricing = {
    prices,
    money: `currency${currency}`,
    priceNote: `${prices.vcpuHour} a vCPU-hour and ${prices.gibHour} a GiB-hour (${currency}), from the configuration`,
  };
  return buildDashboard(
    {
      ...dashboardIdentities.resourcesAndCost,
      description: "Are the apps and the pipelines' steps sized right, and what does the idle part cost?",
      from: "now-24h",
      variables: chained({ measurement: minutesOfContainers.measurement }, [
        { name: "environment", description: "Where the apps run" },
        { name: "service", description: "An API or a pipeline" },
      ]),
      annotations: whatHappened(),
      rows: [verdict(pricing), trend, sizingAndCost(pricing), gpuRow(prices.gpuHour, pricing.money), steps],
    },
    options,
  );
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
