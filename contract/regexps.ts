/** A regular expression that matches the same texts in JavaScript and in Ruby. */
export interface PortableRegexp {
  /** For JavaScript, with the flag `u`. */
  javascript: string;
  /** For Ruby, on valid UTF-8. */
  ruby: string;
}

// What `\s` and `.` are in JavaScript; Ruby's own know ASCII only.
const whitespace = "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";
const lineBreaks = "\\n\\r\\u2028\\u2029";
const word = "A-Za-z0-9_";

/** What an expression is made of, outside of a class: the first that matches. */
const tokens: readonly { pattern: RegExp; ruby?: () => string; refused?: string }[] = [
  { pattern: /\(\?<[=!]/y, refused: "look-behind" },
  { pattern: /\(\?<[A-Za-z_]\w*>|\(\?[:=!]|\((?!\?)|\)|\|/y },
  { pattern: /\(\?\W?\w*/y, refused: "an inline option, comment or atomic group" },
  { pattern: /\[\\s\\S\]/y, ruby: () => "(?m:.)" },
  { pattern: /\^/y, ruby: () => "\\A" },
  { pattern: /\$/y, ruby: () => "\\z" },
  { pattern: /\./y, ruby: () => `[^${lineBreaks}]` },
  { pattern: /(?:[*+?]|\{\d+(?:,\d*)?\})(?:\+|\*|\{)/y, refused: "a possessive or repeated quantifier" },
  { pattern: /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y },
  { pattern: /[{}\]]/y, refused: "an unescaped { } or ]" },
  { pattern: /\\s/y, ruby: () => `[${whitespace}]` },
  { pattern: /\\S/y, ruby: () => `[^${whitespace}]` },
  { pattern: /\\b/y, ruby: () => `(?:(?<![${word}])(?=[${word}])|(?<=[${word}])(?![${word}]))` },
  { pattern: /\\[dDwWtnrfv]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}/y },
  { pattern: /\\[A-Za-z0-9]/y, refused: "an escape that Ruby and JavaScript read differently" },
  { pattern: /\\[^A-Za-z0-9]/y },
  { pattern: /[^\\]/y },
];

const classTokens: typeof tokens = [
  { pattern: /\\s/y, ruby: () => whitespace },
  { pattern: /\\S/y, ruby: () => `[^${whitespace}]` },
  { pattern: /\\[dDwWtnrfv]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}/y },
  { pattern: /\\[A-Za-z0-9]/y, refused: "an escape that Ruby and JavaScript read differently" },
  { pattern: /\\[^A-Za-z0-9]/y },
  { pattern: /\[:/y, refused: "a POSIX class" },
  { pattern: /\[/y, ruby: () => "\\[" },
  { pattern: /&&/y, refused: "&& in a class" },
  { pattern: /[^\\]/y },
];

/**
 * Translates an expression of JavaScript, so that it means the same in Ruby: `^` and `$` are the begin and end of the
 * text, never of a line.
 *
 * @throws Error that names the part that can't be translated, and where it is
 */
export function portableRegexp(source: string): PortableRegexp {
  const result = { javascript: "", ruby: "" };
  let inClass = false;
  for (let at = 0; at < source.length;) {
    if (inClass && source[at] === "]") {
      inClass = false;
      at += add(result, "]");
      continue;
    }
    if (!inClass && source[at] === "[" && !source.startsWith("[\\s\\S]", at)) {
      const begin = source[at + 1] === "^" ? "[^" : "[";
      if (source[at + begin.length] === "]") throw refusal("an empty class", source, at);
      inClass = true;
      at += add(result, begin);
      continue;
    }
    at += addToken(result, inClass, source, at);
  }
  try {
    new RegExp(result.javascript, "u");
  } catch (error) {
    throw new Error(`not a regular expression: ${(error as Error).message.split(": ").at(-1)}: ${source}`);
  }
  return result;
}

/** The expression whose translation for Ruby this is. */
export function regexpOfRuby(ruby: string): string {
  const translated: Readonly<Record<string, string>> = { "\\A": "^", "\\z": "$", "(?m:.)": "[\\s\\S]" };
  const bounded = ruby.replaceAll(portableRegexp("\\b").ruby, "\\b");
  return bounded.replace(/\(\?m:\.\)|\\[\s\S]/g, (token) => translated[token] ?? token);
}

function add(result: PortableRegexp, javascript: string, ruby = javascript): number {
  result.javascript += javascript;
  result.ruby += ruby;
  return javascript.length;
}

function addToken(result: PortableRegexp, inClass: boolean, source: string, at: number): number {
  for (const { pattern, ruby, refused } of inClass ? classTokens : tokens) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) continue;
    if (refused !== undefined) throw refusal(refused, source, at);
    const [text] = match;
    add(result, plainEscape(text, inClass), ruby?.() ?? (text === "\\/" ? "/" : text));
    return text.length;
  }
  throw refusal("a backslash at the end", source, at);
}

/** The flag `u` allows a backslash before characters with a meaning only. */
function plainEscape(text: string, inClass: boolean): string {
  const isPlain = /^\\[^A-Za-z0-9^$\\.*+?()[\]{}|/-]$/.test(text) || (text === "\\-" && !inClass);
  return isPlain ? text.slice(1) : text;
}

function refusal(what: string, source: string, at: number): Error {
  return new Error(
    `${what} is not supported, at ${JSON.stringify(source.slice(at, at + 10))}: it must mean the same in Ruby and JavaScript: ${source}`,
  );
}

const compiled = new Map<string, RegExp>();

/** The expression for JavaScript; the same source is compiled once. */
export function javascriptRegexp(source: string): RegExp {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const regexp = new RegExp(portableRegexp(source).javascript, "u");
  compiled.set(source, regexp);
  return regexp;
}

/** A text without the escape sequences of a terminal's colours. */
export function withoutColours(text: string): string {
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
}

/**
 * White space at the end of a text. Without the look-behind each place of a run of spaces inside of the text would be
 * tried as the begin, and a long one take seconds.
 */
export const trailingSpace = /(?<![ \t\r\n\f\v])[ \t\r\n\f\v]+$/;
