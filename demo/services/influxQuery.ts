import { database } from "../../contract/buckets";

/** A row of an InfluxQL answer: columns and tags by their names; `time` is RFC 3339. */
export type InfluxRow = Record<string, string | number | boolean | null>;

/** Where InfluxQL queries go, and as whom. */
export interface InfluxQlOptions {
  /** Base URL of InfluxDB. */
  url: string;
  username: string;
  password: string;
}

interface Answer {
  results: {
    error?: string;
    series?: {
      tags?: Record<string, string>;
      columns: string[];
      values: (string | number | boolean | null)[][];
    }[];
  }[];
}

/**
 * Ask InfluxDB's 1.x-compatible API, as the dashboards do.
 *
 * @returns all rows of all series
 * @throws Error with the query and InfluxDB's message
 */
export async function influxQl(options: InfluxQlOptions, query: string): Promise<InfluxRow[]> {
  const parameters = new URLSearchParams({ db: database, q: query });
  const credentials = Buffer.from(`${options.username}:${options.password}`).toString("base64");
  const response = await fetch(`${options.url}/query?${parameters.toString()}`, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}: ${text}\n${query}`);
  const { results } = JSON.parse(text) as Answer;
  return results.flatMap(({ error, series = [] }) => {
    if (error !== undefined) throw new Error(`${error}\n${query}`);
    return series.flatMap(({ tags, columns, values }) =>
      values.map((row) => ({
        ...tags,
        ...Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])),
      })),
    );
  });
}

/**
 * The single number that a query answers with, 0 where it finds nothing.
 *
 * @param column its column, e.g. `count`
 */
export async function influxQlNumber(
  options: InfluxQlOptions,
  query: string,
  column: string,
): Promise<number> {
  const rows = await influxQl(options, query);
  if (rows.length > 1) throw new Error(`${rows.length} rows instead of one\n${query}`);
  const value = rows[0]?.[column] ?? 0;
  if (typeof value !== "number")
    throw new Error(`${column} is ${JSON.stringify(value)}, no number\n${query}`);
  return value;
}
