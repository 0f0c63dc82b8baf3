import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { dashboardIdentities } from "../../dashboards";
import { checkConfigMapDashboards, type DashboardDefinition } from "../../dashboards/definition";
import { connectionOf, type MonitoringConnection } from "../connection";
import { checked } from "../kubernetes/checked";
import { dashboardConfigMap } from "./appDashboardsReader";

/** An app's own dashboards, and where they are placed. */
export interface AppDashboardsOptions {
  /** Component and name of the app, for errors, e.g. `ModelApi "churn"`. */
  title: string;
  /** Logical name of the app. */
  name: string;
  /** Namespace of the app. */
  namespace: pulumi.Input<string>;
  /** Labels of the app's objects. */
  labels: Record<string, string>;
  monitoring: pulumi.Input<MonitoringConnection>;
  dashboards: readonly DashboardDefinition[];
  parent: pulumi.Resource;
}

/**
 * A ConfigMap for each dashboard, which the platform's Grafana finds by its label.
 *
 * @throws Error naming the dashboard, or that nobody would read it, and the fix
 */
export function placeAppDashboards(options: AppDashboardsOptions): void {
  const { title, name, labels, dashboards } = options;
  if (dashboards.length === 0) return;
  checkAppDashboards(title, dashboards);
  claimUids(title, options.monitoring, dashboards);
  const { grafanaReadsConfigMaps } = connectionOf(options.monitoring, title);
  const reads = checked(grafanaReadsConfigMaps ?? true, (known) => requireReader(title, known));
  // The ConfigMaps wait for the check where only another stack knows it.
  const namespace = pulumi.all([options.namespace, reads]).apply(([name]) => name);
  for (const { uid, folder, json } of dashboards) {
    new ConfigMap(
      `${name}-dashboard-${uid}`,
      {
        metadata: {
          // One name for good: for a while two would hold the same uid, and Grafana refuses both.
          name: `${name}-dashboard-${uid}`,
          namespace,
          labels: { ...labels, [dashboardConfigMap.label.key]: dashboardConfigMap.label.value },
          annotations: { [dashboardConfigMap.folderAnnotation]: folder },
        },
        data: { [`${uid}.json`]: json },
      },
      { parent: options.parent },
    );
  }
}

/** @throws Error naming the app, the dashboard and the fix */
function checkAppDashboards(title: string, dashboards: readonly DashboardDefinition[]): void {
  try {
    checkConfigMapDashboards(dashboards);
  } catch (error) {
    throw new Error(`${title}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const taken = dashboards.find(({ uid }) =>
    Object.values(dashboardIdentities).some((ours) => ours.uid === uid),
  );
  if (taken !== undefined) {
    throw new Error(`${title}: uid "${taken.uid}" is that of a dashboard of the platform; choose another`);
  }
}

/** Uids of the apps of one program, by the platform that shows them: uid -> app. */
const claimed = new WeakMap<object, Map<string, string>>();

/** @throws Error naming both apps and the fix, where another app of the program has a dashboard with the uid */
function claimUids(title: string, monitoring: object, dashboards: readonly DashboardDefinition[]): void {
  const apps = claimed.get(monitoring) ?? new Map<string, string>();
  claimed.set(monitoring, apps);
  for (const { uid } of dashboards) {
    const other = apps.get(uid) ?? title;
    if (other !== title) {
      throw new Error(
        `${title}: uid "${uid}" is that of a dashboard of ${other}, and Grafana would show neither's changes; begin it with the app's name`,
      );
    }
    apps.set(uid, title);
  }
}

/** @throws Error with the fix, where Grafana reads no ConfigMaps */
export function requireReader(title: string, reads: boolean): void {
  if (!reads) {
    throw new Error(
      `${title}: dashboards are ConfigMaps, which the platform's existing Grafana does not read: pass them to ` +
        "`dashboards` of Monitoring instead",
    );
  }
}
