import { dashboardUids, type DashboardName } from "../contract/dashboardUids";

export type { DashboardName };

/** What links lead to. */
export interface DashboardIdentity {
  /** Part of the URL `/d/<uid>`. */
  readonly uid: string;
  /** Title, as people see it. */
  readonly title: string;
}

/** A data source as Grafana is provisioned with it. */
export interface DataSourceIdentity {
  /** What dashboards refer to. */
  readonly uid: string;
  /** Name, as people see it. */
  readonly name: string;
}

/** Uids and titles of the built-in dashboards, which links lead to. */
export const dashboardIdentities: Readonly<Record<DashboardName, DashboardIdentity>> = {
  home: { uid: dashboardUids.home, title: "Home" },
  modelApproval: { uid: dashboardUids.modelApproval, title: "Model approval" },
  run: { uid: dashboardUids.run, title: "Run" },
  modelApiUsage: { uid: dashboardUids.modelApiUsage, title: "Model API usage" },
  resourcesAndCost: { uid: dashboardUids.resourcesAndCost, title: "Resources and cost" },
  platformHealth: { uid: dashboardUids.platformHealth, title: "Platform health" },
};

/** Data sources as Grafana is provisioned with them. */
export const dataSources: Readonly<Record<"influxdb" | "alertmanager", DataSourceIdentity>> = {
  influxdb: { uid: "influxdb", name: "InfluxDB" },
  alertmanager: { uid: "alertmanager", name: "Alertmanager" },
};

/** Tag by which the dashboards find each other; an app's own dashboard with it joins their links. */
export const dashboardTag = "ds-monitoring";

/**
 * Path and query of a dashboard that keeps the environment and the time range of the one it is linked from.
 *
 * @param variables names of the dashboard's variables and their values, which may be Grafana's macros such as
 * `${__data.fields.Model}`
 */
export function dashboardPath(uid: string, variables: Readonly<Record<string, string>> = {}): string {
  const query = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  return `/d/${uid}?${[...query, "${environment:queryparam}", "${__url_time_range}"].join("&")}`;
}

/** Path and query of the dashboard of a run: columns `Pipeline` and `Run` of its row, and the time from `From` to `To`. */
export const runPath =
  `/d/${dashboardUids.run}?var-runPipeline=\${__data.fields.Pipeline:percentencode}` +
  "&var-runId=${__data.fields.Run:percentencode}&${environment:queryparam}" +
  "&from=${__data.fields.From}&to=${__data.fields.To}";
