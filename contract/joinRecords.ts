import { javascriptRegexp } from "./regexps";

const indented = /^(?:[ \t\r\n\f\v]|$)/;
const traceback = /^Traceback \(most recent call last\):/;
/** Between the tracebacks of chained exceptions, Python's and Java's. */
const chained =
  /^(?:During handling of the above exception|The above exception was the direct cause|Caused by: )/;
const exception = /^(?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*(?:Error|Exception)(?::|[ \t\r\n\f\v]*$)/;
/** tqdm's bars, and those of brackets and a percentage. */
const progress = /\d%\|[^|]*\||\d+%?[ \t]*\[[=>.#\- ]{5,}\]|\[[=>.#\- ]{5,}\][ \t]*\d/;
/** A record that is longer ends. */
const maxBytes = 1024 * 1024;

/** A record of one or more lines. */
export interface JoinedRecord {
  text: string;
  /** Number of its first line, from 1. */
  line: number;
}

type State = "stack" | "exception" | "chained" | undefined;

/**
 * Joins lines to records, as log_joiner.rb does in the sidecar: a line that begins no record belongs to the one before,
 * and where there is none, it begins one. Of progress bars that follow each other the last state is kept.
 *
 * @param lines without their line breaks
 * @param multilineStart what the first line of a record looks like; by default a line that is not indented and no part
 *   of a traceback
 */
export function joinRecords(lines: readonly string[], multilineStart?: string): JoinedRecord[] {
  const start = multilineStart === undefined ? undefined : javascriptRegexp(multilineStart);
  const records: (JoinedRecord & { isProgress: boolean })[] = [];
  let state: State;
  lines.forEach((raw, index) => {
    const line = raw.includes("\r") ? lastState(raw) : raw;
    const isProgress = progress.test(line);
    const held = records.at(-1);
    if (held?.isProgress && isProgress) {
      held.text = line;
      return;
    }
    const isOwn =
      held === undefined || held.isProgress || isProgress || Buffer.byteLength(held.text) > maxBytes;
    const next = isOwn ? undefined : continuation(line, state, start);
    if (next === undefined || held === undefined) {
      records.push({ text: line, line: index + 1, isProgress });
      state = traceback.test(line) ? "stack" : undefined;
    } else {
      held.text += `\n${line}`;
      state = next.state;
    }
  });
  return records.map(({ text, line }) => ({ text, line }));
}

/** The state after a line that continues the record; undefined for one that begins another. */
function continuation(line: string, state: State, start: RegExp | undefined): { state: State } | undefined {
  if (start !== undefined) return start.test(line) ? undefined : { state };
  if (indented.test(line)) return { state };
  // A second traceback that is not chained to the first is another record.
  if (traceback.test(line)) return state === "exception" ? undefined : { state: "stack" };
  if (chained.test(line)) return { state: "chained" };
  // The exception ends its traceback, whatever its name is.
  if (state === "stack") return { state: "exception" };
  return exception.test(line) ? { state } : undefined;
}

/** What a terminal would show of a progress bar that is drawn over itself, and every other text. */
function lastState(line: string): string {
  const states = line.replace(/\r+$/, "").split("\r");
  const last = states.findLastIndex((one) => progress.test(one));
  if (last === -1) return line;
  return states
    .filter((one, index) => /[^ \t\r\n\f\v]/.test(one) && (index === last || !progress.test(one)))
    .join("\n");
}
