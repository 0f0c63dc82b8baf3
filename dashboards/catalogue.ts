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
  logs: { uid: dashboardUids.logs, title: "Logs" },
  platformHealth: { uid: dashboardUids.platformHealth, title: "Platform health" },
};

/** Data sources as Grafana is provisioned with them. */
export const dataSources: Readonly<Record<"influxdb" | "alertmanager", DataSourceIdentity>> = {
  influxdb: { uid: "influxdb", name: "InfluxDB" },
  alertmanager: { uid: "alertmanager", name: "Alertmanager" },
};

/** Tag by which the dashboards find each other; an app's own dashboard with it joins their links. */
export const dashboardTag = "ds-monitoring";
