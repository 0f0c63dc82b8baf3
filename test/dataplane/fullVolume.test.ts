import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sleep } from "../../local/processes";
import type { Fluentd } from "./support/fluentd";
import { faultEvents, LogPathFixture, type LogPathOptions, writeRequests } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { missingMountNamespace } from "./support/mountNamespace";
import { waitFor } from "./support/waitFor";

// Volumes that are smaller than the buffers that are on them: the disk says that it is full, not Fluentd.

const skip = missingFluentd().then(async (why) => {
  const noMount = await missingMountNamespace();
  return why !== false ? why : noMount !== false && `NO FULL VOLUME IS TESTED: ${noMount}`;
});

function fullVolumeTest(
  name: string,
  volumes: LogPathOptions["volumes"],
  body: (path: LogPathFixture) => Promise<void>,
): void {
  test(name, { timeout: 400_000 }, async (t) => {
    const why = await skip;
    if (why !== false) {
      t.skip(why);
      return;
    }
    await body(await LogPathFixture.start(t, { volumes }));
  });
}

fullVolumeTest(
  "the sidecar's volume is full, of something else and then of its buffer, while the aggregator is away: every event arrives once",
  { sidecar: "8m" },
  async (path) => {
    const buffer = folderOf(path.sidecar, "buffer");
    await path.aggregator.stop();
    const junk = await fill(buffer);
    await writeRequests(path.logPath, { rate: 20_000 });
    await waitFor("a Fluentd that gives up and restarts", 60_000, () =>
      logOf(path.sidecar, /is started anew/),
    );
    await rm(junk);
    await waitFor("a volume full of its buffer", 60_000, () => isFull(buffer));
    await path.restartAggregator();
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
    assertQuiet(path.sidecar);
  },
);

fullVolumeTest(
  "the aggregator's volume is full, of its buffer and then of something else, while InfluxDB is away: every event arrives once",
  { aggregator: "8m" },
  async (path) => {
    const data = folderOf(path.aggregator, "data");
    await path.database.influxd.stop();
    const writing = writeRequests(path.logPath, { rate: 20_000 });
    await waitFor("a volume full of its buffer", 60_000, () => isFull(data));
    const junk = await fill(data);
    await writing;
    await sleep(3_000);
    await rm(junk);
    await path.database.restart();
    assert.equal(await path.waitForRequests(faultEvents), faultEvents);
    assertQuiet(path.aggregator);
  },
);

/** A folder in the mount namespace of a Fluentd. */
function folderOf({ pid, directory }: Fluentd, folder: string): string {
  return join("/proc", String(pid), "root", directory, folder);
}

/** Fill the volume up to its last block. */
async function fill(folder: string): Promise<string> {
  const junk = join(folder, "junk");
  await assert.rejects(writeFile(junk, Buffer.alloc(64 * 1024 * 1024)), /ENOSPC/);
  return junk;
}

/** Whether the largest batch, a chunk of the sidecar's buffer (2 MiB), fits onto the volume no more: it is taken whole or not at all. */
async function isFull(folder: string): Promise<true | undefined> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < 2 * 1024 * 1024 ? true : undefined;
}

function logOf({ logFile }: Fluentd, text: RegExp): true | undefined {
  return text.test(readFileSync(logFile, "utf8")) ? true : undefined;
}

/** What it prints goes onto the node's disk too: an aggregator prints a stack trace for each batch that has no room, up to 70 a second. */
function assertQuiet({ logFile }: Fluentd): void {
  const lines = readFileSync(logFile, "utf8").split("\n");
  const last = lines.slice(-20).join("\n");
  assert.ok(lines.length < 60_000, `${lines.length} lines in its log, the last of them\n${last}`);
}
