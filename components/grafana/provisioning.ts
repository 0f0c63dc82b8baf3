import { database } from "../../contract/buckets";

/** Stable uids of the data sources: dashboards refer to them. */
export const dataSourceUids = { influxDb: "influxdb", alertmanager: "alertmanager" } as const;

/** The data source of InfluxDB, whichever way Grafana gets it: its name, kind, and how it asks. */
export const influxDbDataSource = {
  name: "InfluxDB",
  type: "influxdb",
  access: "proxy",
  jsonData: { version: "InfluxQL", dbName: database, httpMode: "POST" },
} as const;

/** What Grafana's data sources need to know. */
export interface DataSourceOptions {
  /** Base URL of InfluxDB. */
  influxDbUrl: string;
  /** User name of a credential that reads; its password is the environment variable INFLUXDB_PASSWORD. */
  influxDbUsername: string;
  /** Base URL of Alertmanager. */
  alertmanagerUrl: string;
  /**
   * Whether it asks for a login: the header `Authorization` is then the environment variable ALERTMANAGER_AUTHORIZATION.
   * @default false
   */
  alertmanagerAuthorization?: boolean;
}

/**
 * The provisioning file of the data sources: YAML, of which JSON is a part.
 *
 * Source: https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources
 */
export function dataSources(options: DataSourceOptions): string {
  return JSON.stringify({
    apiVersion: 1,
    datasources: [
      {
        uid: dataSourceUids.influxDb,
        ...influxDbDataSource,
        url: options.influxDbUrl,
        isDefault: true,
        editable: false,
        basicAuth: true,
        basicAuthUser: options.influxDbUsername,
        secureJsonData: { basicAuthPassword: "$INFLUXDB_PASSWORD" },
      },
      {
        uid: dataSourceUids.alertmanager,
        name: "Alertmanager",
        type: "alertmanager",
        access: "proxy",
        url: options.alertmanagerUrl,
        editable: false,
        jsonData: {
          implementation: "prometheus",
          handleGrafanaManagedAlerts: false,
          ...(options.alertmanagerAuthorization === true && { httpHeaderName1: "Authorization" }),
        },
        ...(options.alertmanagerAuthorization === true && {
          secureJsonData: { httpHeaderValue1: "$ALERTMANAGER_AUTHORIZATION" },
        }),
      },
    ],
  });
}

/** Where the dashboards are: a directory of each origin, with a directory for each folder in Grafana. */
export interface DashboardPaths {
  /** The platform's dashboards, e.g. `/var/lib/dashboards`; they stay until Grafana restarts. */
  platform: string;
  /** Those of the apps, e.g. `/var/lib/app-dashboards`: a file that goes takes its dashboard along. */
  apps: string;
}

/** The provisioning file that names where the dashboards are. */
export function dashboardProviders(paths: DashboardPaths): string {
  const provider = (name: string, path: string, disableDeletion: boolean) => ({
    name,
    type: "file",
    disableDeletion,
    allowUiUpdates: false,
    options: { path, foldersFromFilesStructure: true },
  });
  return JSON.stringify({
    apiVersion: 1,
    providers: [
      provider("ds-monitoring", paths.platform, true),
      provider("ds-monitoring-apps", paths.apps, false),
    ],
  });
}
