/** A series of InfluxQL's answer. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | boolean | null)[])[];
}

export interface InfluxConnection {
  /** Base URL, for example "http://127.0.0.1:8086". */
  readonly url: string;
  /** Of a credential that InfluxDB's `/query` accepts. */
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/** Runs InfluxQL; times are milliseconds since 1970. */
export type RunQuery = (query: string) => Promise<InfluxSeries[]>;

interface InfluxAnswer {
  readonly error?: string;
  readonly results?: readonly { readonly error?: string; readonly series?: readonly InfluxSeries[] }[];
}

/** @throws Error with the query and InfluxDB's message when it is refused */
export function influxClient(connection: InfluxConnection): RunQuery {
  const authorization = `Basic ${Buffer.from(`${connection.username}:${connection.password}`).toString("base64")}`;
  return async (query) => {
    const address = new URL("/query", connection.url);
    address.search = new URLSearchParams({ db: connection.database, epoch: "ms", q: query }).toString();
    const response = await fetch(address, { headers: { Authorization: authorization } });
    const answer = (await response.json()) as InfluxAnswer;
    const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
    if (!response.ok || error !== undefined) {
      throw new Error(`InfluxDB refused the query (${response.status}: ${error ?? "no reason"}): ${query}`);
    }
    return (answer.results ?? []).flatMap((result) => [...(result.series ?? [])]);
  };
}
