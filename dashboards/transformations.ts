import type { DataTransformerConfig } from "@grafana/grafana-foundation-sdk/dashboard";

/**
 * The columns of a table in their order, by the names that the query gives them, each with its heading; a query's
 * column that isn't named comes last, `Time` is left out unless it is named.
 *
 * @param without columns that are left out
 */
export function columns(
  headings: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): DataTransformerConfig {
  const excluded = [...without, ...(headings["Time"] === undefined ? ["Time"] : [])];
  return {
    id: "organize",
    options: {
      excludeByName: Object.fromEntries(excluded.map((name) => [name, true])),
      indexByName: Object.fromEntries(Object.keys(headings).map((name, index) => [name, index])),
      renameByName: { ...headings },
    },
  };
}

/** Drops the time column: of an aggregate over the whole range it is only the range's start. */
export function withoutTime(): DataTransformerConfig {
  return columns({});
}

/** Columns without the aggregate that InfluxQL puts before the names of fields: `f1` for `mean_f1`. */
export function withoutAggregate(aggregate: "mean"): DataTransformerConfig {
  return { id: "renameByRegex", options: { regex: `^${aggregate}_(.*)$`, renamePattern: "$1" } };
}

/** Names of series, which are values of a tag, with a word before them: `version 3` for `3`. */
export function namedAfter(word: string): DataTransformerConfig {
  return { id: "renameByRegex", options: { regex: "^(?!Time)(.+)$", renamePattern: `${word} $1` } };
}

/** One table of several: rows with the same values in the columns that they share become one. */
export function mergeTables(): DataTransformerConfig {
  return { id: "merge", options: {} };
}

/** A column with the sum of other columns in each row; of all numbers where none are named. */
export function rowTotal(alias: string, include?: readonly string[]): DataTransformerConfig {
  return {
    id: "calculateField",
    options: { mode: "reduceRow", alias, reduce: { reducer: "sum", ...(include && { include }) } },
  };
}

/** A column made of two, or of one and a number. */
export function calculated(
  alias: string,
  left: string,
  operator: "+" | "-" | "/",
  right: string,
): DataTransformerConfig {
  return { id: "calculateField", options: { mode: "binary", alias, binary: { left, operator, right } } };
}

/** A column of milliseconds since 1970 as times. */
export function asTime(column: string): DataTransformerConfig {
  return {
    id: "convertFieldType",
    options: { conversions: [{ targetField: column, destinationType: "time" }] },
  };
}

/** A table for each value of a column, which becomes a label of the others. */
export function tableFor(column: string): DataTransformerConfig {
  return {
    id: "partitionByValues",
    options: { fields: [column], keepFields: false, naming: { asLabels: true } },
  };
}

/** Rows in the order of a column, the highest first. */
export function highestFirst(column: string): DataTransformerConfig {
  return { id: "sortBy", options: { sort: [{ field: column, desc: true }] } };
}

/** Turns rows of (row, column, value) into a matrix, whose first column is named `row\\column`. */
export function matrix(options: { row: string; column: string; value: string }): DataTransformerConfig {
  return {
    id: "groupingToMatrix",
    options: {
      rowField: options.row,
      columnField: options.column,
      valueField: options.value,
      emptyValue: "null",
    },
  };
}

/** Rows counted by a column; the count is in the column `<counted> (count)`. */
export function countBy(group: string, counted: string): DataTransformerConfig {
  return {
    id: "groupBy",
    options: {
      fields: {
        [group]: { operation: "groupby", aggregations: [] },
        [counted]: { operation: "aggregate", aggregations: ["count"] },
      },
    },
  };
}

/** A column of times as days of UTC, for example `17 Mar`. */
export function utcDays(column: string): DataTransformerConfig {
  return { id: "formatTime", options: { timeField: column, outputFormat: "D MMM", timezone: "utc" } };
}
