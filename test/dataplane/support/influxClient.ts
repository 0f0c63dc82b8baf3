import { readSeries, rowsOf } from "../../../local/services/influxQuery";

/** A row of a query's answer: column -> value as text. */
export type Row = Record<string, string>;

/** A task, as InfluxDB's API describes it. */
export interface Task {
  name: string;
  status: "active" | "inactive";
  every?: string;
  latestCompleted?: string;
  lastRunStatus?: string;
}

/** Who asks: the operator's token, or a user of the 1.x-compatible API. */
export type Login = { token: string } | { username: string; password: string };

function authorization(login: Login): string {
  if ("token" in login) return `Token ${login.token}`;
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
}

/** InfluxDB as its users see it. */
export class InfluxClient {
  constructor(
    private readonly url: string,
    private readonly login: Login,
  ) {}

  /** The same database, asked by another. */
  as(login: Login): InfluxClient {
    return new InfluxClient(this.url, login);
  }

  /** Write line protocol with nanoseconds into a retention policy of the database. */
  async write(lines: readonly string[], retentionPolicy = "events", database = "monitoring"): Promise<void> {
    for (let from = 0; from < lines.length; from += 20_000) {
      const response = await this.tryWrite(lines.slice(from, from + 20_000), retentionPolicy, database);
      if (!response.ok) throw new Error(`write: status ${response.status}: ${await response.text()}`);
    }
  }

  /** The bare answer to a write. */
  tryWrite(lines: readonly string[], retentionPolicy: string, database = "monitoring"): Promise<Response> {
    const query = new URLSearchParams({ db: database, rp: retentionPolicy, precision: "ns" });
    return fetch(`${this.url}/write?${query.toString()}`, {
      method: "POST",
      headers: { authorization: authorization(this.login) },
      body: lines.join("\n"),
    });
  }

  /** Rows of a Flux script's results. `now` is what the script's now() gives. */
  async flux(query: string, now?: Date): Promise<Row[]> {
    const response = await fetch(`${this.url}/api/v2/query?org=ds-monitoring`, {
      method: "POST",
      headers: { authorization: authorization(this.login), "content-type": "application/json" },
      body: JSON.stringify({
        query,
        type: "flux",
        dialect: { annotations: [], header: true },
        ...(now !== undefined && { now: now.toISOString() }),
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`query: status ${response.status}: ${text}`);
    const rows = parseCsv(text);
    const failed = rows.find((row) => row.error !== undefined && row.error !== "");
    if (failed !== undefined) throw new Error(`query: ${failed.error}`);
    return rows;
  }

  /** Its tasks, with their last runs. */
  async tasks(): Promise<Task[]> {
    const response = await fetch(`${this.url}/api/v2/tasks?limit=500`, {
      headers: { authorization: authorization(this.login) },
    });
    return ((await response.json()) as { tasks: Task[] }).tasks;
  }

  /** The bare answer to an InfluxQL query. */
  tryInfluxql(query: string, database = "monitoring"): Promise<Response> {
    const parameters = new URLSearchParams({ db: database, q: query });
    return fetch(`${this.url}/query?${parameters.toString()}`, {
      headers: { authorization: authorization(this.login) },
    });
  }

  /** Rows of an InfluxQL query, tags and columns together. */
  async influxql(query: string): Promise<Record<string, unknown>[]> {
    return rowsOf(await readSeries(query, await this.tryInfluxql(query)));
  }
}

/** Rows of Flux's CSV: tables are parted by empty lines, each with a header of its own. */
function parseCsv(text: string): Row[] {
  const rows: Row[] = [];
  let header: string[] | undefined;
  for (const line of text.split("\r\n")) {
    if (line === "") {
      header = undefined;
      continue;
    }
    const cells = parseCsvLine(line);
    if (header === undefined) {
      header = cells;
      continue;
    }
    rows.push(Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ""])));
  }
  return rows;
}

function parseCsvLine(line: string): string[] {
  const cells: string[] = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    cells.push(match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'));
  }
  return cells;
}
