import { buckets } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { anyOf, fluxDuration, fluxString } from "../influxdb/flux";
import { type AlertRule, placeLabels } from "./rule";

/** Seconds after the last post of an alert in which those that it inhibits don't begin: they take longer to end. */
const afterwardsSeconds = 300;

/** The same for alerts about one run: nothing new is said of it. */
const afterwardsOfRunSeconds = 24 * 3600;

/** What was posted so long before its cause goes on, in seconds. */
const beforeSeconds = 60;

/**
 * Flux that leaves out of the alerts `r` those that begin with or after an alert that inhibits them, while that fires or
 * just after it. What was posted before it goes on. Alertmanager alone would send what outlives its cause by a minute.
 *
 * @param firingSeconds so long after its last post an alert fires
 */
export function notInhibited(
  { name, inhibitedBy, labels, routing, heldSeconds }: AlertRule,
  firingSeconds: number,
): { functions: string; filter: string } {
  if (inhibitedBy.length === 0) return { functions: "", filter: "" };
  const seconds = heldSeconds ?? (routing === "run" ? afterwardsOfRunSeconds : afterwardsSeconds);
  const equal = (label: string): string =>
    `(not exists r[${fluxString(label)}] or r[${fluxString(label)}] == of.${label})`;
  const firstPosts = (
    names: readonly string[],
    within: number,
  ): string => `from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: ${fluxDuration(within)}, from: now()))
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.postedAlert)} and r._field == "json" and ${anyOf("alertname", names)})
    |> first()`;
  return {
    functions: `
causes = ${firstPosts(inhibitedBy, seconds)}
own = ${firstPosts([name], seconds + firingSeconds)}
firstOf = (tables, of) => (tables
    |> filter(fn: (r) => ${placeLabels({ labels }).map(equal).join(" and ")})
    |> group()
    |> min(column: "_time")
    |> findRecord(fn: (key) => true, idx: 0))._time
begins = (of) => {
    cause = firstOf(tables: causes, of: of)
    first = firstOf(tables: own, of: of)

    return not exists cause or (exists first and int(v: first) + int(v: ${fluxDuration(beforeSeconds)}) < int(v: cause))
}
`,
    filter: `
    |> filter(fn: (r) => begins(of: r))`,
  };
}
