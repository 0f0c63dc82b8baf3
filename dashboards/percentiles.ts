import type { DataTransformerConfig } from "@grafana/grafana-foundation-sdk/dashboard";

import { bucketTag, startField, totalField } from "../contract/histograms";
import {
  field,
  select,
  tag,
  timeFilter,
  type Condition,
  type Dimension,
  type Expression,
  type Query,
} from "./influxql";
import { refIdOf, type TargetOptions } from "./influxqlTarget";
import { interval, type Rollups } from "./sources";
import { matrix } from "./transformations";

/** Percentiles and their shares of the values. */
const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export type Percentile = keyof typeof shares;

/** The most windows of a panel of percentiles: each of them has rows for all of its buckets. */
export const mostPercentileWindows = 100;

/** What a panel of percentiles asks for. */
export interface PercentileOptions {
  /** Histograms at each resolution. */
  readonly of: Rollups;
  /** Field whose values were counted. */
  readonly field: string;
  /** Several; only one where there are series by a tag. */
  readonly percentiles: readonly Percentile[];
  readonly where: readonly Condition[];
  /** A percentile for each of the panel's windows. @default one over the whole time range */
  readonly overTime?: boolean;
  /** A series for each value of the tag. @default all are taken together */
  readonly by?: string;
}

/** Column of the query: what a row adds to the excess. */
const step = "step";
const excess = "excess";
const leastOfBucket = `${bucketTag} (min)`;

/** Counts are whole, and shares of them multiples of a hundredth: less than that is rounding. */
const tolerance = 0.001;

/**
 * Queries and transformations of percentiles from merged histograms, to be spread into a panel.
 *
 * InfluxQL adds the counts of each bucket up, over any time and any series, but can't go on from bucket to bucket. Grafana
 * does: of the rows in the order of their buckets, `step` is added up to `excess`. A first row takes the percentile's share
 * of all values away, the last one (the bucket of the totals) the rest, so that each window and series begins at 0 again.
 * The first bucket whose excess is not below 0 holds the percentile (the nearest rank); its tag is the value.
 */
export function percentiles(options: PercentileOptions): {
  readonly targets: readonly TargetOptions[];
  readonly transformations: readonly DataTransformerConfig[];
} {
  const { by } = options;
  const groups = ["Time", ...(by === undefined ? [] : [by])];
  return {
    targets: options.percentiles.map((name) => ({ query: steps(options, shares[name]), format: "table" })),
    transformations: [
      {
        id: "convertFieldType",
        options: { conversions: [{ targetField: bucketTag, destinationType: "number" }] },
      },
      // Sorting is stable: the last column decides first.
      ...[bucketTag, ...groups].map((column) => ({ id: "sortBy", options: { sort: [{ field: column }] } })),
      // Of each query by itself: of several frames with a time, Grafana would make one first.
      ...options.percentiles.map((_, index) => ({
        id: "calculateField",
        options: { mode: "cumulativeFunctions", alias: excess, cumulative: { field: step, reducer: "sum" } },
        filter: ofQuery(index),
      })),
      {
        id: "filterByValue",
        options: {
          type: "include",
          match: "all",
          filters: [{ fieldName: excess, config: { id: "greaterOrEqual", options: { value: -tolerance } } }],
        },
      },
      {
        id: "groupBy",
        options: {
          fields: {
            ...Object.fromEntries(groups.map((group) => [group, { operation: "groupby", aggregations: [] }])),
            [bucketTag]: { operation: "aggregate", aggregations: ["min"] },
          },
        },
      },
      ...options.percentiles.map((name, index) => ({ ...named(options, name), filter: ofQuery(index) })),
    ],
  };
}

/** The frame of a query. */
const ofQuery = (index: number) => ({
  id: "byRefId",
  options: refIdOf(index),
});

/** How the series of one percentile's table is named. */
function named({ by }: PercentileOptions, name: Percentile): DataTransformerConfig {
  return by === undefined
    ? { id: "organize", options: { renameByName: { [leastOfBucket]: name } } }
    : matrix({ row: "Time", column: by, value: leastOfBucket });
}

function steps({ of, field: name, where, overTime = false, by }: PercentileOptions, share: number): Query {
  const groupBy: readonly Dimension[] = [
    ...(overTime ? [interval] : []),
    ...(by === undefined ? [] : [tag(by)]),
  ];
  const total = field(totalField(name)).sum();
  const start = field(startField(name)).sum();
  const rest = Number((share - 1).toFixed(4));
  return select(field(step).sum().as(step))
    .from(
      ...of.resolutions.flatMap(({ source, when }) => {
        const from = (column: Expression): Query =>
          select(column.as(step))
            .from(source)
            .where(...where, when)
            .groupBy(...groupBy, tag(bucketTag));
        const first = from(start.times(-share));
        // A window without values has a first row all the same, and so a gap.
        return [from(field(name).sum()), overTime ? first.fill(0) : first, from(total.times(rest))];
      }),
    )
    .where(timeFilter)
    .groupBy(...groupBy, tag(bucketTag))
    .fill("none");
}
