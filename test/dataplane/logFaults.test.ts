import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { join } from "node:path";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import { sleep } from "../../local/processes";
import { resolveTools } from "../../local/tools/resolve";
import { startTelegraf } from "./support/telegraf";
import {
  faultEvents,
  LogPathFixture,
  type LogPathOptions,
  pluginsOf,
  requestLine,
  writeRequests,
} from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { missingMountNamespace, writeMountingScript } from "./support/mountNamespace";
import { waitFor } from "./support/waitFor";

const skip = missingFluentd();
const limit = { timeout: 400_000 };

/** A test of the log path, with its fixture; skipped, and said so, without fluentd. */
function faultTest(
  name: string,
  options: LogPathOptions,
  body: (path: LogPathFixture, t: TestContext) => Promise<void>,
): void {
  test(name, limit, async (t) => {
    const why = await skip;
    if (why !== false) {
      t.skip(why);
      return;
    }
    await body(await LogPathFixture.start(t, options), t);
  });
}

faultTest("the aggregator is killed (-9) twice in the middle: every event arrives once", {}, async (path) => {
  const writing = writeRequests(path.logPath);
  for (let kill = 0; kill < 2; kill++) {
    await sleep(3_000);
    await path.aggregator.kill();
    await sleep(2_000);
    await path.restartAggregator();
  }
  await writing;
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
});

faultTest("the sidecar is killed (-9) twice in the middle: every event arrives once", {}, async (path) => {
  const writing = writeRequests(path.logPath);
  for (let kill = 0; kill < 2; kill++) {
    await sleep(3_000);
    await path.sidecar.kill();
    await sleep(1_000);
    await path.restartSidecar();
  }
  await writing;
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
});

faultTest("files are rotated under load: every event arrives once", {}, async (path) => {
  const lines = 25_000;
  // On a busy machine the sidecar may be more than a file behind, and would not see one that comes and goes meanwhile.
  const before = (written: number) =>
    waitFor("all but a file in InfluxDB", 180_000, async () =>
      (await path.count()) >= written - lines ? true : undefined,
    );
  await writeRequests(path.logPath, { rotate: { lines, keep: 5, before } });
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
});

faultTest(
  "the password is rotated: what is refused with 401 waits, and every event arrives once",
  {},
  async (path) => {
    const rotated = "another-password-of-the-test";
    const writing = writeRequests(path.logPath);
    await waitFor("the first events", 30_000, async () => ((await path.count()) > 0 ? true : undefined));
    await path.database.reconcile(undefined, { INFLUXDB_FLUENTD_PASSWORD: rotated });
    // What was under way is through by now.
    await sleep(1_000);
    const before = await path.count();
    await writing;
    assert.equal(await path.count(), before, "the aggregator still shows the old password");
    assert.ok(before < faultEvents);
    await path.aggregator.stop(30_000);
    await path.restartAggregator({ influxPassword: rotated });
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
  },
);

faultTest(
  "InfluxDB is away for 30 s and the buffer is full meanwhile: the sidecar waits, and every event arrives once",
  { aggregatorBufferBytes: 4 * 1024 * 1024 },
  async (path) => {
    const writing = writeRequests(path.logPath);
    await waitFor("the first events", 30_000, async () => ((await path.count()) > 0 ? true : undefined));
    await path.database.influxd.stop();
    // Longer than the longest pause between two attempts, of 15 s.
    await sleep(30_000);
    assert.ok((await path.waiting()) >= 3 * 1024 * 1024, "the buffer has been filled");
    await path.database.restart();
    await writing;
    assert.equal(await path.waitForRequests(faultEvents, 240_000), faultEvents);
  },
);

faultTest("a pod is stopped under load: the last lines of the app arrive too", {}, async (path) => {
  // What an app does at its end: it writes its last lines when it is told to stop.
  const lastLines = 1_000;
  const before = faultEvents - lastLines;
  const lines = Array.from({ length: lastLines }, (_, index) =>
    requestLine(before + index, Date.now() - 5_000),
  ).join("");
  const program = `
    const { appendFileSync, readFileSync } = require("node:fs");
    const lines = readFileSync(process.argv[2]);
    process.on("SIGTERM", () => { appendFileSync(process.argv[1], lines); process.exit(0); });
    setInterval(() => {}, 1000); process.stdout.write("ready");`;
  const prepared = join(path.directory, "last-lines");
  writeFileSync(prepared, lines);
  const app = spawn(process.execPath, ["-e", program, join(path.logPath, "last.events.log"), prepared]);
  await new Promise((resolve) => app.stdout.once("data", resolve));
  await writeRequests(path.logPath, { events: before });
  // At its end a sidecar reads for ten seconds more: on a busy machine it may be further behind than that.
  const underWay = 5_000;
  await waitFor(`all but ${underWay} requests in InfluxDB`, 180_000, async () =>
    (await path.count()) >= before - underWay ? true : undefined,
  );
  app.kill("SIGTERM");
  await new Promise((resolve) => app.once("exit", resolve));
  // As the kubelet does: the sidecar's preStop of 5 s, then SIGTERM.
  await sleep(5_000);
  await path.sidecar.stop(25_000);
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
  await path.restartSidecar();
});

