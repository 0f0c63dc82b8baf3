import { javascriptRegexp } from "./regexps";

const clock = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";
const fraction = "(?:[.,](?<fraction>\\d{1,9})\\d*)?";
/**
 * Names of zones that mean one offset: those of RFC 2822, Europe's, and of East Asia and Australia. Left out are BST, IST
 * and others that mean several.
 */
export const zoneOffsets: Readonly<Record<string, string>> = {
  ...{ EST: "-0500", EDT: "-0400", CST: "-0600", CDT: "-0500", MST: "-0700", MDT: "-0600", PST: "-0800" },
  ...{ PDT: "-0700", WET: "+0000", WEST: "+0100", CET: "+0100", CEST: "+0200", EET: "+0200", EEST: "+0300" },
  ...{ MSK: "+0300", JST: "+0900", KST: "+0900", AEST: "+1000", AEDT: "+1100" },
};
const zoneName = `UTC|GMT|${Object.keys(zoneOffsets).join("|")}`;
const offset = "[+-]\\d\\d(?::?\\d\\d)?";

/**
 * The times that are understood in any line: expressions whose groups are the parts of a time. One source for both
 * parsers, see `portableRegexp`.
 */
export const timePatterns: readonly string[] = [
  // RFC 3339, and what is written like it: a space, a comma, no zone, no seconds; Go's Time.String(), Java's ZonedDateTime
  `^(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)[Tt ](?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)${fraction})?\\s?(?:(?<zone>Z|z|${zoneName}|${offset})(?: [A-Z]{3,5})?(?:\\[[A-Za-z0-9_+/-]+\\])?(?: m=[+-]\\d+\\.\\d+)?)?$`,
  // ISO 8601 without separators: 20240307T101532Z
  `^(?<year>\\d{4})(?<month>\\d\\d)(?<day>\\d\\d)T(?<hour>\\d\\d)(?<minute>\\d\\d)(?<second>\\d\\d)${fraction}(?<zone>Z|${offset})?$`,
  // Unix time in seconds, milliseconds, microseconds or nanoseconds
  "^(?<epoch>\\d{10})(?:\\.(?<fraction>\\d{1,9})\\d*|(?<digits>\\d{3}|\\d{6}|\\d{9}))?$",
  // Apache, nginx, werkzeug: 07/Mar/2024:10:15:32 +0000
  `^(?<day>\\d{1,2})/(?<monthName>[A-Za-z]{3})/(?<year>\\d{4})[: ]${clock}${fraction}(?: (?<zone>[+-]\\d{4}))?$`,
  // Go, Spark, Gin: 2024/03/07 10:15:32, 24/03/07 10:15:32, 2024/03/07 - 10:15:32
  `^(?<year>\\d{4}|\\d\\d)/(?<month>\\d\\d)/(?<day>\\d\\d)(?:[T ]| - )${clock}${fraction}(?: (?<zone>Z|${zoneName}|${offset}))?$`,
  // RFC 2822 and 1123: Thu, 07 Mar 2024 10:15:32 GMT
  `^(?:[A-Za-z]{3}, ?)?(?<day>\\d{1,2}) (?<monthName>[A-Za-z]{3}) (?<year>\\d{4}) (?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)${fraction})?(?: (?<zone>Z|${zoneName}|${offset}))?$`,
  // java.util.logging: Mar 07, 2024 10:15:32 AM
  "^(?<monthName>[A-Za-z]{3,9}) (?<day>\\d{1,2}), (?<year>\\d{4}),? (?<hour>\\d{1,2}):(?<minute>\\d\\d):(?<second>\\d\\d)(?: (?<meridiem>[AaPp][Mm]))?$",
  // syslog, ctime and date: Mar  7 10:15:32, Thu Mar  7 10:15:32 UTC 2024
  `^(?:[A-Za-z]{3} )?(?<monthName>[A-Za-z]{3}) +(?<day>\\d{1,2}) ${clock}${fraction}(?: (?<zone>${zoneName}))?(?: (?<year>\\d{4}))?$`,
  // vLLM: 03-07 10:15:32
  `^(?<month>\\d\\d)-(?<day>\\d\\d) ${clock}${fraction}$`,
  // klog and absl: 0307 10:15:32.123456, 20240307 10:15:32.123456; Tornado: 240307 10:15:32
  `^(?<year>(?:\\d\\d){1,2})?(?<month>\\d\\d)(?<day>\\d\\d) ${clock}${fraction}$`,
];

