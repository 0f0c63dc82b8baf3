import { type BucketName, buckets } from "../../contract/buckets";
import { defaultTimeZone } from "../../contract/timeZone";
import { fluxString, taskOption, type TaskSchedule } from "./flux";

/** Whole windows of `source` become one point each in `target`. */
export interface Resolution {
  target: BucketName;
  /** Bucket whose sums, counts, minima and maxima are taken together. */
  source: BucketName;
  /** Length of a window, as a Flux duration. */
  window: string;
  /** Shift of the windows: Flux counts weeks from Thursday, 1970-01-01. */
  windowOffset: string;
  /**
   * Zone of the clock by which windows begin, and by which durations are added: a day of it may have 23 or 25 hours.
   * @default UTC
   */
  timeZone?: string;
}

/** Flux with which a task begins: imports, its option, and the clock of its windows. */
export function taskHead(
  name: string,
  { timeZone = defaultTimeZone }: Pick<Resolution, "timeZone">,
  schedule: TaskSchedule,
  imports: readonly string[] = [],
): string {
  const zoned = timeZone !== defaultTimeZone;
  const packages = ["date", ...imports, ...(zoned ? ["timezone"] : [])];
  return [
    ...packages.map((name) => `import ${fluxString(name)}`),
    "",
    taskOption(name, schedule),
    ...(zoned ? ["", `option location = timezone.location(name: ${fluxString(timeZone)})`] : []),
  ].join("\n");
}

export const minutely: Resolution = {
  target: "minutely",
  source: "events",
  window: "1m",
  windowOffset: "0s",
};
export const hourly: Resolution = { target: "hourly", source: "minutely", window: "1h", windowOffset: "0s" };
export const daily: Resolution = { target: "daily", source: "hourly", window: "1d", windowOffset: "0s" };
export const weekly: Resolution = { target: "weekly", source: "daily", window: "1w", windowOffset: "4d" };

/** How source and target are compared. Durations are Flux literals. */
export interface Comparison {
  /** Windows by which they are compared; a multiple of the resolution's window. */
  window: string;
  /** How far back. */
  lookBack: string;
  /** Longest range that one run computes. */
  range: string;
}

/** A field that counts events, and how its values are added up. */
export interface EventCount {
  bucket: string;
  measurement: string;
  field: string;
  aggregate: "count" | "sum";
}

/** Flux that takes each window's values together: one point a window, series and field, at the window's start. */
export function aggregateWindow(
  { window, windowOffset }: Pick<Resolution, "window" | "windowOffset">,
  fn: string,
): string {
  return `aggregateWindow(every: ${window}, offset: ${windowOffset}, fn: ${fn}, timeSrc: "_start", createEmpty: false)`;
}

/**
 * Flux that defines `start` and `stop`: whole windows from the first in which the target has fewer events than the
 * source, oldest first. When none is short they enclose an empty range far ahead, so that the rest of the script reads
 * and writes nothing.
 */
export function findBehind(
  source: EventCount,
  target: Omit<EventCount, "aggregate">,
  { windowOffset }: Resolution,
  { window, lookBack, range }: Comparison,
): string {
  const counts = ({ bucket, measurement, field, aggregate }: EventCount): string =>
    `from(bucket: ${fluxString(bucket)})
    |> range(start: compareStart, stop: compareStop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and r._field == ${fluxString(field)})
    |> ${aggregateWindow({ window, windowOffset }, aggregate)}
    |> toFloat()
    |> group(columns: ["_time"])
    |> sum()`;
  return `compareStop = ${truncate("now()", window, windowOffset)}
compareStart = date.sub(d: ${lookBack}, from: compareStop)

inSource = ${counts(source)}

inTarget = ${counts({ ...target, aggregate: "sum" })}
    |> map(fn: (r) => ({r with _value: -r._value}))

short = union(tables: [inSource, inTarget])
    |> group(columns: ["_time"])
    |> sum()
    |> filter(fn: (r) => r._value > 0.5)
    |> group()
    |> sort(columns: ["_time"])
    |> limit(n: 1)
    |> findColumn(fn: (key) => true, column: "_time")
start = if length(arr: short) > 0 then short[0] else 2200-01-01T00:00:00Z
longest = date.add(d: ${range}, to: start)
stop = if longest < compareStop or length(arr: short) == 0 then longest else compareStop`;
}

/** Flux for the start of the window that a time is in. */
function truncate(time: string, window: string, offset: string): string {
  if (offset === "0s") return `date.truncate(t: ${time}, unit: ${window})`;
  return `date.add(d: ${offset}, to: date.truncate(t: date.sub(d: ${offset}, from: ${time}), unit: ${window}))`;
}

/** Flux that writes one or more streams to a resolution's bucket. Flux refuses a union of one. */
export function written(streams: readonly string[], { target }: Resolution): string {
  const [only = "", second] = streams;
  const all = second === undefined ? only.trimStart() : `union(tables: [\n${streams.join(",\n")},\n])`;
  return `${all}
    |> to(bucket: ${fluxString(buckets[target])})
`;
}
