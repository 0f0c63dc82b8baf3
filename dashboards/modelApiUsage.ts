import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { whatHappened } from "./annotations";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { redFrom, toItsLines, unitOf, unitsOf } from "./fieldOptions";
import { field, select, tag } from "./influxql";
import { approvals, dashboardPath, linesOfChosen, linesOfSeries, type FigureLink } from "./links";
import { objectives } from "./objectives";
import { barChart, stackedCounts, stat, table, timeSeries } from "./panels";
import { productionDrift } from "./productionDrift";
import {
  chosen,
  chosenOfLast,
  day,
  errorRatio,
  errorThresholds,
  latency,
  latencyOverTime,
  rawRequests,
  requests,
  requestsPerDay,
  scores,
  uniques,
  uniquesPerDay,
  uniquesPerWeek,
} from "./requestQueries";
import { countOverTime, meanOf, overRollups, totalCount } from "./rollupQueries";
import { interval } from "./sources";
import { columns, countBy, highestFirst, namedAfter } from "./transformations";
import { chained } from "./variables";
import { coloursOf } from "./verdicts";

/** The newest raw events are read, however many a day has. */
const lastPredictions = 5_000;

/** A figure of the last finished day, which began at most 49 hours ago; its task has two hours more. */
const lastWholeDay = { unit: "short", noValue: "no finished day yet", size: [4, 4] } as const;

const resourcesOfChosen: FigureLink = {
  title: "Resources of the chosen services",
  url: dashboardPath(dashboardIdentities.resourcesAndCost.uid, {}, ["service"]),
};
const overMonth: FigureLink = {
  title: "The last 30 days",
  url: `/d/${dashboardIdentities.modelApiUsage.uid}?\${environment:queryparam}&\${service:queryparam}&\${model:queryparam}&from=now-30d&to=now`,
};

const verdict = row("Verdict: is the API well?", [
  stat("Requests", {
    link: linesOfChosen,
    description: "All requests in the time range, counted from the minutely rollups.",
    unit: "short",
    size: [4, 4],
    query: overRollups({ of: requests, columns: [totalCount("requests")], where: chosen }),
  }),
  stat("Error ratio", {
    link: linesOfChosen,
    description:
      "Requests answered with a status of 500 to 599, by all requests of the time range. Red where ApiErrorRateHigh fires. Nothing is shown where the last hour of the range has no request.",
    unit: "percentunit",
    decimals: 2,
    thresholds: errorThresholds,
    noValue: "no request for an hour",
    size: [4, 4],
    query: errorRatio(),
  }),
  stat("Latency, 95th percentile", {
    link: resourcesOfChosen,
    description:
      "95 of 100 requests of the time range are answered within this time, to 5 %. Red where ApiLatencyHigh fires.",
    size: [4, 4],
    ...latency({ percentiles: ["p95"] }),
    thresholds: redFrom(thresholds.apiLatencyP95Seconds, "text"),
  }),
  stat("Unique users, last hour", {
    link: overMonth,
    description: "Different users (keyed hashes) in the last hour, counted exactly from the raw events.",
    unit: "short",
    size: [4, 4],
    query: select(field("enduser.pseudo.id").countDistinct().as("users"))
      .from(rawRequests)
      .where(...chosenOfLast("1h")),
  }),
  stat("Unique users, last whole day", {
    link: overMonth,
    description:
      "Different users of the last finished day (UTC); from 8,192 on to 2 % (standard error 1.1 %).",
    ...lastWholeDay,
    query: uniques(["users"], uniquesPerDay, day, "51h"),
  }),
  stat("Unique requests, last whole day", {
    link: overMonth,
    description:
      "Requests with different content (fingerprints) of the last finished day (UTC); from 8,192 on to 2 % (standard error 1.1 %).",
    ...lastWholeDay,
    query: uniques(["requests"], uniquesPerDay, day, "51h"),
  }),
]);

const trend = row("Trend: rate, errors, duration", [
  timeSeries("Request rate by service", {
    link: linesOfSeries,
    description:
      "Requests per second. A gap is a time without requests, or without data: see Platform health.",
    unit: "reqps",
    min: 0,
    size: [8, 8],
    ...countOverTime(requests, chosen, field("count").sum().perSecond().as("rate"), "service"),
  }),
  timeSeries("Error ratio by service", {
    link: linesOfSeries,
    description: "Share of requests answered with 500 to 599; the line is the limit of ApiErrorRateHigh.",
    unit: "percentunit",
    min: 0,
    thresholds: errorThresholds,
    size: [8, 8],
    query: errorRatio(interval, tag("service")).fill("null"),
    alias: "$tag_service",
  }),
  timeSeries("Latency percentiles", {
    link: resourcesOfChosen,
    description:
      "50th, 95th and 99th percentile over all chosen requests, to 5 %; with a request or two in a window they fall together. The line is the limit of ApiLatencyHigh.",
    ...latencyOverTime({ percentiles: ["p50", "p95", "p99"] }),
    size: [8, 8],
    overrides: coloursOf("p50", "p95", "p99"),
  }),
]);

const latencyOfVersions = latencyOverTime({ percentiles: ["p95"], by: "model_version" });

