import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { redFrom } from "./fieldOptions";
import {
  equals,
  field,
  matchesVariable,
  ofLast,
  select,
  time,
  timeFilter,
  type Condition,
  type Dimension,
  type Query,
} from "./influxql";
import { mostPercentileWindows, percentiles, type Percentile, type PercentileOptions } from "./percentiles";
import { ratioOfCounts } from "./rollupQueries";
import { rollups, source } from "./sources";

export const requests = rollups(measurements.httpRequest);
export const requestsPerDay = source("daily", measurements.httpRequest);
export const uniquesPerDay = source("daily", measurements.uniqueRequests);
export const uniquesPerWeek = source("weekly", measurements.uniqueRequests);
export const rawRequests = source("events", measurements.httpRequest);

/** The models that the variables choose; uniques are counted over all versions of one. */
export const chosenModels: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("service", "service"),
  matchesVariable("model", "model"),
  timeFilter,
];
export const chosen: readonly Condition[] = [...chosenModels, matchesVariable("model_version", "version")];
/** The same with a span that ends now in place of the time range. @param span for example "7d" */
export const chosenOfLast = (span: string): readonly Condition[] => [
  ...chosen.filter((condition) => condition !== timeFilter),
  ofLast(span),
];
export const serverErrors = equals("status_class", "5xx");

/**
 * Also of weeks: a point of theirs is at the start of its first day, in a window of its own. InfluxQL's own weeks lose points
 * where the clocks of a time zone change.
 */
export const day = time("1d");

export const latencyThresholds = redFrom(thresholds.apiLatencyP95Seconds);
export const errorThresholds = redFrom(thresholds.apiErrorRatio);

const histograms = rollups(measurements.requestHistogram);

/** Percentiles of the chosen requests' durations; to be spread into a panel. */
export function latency(options: Pick<PercentileOptions, "percentiles" | "overTime" | "by">) {
  return {
    unit: "s",
    thresholds: latencyThresholds,
    ...percentiles({ of: histograms, field: "duration_s", where: chosen, ...options }),
  };
}

/** A percentile of the chosen requests' scores over time, by model. */
export const scores = (percentile: Percentile) => ({
  unit: "none",
  decimals: 2,
  min: 0,
  max: 1,
  windows: mostPercentileWindows,
  ...percentiles({
    of: histograms,
    field: "prediction.score",
    where: chosen,
    percentiles: [percentile],
    overTime: true,
    by: "model",
  }),
});

/** Panels of latency over time. */
export const latencyOverTime = (options: Pick<PercentileOptions, "percentiles" | "by">) => ({
  min: 0,
  windows: mostPercentileWindows,
  ...latency({ ...options, overTime: true }),
});

export function errorRatio(...groupBy: Dimension[]): Query {
  return ratioOfCounts({
    ...{ of: requests, where: chosen, part: serverErrors, groupBy, alias: "error ratio" },
    // Of a tile.
    ...(groupBy.length === 0 && { freshWithin: "1h" }),
  });
}

/**
 * Uniques of each model, added up over the chosen models: one who uses two models counts twice.
 *
 * @param span that ends now, for example "30d": finished days are few in the time range of a dashboard
 */
export function uniques(
  what: readonly ("users" | "requests")[],
  from: typeof uniquesPerDay,
  window: Dimension,
  span: string,
): Query {
  return select(...what.map((name) => field(name).sum().as(name)))
    .from(from)
    .where(...chosenModels.filter((condition) => condition !== timeFilter), ofLast(span))
    .groupBy(window)
    .fill("none");
}
