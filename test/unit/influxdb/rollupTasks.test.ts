import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultRollups } from "../../../contract/rollups";
import { rollupTasks } from "../../../components/influxdb/rollupTasks";

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

  it("takes a mean of one pod's samples of one minute only, never of means", () => {
    const withMeans = tasks.filter(({ flux }) => flux.includes("mean"));
    assert.deepEqual(
      withMeans.map(({ name }) => name),
      ["rollup minutely kubernetes_pod_container", "rollup minutely late kubernetes_pod_container"],
    );
    for (const { flux } of withMeans) {
      assert.equal(flux.split("fn: mean").length, 2);
      assert.match(
        flux,
        /from\(bucket: "events"\)(?:(?!from\()[^])*aggregateWindow\(every: 1m, offset: 0s, fn: mean/,
      );
    }
  });

  it("adds what pods use and how their counters grew up over all resolutions", () => {
    for (const resolution of ["hourly", "daily", "weekly"]) {
      const flux = named(`rollup ${resolution} kubernetes_pod_container`);
      assert.match(flux, /"cpu_usage_nanocores\.minutes"[^]*?"restarts_total\.increase"[^]*?fn: sum/);
    }
  });

  it("computes percentiles where they are wanted", () => {
    assert.match(named("rollup minutely http.server.request"), /quantile/);
    assert.doesNotMatch(named("rollup minutely kubernetes_pod_container"), /quantile/);
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
    const tasksWithoutRequests = rollupTasks({
      rollups: defaultRollups.filter(({ measurement }) => measurement !== "http.server.request"),
    });
    assert.ok(tasksWithoutRequests.every(({ name }) => !name.startsWith("uniques")));
  });
});
