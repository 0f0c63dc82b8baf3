import { buckets, database, secondsPerDay } from "../../../contract/buckets";
import { reasonOf } from "../reconcile/influxApi";
import { type Day, startOf } from "./days";
import type { FieldType } from "./lineProtocol";
import { decodeText, MessagePackReader, type Value } from "./messagePack";

/** Where InfluxDB is and who asks. */
export interface EventsReaderOptions {
  /** Base URL, e.g. `http://influxdb:8086`. */
  url: string;
  /** A user of the 1.x-compatible API that may read the bucket `events`. */
  username: string;
  password: string;
}

/** Rows of one series, a part of them. Texts are bytes (see {@link Value}). */
export interface SeriesRows {
  /** Tag -> value; an empty one stands for a tag that the series does not have. */
  tags: Record<string, string>;
  /** Names of the columns after the time. */
  fields: string[];
  /** Nanoseconds, then a value for each field; null where the point does not have it. */
  rows: Value[][];
}

/** InfluxDB can't be asked at all: the next question would fail too. */
export class InfluxUnavailableError extends Error {}

/**
 * Hours that are read at a time. A measurement's day is never asked for as a whole, so that no single query takes long;
 * within them InfluxDB answers in pieces of {@link rowsPerPiece}, so neither side ever holds more than a few.
 */
const windowSeconds = 3600;
const rowsPerPiece = 1000;

/** Reads the raw events, through the API that takes a user name and password: `/query`, InfluxQL. */
export class EventsReader {
  private readonly url: string;
  private readonly authorization: string;

  constructor(options: EventsReaderOptions) {
    this.url = `${options.url.replace(/\/+$/, "")}/query`;
    const login = Buffer.from(`${options.username}:${options.password}`).toString("base64");
    this.authorization = `Basic ${login}`;
  }

  /** The measurements of the bucket, sorted. */
  async measurements(): Promise<string[]> {
    const rows = await this.rows(
      `SHOW MEASUREMENTS ON ${identifier(database)}.${identifier(buckets.events)}`,
    );
    return rows.map(([name]) => decodeText(String(name))).sort();
  }

  /** Types that each field has, or has had. A field has one type within a shard group, and a day is within one. */
  async fieldTypes(measurement: string): Promise<Map<string, Set<FieldType>>> {
    const types = new Map<string, Set<FieldType>>();
    for (const [name, type] of await this.rows(`SHOW FIELD KEYS FROM ${from(measurement)}`)) {
      const field = String(name);
      types.set(field, (types.get(field) ?? new Set()).add(String(type) as FieldType));
    }
    return types;
  }

  /** How many values a measurement has in a day, over all its fields. */
  async count(measurement: string, day: Day): Promise<number> {
    const time = timeIn(startOf(day), startOf(day) + secondsPerDay);
    let count = 0;
    for (const [, ...counts] of await this.rows(
      `SELECT count(*::field) FROM ${from(measurement)} WHERE ${time}`,
    )) {
      for (const value of counts) count += Number(value ?? 0);
    }
    return count;
  }

  /** All points of a measurement in a day, hour by hour and series by series. */
  async *points(measurement: string, day: Day): AsyncGenerator<SeriesRows> {
    const end = startOf(day) + secondsPerDay;
    for (let start = startOf(day); start < end; start += windowSeconds) {
      const time = timeIn(start, start + windowSeconds);
      yield* this.query(`SELECT *::field FROM ${from(measurement)} WHERE ${time} GROUP BY *`);
    }
  }

  private async rows(query: string): Promise<Value[][]> {
    const rows: Value[][] = [];
    for await (const series of this.query(query)) rows.push(...series.rows);
    return rows;
  }

  private async *query(query: string): AsyncGenerator<SeriesRows> {
    const body = await this.ask(query);
    const reader = new MessagePackReader();
    for await (const piece of body) {
      for (const answer of reader.push(piece)) yield* seriesOf(answer as unknown as Answer);
    }
    if (reader.waiting > 0) throw new Error("InfluxDB's answer ended in the middle of a value");
  }

  private async ask(query: string): Promise<AsyncIterable<Uint8Array>> {
    const form = { db: database, epoch: "ns", chunked: "true", chunk_size: String(rowsPerPiece), q: query };
    let response: Response;
    try {
      response = await fetch(this.url, {
        method: "POST",
        headers: { accept: "application/x-msgpack", authorization: this.authorization },
        body: new URLSearchParams(form),
      });
    } catch (error) {
      throw new InfluxUnavailableError(`InfluxDB at ${this.url} does not answer: ${reasonOf(error)}`);
    }
    if (!response.ok) {
      const message = refusal(response.status, await response.text());
      // A question that InfluxDB does not understand says nothing about the next one.
      throw response.status === 400 ? new Error(message) : new InfluxUnavailableError(message);
    }
    if (response.body === null) throw new Error("InfluxDB's answer has no body");
    return response.body as unknown as AsyncIterable<Uint8Array>;
  }
}

interface Answer {
  error?: string;
  results?: {
    error?: string;
    series?: { tags?: Record<string, string>; columns: string[]; values: Value[][] }[];
  }[];
}

/** An error may come after rows that are already there: whoever takes these must not keep them then. */
function* seriesOf(answer: Answer): Generator<SeriesRows> {
  for (const { error, series = [] } of answer.results ?? []) {
    if (error !== undefined) throw new Error(`InfluxDB answers: ${decodeText(error)}`);
    for (const { tags = {}, columns, values } of series) {
      yield { tags, fields: columns.slice(1), rows: values };
    }
  }
  if (answer.error !== undefined) throw new Error(`InfluxDB answers: ${decodeText(answer.error)}`);
}

function refusal(status: number, body: string): string {
  const hint =
    status === 401 || status === 403
      ? ". The user of the archive is made by the Job influxdb-reconcile, or given by existing.credentials.archive; " +
        `it has to be allowed to read the bucket ${buckets.events}`
      : "";
  return `InfluxDB refuses to be read: status ${status}: ${body.slice(0, 500)}${hint}`;
}

function from(measurement: string): string {
  return `${identifier(buckets.events)}.${identifier(measurement)}`;
}

/** Seconds, from and to before. */
function timeIn(start: number, end: number): string {
  return `time >= ${start}000000000 AND time < ${end}000000000`;
}

function identifier(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
