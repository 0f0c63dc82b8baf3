import { eventCountField, rollupField } from "../components/metrics/rollups";
import { field, select } from "./influxql";
import type { Condition, Dimension, Expression, Query, Source } from "./influxql";

/** Number of events in a rollup. */
export function totalCount(alias = "count"): Expression {
  return field(eventCountField).sum().as(alias);
}

/** Mean of a numeric field over rollups: the sum of sums by the sum of counts, never a mean of means. */
export function meanOf(name: string): Expression {
  return field(`${name}.sum`)
    .sum()
    .over(field(`${name}.count`).sum());
}

/**
 * A percentile over many rollup windows. Percentiles can't be added up; this is their mean weighted by the number of
 * events, close while the windows are alike. The raw events give the exact one.
 */
export function weightedPercentile(options: {
  readonly field: string;
  readonly percentile: "p50" | "p95" | "p99";
  readonly source: Source;
  readonly where: readonly Condition[];
  readonly groupBy: readonly Dimension[];
  readonly alias?: string;
}): Query {
  const events = field(rollupField(options.field, "count"));
  return select(
    field("weighted")
      .sum()
      .over(field("events").sum())
      .as(options.alias ?? options.percentile),
  )
    .from(
      select(
        field(rollupField(options.field, options.percentile)).times(events).as("weighted"),
        events.as("events"),
      )
        .from(options.source)
        .where(...options.where),
    )
    .where(...options.where.filter((condition) => condition.condition === "$timeFilter"))
    .groupBy(...options.groupBy);
}

/**
 * Share of the events that also meet `part`. Where there are events but none of them meets it, the share is 0;
 * where there are no events there is no share: the subquery carries zeros along with the events themselves.
 */
export function ratioOfCounts(options: {
  readonly source: Source;
  readonly where: readonly Condition[];
  readonly part: Condition;
  readonly groupBy: readonly Dimension[];
  readonly alias: string;
}): Query {
  const count = field(eventCountField);
  return select(field("part").sum().over(field("whole").sum()).as(options.alias))
    .from(
      select(count.times(0).as("part"), count.as("whole"))
        .from(options.source)
        .where(...options.where),
      select(count.as("part"))
        .from(options.source)
        .where(...options.where, options.part),
    )
    .where(...options.where.filter((condition) => condition.condition === "$timeFilter"))
    .groupBy(...options.groupBy);
}
