import { trailingSpace } from "./regexps";

const pair = /([A-Za-z_][\w.@-]*)=("(?:[^"\\]|\\[\s\S])*"|[^ \t\r\n\f\v]*)/;
const maxPairs = 64;

/** The words of a message, and the `key=value` pairs at its end, in one pass. */
export function messageAndPairs(text: string): { message: string; pairs: [string, string][] } {
  const token = new RegExp(`${pair.source}(?=[ \\t\\r\\n\\f\\v]|$)|([^ \\t\\r\\n\\f\\v]+)`, "y");
  const spaces = /[ \t\r\n\f\v]+/y;
  let pairs: [string, string][] = [];
  let begins: number | undefined;
  for (let at = 0; at < text.length;) {
    spaces.lastIndex = at;
    if (spaces.test(text)) {
      at = spaces.lastIndex;
      continue;
    }
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) break;
    if (match[1] === undefined) {
      pairs = [];
      begins = undefined;
    } else {
      begins ??= at;
      pairs.push([match[1], unquote(match[2] ?? "")]);
    }
    at = token.lastIndex;
  }
  const message = (begins === undefined ? text : text.slice(0, begins)).replace(trailingSpace, "");
  return { message, pairs: pairs.slice(0, maxPairs) };
}

/** The first 64 `key=value` pairs of a text. */
export function pairsOf(text: string): [string, string][] {
  const found = [...text.matchAll(new RegExp(pair, "g"))].slice(0, maxPairs);
  return found.map(([, key = "", value = ""]) => [key, unquote(value)]);
}

/** A text without the quotes around it and the backslashes in it, if all of it is quoted. */
export function unquote(text: string): string {
  if (!/^"(?:[^"\\]|\\[\s\S])*"$/.test(text)) return text;
  return text
    .slice(1, -1)
    .replace(/\\([\s\S])/gu, (_, character: string) => ({ n: "\n", t: "\t" })[character] ?? character);
}
