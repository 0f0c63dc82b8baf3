import { MappingType } from "@grafana/grafana-foundation-sdk/dashboard";

import { measurements } from "../contract/measurements";
import { colouredCell, toItsLines, wordColours, wrapped } from "./fieldOptions";
import { equals, field, matchesVariable, notEquals, ofLast, select, tag, type Condition } from "./influxql";
import type { FigureLink } from "./links";
import { colourOfUnknown, stat, table, type AnyPanel, type PanelOptions } from "./panels";
import { ofNow, source } from "./sources";
import { columns } from "./transformations";

/** The number of alerts that fire, the same on every dashboard that shows it. */
export function firingAlerts(
  options: Pick<PanelOptions, "size"> & { readonly where: readonly Condition[]; readonly link: FigureLink },
): AnyPanel {
  const { where, ...size } = options;
  return stat("Firing alerts", {
    description:
      "Alerts that Alertmanager holds as active now, without Watchdog: that always fires, and where it is missing alerting has stopped.",
    unit: "short",
    thresholds: [
      { value: null, color: "red" },
      { value: 0, color: "green" },
      { value: 1, color: "orange" },
    ],
    mappings: [
      {
        type: MappingType.ValueToText,
        options: { "-1": { text: "no Watchdog", color: "red", index: 0 } },
      },
      colourOfUnknown("red"),
    ],
    ...size,
    query: select(field("gauge").last().minus(1).as("firing"))
      .from(source("events", measurements.firingAlerts))
      .where(...ofNow(...where), equals("state", "active")),
  });
}

/**
 * The alerts that fire, in words. Telegraf asks Alertmanager for them each half minute; one that it has not
 * named for two minutes has ended.
 */
export function firingNow(size: PanelOptions["size"]): AnyPanel {
  return table("What fires now", {
    description:
      "Alerts that Alertmanager holds as active now, without silenced ones and Watchdog, which always fires. Critical ones come first; the service leads to its lines.",
    noValue: "no alert is named; Firing alerts says whether Alertmanager is heard",
    size,
    sortBy: { column: "Severity", descending: false },
    query: select(field("summary").last().as("summary"), field("app").last().as("app"))
      .from(source("events", measurements.alert))
      .where(matchesVariable("environment", "environment"), ofLast("2m"), notEquals("alertname", "Watchdog"))
      .groupBy(tag("severity"), tag("alertname"), tag("fingerprint")),
    transformations: [
      columns({ severity: "Severity", alertname: "Alert", summary: "What", app: "Service" }, ["fingerprint"]),
    ],
    overrides: {
      Severity: colouredCell({
        mappings: wordColours({ critical: "red", warning: "orange", info: "blue" }),
      }),
      What: wrapped,
      Service: toItsLines,
    },
  });
}
