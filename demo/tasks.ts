import { buckets } from "../contract/buckets";
import { InfluxApi } from "../components/influxdb/influxApi";
import { lateRangeHours } from "../components/influxdb/rollupTasks";
import type { Demo } from "./stack";
import { waitFor } from "./waiting";

/** The tasks that roll requests up, in the order in which one feeds the next. */
const requestRollups = {
  minutely: "rollup minutely late http.server.request",
  hourly: "rollup hourly http.server.request",
  daily: "rollup daily http.server.request",
  weekly: "rollup weekly http.server.request",
  dailyUniques: "uniques daily http.server.request",
  weeklyUniques: "uniques weekly http.server.request",
  kept: `keep ${buckets.weekly} events`,
} as const;

const taskTimeoutMs = 120_000;

/**
 * Run an InfluxDB task now instead of at its next scheduled time.
 *
 * @throws Error when there is no such task, or its run fails
 */
export async function runTask(demo: Demo, name: string): Promise<void> {
  const api = new InfluxApi({ url: demo.influxd.url, token: demo.influxd.token });
  const { tasks } = await api.request<{ tasks: { id: string }[] }>({
    path: `/api/v2/tasks?name=${encodeURIComponent(name)}`,
  });
  const [task] = tasks;
  if (task === undefined) throw new Error(`InfluxDB has no task ${JSON.stringify(name)}`);
  const runs = `/api/v2/tasks/${task.id}/runs`;
  const { id } = await api.request<{ id: string }>({ method: "POST", path: runs, body: {} });
  const status = await waitFor(
    `the run of task ${name}`,
    async () => {
      const run = await api.request<{ status: string }>({ path: `${runs}/${id}` });
      return ["success", "failed", "canceled"].includes(run.status) ? run.status : undefined;
    },
    taskTimeoutMs,
  );
  if (status !== "success") throw new Error(`the run of task ${name} ended as ${status}`);
}

/**
 * Bring the rollups of requests up to date for the last days, with the tasks that would otherwise do so within hours.
 *
 * @param days whole days of history in InfluxDB
 */
export async function rollUpHistory(demo: Demo, days: number): Promise<void> {
  // Each run computes one part, the oldest first; the last day is today's.
  const lateRuns = ((days + 1) * 24) / lateRangeHours;
  for (const name of ["minutely", "hourly"] as const) {
    for (let part = 0; part < lateRuns; part++) await runTask(demo, requestRollups[name]);
  }
  for (let day = 0; day < days; day++) {
    await runTask(demo, requestRollups.daily);
    await runTask(demo, requestRollups.dailyUniques);
  }
  for (const name of ["weekly", "weeklyUniques", "kept"] as const) {
    await runTask(demo, requestRollups[name]);
  }
}
