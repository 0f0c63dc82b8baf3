import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { join } from "node:path";
import { startInfluxd } from "../../local/dataplane/influxd";
import { sleep } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { passwords } from "./support/database";
import {
  faultEvents,
  LogPathFixture,
  LogPathOptions,
  missingFluentd,
  requestLine,
  writeRequests,
} from "./support/logPath";

const skip = missingFluentd();
const limit = { timeout: 400_000 };

let fixture: LogPathFixture | undefined;
afterEach(async () => {
  await fixture?.remove();
  fixture = undefined;
});

async function start(options?: LogPathOptions): Promise<LogPathFixture> {
  fixture = await LogPathFixture.start(options);
  return fixture;
}

/** A test of the log path, with its fixture; skipped, and said so, without fluentd. */
function faultTest(
  name: string,
  options: LogPathOptions,
  body: (path: LogPathFixture) => Promise<void>,
): void {
  test(name, limit, async (t) => {
    const why = await skip;
    if (why !== false) {
      t.skip(why);
      return;
    }
    await body(await start(options));
  });
}

faultTest("InfluxDB is away for 60 s: every event arrives once", {}, async (path) => {
  const { influxd } = path.database;
  const writing = writeRequests(path.logPath);
  await sleep(3_000);
  await influxd.stop();
  await sleep(60_000);
  const { path: command } = await resolveTool("influxd");
  const again = await startInfluxd({
    command,
    directory: join(influxd.logFile, ".."),
    port: influxd.port,
    token: influxd.token,
  });
  try {
    await writing;
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
  } finally {
    await again.stop();
  }
});

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
  await writeRequests(path.logPath, { rate: 5_000, rotate: { lines: 25_000, keep: 5 } });
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
});

faultTest(
  "the password is wrong, then fixed: every event arrives once",
  { influxPassword: "wrong" },
  async (path) => {
    await writeRequests(path.logPath);
    assert.equal(await path.count(), 0);
    await path.aggregator.stop(30_000);
    await path.restartAggregator({ influxPassword: passwords.INFLUXDB_FLUENTD_PASSWORD });
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
  },
);

faultTest(
  "the buffer is full while InfluxDB is away: the sidecar waits, and every event arrives once",
  { aggregatorBufferBytes: 4 * 1024 * 1024 },
  async (path) => {
    const { influxd } = path.database;
    await influxd.stop();
    await writeRequests(path.logPath);
    await sleep(10_000);
    assert.ok((await path.waiting()) >= 3 * 1024 * 1024, "the buffer has been filled");
    const { path: command } = await resolveTool("influxd");
    const again = await startInfluxd({
      command,
      directory: join(influxd.logFile, ".."),
      port: influxd.port,
      token: influxd.token,
    });
    try {
      assert.equal(await path.waitForRequests(faultEvents, 240_000), faultEvents);
    } finally {
      await again.stop();
    }
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
  app.kill("SIGTERM");
  await new Promise((resolve) => app.once("exit", resolve));
  // As the kubelet does: the sidecar's preStop of 5 s, then SIGTERM.
  await sleep(5_000);
  await path.sidecar.stop(25_000);
  assert.equal(await path.waitForRequests(faultEvents), faultEvents);
  await path.restartSidecar();
});

faultTest(
  "points of a poisoned type: their neighbours arrive once, they are kept and counted",
  {},
  async (path) => {
    // Another writer gave the field a text; InfluxDB then refuses our numbers within the same shard.
    const now = BigInt(Date.now()) * 1_000_000n;
    await path.database.client.write([`shop.order,service=other,environment=test amount="text" ${now}`]);
    const poisoned = 25;
    const writing = writeRequests(path.logPath);
    for (let index = 0; index < poisoned; index++) {
      const timestamp = new Date(Date.now()).toISOString();
      appendFileSync(
        join(path.logPath, "orders.events.log"),
        `${JSON.stringify({ timestamp, event_name: "shop.order", amount: index, order: `o${index}` })}\n`,
      );
      await sleep(200);
    }
    await writing;
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
    await sleep(5_000);
    await path.settle();
    const dead = await path.deadLetters();
    assert.equal(dead.length, poisoned);
    assert.ok(dead.every((line) => line.startsWith("shop.order,")));
    assert.equal(await path.count("log.refused", "refused.line"), poisoned);
  },
);