faultTest(
  "two aggregators, one killed (-9) in the middle, and points of a poisoned type: every other event arrives once, " +
    "the refused ones are kept and counted, and both aggregators report their health",
  { replicas: 2 },
  async (path, t) => {
    const writing = writeRequests(path.logPath);
    await sleep(3_000);
    await path.aggregators[1]?.kill();
    await sleep(3_000);
    await path.restartAggregator({}, 1);
    await writePoisoned(path, 25);
    await writing;
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
    await assertDeadLetters(path, 25);
    for (const aggregator of path.aggregators) {
      const output = (await pluginsOf(aggregator)).find(({ plugin_id: id }) => id === "influxdb");
      assert.ok((output?.emit_records ?? 0) > 0, `${aggregator.directory} took its part`);
    }
    const why = await missingMountNamespace();
    if (why === false) await assertHealthOfEach(path);
    else t.diagnostic(`THE HEALTH OF EACH AGGREGATOR IS NOT TESTED: ${why}`);
  },
);

/** Another writer gave the field a text; InfluxDB then refuses our numbers within the same shard. */
async function writePoisoned(path: LogPathFixture, points: number): Promise<void> {
  const now = BigInt(Date.now()) * 1_000_000n;
  await path.database.client.write([`shop.order,service=other,environment=test amount="text" ${now}`]);
  for (let index = 0; index < points; index++) {
    const timestamp = new Date(Date.now()).toISOString();
    appendFileSync(
      join(path.logPath, "orders.events.log"),
      `${JSON.stringify({ timestamp, event_name: "shop.order", amount: index, order: `o${index}` })}\n`,
    );
    await sleep(200);
  }
}

async function assertDeadLetters(path: LogPathFixture, points: number): Promise<void> {
  await waitFor(`${points} dead letters`, 60_000, async () =>
    (await path.count("log.dead_letter", "dead_letter.line")) >= points ? true : undefined,
  );
  await path.settle();
  const dead = await path.deadLetters();
  assert.equal(dead.length, points);
  assert.ok(dead.every((line) => line.startsWith("shop.order,")));
  assert.equal(await path.count("log.dead_letter", "dead_letter.line"), points);
}

/** What Telegraf reads of the replicas: a series each, by the name of the pod. */
async function assertHealthOfEach(path: LogPathFixture): Promise<void> {
  const tools = await resolveTools(["telegraf"]);
  const names = path.aggregators.map((_, ordinal) => `fluentd-aggregator-${ordinal}`);
  const hosts = join(path.directory, "hosts");
  writeFileSync(hosts, names.map((name) => `127.0.0.1 ${name}.monitoring.svc\n`).join(""));
  const telegraf = await startTelegraf({
    command: await writeMountingScript(
      join(path.directory, "telegraf"),
      `mount --bind ${hosts} /etc/hosts`,
      tools.telegraf.path,
    ),
    directory: join(path.directory, "telegraf-of-replicas"),
    config: renderTelegrafConfig({
      influxDbUrl: path.database.influxd.url,
      influxDbMetrics: false,
      environment: "test",
      kubernetes: false,
      fluentdUrls: path.aggregators.map(
        ({ monitorUrl }, ordinal) => `http://${names[ordinal]}.monitoring.svc:${new URL(monitorUrl).port}`,
      ),
      intervalSeconds: 1,
      healthPort: await freePort(),
    }),
  });
  try {
    const seen = await waitFor("the state of each replica's buffer", 60_000, async () => {
      const rows = await path.database.client.influxql(
        `SELECT last(buffer_available_buffer_space_ratios) AS free FROM "events"."fluentd" WHERE plugin_id = 'influxdb' GROUP BY service`,
      );
      return rows.length >= names.length ? rows.map(({ service, free }) => [service, free]) : undefined;
    });
    assert.deepEqual(
      seen.sort(),
      names.map((name) => [name, 100]),
    );
  } finally {
    await telegraf.stop();
  }
}
