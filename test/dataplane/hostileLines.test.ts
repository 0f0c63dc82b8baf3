import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { corpus, hostileLines } from "../unit/contract/corpus";
import { LogPathFixture } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

test(
  "hostile lines: none is lost, none becomes two, nothing is injected",
  { timeout: 120_000 },
  async (t) => {
    const why = await missingFluentd();
    if (why !== false) {
      t.skip(why);
      return;
    }
    const path = await LogPathFixture.start();
    try {
      const records = [
        ...hostileLines.map(({ bytes }) => bytes),
        ...corpus.map(({ record }) => Buffer.from(record)),
      ];
      for (const bytes of records) {
        await appendFile(join(path.logPath, "app.log"), Buffer.concat([bytes, Buffer.from("\n")]));
      }
      const perMeasurement = async () => {
        const rows = await path.database.client.flux(`from(bucket: "events")
        |> range(start: 1970-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)
        |> map(fn: (r) => ({measurement: r._measurement, time: r._time}))
        |> group(columns: ["measurement"]) |> unique(column: "time") |> rename(columns: {time: "_value"})
        |> map(fn: (r) => ({r with _value: 1})) |> sum() |> group()`);
        return Object.fromEntries(rows.map((row) => [row.measurement ?? "", Number(row._value)]));
      };
      const total = (counts: Record<string, number>) =>
        Object.values(counts).reduce((sum, count) => sum + count, 0);
      const dead = async () => (await path.deadLetters()).length;
      let counts: Record<string, number> = {};
      // A refused point is counted again, as log.dead_letter.
      await waitFor(`${records.length} points`, 60_000, async () => {
        counts = await perMeasurement();
        return total(counts) >= records.length ? true : undefined;
      });
      await path.settle();
      counts = await perMeasurement();
      assert.equal(total(counts), records.length, `${JSON.stringify(counts)}, ${await dead()} refused`);
      assert.equal(counts.injected, undefined);
      // The corpus is older than the bucket's retention: those points are refused, and counted by the aggregator.
      const services = await path.database.client.influxql(`SHOW TAG VALUES WITH KEY = "service"`);
      assert.deepEqual([...new Set(services.map(({ value }) => value))].sort(), [
        "fault-test",
        "fluentd-aggregator",
      ]);
    } finally {
      await path.remove();
    }
  },
);
