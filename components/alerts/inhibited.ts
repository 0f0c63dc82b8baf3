import { buckets } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { anyOf, fluxDuration, fluxString } from "../influxdb/flux";
import type { AlertRule } from "./rule";

/** Seconds after the last post of an alert in which those that it inhibits don't begin: they take longer to end. */
const afterwardsSeconds = 300;

/** The same for alerts about one run: nothing new is said of it. */
const afterwardsOfRunSeconds = 24 * 3600;

/**
 * Flux that leaves out of the alerts `r` those that would begin while an alert that inhibits them fires, or just after it.
 * What was posted before goes on. Alertmanager alone would send what outlives its cause by a minute.
 *
 * It uses `posted`, the rule's own posts.
 *
 * @param goingSeconds so long after its last post an alert fires
 */
export function notInhibited(
  { inhibitedBy, labels, routing }: AlertRule,
  goingSeconds: number,
): { functions: string; filter: string } {
  if (inhibitedBy.length === 0) return { functions: "", filter: "" };
  const seconds = routing === "run" ? afterwardsOfRunSeconds : afterwardsSeconds;
  const equal = (label: string): string =>
    `(not exists r[${fluxString(label)}] or r[${fluxString(label)}] == of.${label})`;
  return {
    functions: `
inhibitors = from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: ${fluxDuration(seconds)}, from: now()))
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.postedAlert)} and r._field == "json" and ${anyOf("alertname", inhibitedBy)})
    |> last()
going = posted
    |> filter(fn: (r) => r._time > date.sub(d: ${fluxDuration(goingSeconds)}, from: now()))
isIn = (tables, of) => {
    found = tables
        |> filter(fn: (r) => ${labels.map(equal).join(" and ")})
        |> group()
        |> findRecord(fn: (key) => true, idx: 0)

    return exists found._value
}
`,
    filter: `
    |> filter(fn: (r) => not isIn(tables: inhibitors, of: r) or isIn(tables: going, of: r))`,
  };
}
