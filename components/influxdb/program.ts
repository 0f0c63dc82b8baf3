import { reasonOf } from "./influxApi";

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
