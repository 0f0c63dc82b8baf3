import { readFile } from "node:fs/promises";
import { engineRun, readEventLog } from "./engineRun";
import { policyConfigOf, reportOf } from "./report";

/** `npm run preview-report -- STACK EVENT_LOG`: the report of a preview that wrote an event log, to standard output. */
async function main([stack, eventLog]: string[]): Promise<void> {
  if (stack === undefined || eventLog === undefined) {
    throw new Error("usage: npm run preview-report -- STACK EVENT_LOG");
  }
  const run = engineRun(readEventLog(await readFile(eventLog, "utf8")));
  process.stdout.write(reportOf(stack, run, await policyConfigOf(stack)));
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
