/**
 * Stable identities of the built-in dashboards. Alert mails and other dashboards link to `/d/<uid>`: a changed uid
 * breaks them.
 */
export const DASHBOARDS = {
  home: { uid: "monitoring-home", title: "Home" },
  modelApproval: { uid: "model-approval", title: "Model approval" },
  modelApiUsage: { uid: "model-api-usage", title: "Model API usage" },
  resourcesAndCost: { uid: "resources-and-cost", title: "Resources and cost" },
  platformHealth: { uid: "platform-health", title: "Platform health" },
} as const;

/** Data sources as Grafana is provisioned with them. */
export const DATA_SOURCES = {
  influxdb: { uid: "influxdb", name: "InfluxDB" },
  alertmanager: { uid: "alertmanager", name: "Alertmanager" },
} as const;

/** Tag by which the dashboards find each other; an app's own dashboard with it joins their links. */
export const DASHBOARD_TAG = "ds-monitoring";

/**
 * Path and query of a dashboard that keeps the time range of the one it is linked from.
 *
 * @param variables names of the dashboard's variables and their values, which may be Grafana's macros such as
 * `${__data.fields.Model}`
 */
export function dashboardPath(uid: string, variables: Readonly<Record<string, string>> = {}): string {
  const query = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  return `/d/${uid}?${[...query, "${__url_time_range}"].join("&")}`;
}