/** What each directive of a `timeFormat` matches. Source: strptime(3); `%L` and `%N` as in Ruby. */
const directives: Readonly<Record<string, string>> = {
  Y: "(?<year>\\d{4})",
  y: "(?<year>\\d\\d)",
  m: "(?<month>\\d{1,2})",
  d: "(?<day> ?\\d{1,2})",
  e: "(?<day> ?\\d{1,2})",
  b: "(?<monthName>[A-Za-z]{3,9})",
  B: "(?<monthName>[A-Za-z]{3,9})",
  H: "(?<hour> ?\\d{1,2})",
  I: "(?<hour> ?\\d{1,2})",
  p: "(?<meridiem>[AaPp][Mm])",
  M: "(?<minute>\\d{1,2})",
  S: "(?<second>\\d{1,2})",
  L: "(?<fraction>\\d{1,9})\\d*",
  N: "(?<fraction>\\d{1,9})\\d*",
  f: "(?<fraction>\\d{1,9})\\d*",
  z: `(?<zone>Z|${offset})`,
  Z: `(?<zone>Z|${zoneName})`,
  s: "(?<epoch>\\d{1,11})",
  a: "[A-Za-z]{3,9}",
  A: "[A-Za-z]{3,9}",
  "%": "%",
};

const composites: Readonly<Record<string, string>> = {
  "%T": "%H:%M:%S",
  "%R": "%H:%M",
  "%F": "%Y-%m-%d",
  "%D": "%m/%d/%y",
};

/**
 * The expression of a time format of strptime, e.g. `%d.%m.%Y %H:%M:%S,%L`.
 *
 * @throws Error that names the directive that is not known, or what is missing
 */
export function timePattern(timeFormat: string): string {
  const whole = timeFormat.replace(/%[TRFD]/g, (name) => composites[name] ?? name);
  const source = whole.replace(
    /%(.?)|(\s+)|([^%\s])/g,
    (_, directive: string | undefined, space, character) => {
      if (space !== undefined) return "\\s+";
      if (character !== undefined) return String(character).replace(/[^A-Za-z0-9]/, "\\$&");
      const known = directives[directive ?? ""];
      if (known === undefined) {
        throw new Error(
          `timeFormat: %${directive} is not known: one of ${[...Object.keys(directives), "T", "R", "F", "D"].map((name) => `%${name}`).join(" ")}; got "${timeFormat}"`,
        );
      }
      return known;
    },
  );
  const isWhole =
    source.includes("<epoch>") || ["(?<month", "(?<day>", "(?<hour>"].every((part) => source.includes(part));
  if (!isWhole) {
    throw new Error(
      `timeFormat: needs at least a month, a day and an hour, or %s, e.g. "%Y-%m-%d %H:%M:%S"; got "${timeFormat}"`,
    );
  }
  return `^${source}$`;
}

/** A time, and how finely it was written: the nanoseconds below that are free. */
export interface ReadTime {
  nanoseconds: bigint;
  /** 10^9 for whole seconds, 10^6 up to milliseconds, 10^3 for anything finer. */
  tick: bigint;
}

const billion = 1_000_000_000n;
const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const daySeconds = 86_400;

/**
 * Reads a time. What has no zone is in `timeZone`; what has no year is in the year that ends at most a day from now.
 *
 * @param now seconds since 1970
 * @returns undefined for what is no time
 */
