import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const nanosecondDigits = /^(.*)(\.\d{9}Z)$/;
const dayMs = 24 * 3600 * 1000;

/** A line of the log contract, moved into the past by whole days; its run and request get ids of their own. */
export function movedBack(line: string, days: number): string {
  const event = JSON.parse(line) as Record<string, unknown>;
  const [, seconds, fraction] = nanosecondDigits.exec(String(event.timestamp)) ?? [];
  if (seconds === undefined || fraction === undefined) {
    throw new RangeError(
      `timestamp must be RFC 3339 in UTC with nine digits, got ${String(event.timestamp)}`,
    );
  }
  // Nanoseconds are beyond a Date: only whole seconds are moved.
  const moved = new Date(Date.parse(`${seconds}Z`) - days * dayMs).toISOString().slice(0, 19);
  event.timestamp = `${moved}${fraction}`;
  for (const key of ["cicd.pipeline.run.id", "request.id"]) {
    if (typeof event[key] === "string") event[key] = `${event[key]}-${days}d`;
  }
  return JSON.stringify(event);
}

/**
 * Repeat what an app has logged so far for each of the last days, in one file a day beside its own.
 *
 * @param logDirectory folder of the app's event files
 * @returns how many of the lines are requests
 */
export async function writeHistory(logDirectory: string, days: number): Promise<number> {
  const names = (await readdir(logDirectory)).filter(
    (name) => name.endsWith(".events.log") && !name.startsWith("history."),
  );
  const files = await Promise.all(names.map((name) => readFile(join(logDirectory, name), "utf8")));
  const lines = files.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  for (let day = 1; day <= days; day++) {
    const moved = lines.map((line) => `${movedBack(line, day)}\n`);
    await writeFile(join(logDirectory, `history.${day}.events.log`), moved.join(""));
  }
  const requests = lines.filter((line) => line.includes('"event_name":"http.server.request"'));
  return requests.length * days;
}
