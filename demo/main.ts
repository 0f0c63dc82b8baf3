/**
 * `make demo`: the whole data flow on this machine, with real programs. Trains three models, sends requests to the
 * API, and prints the results. `--requests N` (default 1000); `--keep`: stay up, filled, until Ctrl-C.
 */
import { parseArgs } from "node:util";
import { UserError } from "../local/userError";
import { writeHistory } from "./history";
import { figures, mailText } from "./report";
import {
  countRequests,
  type DemoFacts,
  fillDemo,
  measureQueryable,
  percentile,
  repairedRun,
  train,
  waitForMail,
  waitForRequests,
} from "./scenario";
import { type Demo, startDemo } from "./stack";
import { rollUpHistory } from "./tasks";
import { logDirectoryOf, workloadNames } from "./workloads";

/** Days before today for which the requests are repeated, so that rollups have data. */
const historyDays = 3;
const latencySamples = 20;
const mailTimeoutMs = 300_000;

const log = (line: string): void => console.log(line);
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

async function main(): Promise<void> {
  const { requests, keep } = readArguments();
  log("Starting InfluxDB, Alertmanager, Telegraf, Fluentd and a mail sink …");
  const demo = await startDemo({ log });
  // Ctrl-C stops the demo at once.
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve("interrupted"));
  });
  let ending: "interrupted" | void;
  try {
    ending = await Promise.race([
      interrupted,
      keep ? fillAndKeep(demo, requests, interrupted) : show(demo, requests),
    ]);
  } finally {
    await demo.stop();
  }
  if (ending === "interrupted") process.exit(keep ? 0 : 130);
}

function readArguments(): { requests: number; keep: boolean } {
  const { values } = parseArgs({
    options: { requests: { type: "string", default: "1000" }, keep: { type: "boolean", default: false } },
  });
  const requests = Number(values.requests);
  if (!Number.isInteger(requests) || requests < 1 || requests > 100_000) {
    throw new UserError(`--requests must be a whole number from 1 to 100000, got ${values.requests}`);
  }
  return { requests, keep: values.keep };
}

async function fillAndKeep(demo: Demo, requests: number, interrupted: Promise<unknown>): Promise<void> {
  await fillDemo(demo, { requests, log });
  const { url, username, password } = demo.reader;
  log(`\nInfluxDB     ${url}  (user ${username}, password ${password}, database monitoring)`);
  log(`Alertmanager ${demo.alertmanager.url}`);
  log("Ctrl-C stops the demo and removes all of its files.");
  await interrupted;
}

async function show(demo: Demo, requests: number): Promise<void> {
  const facts = await fillDemo(demo, { requests, log });
  if ("skipped" in demo.logPath) log(`\n${demo.logPath.skipped}\n`);
  else await showEvents(demo, facts);
  await showUnreachableApi(demo, facts);
  log(`\nMails\n${mailText(demo.mails)}`);
}

/** Shows the workloads' events: figures, rollups, and the e-mails about the run that failed. */
async function showEvents(demo: Demo, facts: DemoFacts): Promise<void> {
  const found = await countRequests(demo);
  log(`\n${facts.requests.requests} requests sent, ${found} in InfluxDB`);
  const failure = await waitForMail(
    demo,
    "the run failed",
    ({ subject }) => subject.startsWith("[CRITICAL] Run penguins-2009"),
    mailTimeoutMs,
  );
  log(`failure -> e-mail: ${seconds(failure.receivedAt.getTime() - facts.failedAt.getTime())}`);
  const latencies = await measureQueryable(demo, facts.api, latencySamples);
  log(
    `log line -> queryable: p95 ${seconds(percentile(latencies, 0.95))}, median ${seconds(percentile(latencies, 0.5))} ` +
      `(${latencySamples} requests)`,
  );

  log(`\nRepeating the requests for the ${historyDays} days before today, and rolling them up …`);
  const today = await countRequests(demo);
  await writeHistory(logDirectoryOf(demo.workloads, workloadNames.api), historyDays);
  await waitForRequests(demo, today * (historyDays + 1));
  await rollUpHistory(demo, historyDays);
  log(`\n${await figures(demo)}`);

  log("\nRunning the failed training again, without the fault …");
  await train(demo, repairedRun, log);
  const repairedAt = Date.now();
  const resolved = await waitForMail(
    demo,
    "the failed run is resolved",
    ({ subject }) => subject.startsWith("[RESOLVED] Run penguins-2009"),
    mailTimeoutMs,
  );
  log(`repaired -> e-mail: ${seconds(resolved.receivedAt.getTime() - repairedAt)}`);
}

/** Shows the alert about an API that was stopped. */
async function showUnreachableApi(demo: Demo, facts: DemoFacts): Promise<void> {
  log("\nStopping the API …");
  await facts.api.stop();
  const stoppedAt = Date.now();
  const mail = await waitForMail(
    demo,
    "the API is unreachable",
    ({ subject, receivedAt }) =>
      subject.startsWith("[CRITICAL] penguins-api does not answer") && receivedAt.getTime() > stoppedAt,
    mailTimeoutMs,
  );
  log(`unreachable -> e-mail: ${seconds(mail.receivedAt.getTime() - stoppedAt)}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
