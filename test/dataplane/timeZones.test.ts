import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { influxDesiredState } from "../../components/influxdb/desiredState";
import { day } from "../../dashboards/requestQueries";
import { inTimeZone } from "../../dashboards/timeZone";
import expectedByZoneinfo from "../fixtures/timeZones/expected.json";
import { startTestDatabase, type TestDatabase } from "./support/database";

const halfHour = 30 * 60_000;

type Counts = Partial<Record<string, number>>;

/** Days or weeks by their start, as the dashboards ask for them. */
const inOrder = (counts: Counts): [string, number | undefined][] =>
  Object.entries(counts)
    .map(([start, count]): [string, number | undefined] => [new Date(start).toISOString(), count])
    .sort();

describe("days and weeks of a time zone, against Python's zoneinfo", { timeout: 120_000 }, () => {
  let database: TestDatabase;
  // The spans of the test lie at fixed dates, however long ago.
  const retentionDays = { minutely: 36_500, hourly: 36_500, daily: 36_500, weekly: 36_500 };

  before(async () => {
    database = await startTestDatabase();
    await database.reconcile({ ...influxDesiredState({ retentionDays }), tasks: [] });
  });
  after(() => database.remove());

  for (const [index, { zone, begin, end, now, days, weeks }] of expectedByZoneinfo.entries()) {
    it(`${zone}, ${begin.slice(0, 10)} to ${end.slice(0, 10)}: each event is in its day and week`, async () => {
      const measurement = `zone.${index}`;
      const times: number[] = [];
      for (let time = Date.parse(begin); time < Date.parse(end); time += halfHour) times.push(time);
      const line = (time: number, count: number): string =>
        `${measurement},service=s count=${count} ${time}000000`;
      await database.client.write(
        times.map((time) => line(time, 1)),
        "minutely",
      );
      await database.client.write(
        times.filter((time) => time % (2 * halfHour) === 0).map((time) => line(time, 2)),
        "hourly",
      );
      const rollups = [{ measurement, countedField: "n", fields: [] }];
      const { tasks } = influxDesiredState({ retentionDays, rollups, timeZone: zone });
      const runs = { daily: Object.keys(days).length + 1, weekly: Object.keys(weeks).length + 1 };
      for (const [bucket, most] of Object.entries(runs)) {
        const task = tasks.find(({ name }) => name === `rollup ${bucket} ${measurement}`);
        assert.ok(task);
        for (let run = 0; run < most; run += 1) await database.client.flux(task.flux, new Date(now));
      }
      for (const [bucket, expected] of Object.entries({ daily: days, weekly: weeks })) {
        const rows = await database.client.influxql(`SELECT "count" FROM "${bucket}"."${measurement}"`);
        const kept = rows.map((row) => [new Date(String(row.time)).toISOString(), Number(row.count)]);
        assert.deepEqual(kept, inOrder(expected), bucket);
        // As the dashboards ask.
        const query =
          `SELECT sum("count") AS n FROM "${bucket}"."${measurement}" WHERE time >= '${begin.slice(0, 10)}' - 8d ` +
          `AND time < '${end.slice(0, 10)}' + 2d GROUP BY ${day.dimension} fill(none)`;
        const zoned = (JSON.parse(inTimeZone(JSON.stringify({ query }), zone)) as { query: string }).query;
        const shown = (await database.client.influxql(zoned)).map((row) => [
          new Date(String(row.time)).toISOString(),
          Number(row.n),
        ]);
        assert.deepEqual(shown, inOrder(expected), zoned);
      }
    });
  }
});
