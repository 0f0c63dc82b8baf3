import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { redFrom } from "./fieldOptions";
import {
  equals,
  field,
  matchesVariable,
  select,
  time,
  timeFilter,
  type Condition,
  type Dimension,
  type Query,
} from "./influxql";
import { ratioOfCounts, weightedPercentiles, type Percentile } from "./rollupQueries";
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
export const serverErrors = equals("status_class", "5xx");

export const day = time("1d");
/** InfluxQL's weeks start on Thursday; the rollups' on Monday. */
export const week = time("1w", "4d");

export const latencyThresholds = redFrom(thresholds.apiLatencyP95Seconds);
export const latencyOverTime = { unit: "s", min: 0, thresholds: latencyThresholds } as const;
export const errorThresholds = redFrom(thresholds.apiErrorRatio);

export function latency(percentiles: readonly Percentile[], ...groupBy: Dimension[]): Query {
  return weightedPercentiles({ of: requests, field: "duration_s", percentiles, where: chosen, groupBy });
}

export function errorRatio(...groupBy: Dimension[]): Query {
  return ratioOfCounts({ of: requests, where: chosen, part: serverErrors, groupBy, alias: "error ratio" });
}

/** Uniques of each model, added up over the chosen models: one who uses two models counts twice. */
export function uniques(what: "users" | "requests", from: typeof uniquesPerDay, window: Dimension): Query {
  return select(field(what).sum().as(what))
    .from(from)
    .where(...chosenModels)
    .groupBy(window)
    .fill("none");
}
