import { measurements } from "../../../contract/measurements";
import { ago, ofList, type RuleDefinition, samplesOf } from "./define";

/** Are the Prometheus endpoints of apps read, and all of what they offer? */
export const podMetricsRules: readonly RuleDefinition[] = [
  {
    name: "PodMetricsUnreadable",
    severity: "warning",
    // Of ready pods with the label, since the last answer with metrics in it, else since they were first seen.
    query: `samples = (field) => ${samplesOf(measurements.scrape, ["expected", "content_length"], ago("1h"))}
    |> filter(fn: (r) => r._field == field)
    |> group(columns: ["service", "environment", "namespace", "pod_name"])
    |> toFloat()
    |> sort(columns: ["_time"])
there = samples(field: "expected")
    |> last()
    |> filter(fn: (r) => r._time >= ${ago("3m")})
    |> keep(columns: ["namespace", "pod_name"])
since = union(tables: [samples(field: "expected") |> first(), samples(field: "content_length") |> last()])
    |> group(columns: ["service", "environment", "namespace", "pod_name"])
    |> max(column: "_time")
join(tables: {since: since |> group(), there: there |> group()}, on: ["namespace", "pod_name"])
    |> map(fn: (r) => ({r with _time: stop, _value: float(v: int(v: stop) - int(v: r._time)) / 1000000000.0}))`,
    labels: ["service", "environment", "namespace", "pod_name"],
    source: ofList("Pod"),
    threshold: 300,
    unit: "seconds",
    summary: "{service}: the metrics of {pod_name} were not read for {value}",
    description:
      "The Prometheus endpoint of {pod_name} in {namespace} has answered nothing that Telegraf can read for {value}: it does not answer, with an error, with too much, or with no metric. Its metrics on the dashboards are missing.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
  {
    name: "PodMetricsDropped",
    severity: "warning",
    query: `${samplesOf(measurements.droppedSeries, ["samples"], ago("10m"))}
    |> group(columns: ["service", "environment"])
    |> sum()
    |> map(fn: (r) => ({r with _time: stop}))`,
    threshold: 0,
    unit: "count",
    summary: "{service}: {value} samples of its own metrics were not stored",
    description:
      "Within ten minutes, {value} samples of the metrics that {service} offers belonged to more series than one app may have, and were not stored. A label holds a value without a bound, or the names of the metrics are too wide.",
    dashboard: "platformHealth",
    dashboardVariables: { environment: "environment" },
  },
];
