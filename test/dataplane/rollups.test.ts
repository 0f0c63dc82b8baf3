import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { startTestDatabase, type TestDatabase } from "./support/database";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;

/** Midnight (UTC) at the beginning of the week that a time is in; 1970-01-05 was a Monday. */
function mondayBefore(time: number): number {
  const firstMonday = 4 * day;
  return Math.floor((time - firstMonday) / week) * week + firstMonday;
}

interface Request {
  /** Milliseconds since 1970. */
  time: number;
  service: string;
  statusClass: string;
  duration: number;
  fingerprint: string;
  user: string;
}

/** Numbers that look random and are the same in each run. */
function* pseudoRandom(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state / 2_147_483_648;
  }
}

function requests(count: number, from: number, until: number, seed = 1): Request[] {
  const random = pseudoRandom(seed);
  const next = (): number => random.next().value;
  return Array.from({ length: count }, (_, index) => ({
    // No two in one millisecond and series: same time and tags would be the same point.
    time: Math.floor(from + ((index + next()) * (until - from)) / count),
    service: next() < 0.7 ? "churn" : "fraud",
    statusClass: next() < 0.95 ? "2xx" : "5xx",
    duration: Math.round(-Math.log(1 - next()) * 1e6) / 1e7,
    fingerprint: `f${Math.floor(next() * 300)}`,
    user: `u${Math.floor(next() * 50)}`,
  }));
}

function toLine(request: Request): string {
  const { time, service, statusClass, duration, fingerprint, user } = request;
  return (
    `http.server.request,service=${service},environment=test,model=${service},status_class=${statusClass} ` +
    `duration_s=${duration},http.response.status_code=${statusClass[0]}00,request.fingerprint="${fingerprint}",enduser.pseudo.id="${user}" ${time}000000`
  );
}

