import { readFileSync } from "node:fs";
import type { InfluxDesiredState } from "../desiredState";
import { InfluxApi, reasonOf } from "../influxApi";
import { ConfigurationError, exitCodes, required, runProgram, waitForInfluxDb } from "../program";
import { reconcile } from "./reconcile";

/**
 * Reads INFLUXDB_URL, INFLUXDB_TOKEN, INFLUXDB_READY_SECONDS (default 300), the desired state from the file named by
 * the first argument or INFLUXDB_DESIRED_STATE, and the passwords from the variables that the state names.
 */
async function main(): Promise<number> {
  const desired = readDesiredState(process.argv[2] ?? process.env.INFLUXDB_DESIRED_STATE);
  const api = new InfluxApi({
    url: required("INFLUXDB_URL", "e.g. http://influxdb:8086"),
    token: required("INFLUXDB_TOKEN", "the operator token that InfluxDB was set up with"),
  });
  const passwords = readPasswords(desired);
  await waitForInfluxDb(api);
  const changes = await reconcile({ api, desired, passwords });
  for (const { action, what, detail } of changes) {
    console.log(`${action} ${what}${detail === undefined ? "" : ` (${detail})`}`);
  }
  console.log(`${changes.filter(({ action }) => action !== "kept").length} changes`);
  return exitCodes.done;
}

function readPasswords({ credentials, secrets = [] }: InfluxDesiredState): Record<string, string> {
  const meanings: [string, string][] = [
    ...credentials.map(({ username, passwordVariable }): [string, string] => [
      passwordVariable,
      `the password of the user ${username}`,
    ]),
    ...secrets.map(({ key, valueVariable }): [string, string] => [
      valueVariable,
      `the value of the secret ${key}`,
    ]),
  ];
  return Object.fromEntries(meanings.map(([variable, meaning]) => [variable, required(variable, meaning)]));
}

function readDesiredState(file: string | undefined): InfluxDesiredState {
  if (file === undefined) {
    throw new ConfigurationError(
      "no desired state: give its JSON file as argument or in INFLUXDB_DESIRED_STATE",
    );
  }
  let state: Partial<InfluxDesiredState>;
  try {
    state = JSON.parse(readFileSync(file, "utf8")) as Partial<InfluxDesiredState>;
  } catch (error) {
    throw new ConfigurationError(`desired state ${file} can't be read: ${reasonOf(error)}`);
  }
  const lists = ["buckets", "databaseMappings", "credentials", "tasks"] as const;
  const missing = lists.find((key) => !Array.isArray(state[key]));
  if (typeof state.organization !== "string" || missing !== undefined) {
    throw new ConfigurationError(
      `desired state ${file}: ${missing ?? "organization"} is missing; influxDesiredState() makes the file`,
    );
  }
  return state as InfluxDesiredState;
}

runProgram(main);
