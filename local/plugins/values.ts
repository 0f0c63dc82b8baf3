/**
 * Property values as the engine sends them to a plugin, and the two markers that travel inside them
 * (source: `pulumi/sdk`, `resource/plugin/rpc.go`).
 */

/** A JSON-like bag of properties. */
export type Properties = Record<string, unknown>;

/** The engine writes an unknown value as this string. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Marks a value as secret on its way to the engine, which then encrypts it in the state. */
export function secret(value: unknown): Properties {
  return { [signatureKey]: secretSignature, value };
}

export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when the value is, or holds at any depth, something that is known only after an `up`. */
export function hasUnknowns(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknowns);
  if (isObject(value)) return Object.values(value).some(hasUnknowns);
  return value === unknown;
}

/** A deep copy without null members: the SDKs send `null` for what the author left out. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNulls) as T;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutNulls(member)])) as T;
}
