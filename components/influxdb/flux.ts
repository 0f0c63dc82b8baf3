/** An InfluxDB task: a Flux script that the server runs by itself. */
export interface FluxTask {
  /** Unique among the tasks of the organization, e.g. `rollup minutely http.server.request`. */
  name: string;
  /** The whole script, with its `option task`. */
  flux: string;
}

/** When a task runs. Durations are Flux literals such as `1m` or `1h30m`. */
export interface TaskSchedule {
  /** Distance of the runs; they are aligned to it. */
  every: string;
  /**
   * How long after the aligned time the run starts; `now()` stays the aligned time.
   * @default "0s"
   */
  offset?: string;
}

/** The `option task` line of a script. */
export function taskOption(name: string, schedule: TaskSchedule): string {
  const { every, offset } = schedule;
  const parts = [`name: ${fluxString(name)}`, `every: ${every}`];
  if (offset !== undefined && offset !== "0s") parts.push(`offset: ${offset}`);
  return `option task = {${parts.join(", ")}}`;
}

/**
 * A Flux string literal: quotes, backslashes, control characters and `${` (interpolation) are escaped.
 *
 * @throws RangeError on a NUL character, which Flux cannot hold
 */
export function fluxString(text: string): string {
  if (text.includes("\0")) throw new RangeError("a Flux string cannot hold a NUL character");
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll("${", "\\${");
  return `"${escaped}"`;
}

/** A Flux array of string literals. */
export function fluxStrings(texts: readonly string[]): string {
  return `[${texts.map(fluxString).join(", ")}]`;
}

/** A Flux float literal: Flux distinguishes `1` (integer) from `1.0`, and knows no exponents. */
export function fluxFloat(value: number): string {
  if (!Number.isFinite(value))
    throw new RangeError(`${value} is no finite number: Flux has no literal for it`);
  const text = value.toFixed(12).replace(/0+$/, "");
  return text.endsWith(".") ? `${text}0` : text;
}

/** A Flux duration literal of whole seconds. */
export function fluxDuration(seconds: number): string {
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw new RangeError(`a duration must be whole seconds from 0, got ${seconds}`);
  }
  return `${seconds}s`;
}

/** A predicate that holds for records whose column has one of the values, e.g. `(r._field == "a" or r._field == "b")`. */
export function anyOf(column: string, values: readonly string[]): string {
  if (values.length === 0) throw new RangeError(`no values to compare ${column} with`);
  return `(${values.map((value) => `r[${fluxString(column)}] == ${fluxString(value)}`).join(" or ")})`;
}
