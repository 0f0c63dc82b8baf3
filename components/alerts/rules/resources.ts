import { measurements, type Measurement } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { fluxFloat, fluxString, fluxStrings } from "../../influxdb/flux";
import { ago, ofList, type RuleDefinition, samplesOf } from "./define";

const containerLabels = ["service", "environment", "namespace", "pod_name", "container_name"];
const volumeLabels = ["service", "environment", "namespace", "pod_name", "volume_name"];

/** What each list of pods gives, and each answer of the kubelets. */
const ofKubernetes = ofList("Pod");
const ofKubelets = `r._measurement == "${measurements.container}" and r._field == "memory_working_set_bytes"`;

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
    source: ofKubelets,
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
    inhibitedBy: ["ApiUnreachable"],
    heldSeconds: 3600,
    query: `${samplesOf(measurements.container, ["restarts_total"], ago("1h"))}
    |> toFloat()
    |> group(columns: ${fluxStrings(containerLabels)})
    |> spread()
    |> map(fn: (r) => ({r with _time: stop}))`,
    labels: containerLabels,
    source: ofKubernetes,
    threshold: thresholds.containerRestarts,
    unit: "count",
    summary: "{service}: {container_name} has restarted {value} times",
    description:
      "Within an hour the container {container_name} of {pod_name} in {namespace} restarted {value} times: it crashes, runs out of memory, or fails its liveness probe.",
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
    labels: volumeLabels,
    source: ofKubelets,
    threshold: thresholds.volumeUseRatio,
    unit: "ratio",
    summary: "Volume {volume_name} of {pod_name} is {value} full",
    description:
      "The volume {volume_name} of {pod_name} in {namespace} is {value} full. A full volume stops InfluxDB or the log buffer.",
    dashboard: "resourcesAndCost",
  },
  {
    name: "VolumeInodesFillingUp",
    severity: "warning",
    forSeconds: 300,
    sampleSeconds: 60,
    query: ratioPerMinute({
      measurement: measurements.podVolume,
      used: "inodes_used",
      available: ["inodes"],
      by: ["namespace", "pod_name", "volume_name"],
    }),
    labels: volumeLabels,
    source: `r._measurement == "${measurements.podVolume}" and r._field == "inodes"`,
    threshold: thresholds.volumeUseRatio,
    unit: "ratio",
    summary: "Volume {volume_name} of {pod_name} has used {value} of its inodes",
    description:
      "The volume {volume_name} of {pod_name} in {namespace} holds so many files that {value} of its inodes are used. Without one, no file can be made on it, however much space is left.",
    dashboard: "resourcesAndCost",
  },
  {
    name: "VolumeFullSoon",
    severity: "warning",
    inhibitedBy: ["VolumeFillingUp"],
    everySeconds: 300,
    // Least squares over six hours, of the means of ten minutes.
    query: `used = ${samplesOf(measurements.podVolume, ["used_bytes"], ago("6h"))}
    |> aggregateWindow(every: 10m, fn: mean, createEmpty: false)
    |> toFloat()
    |> map(fn: (r) => ({r with t: float(v: int(v: r._time) - int(v: stop)) / 1000000000.0}))
    |> group(columns: ${fluxStrings(volumeLabels)})
    |> reduce(
        identity: {n: 0.0, t: 0.0, x: 0.0, tt: 0.0, tx: 0.0},
        fn: (r, accumulator) => ({n: accumulator.n + 1.0, t: accumulator.t + r.t, x: accumulator.x + r._value, tt: accumulator.tt + r.t * r.t, tx: accumulator.tx + r.t * r._value}),
    )
    |> filter(fn: (r) => r.n >= 18.0)
    |> map(fn: (r) => ({r with slope: (r.n * r.tx - r.t * r.x) / (r.n * r.tt - r.t * r.t)}))
    |> map(fn: (r) => ({r with now: (r.x - r.slope * r.t) / r.n}))
available = ${samplesOf(measurements.podVolume, ["capacity_bytes", "limit_bytes"], ago("10m"))}
    |> last()
    |> toFloat()
    |> group(columns: ${fluxStrings(volumeLabels)})
    |> min()
    |> keep(columns: ${fluxStrings([...volumeLabels, "_value"])})
join(tables: {used: used, available: available}, on: ${fluxStrings(volumeLabels)})
    |> filter(fn: (r) => r.now + r.slope * ${fluxFloat(thresholds.volumeFullSeconds)} > r._value)
    |> map(fn: (r) => ({r with _time: stop, _value: r.now / r._value}))`,
    labels: volumeLabels,
    source: ofKubelets,
    threshold: thresholds.volumePredictionRatio,
    unit: "ratio",
    summary: "Volume {volume_name} of {pod_name} will be full within four days",
    description:
      "The volume {volume_name} of {pod_name} in {namespace} is {value} full, and grows so fast, over the last six hours, that it is full within four days.",
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
