import { measurements } from "../contract/measurements";
import { rollupField } from "../contract/rollups";
import { thresholds } from "../contract/thresholds";
import { row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import { colouredCell, linkTo, redFrom, toItsLines, unitOf, unitsOf, wordColours } from "./fieldOptions";
import { field, select, tag } from "./influxql";
import { dashboardPath, linesPath } from "./links";
import { table } from "./panels";
import { meanOf, overRollups, totalCount } from "./rollupQueries";
import { inEnvironment, ofChosenServices, rollups, source } from "./sources";
import { columns } from "./transformations";
import { probeColours, severityColours } from "./verdicts";

const logLines = rollups(measurements.log);
const probes = rollups(measurements.probe);
const deployments = rollups(measurements.deployment);
const volumes = rollups(measurements.podVolume);

const itsUsage = linkTo(
  "Usage of ${__value.text}",
  dashboardPath(dashboardIdentities.modelApiUsage.uid, { service: "${__value.text:percentencode}" }),
);

const logsAndVolumes = row("Detail: logs and volumes", [
  table("Last line by service", {
    description:
      "When each service's last text line was written, as far as it has arrived: a lag, or a silent service.",
    size: [8, 7],
    sortBy: { column: "Last line", descending: false },
    query: select(field("count").last().as("lines"))
      .from(source("minutely", measurements.log))
      .where(...ofChosenServices)
      .groupBy(tag("service")),
    transformations: [columns({ service: "Service", Time: "Last line", lines: "Lines in that minute" })],
    overrides: {
      Service: toItsLines,
      "Last line": unitOf("dateTimeFromNow"),
      "Lines in that minute": unitOf("short"),
    },
  }),
  table("Lines by service and severity", {
    description: "Text lines in the time range.",
    size: [8, 7],
    sortBy: { column: "Lines", descending: true },
    query: overRollups({
      of: logLines,
      columns: [totalCount("lines")],
      where: ofChosenServices,
      groupBy: [tag("service"), tag("severity")],
    }),
    transformations: [columns({ service: "Service", severity: "Severity", lines: "Lines" })],
    overrides: {
      Service: toItsLines,
      Severity: [
        ...linkTo(
          "Lines of this severity",
          linesPath({
            service: "${__data.fields.Service:percentencode}",
            severity: "${__value.text:percentencode}",
          }),
        ),
        ...colouredCell({ mappings: wordColours(severityColours) }),
      ],
      Lines: unitOf("short"),
    },
  }),
  table("Volumes", {
    description: "Fullest state of each volume by its capacity. Red where VolumeFillingUp fires.",
    size: [8, 7],
    sortBy: { column: "In use", descending: true },
    query: overRollups({
      of: volumes,
      columns: [field("used_bytes.max").max().over(field("capacity_bytes.max").max()).as("use")],
      where: inEnvironment,
      groupBy: [tag("service"), tag("volume_name")],
    }),
    transformations: [columns({ service: "Service", volume_name: "Volume", use: "In use" })],
    overrides: {
      Service: linkTo(
        "Resources of ${__value.text}",
        dashboardPath(dashboardIdentities.resourcesAndCost.uid, { service: "${__value.text:percentencode}" }),
      ),
      "In use": [
        ...unitOf("percentunit", 0),
        ...colouredCell({ thresholds: redFrom(thresholds.volumeUseRatio) }),
      ],
    },
  }),
]);

const reachability = row("Detail: what answers", [
  table("Probes", {
    description:
      "Answers of each address that is probed over the network: number of probes and mean time, by result.",
    size: [12, 7],
    query: overRollups({
      of: probes,
      columns: [totalCount("probes"), meanOf("response_time").as("mean")],
      where: inEnvironment,
      groupBy: [tag("service"), tag("result")],
    }),
    transformations: [columns({ service: "Service", result: "Result", probes: "Probes", mean: "Mean time" })],
    overrides: {
      Service: itsUsage,
      Result: colouredCell({ mappings: probeColours }),
      Probes: unitOf("short"),
      "Mean time": unitOf("s"),
    },
  }),
  table("Ready pods of model APIs", {
    description:
      "Desired pods of each model API, and those that the kubelets found ready. ApiUnreachable fires where none was ready for a minute; n is the number of samples.",
    size: [12, 7],
    sortBy: { column: "Least ready", descending: false },
    query: overRollups({
      of: deployments,
      columns: [
        field(rollupField("replicas_desired", "max")).max().as("desired"),
        meanOf("replicas_available").as("mean"),
        field(rollupField("replicas_available", "min")).min().as("least"),
        totalCount("n"),
      ],
      where: ofChosenServices,
      groupBy: [tag("namespace"), tag("service")],
    }),
    transformations: [
      columns({
        namespace: "Namespace",
        service: "Service",
        desired: "Desired",
        mean: "Ready on average",
        least: "Least ready",
        n: "n",
      }),
    ],
    overrides: {
      Service: itsUsage,
      ...unitsOf("short", ["Desired", "n"]),
      "Ready on average": unitOf("short", 2),
      "Least ready": [
        ...unitOf("short"),
        ...colouredCell({
          thresholds: [
            { value: null, color: "red" },
            { value: 1, color: "green" },
          ],
        }),
      ],
    },
  }),
]);

/** The rows below verdict and trends. */
export const platformHealthDetails = [logsAndVolumes, reachability];
