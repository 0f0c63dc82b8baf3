import { database } from "../metrics/buckets";

/** Stable uids of the data sources: dashboards refer to them. */
export const dataSourceUids = { influxDb: "influxdb", alertmanager: "alertmanager" } as const;

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
        name: "InfluxDB",
        type: "influxdb",
        access: "proxy",
        url: options.influxDbUrl,
        isDefault: true,
        editable: false,
        basicAuth: true,
        basicAuthUser: options.influxDbUsername,
        secureJsonData: { basicAuthPassword: "$INFLUXDB_PASSWORD" },
        jsonData: { version: "InfluxQL", dbName: database, httpMode: "POST" },
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

/**
 * The provisioning file that names where the dashboards are: one folder in Grafana for each directory.
 *
 * @param path directory of the dashboards, e.g. `/var/lib/dashboards`
 */
export function dashboardProvider(path: string): string {
  return JSON.stringify({
    apiVersion: 1,
    providers: [
      {
        name: "ds-monitoring",
        type: "file",
        disableDeletion: true,
        allowUiUpdates: false,
        options: { path, foldersFromFilesStructure: true },
      },
    ],
  });
}
