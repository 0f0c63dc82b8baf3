import { database } from "../../contract/buckets";

/** InfluxDB as Grafana's data source connects to it. */
export interface InfluxConnection {
  /** Base URL, for example "http://127.0.0.1:8086". */
  readonly url: string;
  /** Of a credential that InfluxDB's `/query` accepts. */
  readonly username: string;
  readonly password: string;
}

/** A series of InfluxQL's answer. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | boolean | null)[])[];
}

/** A row of an InfluxQL answer: columns and tags by their names. */
export type InfluxRow = Record<string, string | number | boolean | null>;

/** Runs InfluxQL; times are milliseconds since 1970. */
export type RunQuery = (query: string) => Promise<InfluxSeries[]>;

interface Answer {
  readonly error?: string;
  /** What InfluxDB says of a request that it does not take as one. */
  readonly message?: string;
  readonly results?: readonly { readonly error?: string; readonly series?: readonly InfluxSeries[] }[];
}

/**
 * A client of InfluxDB's 1.x-compatible API, which the dashboards use.
 *
 * @throws Error with the query and InfluxDB's message, when a query fails
 */
export function influxClient({ url, username, password }: InfluxConnection): RunQuery {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return async (query) => {
    const parameters = new URLSearchParams({ db: database, epoch: "ms", q: query });
    const response = await fetch(`${url}/query?${parameters.toString()}`, {
      headers: { authorization },
      signal: AbortSignal.timeout(60_000),
    });
    return readSeries(query, response);
  };
}

/** The series of an answer to an InfluxQL query. @throws Error with the query and InfluxDB's message, when it failed */
export async function readSeries(query: string, response: Response): Promise<InfluxSeries[]> {
  const { error, message: refusal, results = [] } = (await response.json()) as Answer;
  const message = error ?? refusal ?? results.find((result) => result.error !== undefined)?.error;
  if (!response.ok || message !== undefined) {
    throw new Error(`InfluxDB answered with status ${response.status} (${message ?? "no reason"}): ${query}`);
  }
  return results.flatMap(({ series = [] }) => series);
}

/** All rows of all series of one query. @throws Error as {@link influxClient} */
export async function influxQl(connection: InfluxConnection, query: string): Promise<InfluxRow[]> {
  return rowsOf(await influxClient(connection)(query));
}

/** All rows of some series. */
export function rowsOf(series: readonly InfluxSeries[]): InfluxRow[] {
  return series.flatMap(({ tags, columns, values }) =>
    values.map((row) => ({
      ...tags,
      ...Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])),
    })),
  );
}

/** The single number in a column of a query's answer, for example `count`; 0 without rows. */
export async function influxQlNumber(
  connection: InfluxConnection,
  query: string,
  column: string,
): Promise<number> {
  const rows = await influxQl(connection, query);
  if (rows.length > 1) throw new Error(`${rows.length} rows instead of one\n${query}`);
  const value = rows[0]?.[column] ?? 0;
  if (typeof value !== "number")
    throw new Error(`${column} is ${JSON.stringify(value)}, no number\n${query}`);
  return value;
}
