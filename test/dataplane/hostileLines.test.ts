import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isRecord, renderedFormat } from "../../contract/formats";
import { joinRecords, progress } from "../../contract/joinRecords";
import { parseRecord } from "../../contract/parseRecord";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { line } from "../support/lineGrammar";
import { corpus, hostileLines } from "../unit/contract/corpus";
import { LogPathFixture } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

/** Points by measurement: the times of each series. */
async function pointsOf(path: LogPathFixture): Promise<Record<string, number>> {
  const rows = await path.database.client.flux(`from(bucket: "events")
    |> range(start: 1970-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)
    |> map(fn: (r) => ({r with _value: 1}))
    |> group(columns: ["_field", "_value", "_time", "_start", "_stop"], mode: "except")
    |> unique(column: "_time") |> count()
    |> group(columns: ["_measurement"]) |> sum() |> group()`);
  return Object.fromEntries(rows.map((row) => [String(row._measurement), Number(row._value)]));
}

const total = (counts: Record<string, number>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Writes lines and waits for a point of each record; a refused one is counted again, as log.dead_letter. */
async function assertNoneLost(
  path: LogPathFixture,
  lines: Buffer,
  expected: number,
): Promise<Record<string, number>> {
  const before = total(await pointsOf(path));
  let counts: Record<string, number> = {};
  const ask = async () => {
    counts = await pointsOf(path);
    return total(counts) - before >= expected ? true : undefined;
  };
  await appendFile(join(path.logPath, "app.log"), lines);
  await waitFor(`${expected} points`, 180_000, ask).catch((error: Error) => {
    throw new Error(`${error.message}; there are ${JSON.stringify(counts)}`);
  });
  await path.settle();
  await ask();
  const refused = (await path.deadLetters()).length;
  assert.equal(total(counts) - before, expected, `${JSON.stringify(counts)}, ${refused} refused`);
  return counts;
}

/** More with FUZZ_LINES=20000 and another PARITY_SEED. */
const randomLines = Number(process.env.FUZZ_LINES ?? 1_000);
const seed = Number(process.env.PARITY_SEED ?? 13);

test(
  "hostile lines: none is lost, none becomes two, nothing is injected",
  { timeout: 120_000 },
  async (t) => {
    const why = await missingFluentd();
    if (why !== false) {
      t.skip(why);
      return;
    }
    const path = await LogPathFixture.start(t);
    const records = [
      ...hostileLines.map(({ bytes }) => bytes),
      ...corpus.map(({ record }) => Buffer.from(record)),
    ];
    const bytes = Buffer.concat(records.flatMap((record) => [record, Buffer.from("\n")]));
    const counts = await assertNoneLost(path, bytes, records.length);
    assert.equal(counts.injected, undefined);
    // The corpus is older than the bucket's retention: those points are refused, and counted by the aggregator.
    const services = await path.database.client.influxql(`SHOW TAG VALUES WITH KEY = "service"`);
    assert.deepEqual([...new Set(services.map(({ value }) => value))].sort(), [
      "fault-test",
      "fluentd-aggregator",
    ]);
  },
);

test(
  `${randomLines} random lines (seed ${seed}): each record that check-logs counts is one point in InfluxDB`,
  { timeout: 600_000 },
  async (t) => {
    const why = await missingFluentd();
    if (why !== false) {
      t.skip(why);
      return;
    }
    const path = await LogPathFixture.start(t);
    // Times of any year are stored.
    const platform = influxDesiredState();
    await path.database.reconcile({
      ...platform,
      buckets: platform.buckets.map((bucket) => ({ ...bucket, retentionSeconds: 0 })),
    });
    const format = renderedFormat("auto");
    // Of progress bars within a second only the last is kept: how many are depends on the machine. And lines of one
    // microsecond that are far from each other in a file may be one point, see docs/delivery.md.
    const times = new Set<string>();
    const isNew = (time: string | undefined) => time === undefined || (!times.has(time) && times.add(time));
    const lines = fc
      .sample(line, { numRuns: randomLines * 2, seed })
      .filter((text) => !progress.test(text) && isNew(/[\d:]{8,}[.,]\d{4,}/.exec(text)?.[0]))
      .slice(0, randomLines);
    const now = Date.now() / 1000;
    const records = joinRecords(lines, undefined, (text) => isRecord(text, format)).filter(
      ({ text }) => parseRecord(text, format, now) !== undefined,
    );
    const counts = await assertNoneLost(path, Buffer.from(`${lines.join("\n")}\n`), records.length);
    t.diagnostic(`${lines.length} lines, ${records.length} records: ${JSON.stringify(counts)}`);
  },
);
