/** Milliseconds. */
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Central European Summer Time of the year: from 2:00 on 30 March until 3:00 on 26 October. */
const summer = [Date.parse("2025-03-30T01:00:00Z"), Date.parse("2025-10-26T01:00:00Z")] as const;

const offset = (time: number): number => (time >= summer[0] && time < summer[1] ? 2 : 1) * hour;

/** A time in Berlin, e.g. `2025-07-08 15:00`. */
export function berlin(text: string): number {
  const winter = Date.parse(`${text.replace(" ", "T")}:00+01:00`);
  return winter >= summer[0] && winter - hour < summer[1] ? winter - hour : winter;
}

/** As in `Tue 8 Jul 15:01`, in Berlin. */
export function readable(time: number): string {
  const [, weekday, date, month, , clock = ""] =
    /^(\w+), 0?(\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(time + offset(time)).toUTCString()) ?? [];
  return `${weekday} ${date} ${month} ${clock.slice(0, 5)}`;
}

/** Requests a minute by the hour of a working day: nobody at night, and a sharp beginning. */
const workingDay = [
  ...[0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 6, 10, 12, 14, 14],
  ...[10, 12, 14, 12, 10, 6, 3, 1.5, 0.8, 0.4, 0.2, 0.08],
];

/** Working days on which nobody works. */
const holidays = [
  "2025-01-01",
  "2025-04-18",
  "2025-04-21",
  "2025-05-01",
  "2025-05-29",
  "2025-06-09",
  "2025-10-03",
];

/** Requests a minute that the app's users send. */
export function traffic(time: number): number {
  const local = new Date(time + offset(time));
  const date = local.toISOString().slice(0, 10);
  const clock = local.getUTCHours();
  // A tenth of the usual, from Christmas Eve on.
  if (date >= "2025-12-24") return (workingDay[clock] ?? 0) / 10;
  if (local.getUTCDay() % 6 > 0 && !holidays.includes(date)) return workingDay[clock] ?? 0;
  return clock >= 9 && clock < 21 ? 0.3 : 0.02;
}

/** Random numbers from 0 to 1 that are the same in each run. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many of what comes `mean` times on average (Poisson). */
export function count(mean: number, next: () => number): number {
  let product = next();
  let found = 0;
  for (const limit = Math.exp(-mean); product > limit; product *= next()) found += 1;
  return found;
}
