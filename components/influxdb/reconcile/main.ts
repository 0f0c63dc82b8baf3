import { readFileSync } from "node:fs";
import type { InfluxDesiredState } from "../desiredState";
import { InfluxApi, reasonOf } from "./influxApi";
import { type Change, reconcile } from "./reconcile";

/** Exit codes: 1 InfluxDB can't be brought to the state, 2 wrong configuration (another try won't help). */
const exitCodes = { done: 0, failed: 1, wrongConfiguration: 2 } as const;

/** A wrong or missing setting; the message names it and the fix. */
class ConfigurationError extends Error {}

const defaultReadySeconds = 300;

interface Configuration {
  url: string;
  token: string;
  readySeconds: number;
  desired: InfluxDesiredState;
  passwords: Record<string, string>;
}

/**
 * Reads INFLUXDB_URL, INFLUXDB_TOKEN, INFLUXDB_READY_SECONDS (default 300), the desired state from the file named by
 * the first argument or INFLUXDB_DESIRED_STATE, and the passwords from the variables that the state names.
 */
function configuration(): Configuration {
  const file = process.argv[2] ?? process.env.INFLUXDB_DESIRED_STATE;
  if (file === undefined) {
    throw new ConfigurationError(
      "no desired state: give its JSON file as argument or in INFLUXDB_DESIRED_STATE",
    );
  }
  const desired = readDesiredState(file);
  return {
    url: required("INFLUXDB_URL", "e.g. http://influxdb:8086"),
    token: required("INFLUXDB_TOKEN", "the operator token that InfluxDB was set up with"),
    readySeconds: readySeconds(process.env.INFLUXDB_READY_SECONDS),
    desired,
    passwords: Object.fromEntries([
      ...desired.credentials.map(({ username, passwordVariable }) => [
        passwordVariable,
        required(passwordVariable, `the password of the user ${username}`),
      ]),
      ...(desired.secrets ?? []).map(({ key, valueVariable }) => [
        valueVariable,
        required(valueVariable, `the value of the secret ${key}`),
      ]),
    ]) as Record<string, string>,
  };
}

function readySeconds(text: string | undefined): number {
  if (text === undefined) return defaultReadySeconds;
  const seconds = Number(text);
  if (!(seconds > 0)) {
    throw new ConfigurationError(`INFLUXDB_READY_SECONDS must be a number of seconds above 0, got "${text}"`);
  }
  return seconds;
}

function readDesiredState(file: string): InfluxDesiredState {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigurationError(`desired state ${file} can't be read: ${reasonOf(error)}`);
  }
  const keys = ["buckets", "databaseMappings", "credentials", "tasks"] as const;
  const state = parsed as Partial<InfluxDesiredState>;
  const missing = keys.find((key) => !Array.isArray(state[key]));
  if (typeof state.organization !== "string" || missing !== undefined) {
    throw new ConfigurationError(
      `desired state ${file}: ${missing ?? "organization"} is missing; influxDesiredState() makes the file`,
    );
  }
  return state as InfluxDesiredState;
}

function required(variable: string, meaning: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") {
    throw new ConfigurationError(`${variable} is not set: ${meaning}`);
  }
  return value;
}

function line(change: Change): string {
  return `${change.action} ${change.what}${change.detail === undefined ? "" : ` (${change.detail})`}`;
}

async function main(): Promise<number> {
  const { url, token, readySeconds: patience, desired, passwords } = configuration();
  const api = new InfluxApi({ url, token });
  await api.waitUntilReady(patience * 1000);
  const changes = await reconcile({ api, desired, passwords });
  for (const change of changes) console.log(line(change));
  const made = changes.filter(({ action }) => action !== "kept").length;
  console.log(`${made} changes`);
  return exitCodes.done;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`error: ${reasonOf(error)}`);
    process.exitCode = error instanceof ConfigurationError ? exitCodes.wrongConfiguration : exitCodes.failed;
  },
);
