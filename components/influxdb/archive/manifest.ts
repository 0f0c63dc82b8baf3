import { createHash } from "node:crypto";
import type { Day } from "./days";
import type { FieldType } from "./lineProtocol";

/** A file of line protocol, compressed with gzip. */
export interface ArchivedFile {
  /** Name in the day's folder, e.g. `http.server.request.lp.gz`. */
  name: string;
  points: number;
  /** Size in bytes. */
  bytes: number;
  /** Of the compressed file, in hexadecimal: what `sha256sum` prints. */
  sha256: string;
}

/** What is archived of a measurement in a day. */
export interface ArchivedMeasurement {
  /** At least one; a second holds the points with line breaks (see {@link fileName}). */
  files: ArchivedFile[];
  points: number;
  /** Field -> its type and how many points have it. */
  fields: Record<string, { type: FieldType; values: number }>;
  /** Points that line protocol can't express, which are not in the files, and their field values. */
  skipped?: { points: number; values: number };
  /** When it was exported, RFC 3339. */
  exportedAt: string;
}

/** `manifest.json` of a day: what its files hold. */
export interface Manifest {
  version: 1;
  day: Day;
  /** Whether every measurement that InfluxDB had is archived. */
  complete: boolean;
  /** Why a day that is not complete never will be. */
  lost?: string;
  measurements: Record<string, ArchivedMeasurement>;
}

/** A manifest that holds nothing yet. */
export function emptyManifest(day: Day): Manifest {
  return { version: 1, day, complete: false, measurements: {} };
}

/**
 * A manifest's text.
 *
 * @param origin what it is called in the message
 * @throws Error when it is no manifest of that day that this version reads
 */
export function parseManifest(text: string, day: Day, origin: string): Manifest {
  let parsed: Partial<Manifest> | null = null;
  try {
    parsed = JSON.parse(text) as Partial<Manifest> | null;
  } catch {
    // Said below.
  }
  const isManifest = parsed?.version === 1 && parsed.day === day && typeof parsed.measurements === "object";
  if (!isManifest) {
    throw new Error(
      `${origin} is no manifest of ${day} that this version can read: move the day's folder away, or remove the ` +
        "manifest to have the day exported again while InfluxDB holds it",
    );
  }
  return parsed as Manifest;
}

/** Number of field values that InfluxDB had of a measurement when it was exported. */
export function valuesOf({ fields, skipped }: ArchivedMeasurement): number {
  return Object.values(fields).reduce((sum, { values }) => sum + values, skipped?.values ?? 0);
}

/** Longest name of a file, below what file systems and object stores allow, without its suffixes. */
const longestStem = 150;

/**
 * Name of a measurement's file. Whatever else than `a-z 0-9 . _ -` it holds, capitals too, is percent-encoded: names
 * never leave the folder, and differ also where the file system ignores case (Azure Files).
 *
 * @param breaks for the points that hold a line break. `influx write` cuts its batches at line breaks, inside of texts
 *   too, and drops empty lines: these points are kept apart, for the HTTP API takes them as they are.
 */
export function fileName(measurement: string, breaks = false): string {
  const encoded = [...Buffer.from(measurement, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("")
    .replace(/^\./, "%2e");
  const stem =
    encoded.length <= longestStem
      ? encoded
      : `${encoded.slice(0, longestStem - 17)}~${createHash("sha256").update(measurement).digest("hex").slice(0, 16)}`;
  return `${stem}${breaks ? "+breaks" : ""}.lp.gz`;
}

/**
 * What is done with a measurement of a day: it is exported when it is not archived, when InfluxDB has more of it by now,
 * or when its files are not what the manifest says. A day that InfluxDB is dropping never replaces a fuller one.
 *
 * @param available number of field values that InfluxDB has
 * @param intact whether the files are there
 */
export function decideExport(
  available: number,
  archived: ArchivedMeasurement | undefined,
  intact: boolean,
): "export" | "same" | "less" {
  const values = archived === undefined ? 0 : valuesOf(archived);
  if (available > values) return "export";
  if (available < values) return "less";
  return intact ? "same" : "export";
}
