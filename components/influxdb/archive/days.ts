import { secondsPerDay } from "../../../contract/buckets";

/** A day of UTC, e.g. `2026-11-25`: what the archive keeps together. */
export type Day = string;

/**
 * How long after its end a day is left to settle: events that are on their way for longer are late, and the day is
 * exported again by a later run.
 */
export const settleSeconds = 3600;

/** The day that an instant is in. */
export function dayOf(seconds: number): Day {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Its begin, in seconds since 1970. */
export function startOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** Whether a name is that of a day. */
export function isDay(name: string): name is Day {
  return /^\d{4}-\d\d-\d\d$/.test(name) && !Number.isNaN(startOf(name)) && dayOf(startOf(name)) === name;
}

/**
 * The days that are over and that InfluxDB still holds, oldest first.
 *
 * InfluxDB drops a day's shard group when its end has become older than the retention: until then all of it is there.
 *
 * @param now seconds since 1970
 * @param retentionDays days that the bucket keeps its points
 */
export function liveDays(now: number, retentionDays: number): Day[] {
  const days: Day[] = [];
  const first = startOf(dayOf(now - retentionDays * secondsPerDay));
  for (let start = first; start + secondsPerDay + settleSeconds <= now; start += secondsPerDay) {
    days.push(dayOf(start));
  }
  return days;
}

/**
 * The days that expired without being archived: those after the first day of the archive and before the first live one
 * that are not done. Days before the archive's first are not lost.
 */
export function lostDays(known: readonly Day[], done: ReadonlySet<Day>, firstLive: Day): Day[] {
  const first = [...known].sort()[0];
  if (first === undefined) return [];
  const lost: Day[] = [];
  for (let start = startOf(first); start < startOf(firstLive); start += secondsPerDay) {
    if (!done.has(dayOf(start))) lost.push(dayOf(start));
  }
  return lost;
}

/** The days whose end is longer ago than the archive keeps them. */
export function agedDays(known: readonly Day[], now: number, keepDays: number): Day[] {
  return known.filter((day) => startOf(day) + secondsPerDay <= now - keepDays * secondsPerDay);
}
