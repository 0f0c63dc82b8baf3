import { buckets, database, secondsPerDay } from "../../../contract/buckets";
import type { InfluxApi } from "../influxApi";
import { type Day, startOf } from "./days";
import type { FieldType } from "./lineProtocol";
import { decodeText, MessagePackReader, type Value } from "./messagePack";

/** Rows of one series, a part of them. Texts are bytes (see {@link Value}). */
export interface SeriesRows {
  /** Tag -> value; an empty one is a tag that the series does not have. */
  tags: Record<string, string>;
  /** Names of the columns after the time. */
  fields: string[];
  /** Nanoseconds, then a value for each field; null where the point does not have it. */
  rows: Value[][];
}

/**
 * Seconds that are read at a time. A measurement's day is never asked for as a whole, so that no single query takes long;
 * within them InfluxDB answers in pieces of {@link rowsPerPiece}, so neither side ever holds more than a few.
 */
const windowSeconds = 3600;
const rowsPerPiece = 1000;

/** Reads the raw events, through the API that takes a user name and password: `/query`, InfluxQL. */
export class EventsReader {
  constructor(private readonly api: InfluxApi) {}

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
    const rows = await this.rows(`SELECT count(*::field) FROM ${from(measurement)} WHERE ${time}`);
    return rows.flatMap((row) => row.slice(1)).reduce<number>((sum, value) => sum + Number(value ?? 0), 0);
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
    const reader = new MessagePackReader();
    for await (const piece of await this.api.query(database, query, rowsPerPiece)) {
      for (const answer of reader.push(piece)) yield* seriesOf(answer as unknown as Answer);
    }
    if (reader.waiting > 0) throw new Error("InfluxDB's answer ended in the middle of a value");
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
  for (const { error, series = [] } of [...(answer.results ?? []), { error: answer.error }]) {
    if (error !== undefined) throw new Error(`InfluxDB answers: ${decodeText(error)}`);
    for (const { tags = {}, columns, values } of series) {
      yield { tags, fields: columns.slice(1), rows: values };
    }
  }
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
