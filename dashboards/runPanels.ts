import { colouredCell, hidden, linkTo, unitOf, wrapped } from "./fieldOptions";
import { fieldTable, type QueryOfRows } from "./fieldQueries";
import { field, type Condition } from "./influxql";
import { runPath } from "./links";
import { runs } from "./modelEvents";
import type { TableOptions } from "./panels";
import { calculated } from "./transformations";
import { resultColours } from "./verdicts";

/** What of a run's time is shown before its start and after its end, in milliseconds. */
const marginMs = 60_000;

/** Finished runs, the newest first, each with a link to its own dashboard over the time that it took; for a table. */
export function finishedRuns(options: {
  readonly where: readonly Condition[];
  readonly newest: number;
  /** Column -> heading, between `Duration` and `Run`. */
  readonly more?: Readonly<Record<string, string>>;
}): QueryOfRows & Pick<TableOptions, "overrides"> {
  const { where, newest, more = {} } = options;
  const { query, transformations } = fieldTable({
    from: runs,
    where,
    newest,
    headings: {
      Time: "Time",
      pipeline: "Pipeline",
      result: "Result",
      duration_s: "Duration",
      ...more,
      "cicd.pipeline.run.id": "Run",
      before: "Before",
    },
    computed: { before: field("duration_s").times(1000).plus(marginMs) },
  });
  return {
    query,
    transformations: [
      calculated("From", "Time", "-", "before"),
      calculated("To", "Time", "+", String(marginMs)),
      ...transformations,
    ],
    overrides: {
      Result: colouredCell({ mappings: resultColours }),
      Duration: unitOf("s"),
      Run: [...linkTo("Run ${__value.text}", runPath), ...wrapped],
      Error: [...wrapped, { id: "noValue", value: "" }],
      Before: hidden,
      From: hidden,
      To: hidden,
    },
  };
}
