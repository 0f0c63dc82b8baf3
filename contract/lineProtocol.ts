import { maxTagBytes } from "./events";

/** A point of InfluxDB. */
export interface LinePoint {
  measurement: string;
  /** Tags; an empty value is left out. */
  tags: Iterable<readonly [string, string]>;
  fields: Iterable<readonly [string, string | number]>;
  /** In the precision that the write asks for. */
  time: bigint | number;
}

const control = /[\u0000-\u001f\u007f\u2028]+/g;

/**
 * A point in line protocol, as log_points.rb writes it: one line, whatever the texts say. Line breaks become
 * U+2028, tags are cut at their greatest length, and a point without fields has `present`.
 */
export function lineOf({ measurement, tags, fields, time }: LinePoint): string {
  const tagText = [...tags].map(([name, value]) => {
    const cut = Buffer.from(value)
      .subarray(0, maxTagBytes)
      .toString()
      .replace(/\ufffd$/, "");
    const text = cut.replaceAll("\\", "/").replace(control, " ").trim();
    return text === "" ? "" : `,${escaped(name)}=${escaped(text)}`;
  });
  const fieldText = [...fields].map(([name, value]) => `${keyOf(name)}=${fieldValue(value)}`).join(",");
  return `${keyOf(measurement)}${tagText.join("")} ${fieldText === "" ? "present=1" : fieldText} ${time}`;
}

function fieldValue(value: string | number): string {
  if (typeof value === "number") return String(value);
  return `"${value
    .replace(/[\\"]/g, "\\$&")
    .replaceAll("\n", "\u2028")
    .replace(/[\u0000\r]/g, "")}"`;
}

function keyOf(name: string): string {
  return escaped(name.replaceAll("\\", "/").replace(control, "_") || "unnamed");
}

function escaped(text: string): string {
  return text.replace(/[,= ]/g, "\\$&");
}
