import { javascriptRegexp } from "./regexps";

/** Also the end of what was printed over several lines, as of JSON, and what is around a traceback of another process. */
const indented = /^(?:[ \t\r\n\f\v]|$|(?:[\])}]+[,;]?|""")\r?$)/;
/** What the container runtime puts before each line in the node's files; `P` is a part of a line. */
export const runtimePrefix =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) std(?:out|err) ([FP]) /;
/** What torchrun puts before each line. */
const rankPrefix = /^\[rank\d+\]: /;
const traceback = /^Traceback \(most recent call last\):/;
/** Between the tracebacks of chained exceptions, Python's and Java's. */
const chained =
  /^(?:During handling of the above exception|The above exception was the direct cause|Caused by: )/;
const exception = /^(?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*(?:Error|Exception)(?::|[ \t\r\n\f\v]*$)/;
/** Go, Rust and CPython. The process has ended, but for another goroutine's report. */
const panic = /^(?:(?:panic|fatal error|Fatal Python error): |thread '[^'\n]*' (?:\(\d+\) )?panicked at )/;
/** Lines of an exception's message after its first. */
const maxMessageLines = 20;
/** tqdm's bars, those of brackets and a percentage, Keras 3's, Spark's. */
export const progress =
  /\dit \[\d\d:|\d\/\d+(?:\x1b\[[\d;]*m|[ \t])*━{5,}|\d%\|[^|]*\||\d%?[ \t]*\[[=>.#\- ]{5,}\]|\[[=>.#\- ]{5,}\][ \t]*\d|\[Stage \d+:[=> ]+\(/;
/** A record that is longer ends. */
const maxBytes = 1024 * 1024;

/** A record of one or more lines. */
export interface JoinedRecord {
  text: string;
  /** Number of its first line, from 1. */
  line: number;
}

interface State {
  after?: "stack" | "exception" | "chained" | "panic";
  /** Lines of the exception's message after its first. */
  messageLines: number;
}

/**
 * Joins lines to records, as log_joiner.rb does in the sidecar: a line that begins no record belongs to the one before,
 * and where there is none, it begins one. Of progress bars that follow each other the last state is kept.
 *
 * @param lines without their line breaks
 * @param multilineStart what the first line of a record looks like; by default a line that is not indented and no part
 *   of a traceback
 * @param isKnown whether a line is a record of some format; without it, no line is taken for the rest of a message
 */
export function joinRecords(
  lines: readonly string[],
  multilineStart?: string,
  isKnown?: (line: string) => boolean,
): JoinedRecord[] {
  const start = multilineStart === undefined ? undefined : javascriptRegexp(multilineStart);
  const records: (JoinedRecord & { isProgress: boolean })[] = [];
  let state: State = { messageLines: 0 };
  let goesOn = false;
  lines.forEach((raw, index) => {
    const whole = raw.includes("\r") ? lastState(raw) : raw;
    const [prefix = "", , part] = runtimePrefix.exec(whole) ?? [];
    const line = whole.slice(prefix.length).replace(rankPrefix, "");
    // The container runtime has split the line.
    const isPart = goesOn && prefix !== "";
    goesOn = part === "P";
    const isProgress = progress.test(line);
    const held = records.at(-1);
    if (held?.isProgress && isProgress) {
      held.text = whole;
      return;
    }
    const isOwn =
      held === undefined || held.isProgress || isProgress || Buffer.byteLength(held.text) > maxBytes;
    const next = isOwn ? undefined : isPart ? state : continuation(line, state, start, isKnown);
    if (next === undefined || held === undefined) {
      records.push({ text: whole, line: index + 1, isProgress });
      state = {
        after: traceback.test(line) ? "stack" : panic.test(line) ? "panic" : undefined,
        messageLines: 0,
      };
    } else {
      held.text += isPart ? line : `\n${line}`;
      state = next;
    }
  });
  return records.map(({ text, line }) => ({ text, line }));
}

/** The state after a line that continues the record; undefined for one that begins another. */
function continuation(
  line: string,
  state: State,
  start: RegExp | undefined,
  isKnown: ((line: string) => boolean) | undefined,
): State | undefined {
  if (start !== undefined) return start.test(line) ? undefined : state;
  const { after } = state;
  // A blank line ends the message.
  if (after === "exception" && line === "") return { after, messageLines: maxMessageLines };
  if (indented.test(line) || (after === "stack" && line.startsWith("> "))) return state;
  // A second traceback that is not chained to the first is another record.
  if (traceback.test(line)) return after === "exception" ? undefined : { ...state, after: "stack" };
  if (chained.test(line)) return { ...state, after: "chained" };
  // The exception ends its traceback, whatever its name is.
  if (after === "stack") return { after: "exception", messageLines: 0 };
  if (exception.test(line)) return state;
  // What no format knows after an exception or a panic belongs to its message or its report.
  if (isKnown === undefined || (after !== "exception" && after !== "panic") || isKnown(line))
    return undefined;
  const messageLines = state.messageLines + 1;
  return after === "panic" || messageLines <= maxMessageLines ? { after, messageLines } : undefined;
}

/** What a terminal would show of a progress bar that is drawn over itself, and every other text. */
function lastState(line: string): string {
  // Keras draws over a bar by backspaces.
  const states = line
    .replaceAll("\b", "")
    .replace(/(?<!\r)\r+$/, "")
    .split("\r");
  const last = states.findLastIndex((one) => progress.test(one));
  if (last === -1) return line;
  return states
    .filter((one, index) => /[^ \t\r\n\f\v]/.test(one) && (index === last || !progress.test(one)))
    .join("\n");
}
