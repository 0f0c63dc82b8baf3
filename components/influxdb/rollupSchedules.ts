import type { RetentionDays } from "../../contract/buckets";
import { hasWholeHours } from "../../contract/timeZone";
import type { TaskSchedule } from "./flux";
import { type Comparison, daily, hourly, minutely, type Resolution, weekly } from "./rollupWindows";

/** Hours of late minutes, or of hours, that one run computes. */
export const lateRangeHours = 6;

/** A task that keeps a resolution up to date; its name is `rollup <label> <measurement>`. */
export type Schedule = readonly [label: string, Resolution, TaskSchedule, Comparison];

/**
 * When the tasks of a measurement run, how far back they look, and how much one run computes. Days are made of minutes
 * where the days of the zone don't begin at whole hours.
 */
export function schedules({ events, ...kept }: RetentionDays, timeZone: string): Schedule[] {
  const source = hasWholeHours(timeZone) ? "hourly" : "minutely";
  const days = (retention: number, most: number) => `${Math.min(retention, most)}d`;
  const late = { window: "1h", lookBack: `${events}d`, range: `${lateRangeHours}h` };
  const hours = { ...late, lookBack: days(kept.minutely, 31) };
  return [
    ["minutely", minutely, { every: "1m", offset: "15s" }, { window: "1m", lookBack: "1h", range: "1h" }],
    ["minutely late", minutely, { every: "15m", offset: "40s" }, late],
    ["hourly", hourly, { every: "15m", offset: "2m" }, hours],
    [
      "daily",
      { ...daily, source, timeZone },
      { every: "1h", offset: "4m" },
      { window: "1d", lookBack: days(kept[source], 31), range: "1d" },
    ],
    [
      "weekly",
      { ...weekly, timeZone },
      { every: "6h", offset: "10m" },
      { window: "1w", lookBack: days(kept.daily, 56), range: "1w" },
    ],
  ];
}
