import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultRollups } from "../../../components/metrics/rollups";
import { rollupTasks } from "../../../components/metrics/rollupTasks";

describe("rollupTasks", () => {
  const tasks = rollupTasks();
  const named = (name: string): string => {
    const task = tasks.find((candidate) => candidate.name === name);
    assert.ok(task, `no task ${name}`);
    return task.flux;
  };

  it("has a task for each measurement and resolution, one more for late minutes, uniques and kept events", () => {
    assert.equal(tasks.length, 5 * defaultRollups.length + 3);
    for (const { measurement } of defaultRollups) {
      for (const kind of ["minutely", "minutely late", "hourly", "daily", "weekly"]) {
        assert.match(named(`rollup ${kind} ${measurement}`), /option task = \{/);
      }
    }
  });

  it("never takes a mean", () => {
    for (const { name, flux } of tasks) assert.doesNotMatch(flux, /mean/, name);
  });

  it("adds sums and counts of the finer rollup up, and takes percentiles from the raw events", () => {
    const daily = named("rollup daily http.server.request");
    for (const statistic of ["sum", "count", "min", "max"]) {
      assert.ok(daily.includes(`r["_field"] == "duration_s.${statistic}"`), statistic);
    }
    const quantiles = [...daily.matchAll(/from\(bucket: "(\w+)"\)(?:(?!from\()[^])*?quantile\(q: ([\d.]+)/g)];
    assert.deepEqual(
      quantiles.map(([, bucket, quantile]) => [bucket, quantile]),
      [
        ["events", "0.5"],
        ["events", "0.95"],
        ["events", "0.99"],
      ],
    );
  });

  it("moves Flux's weeks from Thursday to Monday", () => {
    assert.match(named("rollup weekly http.server.request"), /aggregateWindow\(every: 1w, offset: 4d/);
    assert.match(named("uniques weekly http.server.request"), /aggregateWindow\(every: 1w, offset: 4d/);
  });

  it("has no uniques where their events aren't rolled up", () => {
    const others = rollupTasks({
      rollups: defaultRollups.filter(({ measurement }) => measurement !== "http.server.request"),
    });
    assert.ok(others.every(({ name }) => !name.startsWith("uniques")));
  });
});
