import { measurements } from "../contract/measurements";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { fixedColours, unitOf } from "./fieldOptions";
import { field, select, tag, timeFilter, type Dimension } from "./influxql";
import { barChart, stackedCounts, stat, table, timeSeries } from "./panels";
import { productionDrift } from "./productionDrift";
import {
  chosen,
  day,
  errorRatio,
  errorThresholds,
  latency,
  latencyOverTime,
  latencyThresholds,
  rawRequests,
  requests,
  requestsPerDay,
  uniques,
  uniquesPerDay,
  uniquesPerWeek,
  week,
} from "./requestQueries";
import {
  countOverTime,
  meanOf,
  overRollups,
  overTime,
  totalCount,
  weightedPercentiles,
} from "./rollupQueries";
import { interval, source } from "./sources";
import { columns, countBy, highestFirst } from "./transformations";
import { chained } from "./variables";

/** The newest raw events are read, however many a day has. */
const lastPredictions = 5_000;

/** A figure of the last finished day. */
const lastWholeDay = { unit: "short", noValue: "no finished day yet", size: [4, 4], timeFrom: "3d" } as const;

const verdict = row("Verdict: is the API well?", [
  stat("Requests", {
    description: "All requests in the time range, counted from the minutely rollups.",
    unit: "short",
    size: [4, 4],
    query: overRollups({ of: requests, columns: [totalCount("requests")], where: chosen }),
  }),
  stat("Error ratio", {
    description:
      "Requests answered with a status of 500 to 599, by all requests. Red where ApiErrorRateHigh fires.",
    unit: "percentunit",
    decimals: 2,
    thresholds: errorThresholds,
    size: [4, 4],
    query: errorRatio(),
  }),
  stat("Latency, 95th percentile", {
    description:
      "95 of 100 requests are answered within this time: the mean of the minutes' percentiles, weighted by their requests. Red where ApiLatencyHigh fires.",
    unit: "s",
    thresholds: latencyThresholds,
    size: [4, 4],
    query: latency(["p95"]),
  }),
  stat("Unique users, last hour", {
    description: "Different users (keyed hashes) in the last hour, counted exactly from the raw events.",
    unit: "short",
    size: [4, 4],
    timeFrom: "1h",
    query: select(field("enduser.pseudo.id").countDistinct().as("users"))
      .from(rawRequests)
      .where(...chosen),
  }),
  stat("Unique users, last whole day", {
    description:
      "Different users of the last finished day (UTC), counted from the raw events before they expire.",
    ...lastWholeDay,
    query: uniques("users", uniquesPerDay, day),
  }),
  stat("Unique requests, last whole day", {
    description: "Requests with different content (fingerprints) of the last finished day (UTC).",
    ...lastWholeDay,
    query: uniques("requests", uniquesPerDay, day),
  }),
]);

const trend = row("Trend: rate, errors, duration", [
  timeSeries("Request rate by service", {
    description:
      "Requests per second. A gap is a time without requests, or without data: see Platform health.",
    unit: "reqps",
    min: 0,
    size: [8, 8],
    ...countOverTime(requests, chosen, field("count").sum().perSecond().as("rate"), "service"),
  }),
  timeSeries("Error ratio by service", {
    description: "Share of requests answered with 500 to 599; the line is the limit of ApiErrorRateHigh.",
    unit: "percentunit",
    min: 0,
    thresholds: errorThresholds,
    size: [8, 8],
    query: errorRatio(interval, tag("service")).fill("null"),
    alias: "$tag_service",
  }),
  timeSeries("Latency percentiles", {
    description:
      "50th, 95th and 99th percentile over all chosen requests, weighted means of the minutes' percentiles; with a request or two a minute they fall together. The line is the limit of ApiLatencyHigh.",
    ...latencyOverTime,
    size: [8, 8],
    query: latency(["p50", "p95", "p99"], interval).fill("null"),
    alias: "$col",
  }),
]);

