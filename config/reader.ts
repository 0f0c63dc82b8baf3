/** A kind of value that a stack's configuration may hold. */
export interface ValueKind<T> {
  /** What is allowed, for the error message, e.g. `a Kubernetes quantity`. */
  allowed: string;
  /** A value that is allowed, as it's written in the stack's YAML. */
  example: string;
  /** The value, or undefined when it isn't allowed. */
  parse(value: unknown): T | undefined;
}

/** Text that matches a pattern. */
export function textLike(pattern: RegExp, allowed: string, example: string): ValueKind<string> {
  return {
    allowed,
    example,
    parse: (value) => (typeof value === "string" && pattern.test(value) ? value : undefined),
  };
}

/** True or false. */
export const trueOrFalse: ValueKind<boolean> = {
  allowed: "true or false",
  example: "true",
  parse: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A whole number of at least 1. */
export const positiveInteger: ValueKind<number> = {
  allowed: "a whole number, at least 1",
  example: "14",
  parse: (value) => (Number.isInteger(value) && (value as number) > 0 ? (value as number) : undefined),
};

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly [T, ...T[]]): ValueKind<T> {
  return {
    allowed: words.map((word) => `"${word}"`).join(", "),
    example: words[0],
    parse: (value) => words.find((word) => word === value),
  };
}

/** A list of at least one value. */
export function listOf<T>(kind: ValueKind<T>): ValueKind<T[]> {
  return {
    allowed: `a list of at least one of: ${kind.allowed}`,
    example: `[${kind.example}]`,
    parse: (value) => {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      const parsed = value.map((item: unknown) => kind.parse(item)).filter((item) => item !== undefined);
      return parsed.length === value.length ? parsed : undefined;
    },
  };
}

/** Where a configuration is read from: the stack's own, a mapping within it, or values in a test. */
export interface ConfigSource {
  /** What the values are called in messages, e.g. `ds-monitoring:` or `ds-monitoring:email.`. */
  prefix: string;
  /** Names of the values that are there; undefined when they can't be listed. */
  keys?: string[];
  /** The value of a key; undefined when it isn't set. */
  get(key: string): unknown;
}

/** A value that must be set. */
export function required<T>(source: ConfigSource, key: string, kind: ValueKind<T>): T {
  const value = optional(source, key, kind);
  if (value === undefined) throw new Error(`${source.prefix}${key} is not set: ${fixOf(source, key, kind)}`);
  return value;
}

/** A value that may be left out. */
export function optional<T>(source: ConfigSource, key: string, kind: ValueKind<T>): T | undefined {
  const value = source.get(key);
  if (value === undefined) return undefined;
  const parsed = kind.parse(value);
  if (parsed === undefined) {
    throw new Error(`${source.prefix}${key} is ${JSON.stringify(value)}: ${fixOf(source, key, kind)}`);
  }
  return parsed;
}

/**
 * A mapping within the configuration, or undefined when it isn't set.
 *
 * @param keys every key that it may have
 * @throws Error when it is no mapping, or has another key
 */
export function mapping(source: ConfigSource, key: string, keys: string[]): ConfigSource | undefined {
  const value = source.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(
      `${source.prefix}${key} is ${JSON.stringify(value)}: it must be a mapping of ${keys.join(", ")}`,
    );
  }
  const values = value as Record<string, unknown>;
  const inner: ConfigSource = {
    prefix: `${source.prefix}${key}.`,
    keys: Object.keys(values),
    get: (name) => values[name],
  };
  refuseUnknownKeys(inner, keys);
  return inner;
}

/**
 * A key that nobody reads is a typo, and what was meant would silently be left at its default.
 *
 * @param allowed every key that the source may have
 * @throws Error that names the first unknown key, and the key that was probably meant
 */
export function refuseUnknownKeys({ prefix, keys = [] }: ConfigSource, allowed: readonly string[]): void {
  const unknown = keys.find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  const meant = allowed.find((key) => isNear(key, unknown));
  const hint = meant === undefined ? "" : ` (did you mean ${prefix}${meant}?)`;
  throw new Error(`${prefix}${unknown} is not known${hint}: the allowed keys are ${allowed.join(", ")}`);
}

/** Whether two keys are the same but for case, or for one letter that is missing, added or different. */
function isNear(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  const [restOfA, restOfB] = [a.slice(start), b.slice(start)];
  return [
    [restOfA, restOfB],
    [restOfA.slice(1), restOfB],
    [restOfA, restOfB.slice(1)],
    [restOfA.slice(1), restOfB.slice(1)],
  ].some(([left, right]) => left === right);
}

function fixOf(source: ConfigSource, key: string, kind: ValueKind<unknown>): string {
  return `it must be ${kind.allowed}, e.g. in Pulumi.<stack>.yaml \`${source.prefix}${key}: ${kind.example}\``;
}
