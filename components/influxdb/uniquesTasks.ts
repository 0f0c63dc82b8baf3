import { type BucketName, buckets, type RetentionDays } from "../../contract/buckets";
import { type Rollup, sketchSize, type Uniques } from "../../contract/rollups";
import { fluxFloat, fluxString, fluxStrings, type FluxTask, type TaskSchedule } from "./flux";
import {
  aggregateWindow,
  type Comparison,
  daily,
  type EventCount,
  findBehind,
  type Resolution,
  taskHead,
  weekly,
  written,
} from "./rollupWindows";

/** Field of a sketch and of its counts that holds the number of raw events that were looked at. */
const eventsField = "events";

/** Sketches of whole hours, where minutes are kept: they are needed for some days only. */
const hours: Resolution = { target: "minutely", source: "events", window: "1h", windowOffset: "0s" };

/**
 * The tasks that count unique values in bounded memory: sketches of hours from the raw events, of days from those of
 * hours, and weeks from those of days. Without a rollup of the measurement, which names a field that counts its events,
 * there are none.
 */
export function uniquesTasks(
  uniques: Uniques,
  rollups: readonly Rollup[],
  { retentionDays, timeZone }: { retentionDays: RetentionDays; timeZone: string },
): FluxTask[] {
  const { events, ...kept } = retentionDays;
  const { measurement, target, sketch } = uniques;
  const rollup = rollups.find((one) => one.measurement === measurement);
  if (rollup === undefined) return [];
  const sketched = (bucket: string): EventCount => ({
    bucket,
    measurement: sketch,
    field: eventsField,
    aggregate: "sum",
  });
  const raw: EventCount = {
    bucket: buckets.events,
    measurement,
    field: rollup.countedField,
    aggregate: "count",
  };
  const task = (
    label: string,
    resolution: Resolution,
    schedule: TaskSchedule,
    compared: { source: EventCount; target: EventCount } & Omit<Comparison, "window">,
    streams: Streams,
  ): FluxTask => {
    const name = `uniques ${label} ${measurement}`;
    const { window } = resolution;
    return {
      name,
      flux: `${taskHead(name, resolution, schedule, ["contrib/qxip/hash", "math"])}

${findBehind(compared.source, compared.target, resolution, { window, ...compared })}

${streams.definitions}

${written(streams.all, resolution)}`,
    };
  };
  return [
    task(
      "hourly",
      // By the clock of the zone too: half-past hours, where its days begin then.
      { ...hours, timeZone },
      { every: "10m", offset: "3m" },
      // Hours whose raw events all still exist.
      { source: raw, target: sketched(buckets.minutely), lookBack: `${events - 1}d`, range: "3h" },
      ofEvents(uniques, raw),
    ),
    task(
      "daily",
      { ...daily, timeZone },
      { every: "1h", offset: "15m" },
      {
        source: sketched(buckets.minutely),
        target: sketched(buckets.daily),
        lookBack: `${Math.min(kept.minutely, 31)}d`,
        range: "1d",
      },
      ofSketches(uniques, buckets.minutely, true),
    ),
    task(
      "weekly",
      { ...weekly, timeZone },
      { every: "6h", offset: "20m" },
      {
        source: sketched(buckets.daily),
        target: { ...sketched(buckets.weekly), measurement: target },
        lookBack: `${Math.min(kept.daily, 56)}d`,
        range: "1w",
      },
      ofSketches(uniques, buckets.daily, false),
    ),
  ];
}

/** Flux that defines what its streams use, and the streams. */
interface Streams {
  definitions: string;
  all: readonly string[];
}

/** Flux that keeps the least hashes of tables of them. */
const least = `distinct()
        |> sort()
        |> limit(n: ${sketchSize})`;

/** The hashes of a sketch get times of their own, nanoseconds after its start: no tag, and so no series, is needed. */
const numbered = ({ sketch }: Uniques): string => `numbered = (tables=<-) => tables
    |> map(fn: (r) => ({r with rank: 1}))
    |> cumulativeSum(columns: ["rank"])
    |> map(fn: (r) => ({r with _time: time(v: int(v: r._start) + r.rank - 1), _measurement: ${fluxString(sketch)}}))`;

/** Sketches of hours. A hash is a text of digits, and a double has 53 of its 64 bits. */
function ofEvents(uniques: Uniques, raw: EventCount): Streams {
  const { measurement, tags, fields, sketch } = uniques;
  const columns = ["_start", ...tags];
  const read = (field: string): string => `from(bucket: ${fluxString(buckets.events)})
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and r._field == ${fluxString(field)})`;
  return {
    definitions: numbered(uniques),
    all: [
      ...Object.entries(fields).map(
        ([to, field]) => `    ${read(field)}
        |> window(every: ${hours.window})
        |> keep(columns: ${fluxStrings(["_value", ...columns])})
        |> map(fn: (r) => ({r with _value: float(v: uint(v: hash.xxhash64(v: r._value))) / ${fluxFloat(2 ** 64)}}))
        |> distinct()
        |> group(columns: ${fluxStrings(columns)})
        |> ${least}
        |> numbered()
        |> map(fn: (r) => ({r with _field: ${fluxString(to)}}))`,
      ),
      `    ${read(raw.field)}
        |> ${aggregateWindow(hours, raw.aggregate)}
        |> toFloat()
        |> group(columns: ${fluxStrings(tags)})
        |> sort(columns: ["_time"])
        |> ${aggregateWindow(hours, "sum")}
        |> map(fn: (r) => ({r with _measurement: ${fluxString(sketch)}, _field: ${fluxString(eventsField)}}))`,
    ],
  };
}

/**
 * Sketches of a day or week from the finer ones, and their counts. One window is computed at a time.
 *
 * @param bucket of the finer sketches
 */
function ofSketches(uniques: Uniques, bucket: BucketName, keepsSketch: boolean): Streams {
  const { tags, fields, sketch, target } = uniques;
  const read = (field: string): string => `from(bucket: ${fluxString(buckets[bucket])})
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == ${fluxString(sketch)} and r._field == ${fluxString(field)})
        |> group(columns: ${fluxStrings(tags)})`;
  const named = (measurement: string, field: string): string =>
    `map(fn: (r) => ({r with _time: start, _measurement: ${fluxString(measurement)}, _field: ${fluxString(field)}}))`;
  const size = fluxFloat(sketchSize);
  const merged = Object.keys(fields).map((field, index) => ({ field, hashes: `hashes${index}` }));
  return {
    definitions: [
      ...merged.map(
        ({ field, hashes }) => `${hashes} = ${read(field)}
        |> ${least}
        |> map(fn: (r) => ({r with _start: start}))`,
      ),
      numbered(uniques),
      `estimated = (tables=<-) => tables
    |> reduce(identity: {n: 0.0, greatest: 0.0}, fn: (r, accumulator) => ({n: accumulator.n + 1.0, greatest: r._value}))
    |> map(fn: (r) => ({r with _value: if r.n < ${size} then r.n else math.round(x: (r.n - 1.0) / r.greatest)}))`,
    ].join("\n\n"),
    all: [
      ...merged.map(({ field, hashes }) => `    ${hashes} |> estimated() |> ${named(target, field)}`),
      ...(keepsSketch
        ? merged.map(
            ({ field, hashes }) =>
              `    ${hashes} |> numbered() |> map(fn: (r) => ({r with _field: ${fluxString(field)}}))`,
          )
        : []),
      ...[target, ...(keepsSketch ? [sketch] : [])].map(
        (measurement) => `    ${read(eventsField)}
        |> sum()
        |> ${named(measurement, eventsField)}`,
      ),
    ],
  };
}
