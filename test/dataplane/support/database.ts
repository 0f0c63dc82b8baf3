import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { influxDesiredState, type InfluxDesiredState } from "../../../components/influxdb/desiredState";
import { InfluxApi } from "../../../components/influxdb/influxApi";
import type { Change } from "../../../components/influxdb/reconcile/context";
import { reconcile } from "../../../components/influxdb/reconcile/reconcile";
import { type Influxd, startInfluxd } from "../../../local/services/influxd";
import { resolveTool } from "../../../local/tools/resolve";
import { InfluxClient } from "./influxClient";

/** Passwords of the test's credentials. */
export const passwords = {
  INFLUXDB_FLUENTD_PASSWORD: "fluentd-password-of-the-test",
  INFLUXDB_TELEGRAF_PASSWORD: "telegraf-password-of-the-test",
  INFLUXDB_GRAFANA_PASSWORD: "grafana-password-of-the-test",
  INFLUXDB_APPS_PASSWORD: "apps-password-of-the-test",
  INFLUXDB_ARCHIVE_PASSWORD: "archive-password-of-the-test",
};

/** A real InfluxDB in a folder of its own. */
export interface TestDatabase {
  readonly influxd: Influxd;
  api: InfluxApi;
  /** Asks as the operator. */
  client: InfluxClient;
  /** Bring it to a desired state; without one, to the platform's own. `values` are other passwords, and secrets. */
  reconcile(desired?: InfluxDesiredState, values?: Readonly<Record<string, string>>): Promise<Change[]>;
  /** Start it anew, on the same port and with the data of the one that was stopped. */
  restart(): Promise<void>;
  /** Stop it and remove its folder. */
  remove(): Promise<void>;
}

/** Start an InfluxDB that holds nothing. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const { path: command } = await resolveTool("influxd");
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-influxd-"));
  let influxd = await startInfluxd({ command, directory, token: "operator-token-of-the-test" });
  const { url, token, port } = influxd;
  const api = new InfluxApi({ url, token });
  return {
    get influxd() {
      return influxd;
    },
    api,
    client: new InfluxClient(url, { token }),
    reconcile: (desired = influxDesiredState(), values = {}) =>
      reconcile({ api, desired, passwords: { ...passwords, ...values } }),
    restart: async () => {
      influxd = await startInfluxd({ command, directory, token, port });
    },
    remove: async () => {
      await influxd.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
