import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shardGroupSeconds } from "../../../contract/buckets";
import { influxDesiredState } from "../../../components/influxdb/desiredState";

describe("influxDesiredState", () => {
  const state = influxDesiredState();

  it("has a bucket and a retention policy for each resolution, with events as the default", () => {
    assert.deepEqual(
      state.buckets.map(({ name, retentionSeconds }) => [name, retentionSeconds / 86_400]),
      [
        ["events", 14],
        ["minutely", 90],
        ["hourly", 365],
        ["daily", 730],
        ["weekly", 1826],
      ],
    );
    assert.deepEqual(
      state.databaseMappings.map((mapping) => [
        mapping.database,
        mapping.retentionPolicy,
        mapping.bucket,
        mapping.default,
      ]),
      ["events", "minutely", "hourly", "daily", "weekly"].map((name) => [
        "monitoring",
        name,
        name,
        name === "events",
      ]),
    );
  });

  it("gives no user both rights, and the right to read to the dashboards, and of raw events to apps", () => {
    assert.deepEqual(
      state.credentials.map(({ username, read, write }) => [username, read, write]),
      [
        ["fluentd", [], ["events"]],
        ["telegraf", [], ["events"]],
        ["grafana", ["events", "minutely", "hourly", "daily", "weekly"], []],
        ["apps", ["events"], []],
      ],
    );
  });

  it("holds no secret, so that it fits into a ConfigMap", () => {
    const text = JSON.stringify(state);
    assert.ok(Buffer.byteLength(text) < 1024 * 1024, `${Buffer.byteLength(text)} bytes`);
    assert.doesNotMatch(text, /"password"|"token"/);
  });

  it("takes other retentions and further tasks", () => {
    const task = { name: "mine", flux: "option task = {}" };
    const other = influxDesiredState({ organization: "o", retentionDays: { events: 30 }, tasks: [task] });
    assert.equal(other.organization, "o");
    assert.equal(other.buckets[0]?.retentionSeconds, 30 * 86_400);
    assert.deepEqual(other.tasks.at(-1), task);
    assert.match(other.tasks.find(({ name }) => name === "keep weekly events late")?.flux ?? "", /-30d/);
  });

  it("refuses retentions that the rollups can't live with, and names the option", () => {
    assert.throws(
      () => influxDesiredState({ retentionDays: { events: 7 } }),
      /retentionDays\.events must be whole days, at least 14, got 7/,
    );
    assert.throws(() => influxDesiredState({ retentionDays: { events: 14.5 } }), /retentionDays\.events/);
    assert.throws(
      () => influxDesiredState({ retentionDays: { minutely: 13 } }),
      /retentionDays\.minutely must be .* at least 14/,
    );
  });

  it("refuses two tasks of one name", () => {
    const task = { name: "mine", flux: "" };
    assert.throws(() => influxDesiredState({ tasks: [task, task] }), /two tasks are named "mine"/);
  });

  it("refuses a rollup whose field would be taken for the number of events", () => {
    const rollup = { measurement: "m", countedField: "x", fields: ["count"] };
    assert.throws(() => influxDesiredState({ rollups: [rollup] }), /rollup of "m".*no field "count"/);
  });
});

describe("shardGroupSeconds", () => {
  it("follows the retention in whole days, from one day to a quarter", () => {
    const days = (retention: number): number => shardGroupSeconds(retention) / 86_400;
    assert.deepEqual([1, 14, 90, 730, 1826].map(days), [1, 1, 7, 60, 91]);
  });
});