export function readTime(
  text: string,
  now: number,
  { patterns = timePatterns, timeZone }: { patterns?: readonly string[]; timeZone?: string } = {},
): ReadTime | undefined {
  for (const pattern of patterns) {
    const groups = javascriptRegexp(pattern).exec(text)?.groups;
    if (groups !== undefined) return timeOf(groups, now, timeZone);
  }
  return undefined;
}

const leading =
  /^\[?(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|\d{10}\.\d{1,9})(?=[\] \t\n|;,:]|$)/;

/** The time that a text begins with, if it is of the last hour: another may be a row of data. */
export function leadingTime(
  text: string,
  now: number,
  options?: Parameters<typeof readTime>[2],
): string | undefined {
  const [, time] = leading.exec(text) ?? [];
  const read = time === undefined ? undefined : readTime(time, now, options);
  const until = BigInt(Math.floor(now) + 1);
  const isRecent =
    read !== undefined &&
    read.nanoseconds >= (until - 3601n) * billion &&
    read.nanoseconds <= until * billion;
  return isRecent ? time : undefined;
}

type Groups = Readonly<Record<string, string | undefined>>;

function timeOf(groups: Groups, now: number, timeZone: string | undefined): ReadTime | undefined {
  const seconds = groups.epoch === undefined ? secondsOf(groups, now, timeZone) : Number(groups.epoch);
  if (seconds === undefined) return undefined;
  const digits = groups.fraction ?? groups.digits ?? "";
  return {
    nanoseconds: BigInt(seconds) * billion + BigInt(digits.padEnd(9, "0")),
    tick: digits.length === 0 ? billion : digits.length <= 3 ? 1_000_000n : 1_000n,
  };
}

function secondsOf(groups: Groups, now: number, timeZone: string | undefined): number | undefined {
  const month =
    groups.monthName === undefined
      ? Number(groups.month)
      : monthNames.indexOf(groups.monthName.slice(0, 3).toLowerCase()) + 1;
  const [day, minute, second] = [Number(groups.day), Number(groups.minute ?? 0), Number(groups.second ?? 0)];
  const hour = hourOf(Number(groups.hour), groups.meridiem?.toLowerCase());
  if (hour === undefined || hour > 24 || minute > 59 || second > 60) return undefined;
  const inYear = (year: number): number | undefined => {
    if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return;
    const local = Date.UTC(year, month - 1, day) / 1000 + hour * 3600 + minute * 60 + second;
    const zone = groups.zone;
    if (zone === undefined) return local - (timeZone === undefined ? 0 : zoneOffset(local, timeZone));
    return local - fixedOffset(zone);
  };
  if (groups.year !== undefined) return inYear(fullYear(groups.year));
  const thisYear = new Date(now * 1000).getUTCFullYear();
  const seconds = inYear(thisYear);
  return seconds === undefined || seconds > now + daySeconds ? inYear(thisYear - 1) : seconds;
}

function hourOf(hour: number, meridiem: string | undefined): number | undefined {
  if (meridiem === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (meridiem === "pm" ? 12 : 0);
}

function fullYear(text: string): number {
  const year = Number(text);
  return text.length > 2 ? year : year + (year < 69 ? 2000 : 1900);
}

function fixedOffset(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zoneOffsets[zone] ?? zone);
  if (match === null) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60);
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** Offset from UTC of a local time, in seconds. At the end of summer time the first of the two that it may be. */
function zoneOffset(local: number, timeZone: string): number {
  const before = offsetAt(local - daySeconds, timeZone);
  const after = offsetAt(local + daySeconds, timeZone);
  return offsetAt(local - before, timeZone) === before ? before : after;
}

/** Seconds by which the clocks of a zone are ahead of UTC. */
export function offsetAt(seconds: number, timeZone: string): number {
  const format =
    zones.get(timeZone) ??
    new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset", hourCycle: "h23" });
  zones.set(timeZone, format);
  const name = format.formatToParts(seconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
  return fixedOffset(name.replace("GMT", ""));
}

/** Whether it is a time zone of the IANA database, e.g. `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    offsetAt(0, name);
    return true;
  } catch {
    return false;
  }
}
