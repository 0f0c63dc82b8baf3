import { measurements, type Measurement } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxString, fluxStrings } from "../../influxdb/flux";
import { ago, type RuleDefinition, samplesOf } from "./define";

const containerLabels = ["service", "environment", "namespace", "pod_name", "container_name"];

/** Do the containers and volumes have enough memory and space? */
export const resourceRules: readonly RuleDefinition[] = [
  {
    name: "MemoryNearLimit",
    severity: "warning",
    forSeconds: 180,
    sampleSeconds: 60,
    query: ratioPerMinute({
      measurement: measurements.container,
      used: "memory_working_set_bytes",
      available: ["resource_limits_memory_bytes"],
      by: ["namespace", "pod_name", "container_name"],
    }),
    labels: containerLabels,
    threshold: thresholds.memoryUseRatio,
    appThreshold: "memoryUseRatio",
    unit: "ratio",
    summary: "{service}: {container_name} uses {value} of its memory limit",
    description:
      "The container {container_name} of {pod_name} holds {value} of its memory limit; at 100 % the kernel kills it, and a run in it is lost.",
    dashboard: "resourcesAndCost",
  },
  {
    name: "ContainerRestarting",
    severity: "warning",
    query: `${samplesOf(measurements.container, ["restarts_total"], ago("15m"))}
    |> toFloat()
    |> group(columns: ${fluxStrings(containerLabels)})
    |> spread()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: containerLabels,
    threshold: thresholds.containerRestarts,
    unit: "count",
    summary: "{service}: {container_name} has restarted {value} times",
    description:
      "Within a quarter of an hour the container {container_name} of {pod_name} in {namespace} restarted {value} times: it crashes, runs out of memory, or fails its liveness probe.",
    dashboard: "resourcesAndCost",
  },
  {
    name: "VolumeFillingUp",
    severity: "warning",
    forSeconds: 300,
    sampleSeconds: 60,
    query: ratioPerMinute({
      measurement: measurements.podVolume,
      used: "used_bytes",
      // An emptyDir has the capacity of the node's disk; beyond its own limit its pod is evicted.
      available: ["capacity_bytes", "limit_bytes"],
      by: ["namespace", "pod_name", "volume_name"],
    }),
    labels: ["service", "environment", "namespace", "pod_name", "volume_name"],
    threshold: thresholds.volumeUseRatio,
    unit: "ratio",
    summary: "Volume {volume_name} of {pod_name} is {value} full",
    description:
      "The volume {volume_name} of {pod_name} in {namespace} is {value} full. A full volume stops InfluxDB or the log buffer.",
    dashboard: "resourcesAndCost",
  },
];

/** The ratio of two fields that the same or another series of a measurement holds, minute by minute. */
function ratioPerMinute(options: {
  measurement: Measurement;
  used: string;
  /** The least of these counts. */
  available: readonly string[];
  by: readonly string[];
}): string {
  const columns = ["_time", ...options.by].map(fluxString).join(", ");
  const side = (...fields: string[]): string => `${samplesOf(options.measurement, fields, "start")}
    |> aggregateWindow(every: 1m, fn: max, createEmpty: false, timeSrc: "_start")
    |> toFloat()`;
  return `used = ${side(options.used)}
available = ${side(...options.available)}
    |> filter(fn: (r) => r._value > 0.0)
    |> group(columns: [${columns}])
    |> min()
    |> keep(columns: [${columns}, "_value"])
    |> group()
join(tables: {used: used |> group(), available: available}, on: [${columns}])
    |> map(fn: (r) => ({r with _value: r._value_used / r._value_available}))`;
}
