import { thresholds } from "../contract/thresholds";
import { buildDashboard } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import {
  equals,
  field,
  matchesVariable,
  select,
  tag,
  time,
  timeFilter,
  type Condition,
  type Dimension,
  type Query,
} from "./influxql";
import {
  barChart,
  columns,
  countBy,
  fixedColour,
  highestFirst,
  redFrom,
  stat,
  table,
  timeSeries,
  unitOf,
} from "./panels";
import {
  meanOf,
  overRollups,
  ratioOfCounts,
  totalCount,
  weightedPercentiles,
  type Percentile,
} from "./rollupQueries";
import { rollups, source } from "./sources";
import { chained } from "./variables";

const requests = rollups("http.server.request");
const requestsPerDay = source("daily", "http.server.request");
const uniquesPerDay = source("daily", "http.server.request.unique");
const uniquesPerWeek = source("weekly", "http.server.request.unique");
const rawRequests = source("events", "http.server.request");

/** The models that the variables choose; uniques are counted over all versions of one. */
const chosenModels: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("service", "service"),
  matchesVariable("model", "model"),
  timeFilter,
];
const chosen: readonly Condition[] = [...chosenModels, matchesVariable("model_version", "version")];
const serverErrors = equals("status_class", "5xx");

/** The newest raw events are read, however many a day has. */
const lastPredictions = 5_000;

const interval = time("$__interval");
const day = time("1d");
/** InfluxQL's weeks start on Thursday; the rollups' on Monday. */
const week = time("1w", "4d");

const latencyThresholds = redFrom(thresholds.apiLatencyP95Seconds);
const errorThresholds = redFrom(thresholds.apiErrorRatio);

function latency(percentiles: readonly Percentile[], ...groupBy: Dimension[]): Query {
  return weightedPercentiles({ of: requests, field: "duration_s", percentiles, where: chosen, groupBy });
}

function errorRatio(...groupBy: Dimension[]): Query {
  return ratioOfCounts({
    of: requests,
    where: chosen,
    part: serverErrors,
    groupBy,
    alias: "error ratio",
  });
}

