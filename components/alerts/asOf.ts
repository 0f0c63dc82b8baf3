import { buckets } from "../../contract/buckets";
import { fluxDuration, fluxString } from "../influxdb/flux";

/** Seconds without a sample of its source after which a rule is judged as of the last one. */
const silenceSeconds = 90;

/**
 * Flux that defines a time as of which samples are judged: now, or, where their source is silent for up to a day, just
 * after it was heard last.
 *
 * @param source Flux predicate of a sample `r` by which is seen that the source is alive
 */
export function asOf(variable: string, source: string): string {
  const heard = `${variable}Heard`;
  return `${heard} = from(bucket: ${fluxString(buckets.events)})
    |> range(start: -1d)
    |> filter(fn: (r) => ${source})
    |> last()
    |> keep(columns: ["_time"])
    |> group()
    |> max(column: "_time")
    |> findRecord(fn: (key) => true, idx: 0)
${variable} = if exists ${heard}._time and int(v: now()) - int(v: ${heard}._time) > int(v: ${fluxDuration(silenceSeconds)}) then date.add(d: 1s, to: ${heard}._time) else now()`;
}
