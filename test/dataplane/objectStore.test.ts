import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { backupScript, restoreScript } from "../../components/influxdb/backupScripts";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { downloadScript, uploadScript } from "../../components/influxdb/objectStoreScripts";
import { type Finished, run } from "../../local/processes";
import { resolveTool, ToolUnavailableError } from "../../local/tools/resolve";
import { type Azurite, startAzurite } from "./support/azurite";
import { passwords, startTestDatabase, type TestDatabase } from "./support/database";

describe("backups in an object store, by the real rclone in Azurite", () => {
  let directory: string;
  let azurite: Azurite;
  let programs: string[];
  let missing: string | undefined;
  before(async () => {
    programs = await Promise.all(
      (["influx", "rclone"] as const).map(async (name) => dirname((await resolveTool(name)).path)),
    );
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-object-store-"));
    try {
      azurite = await startAzurite(join(directory, "azurite"));
    } catch (error) {
      if (!(error instanceof ToolUnavailableError)) throw error;
      missing = error.message;
      return;
    }
    const made = await script('rclone mkdir "store:influxdb"', "none");
    assert.equal(made.code, 0, made.stderr);
  });
  after(async () => {
    await azurite?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A script as in a pod of its own: with an empty folder of backups that another run of the pod does not see. */
  async function script(text: string, pod: string, host: Record<string, string> = {}): Promise<Finished> {
    await mkdir(join(directory, pod), { recursive: true });
    return run("sh", ["-c", text], {
      env: {
        PATH: [...programs, process.env.PATH ?? ""].join(delimiter),
        BACKUP_DIRECTORY: join(directory, pod),
        BACKUP_BUCKET: "influxdb",
        BACKUP_KEEP: "7",
        RCLONE_CONFIG: join(directory, "rclone.conf"),
        INFLUX_CONFIGS_PATH: join(directory, "influx-configs"),
        // What fails here would fail again.
        ...{ RCLONE_RETRIES: "1", RCLONE_LOW_LEVEL_RETRIES: "2" },
        ...azurite.rcloneSettings,
        ...host,
      },
      timeoutMs: 120_000,
    });
  }
  const of = ({ influxd }: TestDatabase) => ({ INFLUX_HOST: influxd.url, INFLUX_TOKEN: influxd.token });

  it("restores a backup of one cluster into the InfluxDB of another", { timeout: 180_000 }, async (t) => {
    if (missing !== undefined) return t.skip(missing);
    const started: TestDatabase[] = [];
    t.after(() => Promise.all(started.map((each) => each.remove())));
    const start = async () => {
      const database = await startTestDatabase();
      started.push(database);
      return database;
    };
    const [database, other] = [await start(), await start()];
    const now = Date.now();
    const lines = Array.from(
      { length: 5000 },
      (_, i) => `http.server.request,service=s duration_s=${i / 10} ${now - i}000000`,
    );
    await database.reconcile();
    await database.client.write(lines);
    for (const [text, pod] of [
      [backupScript, "backup"],
      [uploadScript, "backup"],
    ] as const) {
      const result = await script(text, pod, of(database));
      assert.equal(result.code, 0, result.stderr);
    }
    // The cluster and its volumes are gone.
    await started.shift()?.remove();
    for (const text of [downloadScript, restoreScript]) {
      const result = await script(text, "restore", of(other));
      assert.equal(result.code, 0, result.stderr);
    }
    const grafana = other.client.as({ username: "grafana", password: passwords.INFLUXDB_GRAFANA_PASSWORD });
    const [row] = await grafana.influxql(
      'SELECT count("duration_s") AS n, sum("duration_s") AS sum FROM "events"."http.server.request"',
    );
    assert.equal(row?.n, 5000);
    // 0.1 × (0 + 1 + … + 4999)
    assert.ok(Math.abs(Number(row?.sum) - 1_249_750) < 1e-6, String(row?.sum));
    assert.deepEqual(await other.reconcile(influxDesiredState({ tasks: [] })), [], "nothing is missing");
  });
});
