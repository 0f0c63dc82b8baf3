import { eventCountField } from "../contract/rollups";
import {
  field,
  ofRangeEnd,
  select,
  tag,
  timeFilter,
  type Condition,
  type Dimension,
  type Expression,
  type Query,
  type Source,
} from "./influxql";
import { interval, type Rollups } from "./sources";

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

/** Column that counts what there is at the end of the time range. */
const late = "late";

/** A figure over the time range; nothing where {@link lateSamples} or {@link lateRollups}, among its sources, hold nothing. */
export const whileFresh = (figure: Expression): Expression => figure.plus(field(late).sum().times(0));

/** Samples of the last quarter of an hour of the time range: without any, a figure is old. @param name a field that each has */
export function lateSamples(from: Source, name: string, where: readonly Condition[]): Query {
  return select(field(name).count().as(late))
    .from(from)
    .where(...where, ofRangeEnd("15m"));
}

/** The same of rollups; of hours three count, as the running one is not there yet. @param span of minutes, for example "1h" */
export function lateRollups(of: Rollups, where: readonly Condition[], span: string): Query[] {
  return of.resolutions.map(({ source, when, minutes }) =>
    select(field(eventCountField).count().as(late))
      .from(source)
      .where(...where, when, ofRangeEnd(minutes === 1 ? span : "3h")),
  );
}

/**
 * Aggregates of rollups, at the resolution that the panel's windows ask for. One resolution answers each window, so the
 * sum over them is its value.
 *
 * @throws Error when a column has no alias
 */
export function overRollups(options: {
  readonly of: Rollups;
  readonly columns: readonly Expression[];
  readonly where: readonly Condition[];
  readonly groupBy?: readonly Dimension[];
  /** Nothing is shown where nothing is so late in the time range, for example "15m". @default the figure, however old */
  readonly freshWithin?: string;
}): Query {
  const { of, columns, where, groupBy = [], freshWithin } = options;
  const total = (column: Expression): Expression => field(aliasOf(column)).sum();
  return select(
    ...columns.map((column) =>
      (freshWithin === undefined ? total(column) : whileFresh(total(column))).as(aliasOf(column)),
    ),
  )
    .from(
      ...(freshWithin === undefined ? [] : lateRollups(of, where, freshWithin)),
      ...of.resolutions.map(({ source, when }) =>
        select(...columns)
          .from(source)
          .where(...where, when)
          .groupBy(...groupBy),
      ),
    )
    .where(timeFilter)
    .groupBy(...groupBy);
}

function aliasOf(column: Expression): string {
  if (column.alias === undefined) throw new Error(`${column.render()} has no name: add .as("…")`);
  return column.alias;
}

/**
 * Share of the events that also meet `part`. Where there are events but none of them meets it, the share is 0;
 * where there are no events there is no share: the subquery carries zeros along with the events themselves.
 */
export function ratioOfCounts(options: {
  readonly of: Rollups;
  readonly where: readonly Condition[];
  readonly part: Condition;
  readonly groupBy: readonly Dimension[];
  readonly alias: string;
  /** As in {@link overRollups}. */
  readonly freshWithin?: string;
}): Query {
  const { of, where, part, groupBy, alias, freshWithin } = options;
  const total = field(eventCountField).sum();
  const ratio = field("part").sum().over(field("whole").sum());
  return select((freshWithin === undefined ? ratio : whileFresh(ratio)).as(alias))
    .from(
      ...(freshWithin === undefined ? [] : lateRollups(of, where, freshWithin)),
      ...of.resolutions.flatMap(({ source, when }) => [
        select(total.times(0).as("part"), total.as("whole"))
          .from(source)
          .where(...where, when)
          .groupBy(...groupBy),
        select(total.as("part"))
          .from(source)
          .where(...where, part, when)
          .groupBy(...groupBy),
      ]),
    )
    .where(timeFilter)
    .groupBy(...groupBy);
}

/** A query over time, and the name of each of its series; to be spread into a panel or a target. */
export interface QueryOverTime {
  /** A value for each window and set of tags. */
  readonly query: Query;
  /** Names each series by its tags. */
  readonly alias: string;
}

/** A query in the panel's windows, a series for each set of values of the tags; a gap where a window has none. */
export function overTime(query: Query, ...tags: string[]): QueryOverTime {
  return { query: query.groupBy(interval, ...tags.map(tag)).fill("null"), alias: seriesName(tags) };
}

/** The number of events in the panel's windows, a series for each set of values of the tags. */
export function countOverTime(
  of: Rollups,
  where: readonly Condition[],
  count: Expression,
  ...tags: string[]
): QueryOverTime {
  const groupBy = [interval, ...tags.map(tag)];
  return {
    query: overRollups({ of, columns: [count], where, groupBy }).fill("null"),
    alias: seriesName(tags),
  };
}

function seriesName(tags: readonly string[]): string {
  return tags.map((name) => `$tag_${name}`).join(" ");
}
