import * as proxies from "@pulumi/policy/proxy";

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

/** What the SDK has in the place of values that are not known, one for each type. */
const unknownValues = new Set(
  Object.entries(proxies).flatMap(([name, value]) =>
    /^unknown\w+Value$/.test(name) ? [value as unknown] : [],
  ),
);

/**
 * Copy properties as a policy receives them, with markers in place of unknown values. Pure.
 *
 * It reads what is behind the SDK's proxy, which makes another one for each value that is read, and throws on unknown ones.
 */
export function toPlain(properties: object): Properties {
  const { __getSpecialProxyTarget: target = properties } = properties as { __getSpecialProxyTarget?: object };
  return copy(target, []) as Properties;
}

function copy(value: unknown, path: readonly string[]): Value {
  if (unknownValues.has(value)) return new Unknown(path.join("."));
  if (typeof value !== "object" || value === null) return value as Value;
  if (value instanceof Unknown) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, Value] => [
    key,
    copy(inner, [...path, key]),
  ]);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
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
