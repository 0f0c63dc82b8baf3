import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { backupScript, restoreScript } from "../../components/influxdb/backupScripts";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { freePort } from "../../local/ports";
import { type Finished, run, sleep } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { passwords, startTestDatabase, type TestDatabase } from "./support/database";
import { waitFor } from "./support/waitFor";

describe("backup and restore of a real InfluxDB", () => {
  let directory: string;
  let database: TestDatabase;
  let influxFolder: string;
  before(async () => {
    influxFolder = dirname((await resolveTool("influx")).path);
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-backup-"));
    await mkdir(join(directory, "backups"));
    database = await startTestDatabase();
    await database.reconcile();
  });
  after(async () => {
    await database.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const script = (text: string, host: TestDatabase, more: Record<string, string> = {}): Promise<Finished> =>
    run("sh", ["-c", text], {
      env: {
        PATH: [influxFolder, process.env.PATH ?? ""].join(delimiter),
        INFLUX_HOST: host.influxd.url,
        INFLUX_TOKEN: host.influxd.token,
        INFLUX_CONFIGS_PATH: join(directory, "influx-configs"),
        BACKUP_DIRECTORY: join(directory, "backups"),
        BACKUP_KEEP: "2",
        ...more,
      },
      timeoutMs: 120_000,
    });
  const backups = (): Promise<string[]> => readdir(join(directory, "backups"));
  const now = Date.now();
  const lines = (count: number, measurement: string): string[] =>
    Array.from({ length: count }, (_, i) => `${measurement},service=s duration_s=${i / 10} ${now - i}000000`);

  it("restores every point, credential and task into an empty InfluxDB, and the tasks run", async () => {
    const beat = (name: string) => ({
      name,
      flux: `import "array"
option task = {name: "${name}", every: 1s}
array.from(rows: [{_time: now(), _measurement: "${name}", _field: "f", _value: 1.0}]) |> to(bucket: "minutely")`,
    });
    const desired = influxDesiredState({ tasks: [beat("beat")] });
    const byHand = { orgID: await organizationOf(database), flux: beat("off").flux, status: "inactive" };
    await database.reconcile(desired);
    await database.api.request({ method: "POST", path: "/api/v2/tasks", body: byHand });
    const beats = async (of: TestDatabase, name: string) =>
      (await of.client.influxql(`SELECT count("f") AS n FROM "minutely"."${name}"`))[0]?.n ?? 0;
    await waitFor(
      "the task runs before the backup",
      20_000,
      async () => (await beats(database, "beat")) || undefined,
    );
    await database.client.write(lines(5000, "http.server.request"));
    await database.client.write(lines(10, "http.server.request"), "daily");
    const backup = await script(backupScript, database);
    assert.equal(backup.code, 0, backup.stderr);
    assert.match(backup.stdout, /^backup \d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ: \d+ KiB$/m);

    const other = await startTestDatabase();
    try {
      const restore = await script(restoreScript, other);
      assert.equal(restore.code, 0, restore.stderr);
      // Without the script's last lines no task would ever run.
      const restored = Number(await beats(other, "beat"));
      const restoredOff = await beats(other, "off");
      await waitFor("the restored task runs", 20_000, async () =>
        Number(await beats(other, "beat")) > restored + 1 ? true : undefined,
      );
      assert.equal(await beats(other, "off"), restoredOff, "a task that was off stays so");
      const active = influxDesiredState({ tasks: [beat("beat")] }).tasks.length;
      assert.match(restore.stdout, new RegExp(`^activated ${active} tasks$`, "m"));
      const grafana = other.client.as({ username: "grafana", password: passwords.INFLUXDB_GRAFANA_PASSWORD });
      for (const [bucket, count, sum] of [
        ["events", 5000, 1_249_750],
        ["daily", 10, 4.5],
      ] as const) {
        const rows = await grafana.influxql(
          `SELECT count("duration_s") AS n, sum("duration_s") AS sum FROM "${bucket}"."http.server.request"`,
        );
        assert.equal(rows[0]?.n, count, bucket);
        assert.ok(Math.abs(Number(rows[0]?.sum) - sum) < 1e-6, `${bucket}: ${String(rows[0]?.sum)}`);
      }
      assert.deepEqual(
        await other.reconcile(desired),
        [],
        "nothing is missing: buckets, mappings, credentials, tasks",
      );
    } finally {
      await other.remove();
    }
  });

  it("keeps the newest, and removes what an interrupted backup left", async () => {
    for (const name of ["2001-01-01T00-00-00Z", "2002-01-01T00-00-00Z", "incomplete-2003-01-01T00-00-00Z"]) {
      await mkdir(join(directory, "backups", name));
    }
    await writeFile(join(directory, "backups", "notes.txt"), "not a backup");
    const [first] = (await backups()).filter((name) => name.startsWith("20") && !name.startsWith("200"));
    const result = await script(backupScript, database);
    assert.equal(result.code, 0, result.stderr);
    const kept = await backups();
    assert.equal(kept.length, 3, kept.join());
    assert.ok(first !== undefined && kept.includes(first) && kept.includes("notes.txt"), kept.join());
    assert.match(result.stdout, /removed 2001-01-01T00-00-00Z\nremoved 2002-01-01T00-00-00Z/);
  });

  it("waits for a name that no other backup has", async () => {
    const taken = Array.from({ length: 3 }, (_, i) =>
      new Date(Date.now() + i * 1000)
        .toISOString()
        .replace(/\.\d+Z$/, "Z")
        .replaceAll(":", "-"),
    );
    for (const name of taken) await mkdir(join(directory, "backups", name), { recursive: true });
    const result = await script(backupScript, database, { BACKUP_KEEP: "9" });
    assert.equal(result.code, 0, result.stderr);
    const own = /^backup (\S+):/m.exec(result.stdout)?.[1] ?? "";
    assert.ok(!taken.includes(own), own);
    assert.ok((await readdir(join(directory, "backups", own))).some((file) => file.endsWith(".manifest")));
    for (const name of taken) {
      const inside = await readdir(join(directory, "backups", name));
      assert.ok(!inside.some((file) => file.startsWith("incomplete-")), inside.join());
    }
  });

  it("waits for InfluxDB, and says when it gave up", async () => {
    const port = await freePort();
    const host = { INFLUX_HOST: `http://127.0.0.1:${port}` };
    for (const text of [backupScript, restoreScript]) {
      const result = await script(text, database, { ...host, INFLUX_READY_SECONDS: "2" });
      assert.equal(result.code, 1);
      assert.match(result.stderr, /InfluxDB at http:\S+ was not ready within 2 s \(.*refused.*\): look at/);
    }
    // As a network policy that learns of the pod's address a second late.
    const waiting = script(backupScript, database, { ...host, BACKUP_KEEP: "9" });
    await sleep(1500);
    const proxy = createServer((client) => {
      const server = connect(database.influxd.port, "127.0.0.1");
      client.on("error", () => server.destroy()).pipe(server);
      server.on("error", () => client.destroy()).pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(port, "127.0.0.1", resolve));
    try {
      const { code, stderr } = await waiting;
      assert.equal(code, 0, stderr);
    } finally {
      proxy.close();
    }
  });

  it("fails, keeps what there is, and names no backup that is none, when InfluxDB does not answer", async () => {
    const before = await backups();
    const result = await script(backupScript, database, { INFLUX_TOKEN: "wrong" });
    assert.notEqual(result.code, 0);
    const after = (await backups()).filter((name) => !name.startsWith("incomplete-"));
    assert.deepEqual(after, before);
  });

  it("says which setting is missing or wrong", async () => {
    const missing = await script(backupScript, database, { INFLUX_TOKEN: "" });
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /INFLUX_TOKEN: operator token of InfluxDB/);
    const wrong = await script(backupScript, database, { BACKUP_KEEP: "0" });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /BACKUP_KEEP must be a whole number from 1, got 0/);
    const absent = await script(restoreScript, database, { BACKUP_NAME: "2000-01-01T00-00-00Z" });
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /no backup 2000-01-01T00-00-00Z in .*there are: 20/);
  });
});

async function organizationOf({ api }: TestDatabase): Promise<string> {
  const { orgs } = await api.request<{ orgs: [{ id: string }] }>({ path: "/api/v2/orgs" });
  return orgs[0].id;
}
