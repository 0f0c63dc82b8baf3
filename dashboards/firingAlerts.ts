import { measurements } from "../contract/measurements";
import { equals, field, select, type Condition } from "./influxql";
import { stat, type AnyPanel, type PanelOptions } from "./panels";
import { source } from "./sources";

/** The number of alerts that fire, the same on every dashboard that shows it. */
export function firingAlerts(
  options: Pick<PanelOptions, "size"> & { readonly where: readonly Condition[] },
): AnyPanel {
  const { where, ...size } = options;
  return stat("Firing alerts", {
    description:
      "Alerts that Alertmanager holds as active now. One is normal: the Watchdog always fires, its absence means that alerting has stopped.",
    unit: "short",
    thresholds: [
      { value: null, color: "red" },
      { value: 1, color: "green" },
      { value: 2, color: "orange" },
    ],
    ...size,
    query: select(field("gauge").last().as("firing"))
      .from(source("events", measurements.firingAlerts))
      .where(...where, equals("state", "active")),
  });
}
