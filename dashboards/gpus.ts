import { measurements } from "../contract/measurements";
import { minutesField } from "../contract/rollups";
import { row } from "./buildDashboard";
import { chosenContainers, highest, overPods, positivePart } from "./containerQueries";
import { toItsLines, unitOf, unitsOf } from "./fieldOptions";
import { field, tag, type Dimension, type Expression } from "./influxql";
import { linesOfSeries } from "./links";
import { table, timeSeries } from "./panels";
import { overRollups } from "./rollupQueries";
import { interval, rollups } from "./sources";
import { columns } from "./transformations";

const gpus = rollups(measurements.gpu);

/** An amount of all GPUs times hours. */
const hours = (name: string): Expression => field(minutesField(name)).sum().over(60);

const utilization = hours("utilization").over(hours("gpus")).as("use");

const ofGpus = (values: readonly Expression[], ...groupBy: readonly Dimension[]) =>
  overRollups({ of: gpus, columns: values, where: chosenContainers, groupBy: [...groupBy, tag("service")] });

/** Heading of a column -> its value, by service, in the order of the table. */
function tableColumns(gpuHour: number | undefined): Record<string, Expression> {
  const idle = positivePart(hours("gpus").minus(hours("utilization")));
  return {
    "GPU hours": hours("gpus"),
    Utilisation: utilization,
    "Idle GPU hours": idle,
    "Memory, highest": highest("memory_used_bytes").max(),
    Energy: hours("power_watts").over(1000),
    ...(gpuHour !== undefined && { Cost: hours("gpus").times(gpuHour), "Idle cost": idle.times(gpuHour) }),
  };
}

/** What GPUs do, where DCGM's exporter is read; otherwise each panel says how to get there. */
export function gpuRow(gpuHour: number | undefined, money: string) {
  const found = Object.entries(tableColumns(gpuHour)).map(
    ([heading, value]) => [heading, heading.toLowerCase(), value] as const,
  );
  return row("GPUs: are they used?", [
    timeSeries("GPU utilisation by service", {
      link: linesOfSeries,
      description:
        "Mean of the GPUs that the service's pods hold. GPUs that no pod holds are under the name of DCGM's exporter.",
      unit: "percentunit",
      min: 0,
      max: 1,
      size: [8, 8],
      query: ofGpus([utilization], interval).fill("null"),
      alias: "$tag_service",
    }),
    timeSeries("GPU memory by service", {
      link: linesOfSeries,
      description: "Memory in use and free, summed over the GPUs of the service's pods.",
      unit: "bytes",
      min: 0,
      size: [8, 8],
      targets: [
        { query: overPods("memory_used_bytes", 1, "used", { of: gpus }), alias: "$tag_service used" },
        { query: overPods("memory_free_bytes", 1, "free", { of: gpus }), alias: "$tag_service free" },
      ],
    }),
    timeSeries("GPU power by service", {
      link: linesOfSeries,
      description: "Watts, summed over the GPUs of the service's pods.",
      unit: "watt",
      min: 0,
      size: [8, 8],
      query: overPods("power_watts", 1, "power", { of: gpus }),
      alias: "$tag_service",
    }),
    table("GPUs by service", {
      description:
        "GPUs times hours in the time range, and the part of it that was not used: the GPUs are held, or no pod holds them. A MIG instance counts as a GPU; its utilisation DCGM does not say. The costs above are without GPUs.",
      size: [24, 6],
      sortBy: { column: "Idle GPU hours", descending: true },
      query: ofGpus(found.map(([, name, value]) => value.as(name))),
      transformations: [
        columns({
          service: "Service",
          ...Object.fromEntries(found.map(([heading, name]) => [name, heading])),
        }),
      ],
      overrides: {
        Service: toItsLines,
        Utilisation: unitOf("percentunit", 0),
        "Memory, highest": unitOf("bytes", 1),
        Energy: unitOf("kwatth", 2),
        ...unitsOf("short", ["GPU hours", "Idle GPU hours"]),
        ...(gpuHour !== undefined && unitsOf(money, ["Cost", "Idle cost"], 2)),
      },
    }),
  ]);
}
