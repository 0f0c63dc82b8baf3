import type { DataTransformerConfig } from "@grafana/grafana-foundation-sdk/dashboard";

import { field, select, type Condition, type Expression, type Query, type Source } from "./influxql";
import type { Matrix } from "./panels";
import { columns } from "./transformations";

/** A query and what Grafana makes of its rows; to be spread into a panel. */
export interface QueryOfRows {
  /** What is asked. */
  readonly query: Query;
  /** Order and headings of the columns. */
  readonly transformations: readonly DataTransformerConfig[];
}

/** Rows of fields and tags as they are. */
export function fieldTable(options: {
  readonly from: Source;
  readonly where: readonly Condition[];
  /** Field or tag -> heading, in the order of the columns; `Time` to show the time. */
  readonly headings: Readonly<Record<string, string>>;
  /** Columns of the headings that are computed. */
  readonly computed?: Readonly<Record<string, Expression>>;
  /** Only so many of the newest rows. */
  readonly newest?: number;
}): QueryOfRows {
  const { from, where, headings, computed = {}, newest } = options;
  const names = Object.keys(headings).filter((name) => name !== "Time");
  const query = select(...names.map((name) => computed[name]?.as(name) ?? field(name)))
    .from(from)
    .where(...where);
  return {
    query: newest === undefined ? query : query.newestFirst().limit(newest),
    transformations: [columns(headings)],
  };
}

/** A matrix of values as they are, by two tags; to be spread into a panel. */
export function fieldMatrix(
  options: Matrix & { readonly from: Source; readonly where: readonly Condition[] },
): { readonly query: Query; readonly matrix: Matrix } {
  const { from, where, ...matrix } = options;
  return {
    query: select(field(matrix.row), field(matrix.column), field(matrix.value))
      .from(from)
      .where(...where),
    matrix,
  };
}
