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

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: secondMs,
  m: minuteMs,
  h: hourMs,
  d: dayMs,
  w: 7 * dayMs,
  M: 30 * dayMs,
  y: 365 * dayMs,
};

/** Milliseconds of a duration such as "30s" or "7d". @throws Error naming the duration that can't be read */
export function durationMs(duration: string): number {
  const match = /^(\d+)(ms|s|m|h|d|w|M|y)$/.exec(duration);
  const unit = units[match?.[2] ?? ""];
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
const roundIntervals: readonly (readonly [below: number, interval: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1.5 * secondMs, secondMs],
  [3.5 * secondMs, 2 * secondMs],
  [7.5 * secondMs, 5 * secondMs],
  [12.5 * secondMs, 10 * secondMs],
  [17.5 * secondMs, 15 * secondMs],
  [25 * secondMs, 20 * secondMs],
  [45 * secondMs, 30 * secondMs],
  [1.5 * minuteMs, minuteMs],
  [3.5 * minuteMs, 2 * minuteMs],
  [7.5 * minuteMs, 5 * minuteMs],
  [12.5 * minuteMs, 10 * minuteMs],
  [17.5 * minuteMs, 15 * minuteMs],
  [25 * minuteMs, 20 * minuteMs],
  [45 * minuteMs, 30 * minuteMs],
  [1.5 * hourMs, hourMs],
  [2.5 * hourMs, 2 * hourMs],
  [4.5 * hourMs, 3 * hourMs],
  [9 * hourMs, 6 * hourMs],
  [dayMs, 12 * hourMs],
  [7 * dayMs, dayMs],
  [21 * dayMs, 7 * dayMs],
  [42 * dayMs, 30 * dayMs],
];

/** The interval of a panel: its range by the points that fit its width, rounded, and not below its minimum. */
export function panelIntervalMs(range: TimeRange, maxDataPoints: number, minimum?: string): number {
  const exact = (range.toMs - range.fromMs) / maxDataPoints;
  const rounded = roundIntervals.find(([below]) => exact < below)?.[1] ?? 365 * dayMs;
  return Math.max(rounded, minimum === undefined ? 1 : durationMs(minimum));
}

/** An interval as InfluxQL reads it. */
export function intervalText(intervalMs: number): string {
  const unit =
    (["w", "d", "h", "m", "s", "ms"] as const).find((name) => intervalMs % (units[name] ?? 1) === 0) ?? "ms";
  return `${intervalMs / (units[unit] ?? 1)}${unit}`;
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
