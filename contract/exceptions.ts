import { trailingSpace } from "./regexps";

const traceback = /^(?: *\+ Exception Group )?Traceback \(most recent call last\):/;
const named = /^([A-Za-z_][\w.]*)(?:: ?([\s\S]*))?$/;
const inGroup = /^ *\| ([A-Za-z_][\w.]*)(?:: (.*))?$/s;
const java =
  /^(?:Exception in thread "[^"]*" |Caused by: |Unhandled exception\. |Uncaught )?((?:[A-Za-z_][\w$]*\.)*[\w$]*(?:Error|Exception))(?:: ?(.*))?$/s;
const panic =
  /^(?:(panic|fatal error|Fatal Python error): (.*)|thread '[^'\n]*' (?:\(\d+\) )?(panic)ked at (.*))$/s;
/** Raised before anything of the file runs: it has no traceback. */
const syntax = /^((?:Syntax|Indentation|Tab)Error)(?:: ?(.*))?$/;
/** loguru marks a line of its stack by `> `. */
const indented = /^(?:[ \t\r\n\f\v]|> |$)/;

/** `exception.type` and `exception.message` of a text of several lines; empty where it is none. */
export function exceptionAttributes(text: string): Map<string, string> {
  const lines = text.split("\n");
  while (lines.at(-1) === "") lines.pop();
  const begins = lines.findLastIndex((line) => traceback.test(line));
  const match =
    begins === -1
      ? (java.exec(lines[0] ?? "") ?? panic.exec(lines[0] ?? "") ?? syntax.exec(lines.at(-1) ?? ""))
      : raised(lines.slice(begins + 1), (lines[begins] as string).includes("Group"));
  if (match === null) return new Map();
  return new Map([
    ["exception.type", (match[1] ?? match[3]) as string],
    ["exception.message", match[2] ?? match[4] ?? ""],
  ]);
}

/** The last traceback's exception, with every line of its message. */
function raised(lines: readonly string[], isGroup: boolean): RegExpExecArray | null {
  const at = lines.findIndex((line) => (isGroup ? inGroup.test(line) : !indented.test(line)));
  if (at === -1) return null;
  return isGroup
    ? inGroup.exec(lines[at] as string)
    : named.exec(lines.slice(at).join("\n").replace(trailingSpace, ""));
}