const byRouteAndVersion = row("Detail: by route and by version of the model", [
  timeSeries("Latency (p95) by route", {
    link: resourcesOfChosen,
    description: "95th percentile of each route template, to 5 %.",
    ...latencyOverTime({ percentiles: ["p95"], by: "route" }),
    size: [8, 8],
  }),
  timeSeries("Latency (p95) by model version", {
    link: approvals,
    description:
      "95th percentile of each version, to 5 %: did the new one become slower? Choose one model: versions of the same name are taken together.",
    ...latencyOfVersions,
    transformations: [...latencyOfVersions.transformations, namedAfter("version")],
    size: [8, 8],
  }),
  timeSeries("Requests by status class", {
    link: linesOfChosen,
    description: "Requests in each window, by class of their status: 4xx are the callers' errors, 5xx ours.",
    ...stackedCounts,
    size: [8, 8],
    ...countOverTime(requests, chosen, totalCount("requests"), "status_class"),
    overrides: coloursOf("2xx", "3xx", "4xx", "5xx"),
  }),
  table("Routes", {
    description:
      "Each route with the number of its requests, so that a percentile of three requests isn't taken for one of a million.",
    size: [24, 7],
    sortBy: { column: "Requests", descending: true },
    query: overRollups({
      of: requests,
      columns: [
        totalCount("requests"),
        meanOf("duration_s").as("mean"),
        field("duration_s.max").max().as("max"),
      ],
      where: chosen,
      groupBy: [tag("service"), tag("method"), tag("route"), tag("status_class")],
    }),
    transformations: [
      columns({
        service: "Service",
        method: "Method",
        route: "Route",
        status_class: "Status",
        requests: "Requests",
        mean: "Mean latency",
        max: "Longest",
      }),
    ],
    overrides: {
      Service: toItsLines,
      Requests: unitOf("short"),
      ...unitsOf("s", ["Mean latency", "Longest"]),
    },
  }),
]);

const predictions = row("Detail: what the model answers", [
  barChart(`Predicted classes of the last ${lastPredictions.toLocaleString("en")} predictions`, {
    link: approvals,
    description:
      "How often each class is predicted, from the newest raw events of the last 24 hours: a class that vanishes or takes over is seen here before the labels arrive.",
    unit: "short",
    noValue: "no prediction in 24 hours: docs/instrumenting.md says how an API reports them",
    min: 0,
    xField: "Class",
    size: [12, 8],
    // Over a month of raw events, finding the newest of each series takes seconds.
    query: select(field("prediction.class"), field("prediction.score"))
      .from(rawRequests)
      .where(...chosenOfLast("24h"))
      .newestFirst()
      .limit(lastPredictions),
    transformations: [
      countBy("prediction.class", "prediction.score"),
      columns({ "prediction.class": "Class", "prediction.score (count)": "Predictions" }),
      highestFirst("Predictions"),
    ],
    overrides: coloursOf("Predictions"),
  }),
  timeSeries("Prediction score, median", {
    description: "Median of the scores by model, to 5 % from 0.001 on.",
    link: approvals,
    size: [6, 8],
    ...scores("p50"),
  }),
  timeSeries("Prediction score, 95th percentile", {
    description: "95th percentile of the scores by model, to 5 % from 0.001 on.",
    link: approvals,
    size: [6, 8],
    ...scores("p95"),
  }),
]);

const uniquesColumns = (heading: string) => ({
  unit: "short",
  min: 0,
  days: true,
  xField: heading,
  transformations: [columns({ Time: heading, users: "Users", requests: "Requests" })],
  overrides: coloursOf("Users", "Requests"),
});

const byDayAndWeek = row("Usage by day and week (UTC)", [
  barChart("Requests by day", {
    link: linesOfChosen,
    description: "Requests of each finished day of the last 30 days, from the daily rollups.",
    unit: "short",
    min: 0,
    stack: "counts",
    days: true,
    size: [8, 8],
    query: select(totalCount("requests"))
      .from(requestsPerDay)
      .where(...chosenOfLast("30d"))
      .groupBy(day, tag("service"))
      .fill("none"),
    matrix: { row: "Time", column: "service", value: "requests", heading: "Day" },
  }),
  barChart("Unique users and requests by day", {
    link: overMonth,
    description:
      "Different users and different requests of each finished day of the last 30 days; from 8,192 on to 2 %.",
    ...uniquesColumns("Day"),
    size: [8, 8],
    query: uniques(["users", "requests"], uniquesPerDay, day, "30d"),
  }),
  barChart("Unique users and requests by week", {
    link: overMonth,
    description:
      "Different users and different requests of each finished week of the last 180 days; weeks start on Monday. From 8,192 on to 2 % (standard error 1.1 %).",
    ...uniquesColumns("Week"),
    size: [8, 8],
    query: uniques(["users", "requests"], uniquesPerWeek, day, "180d"),
  }),
]);

/** Who uses a model's API, how much, how fast and with how many errors (RED: rate, errors, duration). */
export function modelApiUsage(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.modelApiUsage,
      description: "Is the model's API used, is it well, and by whom?",
      from: "now-24h",
      variables: chained({ measurement: measurements.httpRequest }, [
        { name: "environment", description: "Where the API runs" },
        { name: "service", description: "The API" },
        { name: "model", description: "The model that answers" },
        {
          name: "version",
          description: "Versions of the model",
          tag: "model_version",
          newestFirst: true,
        },
      ]),
      annotations: whatHappened(chosen),
      rows: [verdict, objectives, trend, byRouteAndVersion, predictions, productionDrift, byDayAndWeek],
    },
    options,
  );
}
