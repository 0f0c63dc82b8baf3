import { dateMath, rangeUtil } from "@grafana/data";

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
  /** The time that `now()` is. */
  readonly nowMs: number;
  readonly variables: Readonly<Record<string, VariableValue>>;
}

/** The range of a time picker, for example "now-6h" to "now". @throws Error naming what is not a time */
export function timeRange(from: string, to: string, nowMs: number): TimeRange {
  const [fromMs, toMs] = [from, to].map((text) => {
    const time = dateMath.toDateTime(text, { now: new Date(nowMs), roundUp: text === to });
    if (time?.isValid() !== true) throw new Error(`"${text}" is no time: write for example "now-6h"`);
    return time.valueOf();
  });
  return { fromMs: fromMs ?? NaN, toMs: toMs ?? NaN };
}

/** The interval of a panel: its range by the points that fit its width, rounded, and not below its minimum. */
export function panelIntervalMs({ fromMs, toMs }: TimeRange, maxDataPoints: number, minimum = "1ms"): number {
  return Math.max(rangeUtil.roundInterval((toMs - fromMs) / maxDataPoints), rangeUtil.intervalToMs(minimum));
}

/** @throws Error naming a variable that the dashboard doesn't have, or a format that isn't known */
export function expandQuery(query: string, context: QueryContext): string {
  return expandVariables(
    query
      .replaceAll("$timeFilter", `time >= ${context.range.fromMs}ms and time <= ${context.range.toMs}ms`)
      .replaceAll("${__to}", String(context.range.toMs))
      .replaceAll("now()", `${context.nowMs}ms`)
      .replaceAll("$__interval_ms", String(context.intervalMs))
      .replaceAll("$__interval", rangeUtil.secondsToHms(context.intervalMs / 1000)),
    context.variables,
  );
}

/** Puts `${name}` and its formats `regex`, `singlequote` and `queryparam` in. @throws Error as {@link expandQuery} */
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
    case "singlequote":
      return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(",");
    case "queryparam":
      return (allValue === undefined ? values : ["$__all"])
        .map((value) => `var-${name}=${encodeURIComponent(value)}`)
        .join("&");
    default:
      throw new Error(
        `"$\{${name}:${format}}": the format is not known here; use regex, singlequote or queryparam`,
      );
  }
}
