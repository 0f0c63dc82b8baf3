import { database } from "../../contract/buckets";
import { dataSources } from "../../dashboards/catalogue";

/** The data source of InfluxDB, however Grafana gets it: its identity, type, and how it queries. */
export const influxDbDataSource = {
  ...dataSources.influxdb,
  type: "influxdb",
  access: "proxy",
  jsonData: { version: "InfluxQL", dbName: database, httpMode: "POST" },
} as const;

/** The data source of Alertmanager, however Grafana gets it. */
export const alertmanagerDataSource = {
  ...dataSources.alertmanager,
  type: "alertmanager",
  access: "proxy",
  jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
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
export function provisionedDataSources(options: DataSourceOptions): string {
  const { jsonData, ...alertmanager } = alertmanagerDataSource;
  return JSON.stringify({
    apiVersion: 1,
    datasources: [
      {
        ...influxDbDataSource,
        url: options.influxDbUrl,
        isDefault: true,
        editable: false,
        basicAuth: true,
        basicAuthUser: options.influxDbUsername,
        secureJsonData: { basicAuthPassword: "$INFLUXDB_PASSWORD" },
      },
      {
        ...alertmanager,
        url: options.alertmanagerUrl,
        editable: false,
        jsonData: {
          ...jsonData,
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
