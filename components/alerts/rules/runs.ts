import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxDuration, fluxFloat, fluxStrings } from "../../influxdb/flux";
import { ago, indented, samplesOf } from "./define";

/** Field that holds the id of a run. */
export const runId = "cicd.pipeline.run.id";

const pipelineColumns = ["service", "environment", "pipeline"] as const;
const runColumns = fluxStrings([...pipelineColumns, "run"]);

/** Starts are looked for so long before now: a run takes less. */
const longestRun = ago(fluxDuration(7 * 24 * 3600));

/** Starts and ends of runs; `run` is their id, `kind` is `start` or `end`. */
const runEvents = `union(tables: [
        ${indented(samplesOf(measurements.runStart, [runId, "expected_max_s", "max_attempts"], longestRun))}
            |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
            |> map(fn: (r) => ({
                _time: r._time, service: r.service, environment: r.environment, pipeline: r.pipeline, run: r["${runId}"],
                kind: "start", result: "", seconds: if exists r["expected_max_s"] then r["expected_max_s"] else ${fluxFloat(thresholds.pipelineRunSeconds)},
                attempts: if exists r["max_attempts"] then r["max_attempts"] else 1.0,
            })),
        ${indented(samplesOf(measurements.runEnd, [runId, "duration_s"], longestRun))}
            |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
            |> map(fn: (r) => ({
                _time: r._time, service: r.service, environment: r.environment, pipeline: r.pipeline, run: r["${runId}"],
                kind: "end", result: r.result, seconds: if exists r["duration_s"] then r["duration_s"] else 0.0, attempts: 1.0,
            })),
    ])`;

/**
 * Statements that define `runs`: a row for each run of the last seven days, by its id: whatever was tried again has
 * several starts. Times are integers, in nanoseconds since 1970.
 *
 * - `began`: the first start, or what the first end says of it
 * - `running`: whether the last event is a start; `due`: when that attempt should have ended
 * - `ended`, `result`: of the last end
 * - `attempts`, `maxAttempts`: begun (an end without a start counts), and allowed
 */
export const runsById = `runs = ${runEvents}
    |> group(columns: ${runColumns})
    |> sort(columns: ["_time"])
    |> reduce(
        identity: {began: 0, running: false, due: 0, ended: 0, result: "", attempts: 0.0, maxAttempts: 1.0},
        fn: (r, accumulator) => {
            at = int(v: r._time)
            seconds = int(v: 1000000000.0 * r.seconds)
            starts = r.kind == "start"

            return {
                began: if accumulator.began > 0 then accumulator.began else if starts then at else at - seconds,
                running: starts,
                due: if starts then at + seconds else accumulator.due,
                ended: if starts then accumulator.ended else at,
                result: if starts then accumulator.result else r.result,
                attempts: accumulator.attempts + (if starts or not accumulator.running then 1.0 else 0.0),
                maxAttempts: if starts then r.attempts else accumulator.maxAttempts,
            }
        },
    )`;

/**
 * The runs of a table that no later run has settled: none that began after their `at` (nanoseconds) and `settles`. A run
 * beside another says nothing of it. Columns: those of the table, `began`, `at`, `settles`.
 */
export function unsettled(table: string): string {
  const keys = fluxStrings(pipelineColumns);
  return `settled = ${table}
    |> map(fn: (r) => ({service: r.service, environment: r.environment, pipeline: r.pipeline, settledBy: if r.settles then r.began else 0}))
    |> group(columns: ${keys})
    |> max(column: "settledBy")
join(tables: {run: ${table} |> group(columns: ${keys}), settled: settled}, on: ${keys})
    |> filter(fn: (r) => r.settledBy <= r.at)`;
}
