/**
 * Plain values of a resource's properties, in which a value that the engine does not know yet is an object of
 * `Unknown` instead of an exception.
 *
 * The policy SDK throws on such a value, once for a whole policy, and then lets the policy pass: one unknown VM size
 * would silence a mandatory budget. With markers each policy decides at the very value that it needs.
 */

/** Marks a value that is only known once the resource exists. */
export class Unknown {
  /** @param path where the value is, for example `agentPoolProfiles.0.vmSize` */
  constructor(readonly path: string) {}
}

export type Value =
  null | undefined | boolean | number | string | Unknown | Value[] | { [key: string]: Value };
export type Properties = { [key: string]: Value };

/** Copy properties as a policy receives them, with markers in place of unknown values. Pure. */
export function toPlain(properties: object): Properties {
  return copy(properties, []) as Properties;
}

function copy(value: unknown, path: readonly string[]): Value {
  if (typeof value !== "object" || value === null) return value as Value;
  if (value instanceof Unknown) return value;
  const entries = Object.keys(value).map((key): [string, Value] => [
    key,
    read(value as Record<string, unknown>, key, path),
  ]);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function read(container: Record<string, unknown>, key: string, path: readonly string[]): Value {
  const here = [...path, key];
  try {
    return copy(container[key], here);
  } catch (error) {
    // The SDK does not export the class.
    if (error instanceof Error && error.constructor.name === "UnknownValueError") {
      return new Unknown(here.join("."));
    }
    throw error;
  }
}

/**
 * The value at a path: undefined where something on the way is missing, the marker where something on the way is
 * unknown.
 */
export function get(value: Value, ...path: readonly (string | number)[]): Value {
  let current: Value = value;
  for (const key of path) {
    if (current instanceof Unknown || typeof current !== "object" || current === null) {
      return current instanceof Unknown ? current : undefined;
    }
    current = Array.isArray(current) ? current[Number(key)] : current[key];
  }
  return current;
}

/** The items of a list; an empty list for anything else. */
export function listOf(value: Value): Value[] {
  return Array.isArray(value) ? value : [];
}

/** The entries of an object; none for anything else. */
export function entriesOf(value: Value): [string, Value][] {
  const isObject = typeof value === "object" && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Unknown) ? Object.entries(value) : [];
}

/** A value for messages. */
export function shown(value: Value): string {
  if (value instanceof Unknown) return "a value that is unknown at preview";
  return value === undefined ? "no value" : `«${String(value)}»`;
}
