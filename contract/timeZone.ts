import { isTimeZone, offsetAt } from "./times";

/** Time zone of days and weeks where none is given. */
export const defaultTimeZone = "UTC";

const daySeconds = 86_400;

/** @throws RangeError naming the key and the fix */
export function checkTimeZone(timeZone: string): void {
  if (!isTimeZone(timeZone)) {
    throw new RangeError(
      `timeZone: "${timeZone}" is not in the IANA database; give a name such as "Europe/Berlin"`,
    );
  }
}

/** Whether days of the zone begin at whole hours of UTC: hours can then be added up to days. Not in India, for example. */
export function hasWholeHours(timeZone: string): boolean {
  const days = Array.from({ length: 366 }, (_, day) => Date.UTC(2026, 0, 1) / 1000 + day * daySeconds);
  return days.every((day) => offsetAt(day, timeZone) % 3600 === 0);
}