const byRouteAndVersion = row("Detail: by route and by version of the model", [
  timeSeries("Latency (p95) by route", {
    description: "95th percentile of each route template.",
    ...latencyOverTime,
    size: [8, 8],
    ...overTime(latency(["p95"]), "route"),
  }),
  timeSeries("Latency (p95) by model version", {
    description: "95th percentile of each version of the model: did the new one become slower?",
    ...latencyOverTime,
    size: [8, 8],
    ...overTime(latency(["p95"]), "model", "model_version"),
  }),
  timeSeries("Requests by status class", {
    description: "Requests in each window, by class of their status: 4xx are the callers' errors, 5xx ours.",
    ...stackedCounts,
    size: [8, 8],
    ...countOverTime(requests, chosen, totalCount("requests"), "status_class"),
    overrides: fixedColours({ "2xx": "green", "3xx": "blue", "4xx": "orange", "5xx": "red" }),
  }),
  table("Routes", {
    description:
      "Each route with the number of its requests, so that a percentile of three requests isn't taken for one of a million.",
    unit: "short",
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
    overrides: { "Mean latency": unitOf("s"), Longest: unitOf("s") },
  }),
]);

const predictions = row("Detail: what the model answers", [
  barChart(`Predicted classes of the last ${lastPredictions.toLocaleString("en")} predictions`, {
    description:
      "How often each class is predicted, from the newest raw events of the last 24 hours: a class that vanishes or takes over is seen here before the labels arrive.",
    unit: "short",
    noValue: "no predictions in 24 hours",
    min: 0,
    xField: "Class",
    size: [12, 8],
    // Over a month of raw events, finding the newest of each series takes seconds.
    timeFrom: "24h",
    query: select(field("prediction.class"), field("prediction.score"))
      .from(rawRequests)
      .where(...chosen)
      .newestFirst()
      .limit(lastPredictions),
    transformations: [
      countBy("prediction.class", "prediction.score"),
      columns({ "prediction.class": "Class", "prediction.score (count)": "Predictions" }),
      highestFirst("Predictions"),
    ],
  }),
  timeSeries("Prediction score", {
    description:
      "Median and 95th percentile of the scores by model: weighted means of the minutes' percentiles.",
    unit: "none",
    decimals: 2,
    min: 0,
    max: 1,
    size: [12, 8],
    query: weightedPercentiles({
      of: requests,
      field: "prediction.score",
      percentiles: ["p50", "p95"],
      where: chosen,
      groupBy: [interval, tag("model")],
    }).fill("null"),
    alias: "$tag_model $col",
  }),
]);

/** Bars of the unique users and requests of each finished day or week. */
const uniquesOverTime = (from: typeof uniquesPerDay, window: Dimension, timeFrom: string) =>
  ({
    unit: "short",
    min: 0,
    draw: "bars",
    size: [8, 8],
    timeFrom,
    targets: [
      { query: uniques("users", from, window), alias: "users" },
      { query: uniques("requests", from, window), alias: "requests" },
    ],
  }) as const;

const byDayAndWeek = row("Usage by day and week (UTC)", [
  timeSeries("Requests by day", {
    description: "Requests of each finished day, from the daily rollups.",
    ...stackedCounts,
    size: [8, 8],
    timeFrom: "30d",
    query: select(totalCount("requests"))
      .from(requestsPerDay)
      .where(...chosen)
      .groupBy(day, tag("service"))
      .fill("null"),
    alias: "$tag_service",
  }),
  timeSeries("Unique users and requests by day", {
    description: "Different users and different requests of each finished day.",
    ...uniquesOverTime(uniquesPerDay, day, "30d"),
  }),
  timeSeries("Unique users and requests by week", {
    description: "Different users and different requests of each finished week; weeks start on Monday.",
    ...uniquesOverTime(uniquesPerWeek, week, "180d"),
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
      annotations: [
        {
          name: "Model versions first seen",
          colour: "blue",
          // Of all minutes that are kept: the first of a time range would mark every version at its left edge.
          // Grafana reads text and tags from columns, never from the tags of a series.
          query: select(
            field("count").first().as("requests"),
            field("model_version").as("version"),
            field("service").as("api"),
          )
            .from(source("minutely", measurements.httpRequest))
            .where(...chosen.filter((condition) => condition !== timeFilter))
            .groupBy(tag("service"), tag("model_version")),
          textColumn: "version",
          tagsColumn: "api",
        },
      ],
      rows: [verdict, trend, byRouteAndVersion, predictions, productionDrift, byDayAndWeek],
    },
    options,
  );
}
