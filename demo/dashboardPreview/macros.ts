/**
 * What Grafana does to a query before it sends it: time range, interval and variables put in. Pure; the tests run
 * every query of every dashboard through it.
 *
 * Sources: Grafana's documentation of template variables and their formats, and of the InfluxDB data source's macros.
 */

/** Milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Chosen values of a variable. */
export interface VariableValue {
  readonly values: readonly string[];
  /** "All" is chosen and the variable says what to put in for it. */
  readonly allValue?: string;
}

export interface QueryContext {
  readonly range: TimeRange;
  readonly intervalMs: number;
  readonly variables: Readonly<Record<string, VariableValue>>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
  M: 30 * DAY,
  y: 365 * DAY,
};

/** Milliseconds of a duration such as "30s" or "7d". @throws Error naming the duration that can't be read */
export function durationMs(duration: string): number {
  const match = /^(\d+)(ms|s|m|h|d|w|M|y)$/.exec(duration);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new Error(`"${duration}" is no duration: write a number and ms, s, m, h, d, w, M or y`);
  }
  return Number(match[1]) * unit;
}

/** The range of a time picker's "now-…" to "now". @throws Error on any other expression */
export function timeRange(from: string, to: string, nowMs: number): TimeRange {
  const match = /^now-(\w+)$/.exec(from);
  if (match?.[1] === undefined || to !== "now") {
    throw new Error(`time range "${from}" to "${to}": only "now-<duration>" to "now" is understood`);
  }
  return { fromMs: nowMs - durationMs(match[1]), toMs: nowMs };
}

/** Steps of Grafana's round intervals: below `below` milliseconds the interval is `interval`. */
const ROUND_INTERVALS: readonly (readonly [below: number, interval: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1.5 * SECOND, SECOND],
  [3.5 * SECOND, 2 * SECOND],
  [7.5 * SECOND, 5 * SECOND],
  [12.5 * SECOND, 10 * SECOND],
  [17.5 * SECOND, 15 * SECOND],
  [25 * SECOND, 20 * SECOND],
  [45 * SECOND, 30 * SECOND],
  [1.5 * MINUTE, MINUTE],
  [3.5 * MINUTE, 2 * MINUTE],
  [7.5 * MINUTE, 5 * MINUTE],
  [12.5 * MINUTE, 10 * MINUTE],
  [17.5 * MINUTE, 15 * MINUTE],
  [25 * MINUTE, 20 * MINUTE],
  [45 * MINUTE, 30 * MINUTE],
  [1.5 * HOUR, HOUR],
  [2.5 * HOUR, 2 * HOUR],
  [4.5 * HOUR, 3 * HOUR],
  [9 * HOUR, 6 * HOUR],
  [DAY, 12 * HOUR],
  [7 * DAY, DAY],
  [21 * DAY, 7 * DAY],
  [42 * DAY, 30 * DAY],
];

/** The interval of a panel: its range by the points that fit its width, rounded, and not below its minimum. */
export function panelIntervalMs(range: TimeRange, maxDataPoints: number, minimum?: string): number {
  const exact = (range.toMs - range.fromMs) / maxDataPoints;
  const rounded = ROUND_INTERVALS.find(([below]) => exact < below)?.[1] ?? 365 * DAY;
  return Math.max(rounded, minimum === undefined ? 1 : durationMs(minimum));
}

/** An interval as InfluxQL reads it. */
export function intervalText(intervalMs: number): string {
  const unit =
    (["w", "d", "h", "m", "s", "ms"] as const).find((name) => intervalMs % (UNITS[name] ?? 1) === 0) ?? "ms";
  return `${intervalMs / (UNITS[unit] ?? 1)}${unit}`;
}

/** @throws Error naming a variable that the dashboard doesn't have, or a format that isn't known */
export function expandQuery(query: string, context: QueryContext): string {
  return expandVariables(
    query
      .replaceAll("$timeFilter", `time >= ${context.range.fromMs}ms and time <= ${context.range.toMs}ms`)
      .replaceAll("$__interval_ms", String(context.intervalMs))
      .replaceAll("$__interval", intervalText(context.intervalMs)),
    context.variables,
  );
}

/** Puts `${name}`, `${name:regex}` and `${name:queryparam}` in. @throws Error as {@link expandQuery} */
export function expandVariables(text: string, variables: QueryContext["variables"]): string {
  return text.replace(/\$\{(\w+)(?::(\w+))?\}/g, (_, name: string, format: string | undefined) => {
    const value = variables[name];
    if (value === undefined) {
      throw new Error(
        `"$\{${name}}" is no variable of the dashboard; it has ${Object.keys(variables).join(", ")}`,
      );
    }
    return formatValue(name, value, format);
  });
}

function formatValue(name: string, { values, allValue }: VariableValue, format: string | undefined): string {
  switch (format) {
    case undefined:
      return allValue ?? values.join(",");
    case "regex": {
      // Grafana puts the value for "All" in as it is.
      if (allValue !== undefined) return allValue;
      const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&"));
      return escaped.length === 1 ? (escaped[0] ?? "") : `(${escaped.join("|")})`;
    }
    case "queryparam":
      return (allValue === undefined ? values : ["$__all"])
        .map((value) => `var-${name}=${encodeURIComponent(value)}`)
        .join("&");
    default:
      throw new Error(`"$\{${name}:${format}}": the format is not known here; use regex or queryparam`);
  }
}
