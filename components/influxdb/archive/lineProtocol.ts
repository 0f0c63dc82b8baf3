import type { Value } from "./messagePack";

/** Type of a field, as InfluxDB calls it. */
export type FieldType = "float" | "integer" | "unsigned" | "string" | "boolean";

/** A series of InfluxDB's answer; texts are bytes (see {@link Value}). */
export interface Series {
  measurement: string;
  /** Tag -> value; an empty one is a tag that the series does not have. */
  tags: Readonly<Record<string, string>>;
  /** Names of the columns after the time: its fields. */
  fields: readonly string[];
  /** The fields that hold unsigned integers, which look like integers in the answer. */
  unsigned: ReadonlySet<string>;
}

/** A line of line protocol as bytes (see {@link Value}), and how many values each column has given so far. */
export type RenderRow = (row: readonly Value[]) => string;

/**
 * What turns the rows of a series into line protocol, with types and nanoseconds as they are.
 *
 * Escapes what line protocol has escapes for (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/):
 * commas, spaces and equals signs in names and tags, quotes and backslashes in texts. Line breaks in texts stay line
 * breaks.
 *
 * @param counted called with the column and type of each value
 * @returns undefined when InfluxDB would not read a name or tag of the series back (see {@link isExpressible})
 */
export function renderRows(
  series: Series,
  counted: (column: number, type: FieldType) => void,
): RenderRow | undefined {
  const tags = Object.entries(series.tags).filter(([, value]) => value !== "");
  const names = [series.measurement, ...tags.flat(), ...series.fields];
  if (!isExpressible(names)) return undefined;
  const start = [
    series.measurement.replace(/[, ]/g, "\\$&"),
    ...tags
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${escapeName(key)}=${escapeName(value)}`),
  ].join(",");
  const columns = series.fields.map((field) => ({
    start: `${escapeName(field)}=`,
    integer: series.unsigned.has(field) ? ("unsigned" as const) : ("integer" as const),
  }));
  return (row) => {
    let fields = "";
    columns.forEach(({ start: name, integer }, index) => {
      const value = row[index + 1];
      if (value === null || value === undefined) return;
      const type = typeOf(value, integer);
      counted(index, type);
      fields += `${fields === "" ? " " : ","}${name}${fieldValue(value, type)}`;
    });
    return `${start}${fields} ${String(row[0])}\n`;
  };
}

function escapeName(name: string): string {
  return name.replace(/[,= ]/g, "\\$&");
}

function typeOf(value: Value, integer: "integer" | "unsigned"): FieldType {
  if (typeof value === "number") return "float";
  if (typeof value === "bigint") return integer;
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  throw new Error("InfluxDB's answer holds a field that is neither number, text nor boolean");
}

function fieldValue(value: Value, type: FieldType): string {
  switch (type) {
    case "float":
      // The shortest text that gives the same float again; but for String, -0 is 0.
      return Object.is(value, -0) ? "-0" : String(value);
    case "integer":
      return `${String(value)}i`;
    case "unsigned":
      return `${String(value)}u`;
    case "boolean":
      return String(value);
    case "string":
      return `"${(value as string).replace(/["\\]/g, "\\$&")}"`;
  }
}

/**
 * Whether InfluxDB reads a series back as it is. Nothing escapes a backslash at the end of a name, nor a measurement that
 * begins as a comment; and where a backslash comes before a comma, space or equals sign, a quote in a name makes
 * InfluxDB's search for the end of a line run into the next line. The log contract makes no such names.
 *
 * @param names the measurement, then tags and fields
 */
function isExpressible(names: readonly string[]): boolean {
  if (names[0]?.startsWith("#") || names.some((name) => name.endsWith("\\"))) return false;
  return !(names.some((name) => /\\[,= ]/.test(name)) && names.some((name) => name.includes('"')));
}
