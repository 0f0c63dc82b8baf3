import { secondsPerDay } from "../../contract/buckets";
import { resourcePolicy } from "../core/define";
import { entriesOf, get, listOf, type Value } from "../core/values";

interface Config {
  maximumDays: Record<string, number>;
  maximumDaysOfOthers: number;
}

/**
 * Retention decides how large the volumes must become. Buckets are declared in the ConfigMap of the reconcile Job: any
 * JSON with `buckets`, each with `name` and `retentionSeconds`, counts.
 */
export const retentionLimits = resourcePolicy<Config>({
  name: "retention-limits",
  description: "InfluxDB buckets keep their data no longer than agreed on, and none without an end.",
  settings: {
    maximumDays: {
      type: "object",
      description: "Most days by the name of the bucket.",
      additionalProperties: { type: "number", minimum: 1 },
      default: { events: 31, minutely: 180, hourly: 550, daily: 1100, weekly: 1830 },
    },
    maximumDaysOfOthers: {
      type: "number",
      minimum: 1,
      description: "Most days of any other bucket.",
      default: 31,
    },
  },
  validate: (resource, config) => {
    if (resource.type !== "kubernetes:core/v1:ConfigMap") return [];
    return entriesOf(get(resource.properties, "data"))
      .flatMap(([, text]) => bucketsIn(text))
      .flatMap((bucket) => {
        const name = String(get(bucket, "name"));
        const seconds = get(bucket, "retentionSeconds");
        const limit = config.maximumDays[name] ?? config.maximumDaysOfOthers;
        // InfluxDB reads 0 as «infinite».
        const days = typeof seconds === "number" && seconds > 0 ? seconds / secondsPerDay : Infinity;
        if (days <= limit) return [];
        const shown = days === Infinity ? "without an end" : `${Math.round(days * 10) / 10} days`;
        return [
          `Bucket «${name}» keeps its data ${shown}, the limit is ${limit} days: shorten retentionDays.${name}, or raise retention-limits.maximumDays.${name}.`,
        ];
      });
  },
});

/** The buckets that a text declares as JSON; none for any other text. */
function bucketsIn(text: Value): Value[] {
  if (typeof text !== "string" || !text.trimStart().startsWith("{")) return [];
  try {
    return listOf(get(JSON.parse(text) as Value, "buckets"));
  } catch {
    return [];
  }
}