/** Who uses a model's API, how much, how fast and with how many errors (RED: rate, errors, duration). */
export function modelApiUsage(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.modelApiUsage,
      description: "Is the model's API used, is it well, and by whom?",
      from: "now-24h",
      variables: chained({ measurement: "http.server.request" }, [
        {
          name: "environment",
          label: "Environment",
          description: "Where the API runs",
          tag: "environment",
        },
        { name: "service", label: "Service", description: "The API", tag: "service" },
        { name: "model", label: "Model", description: "The model that answers", tag: "model" },
        {
          name: "version",
          label: "Version",
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
            .from(source("minutely", "http.server.request"))
            .where(...chosen.filter((condition) => condition !== timeFilter))
            .groupBy(tag("service"), tag("model_version")),
          textColumn: "version",
          tagsColumn: "api",
        },
      ],
      rows: [
        {
          title: "Verdict: is the API well?",
          panels: [
            stat({
              title: "Requests",
              description: "All requests in the time range, counted from the minutely rollups.",
              unit: "short",
              width: 4,
              height: 4,
              targets: [
                {
                  query: overRollups({ of: requests, columns: [totalCount("requests")], where: chosen }),
                },
              ],
            }),
            stat({
              title: "Error ratio",
              description:
                "Requests answered with a status of 500 to 599, by all requests. Red where ApiErrorRateHigh fires.",
              unit: "percentunit",
              decimals: 2,
              thresholds: errorThresholds,
              width: 4,
              height: 4,
              targets: [{ query: errorRatio() }],
            }),
            stat({
              title: "Latency, 95th percentile",
              description:
                "95 of 100 requests are answered within this time: the mean of the minutes' percentiles, weighted by their requests. Red where ApiLatencyHigh fires.",
              unit: "s",
              thresholds: latencyThresholds,
              width: 4,
              height: 4,
              targets: [{ query: latency(["p95"]) }],
            }),
            stat({
              title: "Unique users, last hour",
              description:
                "Different users (keyed hashes) in the last hour, counted exactly from the raw events.",
              unit: "short",
              width: 4,
              height: 4,
              timeFrom: "1h",
              targets: [
                {
                  query: select(field("enduser.pseudo.id").countDistinct().as("users"))
                    .from(rawRequests)
                    .where(...chosen),
                },
              ],
            }),
            stat({
              title: "Unique users, last whole day",
              description:
                "Different users of the last finished day (UTC), counted from the raw events before they expire.",
              unit: "short",
              noValue: "no finished day yet",
              width: 4,
              height: 4,
              timeFrom: "3d",
              targets: [{ query: uniques("users", uniquesPerDay, day) }],
            }),
            stat({
              title: "Unique requests, last whole day",
              description: "Requests with different content (fingerprints) of the last finished day (UTC).",
              unit: "short",
              noValue: "no finished day yet",
              width: 4,
              height: 4,
              timeFrom: "3d",
              targets: [{ query: uniques("requests", uniquesPerDay, day) }],
            }),
          ],
        },
        {
          title: "Trend: rate, errors, duration",
          panels: [
            timeSeries({
              title: "Request rate by service",
              description:
                "Requests per second. A gap is a time without requests, or without data: Platform health tells.",
              unit: "reqps",
              min: 0,
              width: 8,
              height: 8,
              targets: [
                {
                  query: overRollups({
                    of: requests,
                    columns: [field("count").sum().perSecond().as("rate")],
                    where: chosen,
                    groupBy: [interval, tag("service")],
                  }).fill("null"),
                  alias: "$tag_service",
                },
              ],
            }),
            timeSeries({
              title: "Error ratio by service",
              description:
                "Share of requests answered with 500 to 599; the line is the limit of ApiErrorRateHigh.",
              unit: "percentunit",
              min: 0,
              thresholds: errorThresholds,
              width: 8,
              height: 8,
              targets: [{ query: errorRatio(interval, tag("service")).fill("null"), alias: "$tag_service" }],
            }),
            timeSeries({
              title: "Latency percentiles",
              description:
                "50th, 95th and 99th percentile over all chosen requests, weighted means of the minutes' percentiles; with a request or two a minute they fall together. The line is the limit of ApiLatencyHigh.",
              unit: "s",
              min: 0,
              thresholds: latencyThresholds,
              width: 8,
              height: 8,
              targets: [{ query: latency(["p50", "p95", "p99"], interval).fill("null"), alias: "$col" }],
            }),
          ],
        },
        {
          title: "Detail: by route and by version of the model",
          panels: [
            timeSeries({
              title: "Latency (p95) by route",
              description: "95th percentile of each route template.",
              unit: "s",
              min: 0,
              thresholds: latencyThresholds,
              width: 8,
              height: 8,
              targets: [
                { query: latency(["p95"], interval, tag("route")).fill("null"), alias: "$tag_route" },
              ],
            }),
            timeSeries({
              title: "Latency (p95) by model version",
              description: "95th percentile of each version of the model: did the new one become slower?",
              unit: "s",
              min: 0,
              thresholds: latencyThresholds,
              width: 8,
              height: 8,
              targets: [
                {
                  query: latency(["p95"], interval, tag("model"), tag("model_version")).fill("null"),
                  alias: "$tag_model $tag_model_version",
                },
              ],
            }),
            timeSeries({
              title: "Requests by status class",
              description:
                "Requests in each window, by class of their status: 4xx are the callers' errors, 5xx ours.",
              unit: "short",
              min: 0,
              draw: "bars",
              stack: true,
              width: 8,
              height: 8,
              targets: [
                {
                  query: overRollups({
                    of: requests,
                    columns: [totalCount("requests")],
                    where: chosen,
                    groupBy: [interval, tag("status_class")],
                  }).fill("null"),
                  alias: "$tag_status_class",
                },
              ],
              overrides: {
                "2xx": fixedColour("green"),
                "3xx": fixedColour("blue"),
                "4xx": fixedColour("orange"),
                "5xx": fixedColour("red"),
              },
            }),
            table({
              title: "Routes",
              description:
                "Each route with the number of its requests, so that a percentile of three requests isn't taken for one of a million.",
              unit: "short",
              width: 24,
              height: 7,
              sortBy: { column: "Requests", descending: true },
              targets: [
                {
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
                  format: "table",
                },
              ],
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
          ],
        },
        {
          title: "Detail: what the model answers",
          panels: [
            barChart({
              title: `Predicted classes of the last ${lastPredictions.toLocaleString("en")} predictions`,
              description:
                "How often each class is predicted, from the newest raw events of the last 24 hours: a class that vanishes or takes over is seen here before the labels arrive.",
              unit: "short",
              noValue: "no predictions in 24 hours",
              min: 0,
              xField: "Class",
              width: 12,
              height: 8,
              // Over a month of raw events, finding the newest of each series takes seconds.
              timeFrom: "24h",
              targets: [
                {
                  query: select(field("prediction.class"), field("prediction.score"))
                    .from(rawRequests)
                    .where(...chosen)
                    .newestFirst()
                    .limit(lastPredictions),
                  format: "table",
                },
              ],
              transformations: [
                countBy("prediction.class", "prediction.score"),
                columns({ "prediction.class": "Class", "prediction.score (count)": "Predictions" }),
                highestFirst("Predictions"),
              ],
            }),
            timeSeries({
              title: "Prediction score",
              description:
                "Median and 95th percentile of the scores by model: weighted means of the minutes' percentiles.",
              unit: "none",
              decimals: 2,
              min: 0,
              max: 1,
              width: 12,
              height: 8,
              targets: [
                {
                  query: weightedPercentiles({
                    of: requests,
                    field: "prediction.score",
                    percentiles: ["p50", "p95"],
                    where: chosen,
                    groupBy: [interval, tag("model")],
                  }).fill("null"),
                  alias: "$tag_model $col",
                },
              ],
            }),
          ],
        },
        {
          title: "Usage by day and week (UTC)",
          panels: [
            timeSeries({
              title: "Requests by day",
              description: "Requests of each finished day, from the daily rollups: two years back.",
              unit: "short",
              min: 0,
              draw: "bars",
              stack: true,
              width: 8,
              height: 8,
              timeFrom: "30d",
              targets: [
                {
                  query: select(totalCount("requests"))
                    .from(requestsPerDay)
                    .where(...chosen)
                    .groupBy(day, tag("service"))
                    .fill("null"),
                  alias: "$tag_service",
                },
              ],
            }),
            timeSeries({
              title: "Unique users and requests by day",
              description: "Different users and different requests of each finished day.",
              unit: "short",
              min: 0,
              draw: "bars",
              width: 8,
              height: 8,
              timeFrom: "30d",
              targets: [
                { query: uniques("users", uniquesPerDay, day), alias: "users" },
                { query: uniques("requests", uniquesPerDay, day), alias: "requests" },
              ],
            }),
            timeSeries({
              title: "Unique users and requests by week",
              description:
                "Different users and different requests of each finished week; weeks start on Monday.",
              unit: "short",
              min: 0,
              draw: "bars",
              width: 8,
              height: 8,
              timeFrom: "180d",
              targets: [
                { query: uniques("users", uniquesPerWeek, week), alias: "users" },
                { query: uniques("requests", uniquesPerWeek, week), alias: "requests" },
              ],
            }),
          ],
        },
      ],
    },
    options,
  );
}

/** Uniques of each model, added up over the chosen models: one who uses two models counts twice. */
function uniques(what: "users" | "requests", from: typeof uniquesPerDay, window: Dimension): Query {
  return select(field(what).sum().as(what))
    .from(from)
    .where(...chosenModels)
    .groupBy(window)
    .fill("none");
}
