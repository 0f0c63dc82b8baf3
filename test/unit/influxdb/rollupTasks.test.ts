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

  it("has a task for each measurement and resolution, one more for late minutes, histograms, uniques, and two for kept events", () => {
    assert.equal(tasks.length, 5 * defaultRollups.length + 5 + 3 + 2);
    for (const { measurement } of defaultRollups) {
      for (const kind of ["minutely", "minutely late", "hourly", "daily", "weekly"]) {
        assert.match(named(`rollup ${kind} ${measurement}`), /option task = \{/);
      }
    }
  });

  it("keeps the events of runs within a minute, and late ones of all raw events", () => {
    assert.match(named("keep weekly events"), /every: 1m[^]*range\(start: -1h\)/);
    assert.match(named("keep weekly events late"), /every: 15m[^]*range\(start: -14d\)/);
  });

  it("takes a mean of one pod's samples of one minute only, never of means", () => {
    const withMeans = tasks.filter(({ flux }) => flux.includes("mean"));
    assert.deepEqual(
      withMeans.map(({ name }) => name),
      ["minutely", "minutely late"].flatMap((resolution) =>
        ["kubernetes_pod_container", "hw.gpu"].map((measurement) => `rollup ${resolution} ${measurement}`),
      ),
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

  it("keeps histograms where they are wanted: of the raw events, then of finer histograms", () => {
    const sources = tasks
      .filter(({ name }) => name.startsWith("histogram"))
      .map(({ name, flux }) => [name, /\n(?:counts = )?from\(bucket: "(\w+)"/.exec(flux)?.[1]]);
    assert.deepEqual(sources, [
      ["histogram minutely http.server.request", "events"],
      ["histogram minutely late http.server.request", "events"],
      ["histogram hourly http.server.request", "minutely"],
      ["histogram daily http.server.request", "hourly"],
      ["histogram weekly http.server.request", "daily"],
    ]);
  });

  it("adds sums and counts of the finer rollup up, and takes no percentile of anything", () => {
    const daily = named("rollup daily http.server.request");
    for (const statistic of ["sum", "count", "min", "max"]) {
      assert.ok(daily.includes(`r["_field"] == "duration_s.${statistic}"`), statistic);
    }
    for (const { name, flux } of tasks) assert.doesNotMatch(flux, /quantile/, name);
  });

  it("moves Flux's weeks from Thursday to Monday", () => {
    assert.match(named("rollup weekly http.server.request"), /aggregateWindow\(every: 1w, offset: 4d/);
    assert.match(named("uniques weekly http.server.request"), /aggregateWindow\(every: 1w, offset: 4d/);
  });

  it("counts days and weeks by the clock of a time zone, and those of half-hour zones from minutes", () => {
    const flux = (timeZone: string, name: string): string =>
      rollupTasks({ timeZone }).find((task) => task.name === name)?.flux ?? "";
    const option = 'option location = timezone.location(name: "Europe/Berlin")';
    for (const kind of ["rollup", "histogram", "uniques"]) {
      for (const window of ["daily", "weekly"]) {
        assert.ok(flux("Europe/Berlin", `${kind} ${window} http.server.request`).includes(option), kind);
      }
    }
    assert.doesNotMatch(flux("Europe/Berlin", "rollup hourly http.server.request"), /location/);
    assert.doesNotMatch(named("rollup daily http.server.request"), /location/);
    assert.match(flux("Europe/Berlin", "rollup daily log"), /from\(bucket: "hourly"\)/);
    assert.match(flux("Asia/Kolkata", "rollup daily log"), /from\(bucket: "minutely"\)/);
    assert.throws(
      () => rollupTasks({ timeZone: "Europe/Berln" }),
      /timeZone: "Europe\/Berln" is not in the IANA database; give a name such as "Europe\/Berlin"/,
    );
  });

  it("has no uniques where their events aren't rolled up", () => {
    const tasksWithoutRequests = rollupTasks({
      rollups: defaultRollups.filter(({ measurement }) => measurement !== "http.server.request"),
    });
    assert.ok(tasksWithoutRequests.every(({ name }) => !name.startsWith("uniques")));
  });
});
