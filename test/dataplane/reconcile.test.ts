import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { reconcile } from "../../components/influxdb/reconcile/reconcile";
import { freePort } from "../../local/ports";
import { run } from "../../local/processes";
import { repositoryRoot } from "../../local/paths";
import { passwords, startTestDatabase, type TestDatabase } from "./support/database";

describe("reconcile of a real InfluxDB", () => {
  let database: TestDatabase;
  before(async () => {
    database = await startTestDatabase();
  });
  after(() => database.remove());

  const only = (tasks: { name: string; flux: string }[]) => ({ ...influxDesiredState(), tasks });
  const taskNamed = (name: string, every: string) => ({
    name,
    flux: `option task = {name: "${name}", every: ${every}}\n\nfrom(bucket: "events") |> range(start: -1m)\n`,
  });

  it("creates everything on the first run and changes nothing on the second", async () => {
    const desired = influxDesiredState();
    const first = await database.reconcile(desired);
    assert.equal(
      first.length,
      desired.buckets.length +
        desired.databaseMappings.length +
        desired.credentials.length +
        desired.tasks.length,
    );
    assert.deepEqual(
      first.filter(({ action }) => action !== "created").map(({ what }) => what),
      ["bucket events"],
      "the bucket of the set-up exists already, with another retention",
    );
    assert.deepEqual(await database.reconcile(desired), []);
  });

  it("sets retention and shard groups of each bucket", async () => {
    const { buckets } = await database.api.request<{
      buckets: {
        name: string;
        retentionRules: { everySeconds: number; shardGroupDurationSeconds: number }[];
      }[];
    }>({ path: "/api/v2/buckets?limit=100" });
    const rules = Object.fromEntries(buckets.map(({ name, retentionRules }) => [name, retentionRules[0]]));
    const day = 86_400;
    for (const [name, days, shardDays] of [
      ["events", 14, 1],
      ["minutely", 90, 7],
      ["hourly", 365, 30],
      ["daily", 730, 60],
      ["weekly", 1826, 91],
    ] as const) {
      assert.equal(rules[name]?.everySeconds, days * day, name);
      assert.equal(rules[name]?.shardGroupDurationSeconds, shardDays * day, name);
    }
  });

  it("lets the log writer write raw events and nothing else", async () => {
    const fluentd = database.client.as({
      username: "fluentd",
      password: passwords.INFLUXDB_FLUENTD_PASSWORD,
    });
    const line = `http.server.request,service=a duration_s=0.5 ${BigInt(Date.now()) * 1_000_000n}`;
    assert.equal((await fluentd.tryWrite([line], "events")).status, 204);
    // 404: it does not learn that the bucket exists.
    assert.equal((await fluentd.tryWrite([line], "daily")).status, 404);
    await assert.rejects(
      fluentd.influxql(`SELECT * FROM "events"."http.server.request"`),
      /status|permission|auth/,
    );
    await assert.rejects(
      database.client
        .as({ token: passwords.INFLUXDB_FLUENTD_PASSWORD })
        .flux(`from(bucket: "events") |> range(start: -1h)`),
      /status 401/,
    );
  });

  it("refuses a database that is not declared, and makes no bucket for it", async () => {
    const fluentd = database.client.as({
      username: "fluentd",
      password: passwords.INFLUXDB_FLUENTD_PASSWORD,
    });
    const line = `stray value=1 ${BigInt(Date.now()) * 1_000_000n}`;
    const response = await fluentd.tryWrite([line], "autogen", "elsewhere");
    assert.ok(response.status >= 400, `status ${response.status}`);
    const { buckets } = await database.api.request<{ buckets: { name: string }[] }>({
      path: "/api/v2/buckets",
    });
    assert.deepEqual(buckets.map(({ name }) => name).sort(), [
      "_monitoring",
      "_tasks",
      "daily",
      "events",
      "hourly",
      "minutely",
      "weekly",
    ]);
  });

  it("lets the dashboards read every bucket in InfluxQL and write none", async () => {
    const grafana = database.client.as({
      username: "grafana",
      password: passwords.INFLUXDB_GRAFANA_PASSWORD,
    });
    const raw = await grafana.influxql(`SELECT "duration_s" FROM "events"."http.server.request"`);
    assert.deepEqual(
      raw.map((row) => row.duration_s),
      [0.5],
    );
    const byDefault = await grafana.influxql(`SELECT "duration_s" FROM "http.server.request"`);
    assert.equal(byDefault.length, 1, "events is the default retention policy");
    for (const bucket of ["minutely", "hourly", "daily", "weekly"]) {
      assert.deepEqual(await grafana.influxql(`SELECT * FROM "${bucket}"."http.server.request"`), []);
      assert.equal((await grafana.tryWrite(["m value=1"], bucket)).status, 403);
    }
    assert.equal((await grafana.tryWrite(["m value=1"], "events")).status, 403);
  });

  it("lets apps read raw events, and neither what is kept for years nor write", async () => {
    const apps = database.client.as({ username: "apps", password: passwords.INFLUXDB_APPS_PASSWORD });
    const raw = await apps.influxql(`SELECT "duration_s" FROM "events"."http.server.request"`);
    assert.deepEqual(
      raw.map((row) => row.duration_s),
      [0.5],
    );
    for (const bucket of ["minutely", "hourly", "daily", "weekly"]) {
      await assert.rejects(apps.influxql(`SELECT * FROM "${bucket}"."http.server.request"`), bucket);
    }
    await assert.rejects(apps.influxql(`SELECT * FROM "_tasks"."autogen"."runs"`));
    assert.equal((await apps.tryWrite(["m value=1"], "events")).status, 403);
    // What it may not read, it does not even see.
    for (const bucket of ["minutely", "hourly", "daily", "weekly"]) {
      assert.equal((await apps.tryWrite(["m value=1"], bucket)).status, 404, bucket);
    }
    // What manages InfluxDB takes tokens, and no password.
    const basic = `Basic ${Buffer.from(`apps:${passwords.INFLUXDB_APPS_PASSWORD}`).toString("base64")}`;
    for (const authorization of [basic, `Token apps:${passwords.INFLUXDB_APPS_PASSWORD}`]) {
      const answer = await fetch(`${database.influxd.url}/api/v2/buckets`, { headers: { authorization } });
      assert.equal(answer.status, 401);
    }
  });

  it("refuses a wrong password", async () => {
    const wrong = database.client.as({ username: "fluentd", password: "wrong-password" });
    assert.equal((await wrong.tryWrite(["m value=1"], "events")).status, 401);
  });

  it("repairs what was changed by hand", async () => {
    const { api } = database;
    const { buckets } = await api.request<{ buckets: { id: string; name: string }[] }>({
      path: "/api/v2/buckets",
    });
    const events = buckets.find(({ name }) => name === "events");
    await api.request({
      method: "PATCH",
      path: `/api/v2/buckets/${events?.id}`,
      body: { retentionRules: [{ type: "expire", everySeconds: 86_400 }] },
    });
    const { content } = await api.request<{
      content: { id: string; orgID: string; retention_policy: string }[];
    }>({
      path: "/api/v2/dbrps?org=ds-monitoring&db=monitoring",
    });
    const daily = content.find((mapping) => mapping.retention_policy === "daily");
    await api.request({ method: "DELETE", path: `/api/v2/dbrps/${daily?.id}?orgID=${daily?.orgID}` });
    const { authorizations } = await api.request<{ authorizations: { id: string; token: string }[] }>({
      path: "/private/legacy/authorizations",
    });
    const fluentd = authorizations.find(({ token }) => token === "fluentd");
    await api.request({
      method: "POST",
      path: `/private/legacy/authorizations/${fluentd?.id}/password`,
      body: { password: "changed-by-hand" },
    });
    const { tasks } = await api.request<{ tasks: { id: string; name: string }[] }>({
      path: "/api/v2/tasks?limit=500",
    });
    const stopped = tasks.find(({ name }) => name === "rollup daily log");
    await api.request({
      method: "PATCH",
      path: `/api/v2/tasks/${stopped?.id}`,
      body: { status: "inactive" },
    });

    const changes = await database.reconcile();
    assert.deepEqual(
      changes.map(({ action, what }) => `${action} ${what}`),
      [
        "updated bucket events",
        "created retention policy daily of database monitoring",
        "updated credential fluentd",
        "updated task rollup daily log",
      ],
    );
    assert.deepEqual(await database.reconcile(), []);
  });

  it("takes rights away again", async () => {
    const desired = influxDesiredState();
    const generous = desired.credentials.map((credential) =>
      credential.username === "fluentd" ? { ...credential, read: ["events"] } : credential,
    );
    await database.reconcile({ ...desired, credentials: generous });
    const fluentd = database.client.as({
      username: "fluentd",
      password: passwords.INFLUXDB_FLUENTD_PASSWORD,
    });
    assert.equal((await fluentd.influxql(`SELECT * FROM "events"."http.server.request"`)).length, 1);
    await database.reconcile(desired);
    await assert.rejects(fluentd.influxql(`SELECT * FROM "events"."http.server.request"`));
  });

  it("removes its own orphans and leaves foreign objects", async () => {
    const { api } = database;
    const { orgs } = await api.request<{ orgs: { id: string }[] }>({ path: "/api/v2/orgs" });
    const orgID = orgs[0]?.id;
    await api.request({
      method: "POST",
      path: "/api/v2/tasks",
      body: { orgID, flux: taskNamed("foreign", "1h").flux },
    });
    await database.reconcile(only([taskNamed("a", "1h"), taskNamed("b", "1h")]));
    const changes = await database.reconcile(only([taskNamed("b", "2h")]));
    assert.deepEqual(
      changes.map(({ action, what }) => `${action} ${what}`),
      ["updated task b", "deleted task a"],
    );
    const { tasks } = await api.request<{ tasks: { name: string; every: string }[] }>({
      path: "/api/v2/tasks",
    });
    assert.deepEqual(tasks.map(({ name, every }) => `${name} ${every}`).sort(), ["b 2h", "foreign 1h"]);
  });

  it("keeps a bucket that is no longer desired, and says so", async () => {
    const desired = only([taskNamed("b", "2h")]);
    const extra = { name: "quarterly", retentionSeconds: 14 * 86_400, shardGroupSeconds: 86_400 };
    await database.reconcile({ ...desired, buckets: [...desired.buckets, extra] });
    const changes = await database.reconcile(desired);
    assert.deepEqual(
      changes.map(({ action, what }) => `${action} ${what}`),
      ["kept bucket quarterly"],
    );
  });

  it("rotates a password", async () => {
    const desired = only([taskNamed("b", "2h")]);
    const rotated = { ...passwords, INFLUXDB_FLUENTD_PASSWORD: "another-password-of-the-test" };
    const changes = await reconcile({ api: database.api, desired, passwords: rotated });
    assert.deepEqual(
      changes.filter(({ action }) => action !== "kept"),
      [{ action: "updated", what: "credential fluentd", detail: "password" }],
    );
    const line = `m value=1 ${Date.now()}000000`;
    const before = { username: "fluentd", password: passwords.INFLUXDB_FLUENTD_PASSWORD };
    assert.equal((await database.client.as(before).tryWrite([line], "events")).status, 401);
    const fluentd = database.client.as({ username: "fluentd", password: "another-password-of-the-test" });
    assert.equal((await fluentd.tryWrite([line], "events")).status, 204);
  });

  it("keeps a secret that tasks read, and writes a rotated one again", async () => {
    const secrets = [{ key: "LOGIN", valueVariable: "LOGIN_VALUE" }];
    const desired = { ...only([taskNamed("b", "2h")]), secrets };
    const login = async () => {
      const [row] = await database.client.flux(`import "array"
import "influxdata/influxdb/secrets"
array.from(rows: [{_value: secrets.get(key: "LOGIN")}])`);
      return row?._value;
    };
    const changed = async (value: string) =>
      (await database.reconcile(desired, { LOGIN_VALUE: value }))
        .filter(({ action }) => action !== "kept")
        .map(({ action, what }) => `${action} ${what}`);
    assert.ok((await changed("Bearer first")).includes("created secret LOGIN"));
    assert.equal(await login(), "Bearer first");
    assert.deepEqual(await changed("Bearer second"), []);
    assert.equal(await login(), "Bearer second");
    await assert.rejects(database.reconcile(desired), /secret LOGIN: no value: set LOGIN_VALUE/);
  });

  describe("as the bundled program", () => {
    let directory: string;
    let program: string;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "ds-monitoring-reconcile-"));
      program = join(directory, "reconcile.js");
      await build({
        entryPoints: [join(repositoryRoot, "components/influxdb/reconcile/main.ts")],
        outfile: program,
        bundle: true,
        platform: "node",
        target: "node20",
        logLevel: "error",
      });
      await writeFile(join(directory, "state.json"), JSON.stringify(only([taskNamed("c", "1h")])));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    const start = (env: Record<string, string>, args = [join(directory, "state.json")]) =>
      run(process.execPath, [program, ...args], { env, cwd: directory, timeoutMs: 60_000 });
    const environment = () => ({
      ...passwords,
      INFLUXDB_URL: database.influxd.url,
      INFLUXDB_TOKEN: database.influxd.token,
      INFLUXDB_READY_SECONDS: "5",
    });

    it("prints a summary, and 0 changes the second time", async () => {
      const first = await start(environment());
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stdout, /created task c\n/);
      assert.match(first.stdout, /kept bucket quarterly/);
      const second = await start(environment());
      assert.equal(second.code, 0, second.stderr);
      assert.match(second.stdout, /^0 changes$/m);
    });

    it("names what is missing and exits with 2", async () => {
      const result = await start({ ...environment(), INFLUXDB_GRAFANA_PASSWORD: "" });
      assert.equal(result.code, 2);
      assert.match(result.stderr, /INFLUXDB_GRAFANA_PASSWORD is not set: the password of the user grafana/);
      const noFile = await start(environment(), [join(directory, "absent.json")]);
      assert.equal(noFile.code, 2);
      assert.match(noFile.stderr, /absent\.json can't be read/);
    });

    it("says that the token is wrong and exits with 1", async () => {
      const result = await start({ ...environment(), INFLUXDB_TOKEN: "wrong" });
      assert.equal(result.code, 1);
      assert.match(result.stderr, /INFLUXDB_TOKEN has to be the operator token/);
    });

    it("says that InfluxDB does not answer and exits with 1", async () => {
      const result = await start({
        ...environment(),
        INFLUXDB_URL: `http://127.0.0.1:${await freePort()}`,
        INFLUXDB_READY_SECONDS: "2",
      });
      assert.equal(result.code, 1);
      assert.match(result.stderr, /InfluxDB at http:.* was not ready within 2 s \(.*ECONNREFUSED/);
    });

    it("needs nothing but Node: no modules beside the bundle", async () => {
      const { stdout } = await run(process.execPath, [
        "-e",
        `process.stdout.write(require("node:fs").readFileSync(${JSON.stringify(program)}, "utf8").match(/require\\("[^"]+"\\)/g).join(" "))`,
      ]);
      const required = [...new Set(stdout.split(" "))];
      assert.ok(
        required.every((module) => module.startsWith('require("node:')),
        required.join(" "),
      );
    });
  });
});
