import { defaultTimeZone } from "../contract/timeZone";

/** Windows of days: the rollups of days and weeks begin at midnight of the zone. */
const byDay = /GROUP BY .*\btime\(1d\b/;

/**
 * The JSON of a dashboard whose days and weeks are those of a time zone: in the queries by day, in the columns of days, and
 * where a text says "(UTC".
 */
export function inTimeZone(json: string, timeZone: string): string {
  if (timeZone === defaultTimeZone) return json;
  const zoned = JSON.parse(json, (key, value: unknown) => {
    if (typeof value !== "string") return value;
    if (key === "query" && byDay.test(value)) return `${value} tz('${timeZone}')`;
    if (key === "timezone" && value === "utc") return timeZone;
    if (key === "title" || key === "description") return value.replaceAll("(UTC", `(${timeZone}`);
    return value;
  }) as unknown;
  return `${JSON.stringify(zoned, undefined, 2)}\n`;
}