interface Window {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** What a rollup of these requests has to say, by series and start of the window. */
function expectedWindows(all: readonly Request[], startOf: (time: number) => number): Map<string, Window> {
  const groups = new Map<string, number[]>();
  for (const { time, service, statusClass, duration } of all) {
    const key = `${service} ${statusClass} ${new Date(startOf(time)).toISOString()}`;
    const group = groups.get(key) ?? [];
    group.push(duration);
    groups.set(key, group);
  }
  return new Map(
    [...groups].map(([key, durations]) => {
      const sorted = durations.sort((a, b) => a - b);
      return [
        key,
        {
          count: sorted.length,
          sum: sorted.reduce((sum, value) => sum + value, 0),
          min: sorted[0] as number,
          max: sorted.at(-1) as number,
        },
      ];
    }),
  );
}

describe("rollups in a real InfluxDB", () => {
  let database: TestDatabase;
  const tasks = influxDesiredState().tasks;
  // "Now" of the tasks: ten past one on the Monday of this week, so that last week is whole and still kept raw.
  const monday = mondayBefore(Date.now());
  const now = Math.min(monday + hour + 10 * minute, Math.floor(Date.now() / minute) * minute);
  const lastWeek = requests(20_000, monday - week, monday);
  const thisWeek = requests(2_000, monday, now, 2);

  const hourOf = (time: number): number => Math.floor(time / hour) * hour;
  const wholeHours = hourOf(now);

  before(async () => {
    database = await startTestDatabase();
    // Without tasks of its own: the test runs their scripts, at times that it chooses.
    await database.reconcile({ ...influxDesiredState(), tasks: [] });
  });
  after(() => database.remove());

  async function runTask(name: string, at = now): Promise<void> {
    const task = tasks.find((candidate) => candidate.name === name);
    assert.ok(task, `no task ${name}`);
    await database.client.flux(task.flux, new Date(at));
  }

  /** Runs of a task until one finds nothing more to do; `most` bounds them. */
  async function runUntilCaughtUp(name: string, bucket: string, most: number): Promise<void> {
    const measurement = name.split(" ").at(-1) ?? "";
    for (let runs = 0; runs < most; runs += 1) {
      const before = await countIn(bucket, measurement);
      await runTask(name);
      if ((await countIn(bucket, measurement)) === before) return;
    }
    assert.fail(`${name} is not done after ${most} runs`);
  }

  async function countIn(bucket: string, measurement: string): Promise<number> {
    const rows = await database.client.influxql(`SELECT sum("count") AS n FROM "${bucket}"."${measurement}"`);
    return Number(rows[0]?.n ?? 0);
  }

  async function assertWindows(bucket: string, expected: Map<string, Window>): Promise<void> {
    const rows = await database.client.influxql(
      `SELECT "count", "duration_s.sum" AS sum, "duration_s.count" AS n, "duration_s.min" AS min, ` +
        `"duration_s.max" AS max ` +
        `FROM "${bucket}"."http.server.request" GROUP BY "service", "status_class"`,
    );
    const found = new Map(
      rows.map((row) => [
        `${String(row.service)} ${String(row.status_class)} ${new Date(String(row.time)).toISOString()}`,
        row,
      ]),
    );
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [key, window] of expected) {
      const row = found.get(key) as Record<string, number>;
      assert.equal(row.count, window.count, `count of ${key}`);
      assert.equal(row.n, window.count, `duration_s.count of ${key}`);
      assert.ok(
        Math.abs((row.sum as number) - window.sum) < 1e-6,
        `sum of ${key}: ${row.sum}, not ${window.sum}`,
      );
      assert.equal(row.min, window.min, `min of ${key}`);
      assert.equal(row.max, window.max, `max of ${key}`);
    }
  }

  it("catches minutes up after tasks stood still for a week, six hours a run", async () => {
    await database.client.write([...lastWeek, ...thisWeek].map(toLine));
    await runUntilCaughtUp("rollup minutely late http.server.request", "minutely", 40);
    await runTask("rollup minutely http.server.request");
    await assertWindows(
      "minutely",
      expectedWindows([...lastWeek, ...thisWeek], (time) => Math.floor(time / minute) * minute),
    );
  });

  it("makes hours of minutes: whole ones only", async () => {
    await runUntilCaughtUp("rollup hourly http.server.request", "hourly", 40);
    await assertWindows(
      "hourly",
      expectedWindows(
        [...lastWeek, ...thisWeek].filter(({ time }) => time < wholeHours),
        hourOf,
      ),
    );
  });

  it("makes days of hours: whole ones only, equal to the raw sums", async () => {
    await runUntilCaughtUp("rollup daily http.server.request", "daily", 10);
    await assertWindows(
      "daily",
      expectedWindows(lastWeek, (time) => Math.floor(time / day) * day),
    );
  });

  it("makes weeks of days, from Monday on", async () => {
    await runTask("rollup weekly http.server.request");
    await assertWindows("weekly", expectedWindows(lastWeek, mondayBefore));
    const rows = await database.client.influxql(`SELECT "count" FROM "weekly"."http.server.request" LIMIT 1`);
    assert.equal(new Date(String(rows[0]?.time)).getUTCDay(), 1, "Monday");
  });

  /** Three hours a run: 57 for a week. */
  async function sketchHours(runs: number): Promise<void> {
    for (let run = 0; run < runs; run += 1) await runTask("uniques hourly http.server.request");
  }

  it("counts unique requests and users of days and weeks from the raw events", async () => {
    await sketchHours(60);
    for (let run = 0; run < 8; run += 1) await runTask("uniques daily http.server.request");
    await runTask("uniques weekly http.server.request");
    for (const [bucket, startOf] of [
      ["daily", (time: number) => Math.floor(time / day) * day],
      ["weekly", mondayBefore],
    ] as const) {
      const expected = new Map<string, { requests: Set<string>; users: Set<string> }>();
      for (const { time, service, fingerprint, user } of lastWeek) {
        const key = `${service} ${new Date(startOf(time)).toISOString()}`;
        const entry = expected.get(key) ?? { requests: new Set(), users: new Set() };
        entry.requests.add(fingerprint);
        entry.users.add(user);
        expected.set(key, entry);
      }
      const rows = await database.client.influxql(
        `SELECT "requests", "users" FROM "${bucket}"."http.server.request.unique" GROUP BY "service"`,
      );
      assert.deepEqual(
        rows.map((row) => [
          `${String(row.service)} ${new Date(String(row.time)).toISOString()}`,
          row.requests,
          row.users,
        ]),
        [...expected]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, { requests: distinct, users }]) => [key, distinct.size, users.size]),
      );
    }
  });

  it("takes late events in, in every resolution", async () => {
    const late = requests(500, monday - 3 * day, monday - 3 * day + 2 * hour, 3).map((request) => ({
      ...request,
      fingerprint: `late-${request.fingerprint}`,
    }));
    await database.client.write(late.map(toLine));
    lastWeek.push(...late);
    await runTask("rollup minutely late http.server.request");
    await runTask("rollup hourly http.server.request");
    await runTask("rollup daily http.server.request");
    await runTask("rollup weekly http.server.request");
    await sketchHours(1);
    await runTask("uniques daily http.server.request");
    await runTask("uniques weekly http.server.request");
    await assertWindows(
      "hourly",
      expectedWindows(
        [...lastWeek, ...thisWeek].filter(({ time }) => time < wholeHours),
        hourOf,
      ),
    );
    await assertWindows(
      "daily",
      expectedWindows(lastWeek, (time) => Math.floor(time / day) * day),
    );
    await assertWindows("weekly", expectedWindows(lastWeek, mondayBefore));
    const start = Math.floor((monday - 3 * day) / day) * day;
    const distinct = new Set(
      lastWeek
        .filter(({ time, service }) => service === "churn" && time >= start && time < start + day)
        .map(({ fingerprint }) => fingerprint),
    );
    const rows = await database.client.influxql(
      `SELECT "requests" FROM "daily"."http.server.request.unique" WHERE "service" = 'churn' AND time = ${start}ms`,
    );
    assert.equal(rows[0]?.requests, distinct.size);
  });

  it("changes nothing when it runs again", async () => {
    // Compared as text: a difference would be lost in a listing of ten thousand rows.
    const dump = async (): Promise<string[]> =>
      Promise.all(
        ["minutely", "hourly", "daily", "weekly"].map(async (bucket) => {
          const rows = await database.client.influxql(`SELECT * FROM "${bucket}"./.*/ GROUP BY *`);
          return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
        }),
      );
    const before = await dump();
    for (const { name } of tasks.filter((task) => /^(rollup|uniques)/.test(task.name))) await runTask(name);
    assert.deepEqual(await dump(), before);
  });

  it("writes no window that is not over yet", async () => {
    const rows = await database.client.influxql(
      `SELECT last("count") FROM "minutely"."http.server.request" WHERE time >= ${now}ms`,
    );
    assert.deepEqual(rows, []);
    const hours = await database.client.influxql(
      `SELECT "count" FROM "hourly"."http.server.request" WHERE time >= ${wholeHours}ms`,
    );
    assert.deepEqual(hours, []);
    const days = await database.client.influxql(
      `SELECT "count" FROM "daily"."http.server.request" WHERE time >= ${Math.floor(now / day) * day}ms`,
    );
    assert.deepEqual(days, []);
  });

  it("takes pods of an app together", async () => {
    const time = now - 30 * minute;
    const sample = (pod: string, offset: number, bytes: number): string =>
      `kubernetes_pod_container,service=churn,environment=test,namespace=churn,container_name=api,pod_name=${pod},node_name=n-${pod} memory_working_set_bytes=${bytes}i ${time + offset}000000`;
    await database.client.write([
      sample("churn-1", 0, 100),
      sample("churn-1", 30_000, 300),
      sample("churn-2", 0, 50),
      sample("churn-2", 30_000, 150),
    ]);
    await runTask("rollup minutely kubernetes_pod_container");
    const rows = await database.client.influxql(
      `SELECT * FROM "minutely"."kubernetes_pod_container" WHERE time = ${time}ms`,
    );
    assert.equal(rows.length, 1);
    const row = rows[0] as Record<string, unknown>;
    assert.equal(row.count, 4);
    assert.equal(row["memory_working_set_bytes.sum"], 600);
    assert.equal(row["memory_working_set_bytes.count"], 4);
    assert.equal(row["memory_working_set_bytes.min"], 50);
    assert.equal(row["memory_working_set_bytes.max"], 300);
    assert.ok(!("pod_name" in row) && !("node_name" in row), "names of pods and nodes are gone");
    assert.equal(row.service, "churn");
    // A pod's mean stands for its minute: 200 of the one and 100 of the other.
    assert.equal(row["memory_working_set_bytes.minutes"], 300);
  });

  it("adds up what pods use and how their counters grew, also from minutes to hours", async () => {
    const start = wholeHours - hour;
    const line = (pod: string, seconds: number, fields: string): string =>
      `kubernetes_pod_container,service=fraud,environment=test,namespace=fraud,container_name=api,pod_name=${pod} ${fields} ${start + 1000 * seconds}000000`;
    const sample = (pod: string, seconds: number, cpu: number, restarts: number): string[] => [
      line(pod, seconds, `memory_working_set_bytes=1i,cpu_usage_nanocores=${cpu}i`),
      line(pod, seconds, `restarts_total=${restarts}i`),
    ];
    await database.client.write([
      // One pod for three minutes; its restarts go on from a sample of the hour before.
      ...sample("fraud-1", -30, 0, 4),
      ...sample("fraud-1", 0, 100, 4),
      ...sample("fraud-1", 30, 300, 6),
      ...sample("fraud-1", 60, 400, 6),
      ...sample("fraud-1", 120, 400, 7),
      // One that takes its place in the second minute, and whose counter starts again.
      ...sample("fraud-2", 60, 50, 1),
      ...sample("fraud-2", 90, 150, 0),
      ...sample("fraud-2", 120, 100, 1),
    ]);
    await runUntilCaughtUp("rollup minutely late kubernetes_pod_container", "minutely", 60);
    await runTask("rollup minutely kubernetes_pod_container");
    await runTask("rollup hourly kubernetes_pod_container");
    const inBucket = async (bucket: string): Promise<unknown[]> => {
      const rows = await database.client.influxql(
        `SELECT "cpu_usage_nanocores.minutes" AS used, "restarts_total.increase" AS restarts FROM "${bucket}"."kubernetes_pod_container" WHERE "service" = 'fraud' AND time >= ${start}ms`,
      );
      return rows.map(({ used, restarts }) => [used, restarts]);
    };
    assert.deepEqual(await inBucket("minutely"), [
      [200, 2],
      [500, 0],
      [500, 2],
    ]);
    assert.deepEqual(await inBucket("hourly"), [[1200, 4]]);
  });

  it("counts text lines, which have no numbers", async () => {
    const time = now - 20 * minute;
    await database.client.write(
      [0, 1, 2].map(
        (i) => `log,service=churn,environment=test,severity=INFO body="line ${i}" ${time + i}000000`,
      ),
    );
    await runTask("rollup minutely log");
    const rows = await database.client.influxql(`SELECT * FROM "minutely"."log"`);
    assert.deepEqual(
      rows.map(({ count, severity }) => [count, severity]),
      [[3, "INFO"]],
    );
  });

  it("keeps the events of models and runs as they are, for years", async () => {
    const time = now - 5 * day;
    await database.client.write([
      `ml.metric,service=t,environment=test,pipeline=t,model=m,model_version=1,split=test,class=_all f1=0.91,cicd.pipeline.run.id="run-1" ${time}000001`,
      `ml.decision,service=t,environment=test,pipeline=t,model=m,model_version=1,decision=reject reason="f1, and \\"psi\\"",cicd.pipeline.run.id="run-1" ${time}000002`,
    ]);
    await runTask("keep weekly events late");
    await runTask("keep weekly events late");
    const metric = await database.client.influxql(`SELECT * FROM "weekly"."ml.metric"`);
    assert.equal(metric.length, 1);
    assert.equal(metric[0]?.f1, 0.91);
    assert.equal(metric[0]?.["cicd.pipeline.run.id"], "run-1");
    const decision = await database.client.influxql(`SELECT * FROM "weekly"."ml.decision"`);
    assert.equal(decision[0]?.reason, 'f1, and "psi"');
    assert.equal(decision[0]?.time, new Date(time).toISOString().replace("Z", "000002Z"));
  });
});
