import { equals, field, select, type Condition } from "./influxql";
import { stat, type AnyPanel, type PanelSize } from "./panels";
import { source } from "./sources";

/** The number of alerts that fire, the same on every dashboard that shows it. */
export function firingAlerts(options: PanelSize & { readonly where: readonly Condition[] }): AnyPanel {
  const { where, ...size } = options;
  return stat({
    title: "Firing alerts",
    description:
      "Alerts that Alertmanager holds as active now. One is normal: the Watchdog always fires, its absence tells that alerting stands still.",
    unit: "short",
    thresholds: [
      { value: null, color: "red" },
      { value: 1, color: "green" },
      { value: 2, color: "orange" },
    ],
    ...size,
    targets: [
      {
        query: select(field("gauge").last().as("firing"))
          .from(source("events", "alertmanager_alerts"))
          .where(...where, equals("state", "active")),
      },
    ],
  });
}
