/** Deeper objects are no JSON to Fluentd. */
const maxNesting = 20;

/**
 * JSON as Fluentd's parser takes it: with Python's NaN and Infinity, which are left out later, and comments.
 *
 * @returns undefined for what is no object
 */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const value = parse(text) ?? parse(withoutExtensions(text));
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && depthOf(value) <= maxNesting ? (value as Record<string, unknown>) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
