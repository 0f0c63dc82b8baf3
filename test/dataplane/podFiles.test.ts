import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { resolveTool } from "../../local/tools/resolve";
import { LogPathFixture, requestLine, service } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { missingMountNamespace, writeMountingScript } from "./support/mountNamespace";
import { waitFor } from "./support/waitFor";

/**
 * Mounts all of the machine read-only, as a pod's root is, but for the folder of this Fluentd: its arguments begin with
 * --config FOLDER/etc/fluent.conf.
 */
const readOnlyRoot = [
  'folder="${2%/etc/*}"',
  "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && mount -o remount,bind,ro /",
  'mount --bind "$folder" "$folder" && mount -o remount,bind,rw "$folder"',
].join(" && ");

/** A chunk of a file buffer whose second file is damaged, as by a crash. */
async function leaveBadChunk(buffer: string, content: string): Promise<string> {
  const id = "5f0000000000000000000000000000aa";
  await mkdir(buffer, { recursive: true });
  await writeFile(join(buffer, `buffer.b${id}.log`), content);
  await writeFile(join(buffer, `buffer.b${id}.log.meta`), "broken");
  return `${id}.log`;
}

test(
  "with a read-only root, as in its pods, Fluentd starts and delivers, and a chunk that it can't read is kept and reported",
  { timeout: 120_000 },
  async (t) => {
    const why = (await missingFluentd()) || (await missingMountNamespace());
    if (why !== false) {
      t.skip(why);
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-logs-"));
    const [sidecar, aggregator] = [
      join(directory, "sidecar", "buffer"),
      join(directory, "aggregator", "data"),
    ];
    const nanoseconds = `${Date.now()}000000`;
    const atSidecar = await leaveBadChunk(join(sidecar, "forward"), "not a chunk");
    const points = `http.server.request,service=crashed request.id="whole" ${nanoseconds}\nhttp.server.request,serv`;
    const atAggregator = await leaveBadChunk(join(aggregator, "buffer"), points);
    const { path: fluentd } = await resolveTool("fluentd");
    const wrapper = await writeMountingScript(join(directory, "fluentd-in-a-pod"), readOnlyRoot, fluentd);
    const path = await LogPathFixture.start(t, { directory, wrapper });
    await appendFile(join(path.logPath, "app.events.log"), requestLine(0, Date.now()));
    const reported = await waitFor("an event for each bad chunk", 60_000, async () => {
      const rows = await path.database.client.influxql(
        `SELECT "dead_letter.line" AS line FROM "events"."log.dead_letter" GROUP BY "service", "environment"`,
      );
      return rows.length >= 2 ? rows : undefined;
    });
    const inSidecar = join(sidecar, "backup", "worker0", "aggregator", atSidecar);
    const inAggregator = join(aggregator, "fluentd", "backup", "worker0", "influxdb", atAggregator);
    const event = (name: string, output: string, file: string) =>
      `${name} test [${output}] bad chunk is moved to ${file}`;
    assert.deepEqual(
      reported.map((row) => `${String(row.service)} ${String(row.environment)} ${String(row.line)}`).sort(),
      [event(service, "aggregator", inSidecar), event("fluentd-aggregator", "influxdb", inAggregator)].sort(),
    );
    assert.equal(await readFile(inSidecar, "utf8"), "not a chunk");
    assert.equal(await readFile(inAggregator, "utf8"), points);
    // The line that arrives now, and the one that is whole in the aggregator's bad chunk.
    assert.equal(await path.waitForRequests(2), 2);
  },
);
