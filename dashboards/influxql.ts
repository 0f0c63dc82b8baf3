/**
 * A small typed builder of InfluxQL, beside the Grafana Foundation SDK, which has no InfluxDB query type.
 *
 * It renders what the dashboards need and nothing more: aggregates, arithmetic on them, one level or more of subqueries,
 * tag and field conditions, and Grafana's macros (`$timeFilter`, `$__interval`) as they are. Values are always
 * escaped; a name can't break out of its quotes.
 */

import { Expression, identifier, literal } from "./expression";

export { everyField, Expression, field } from "./expression";

/** A condition of a WHERE clause, rendered. */
export interface Condition {
  /** InfluxQL of it. */
  readonly condition: string;
}

/** The dashboard's time range. */
export const timeFilter: Condition = { condition: "$timeFilter" };

/**
 * A span that ends now, whatever the dashboard's time range is: a panel's own range would end with it when somebody zooms.
 *
 * @param duration of InfluxQL, for example "7d"
 */
export function ofLast(duration: string): Condition {
  return { condition: `time >= now() - ${duration}` };
}

/** The last part of the dashboard's time range. @param duration of InfluxQL, for example "15m" */
export function ofRangeEnd(duration: string): Condition {
  return { condition: `time >= \${__to}ms - ${duration}` };
}

/** The panel's windows are shorter than this; a constant, on which InfluxQL decides before it reads anything. */
export function windowsBelow(milliseconds: number): Condition {
  return { condition: `$__interval_ms < ${milliseconds}` };
}

/** The panel's windows are this long or longer; see {@link windowsBelow}. */
export function windowsFrom(milliseconds: number): Condition {
  return { condition: `$__interval_ms >= ${milliseconds}` };
}

/** A tag (or text field) equals a value; `variable("x")` for a dashboard variable of one value. */
export function equals(name: string, value: string): Condition {
  return { condition: `${identifier(name)} = ${literal(value)}` };
}

/** A tag (or text field) does not equal a value; also where it is missing. */
export function notEquals(name: string, value: string): Condition {
  return { condition: `${identifier(name)} != ${literal(value)}` };
}

/** A tag is one of the values of a dashboard variable: one, several or all. */
export function matchesVariable(name: string, variableName: string): Condition {
  return { condition: `${identifier(name)} =~ /^\${${variableName}:regex}$/` };
}

/** A tag is a value of one or the other dashboard variable. */
export function matchesEitherVariable(name: string, first: string, second: string): Condition {
  return { condition: `${identifier(name)} =~ /^(\${${first}:regex}|\${${second}:regex})$/` };
}

/** A tag or text field starts with what a dashboard variable holds; all values where it is empty. */
export function startsWithVariable(name: string, variableName: string): Condition {
  return { condition: `${identifier(name)} =~ /^\${${variableName}:regex}/` };
}

/** Nothing is typed into a text variable; a constant, on which InfluxQL decides before it reads anything. */
const isEmpty = (variableName: string): string => `\${${variableName}:singlequote} = ''`;

/**
 * Not "All" is chosen in a dashboard variable; a constant, on which InfluxQL decides before it reads anything. Grafana may
 * write the dollar sign encoded.
 */
export function someChosen(variableName: string): Condition {
  const all = ["$", "%24"].map((dollar) => literal(`var-${variableName}=${dollar}__all`));
  return {
    condition: all.map((text) => `'\${${variableName}:queryparam}' != ${text}`).join(" AND "),
  };
}

/** A text field begins with what is typed into a variable; all rows where nothing is. */
export function beginsWithText(name: string, variableName: string): Condition {
  return {
    condition: `(${isEmpty(variableName)} OR ${identifier(name)} =~ /^\${${variableName}:regex}/)`,
  };
}

/** One of the text fields contains what is typed into a variable, in any case; all rows where nothing is. */
export function containsText(names: readonly string[], variableName: string): Condition {
  const contains = names.map((name) => `${identifier(name)} =~ /(?i)\${${variableName}:regex}/`);
  return { condition: `(${[isEmpty(variableName), ...contains].join(" OR ")})` };
}

/** A tag (or text field) is one of these words. */
export function oneOf(name: string, words: readonly string[]): Condition {
  return { condition: `(${words.map((word) => equals(name, word).condition).join(" OR ")})` };
}

/** A text field is there, and not empty. */
export function isPresent(name: string): Condition {
  return { condition: `${identifier(name)} =~ /./` };
}

/** A dimension of a GROUP BY clause, rendered. */
export interface Dimension {
  /** InfluxQL of it. */
  readonly dimension: string;
}

/** A series for each value of a tag. */
export function tag(name: string): Dimension {
  return { dimension: identifier(name) };
}

/**
 * Windows of time.
 *
 * @param interval an InfluxQL duration or Grafana's `$__interval`
 */
export function time(interval: string): Dimension {
  return { dimension: `time(${interval})` };
}

