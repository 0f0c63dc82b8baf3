/** Deeper objects are no JSON to Fluentd. */
const maxNesting = 20;

/**
 * JSON as Fluentd's parser takes it: with Python's NaN and Infinity, which are left out later, and comments.
 *
 * @returns undefined for what is no object
 */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const exact = withExactIntegers(text);
  const value = parse(exact) ?? parse(withoutExtensions(exact));
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && depthOf(value) <= maxNesting ? (value as Record<string, unknown>) : undefined;
}

/** What is before the digits of an integer that a number of JavaScript can't hold; no line has it. */
const integerMark = "\ue000integer:";

/** Integers of more digits than a number holds, as marked strings: Fluentd reads them exactly. */
function withExactIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"|-?\d[\d.eE+-]*/g, (part) =>
    /^-?[1-9]\d{15,}$/.test(part) ? `"${integerMark}${part}"` : part,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) =>
      typeof value === "string" && value.startsWith(integerMark)
        ? BigInt(value.slice(integerMark.length))
        : value,
    );
  } catch {
    return undefined;
  }
}

/** A value as Fluentd writes it into a text. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${jsonText(one)}`);
    return `{${members.join(",")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Strings as they are, but for escapes that JSON doesn't know; outside of them no NaN, Infinity and comment. */
function withoutExtensions(text: string): string {
  return text.replace(
    /"(?:[^"\\]|\\[\s\S])*"|-?\b(?:NaN|Infinity)\b|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (part) => {
      if (part.startsWith('"')) return part.replace(/\\([^"\\/bfnrtu])/g, "$1");
      return part.startsWith("/") ? " " : "null";
    },
  );
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
