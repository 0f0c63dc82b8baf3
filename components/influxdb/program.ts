import { type InfluxApi, reasonOf } from "./influxApi";

/** Exit codes of the programs of the Jobs. Another try of the same Job does not help where the configuration is wrong. */
export const exitCodes = { done: 0, failed: 1, wrongConfiguration: 2 } as const;

/** A wrong or missing setting; the message names it and the fix. */
export class ConfigurationError extends Error {}

/**
 * The value of an environment variable.
 *
 * @param meaning what it is, for the message
 * @throws ConfigurationError when it is not set or empty
 */
export function required(variable: string, meaning: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") {
    throw new ConfigurationError(`${variable} is not set: ${meaning}`);
  }
  return value;
}

/**
 * Wait for InfluxDB: a new pod's address is known to the policy of its server only seconds after the start of the pod.
 * Reads INFLUXDB_READY_SECONDS (default 300).
 *
 * @throws ConfigurationError when that is no number of seconds; Error when InfluxDB is not ready by then
 */
export async function waitForInfluxDb(api: InfluxApi): Promise<void> {
  const text = process.env.INFLUXDB_READY_SECONDS ?? "300";
  const seconds = Number(text);
  if (!(seconds > 0)) {
    throw new ConfigurationError(`INFLUXDB_READY_SECONDS must be a number of seconds above 0, got "${text}"`);
  }
  await api.waitUntilReady(seconds * 1000);
}

/** Run a program to its end and set the exit code. What it throws is printed. */
export function runProgram(main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(`error: ${reasonOf(error)}`);
      process.exitCode =
        error instanceof ConfigurationError ? exitCodes.wrongConfiguration : exitCodes.failed;
    },
  );
}