/** A measurement in a retention policy (of the data source's database). */
export interface Source<Policy extends string = string> {
  /** The bucket, for example `minutely`. */
  readonly retentionPolicy: Policy;
  /** Its name, for example `http.server.request`. */
  readonly measurement: string;
}

/** `null` leaves gaps, `none` leaves the windows out, a number invents data: use it for counts only. */
export type Fill = "null" | "none" | "previous" | "linear" | number;

interface QueryParts {
  readonly columns: readonly Expression[];
  readonly sources: readonly (Source | Query)[];
  readonly conditions: readonly Condition[];
  readonly dimensions: readonly Dimension[];
  readonly fillWith?: Fill;
  readonly newestFirst: boolean;
  readonly limitTo?: number;
}

/** A SELECT statement. Immutable: every method returns a new one. */
export class Query {
  private constructor(private readonly parts: QueryParts) {}

  static select(...columns: Expression[]): Query {
    if (columns.length === 0) {
      throw new Error("a query selects nothing: name at least one column");
    }
    return new Query({ columns, sources: [], conditions: [], dimensions: [], newestFirst: false });
  }

  /** A measurement, or subqueries whose rows are taken together. */
  from(...sources: (Source | Query)[]): Query {
    return new Query({ ...this.parts, sources });
  }

  /** Adds conditions; all of them hold. */
  where(...conditions: Condition[]): Query {
    return new Query({ ...this.parts, conditions: [...this.parts.conditions, ...conditions] });
  }

  /** Adds tags and windows of time; each combination is a row or a series. */
  groupBy(...dimensions: Dimension[]): Query {
    return new Query({ ...this.parts, dimensions: [...this.parts.dimensions, ...dimensions] });
  }

  /** What a window without points holds. */
  fill(fillWith: Fill): Query {
    return new Query({ ...this.parts, fillWith });
  }

  /** Rows in the order of time, the newest first. */
  newestFirst(): Query {
    return new Query({ ...this.parts, newestFirst: true });
  }

  /** At most so many rows. */
  limit(limitTo: number): Query {
    return new Query({ ...this.parts, limitTo });
  }

  /** The measurement at the bottom of the (first) subqueries. */
  innermostSource(): Source {
    const [first] = this.parts.sources;
    if (first === undefined) {
      throw new Error("a query has no source: add .from(…)");
    }
    return first instanceof Query ? first.innermostSource() : first;
  }

  /** InfluxQL of it. @throws Error when it has no source */
  render(): string {
    const { columns, sources, conditions, dimensions, fillWith, newestFirst, limitTo } = this.parts;
    if (sources.length === 0) {
      throw new Error("a query has no source: add .from(…)");
    }
    return [
      `SELECT ${columns.map((column) => column.render()).join(", ")}`,
      `FROM ${sources.map(renderSource).join(", ")}`,
      conditions.length > 0 ? `WHERE ${conditions.map((one) => one.condition).join(" AND ")}` : undefined,
      dimensions.length > 0 ? `GROUP BY ${dimensions.map((one) => one.dimension).join(", ")}` : undefined,
      fillWith === undefined ? undefined : `fill(${fillWith})`,
      newestFirst ? "ORDER BY time DESC" : undefined,
      limitTo === undefined ? undefined : `LIMIT ${limitTo}`,
    ]
      .filter((clause) => clause !== undefined)
      .join(" ");
  }
}

function renderSource(source: Source | Query): string {
  return source instanceof Query ? `(${source.render()})` : measurement(source);
}

function measurement(source: Source): string {
  return `${identifier(source.retentionPolicy)}.${identifier(source.measurement)}`;
}

/** A query of these columns; `.from(…)` says of what. @throws Error when it selects nothing */
export const select = (...columns: Expression[]): Query => Query.select(...columns);

/**
 * The values of a tag, from the index: as fast with many points as with few.
 *
 * InfluxDB 2 answers SHOW TAG VALUES from the database's default retention policy whatever FROM says, so this takes
 * no retention policy: it lists what the raw events of the last days have.
 */
export function showTagValues(options: {
  measurement: string;
  tag: string;
  where?: readonly Condition[];
}): string {
  const { measurement: name, tag: key, where = [] } = options;
  return [
    `SHOW TAG VALUES FROM ${identifier(name)} WITH KEY = ${identifier(key)}`,
    where.length > 0 ? `WHERE ${where.map((one) => one.condition).join(" AND ")}` : undefined,
  ]
    .filter((clause) => clause !== undefined)
    .join(" ");
}

/**
 * The values of a tag in any retention policy, by reading its points: for measurements with few of them.
 *
 * @param options.field a field that each point has
 */
export function distinctTagValues(options: {
  source: Source;
  tag: string;
  field: string;
  where?: readonly Condition[];
}): Query {
  return Query.select(Expression.field(options.tag).distinct().as(options.tag)).from(
    Query.select(Expression.field(options.tag), Expression.field(options.field))
      .from(options.source)
      .where(...(options.where ?? [])),
  );
}
