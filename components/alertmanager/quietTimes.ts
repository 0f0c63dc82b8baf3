import { patterns } from "../../contract/patterns";
import { isTimeZone } from "../../contract/times";

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** A time of the day, or of some days, in which no alerts are sent. */
export interface QuietTimeArgs {
  /**
   * Severities that are not sent.
   * @default ["warning"]
   */
  severities?: ("critical" | "warning")[];
  /**
   * Days on which it begins.
   * @default every day
   */
  days?: ("sunday" | "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday")[];
  /**
   * When it begins, e.g. "20:00".
   * @default "00:00"
   */
  begin?: string;
  /**
   * When it ends; of the next day where that is before `begin`.
   * @default "24:00"
   */
  end?: string;
  /**
   * Time zone of both, as in the tz database, e.g. `Europe/Berlin`.
   * @default "UTC"
   */
  timeZone?: string;
}

/** @throws RangeError that names the key and the fix */
export function checkQuietTime(
  key: string,
  { begin = "00:00", end = "24:00", timeZone = "UTC" }: QuietTimeArgs,
): void {
  for (const [name, time] of Object.entries({ begin, end })) {
    if (patterns.timeOfDay.test(time) && !(name === "begin" && time === "24:00")) continue;
    throw new RangeError(
      `${key}.${name} must be a time of the day such as "20:00", got ${JSON.stringify(time)}`,
    );
  }
  if (begin === end) {
    throw new RangeError(`${key}: begin and end are both ${begin}: leave both out for the whole day`);
  }
  if (!isTimeZone(timeZone)) {
    throw new RangeError(
      `${key}.timeZone must be a name of the tz database such as "Europe/Berlin", got ${JSON.stringify(timeZone)}`,
    );
  }
}

/**
 * Alertmanager's `time_intervals` of a quiet time: two where it passes midnight, because theirs lie within a day.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval
 */
export function timeIntervals(quiet: QuietTimeArgs): unknown[] {
  const { days, begin = "00:00", end = "24:00", timeZone = "UTC" } = quiet;
  const within = (start_time: string, end_time: string, onDays: readonly string[] | undefined) => ({
    times: [{ start_time, end_time }],
    ...(onDays && { weekdays: onDays }),
    location: timeZone,
  });
  if (begin < end) return [within(begin, end, days)];
  const nextDays = days?.map((day) => weekdays[(weekdays.indexOf(day) + 1) % 7] as string);
  return [within(begin, "24:00", days), ...(end === "00:00" ? [] : [within("00:00", end, nextDays)])];
}
