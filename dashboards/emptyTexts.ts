import { histogramMeasurement } from "../contract/histograms";
import { measurements } from "../contract/measurements";

/** What is missing, and where it says how to get it. */
type EmptyText = readonly [what: string, help: string];

const request: EmptyText = ["no request", "docs/instrumenting.md says how an API reports them"];
const run: EmptyText = ["no run has reported it", "docs/instrumenting.md says how a pipeline does"];
const line: EmptyText = ["no line", "docs/runbooks/LogsStalled.md says what to look at"];
const sample: EmptyText = ["no sample of it", "docs/runbooks/MetricsMissing.md says what to look at"];

const texts: Readonly<Record<string, EmptyText>> = {
  [measurements.httpRequest]: request,
  [histogramMeasurement(measurements.httpRequest)]: request,
  [measurements.uniqueRequests]: [
    "no finished one yet",
    "requests of whole days and weeks (UTC) are counted",
  ],
  [measurements.runEnd]: ["no run has ended", "docs/instrumenting.md says how a pipeline reports them"],
  [measurements.taskEnd]: ["no step has ended", "docs/instrumenting.md says how a pipeline reports them"],
  [measurements.runSummary]: run,
  [measurements.metric]: run,
  [measurements.mlClass]: run,
  [measurements.outliers]: run,
  [measurements.drift]: ["nothing was compared", "docs/drift.md says how a pipeline compares data"],
  [measurements.confusion]: run,
  [measurements.decision]: ["nothing was decided", "docs/instrumenting.md says how a pipeline reports it"],
  [measurements.log]: line,
  [measurements.unparsed]: ["no such line", "all were parsed"],
  [measurements.logLag]: ["no service answers probes", "a ModelApi is probed by itself"],
  [measurements.probe]: ["nothing is probed", "a ModelApi is probed by itself"],
  [measurements.gpu]: ["no GPU is seen", "docs/metrics.md says how DCGM's exporter is read"],
  [measurements.firingAlerts]: ["Alertmanager is not heard", sample[1]],
};

/**
 * Text in place of a figure that isn't there, true of any time range: what is missing, and what to do.
 *
 * @param isTile there is room for a few words
 */
export function emptyText(measurement: string | undefined, isTile: boolean): string {
  const foreign = Object.values(measurements).some((name) => name === measurement) ? sample : undefined;
  const [what, help] = texts[measurement ?? ""] ?? foreign ?? [];
  if (what === undefined) return "no data";
  return isTile ? what : `${what}: ${help}`;
}
