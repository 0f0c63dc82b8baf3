import type * as Grafana from "@lbrlabs/pulumi-grafana";
import * as pulumi from "@pulumi/pulumi";
import { checkDashboardDefinitions, type DashboardDefinition } from "../../dashboards";
import { alertmanagerDataSource, influxDbDataSource } from "./provisioning";

/** Arguments of {@link GrafanaContent}. */
export interface GrafanaContentArgs {
  /** URL of the Grafana, as the machine that runs `pulumi up` reaches it. */
  url: pulumi.Input<string>;
  /** Token of a service account with the role Admin, or `user:password`. Secret. */
  auth: pulumi.Input<string>;
  /** The InfluxDB that Grafana reads, at a URL that Grafana reaches. */
  influxDb: {
    /** Base URL, e.g. `https://influxdb.example.com:8086`. */
    url: pulumi.Input<string>;
    /** User name of a credential that reads. */
    username: pulumi.Input<string>;
    /** Password of it. Secret. */
    password: pulumi.Input<string>;
  };
  /** Base URL of Alertmanager, as Grafana reaches it. */
  alertmanagerUrl: pulumi.Input<string>;
  /**
   * Value of the header `Authorization` for it. Secret.
   * @default none, it asks for no login
   */
  alertmanagerAuthorization?: pulumi.Input<string>;
  /** The platform's dashboards, and those of apps. */
  dashboards: DashboardDefinition[];
}

/**
 * Folders, data sources and dashboards in a Grafana that somebody else runs: Azure Managed Grafana, Grafana Cloud, one
 * of your own.
 *
 * The same dashboards as a deployed Grafana gets from ConfigMaps. Dashboards that were changed by hand are overwritten.
 *
 * @throws Error naming the dashboard that can't be placed
 */
export class GrafanaContent extends pulumi.ComponentResource {
  constructor(name: string, args: GrafanaContentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:GrafanaContent", name, {}, opts);
    checkDashboardDefinitions(args.dashboards);
    const grafana = grafanaPackage();

    const provider = new grafana.Provider(
      `${name}-provider`,
      { url: args.url, auth: pulumi.secret(args.auth) },
      { parent: this },
    );
    const child = { parent: this, provider };

    const dataSource = (
      { jsonData, access: accessMode, ...source }: typeof influxDbDataSource | typeof alertmanagerDataSource,
      more: Partial<Grafana.DataSourceArgs>,
    ) =>
      new grafana.DataSource(
        `${name}-${source.type}`,
        { ...source, accessMode, jsonDataEncoded: JSON.stringify(jsonData), ...more },
        child,
      );
    const { url, username, password } = args.influxDb;
    const influxDb = dataSource(influxDbDataSource, {
      url,
      basicAuthEnabled: true,
      basicAuthUsername: username,
      secureJsonDataEncoded: pulumi.secret(pulumi.jsonStringify({ basicAuthPassword: password })),
    });
    const alertmanager = dataSource(alertmanagerDataSource, {
      url: args.alertmanagerUrl,
      ...(args.alertmanagerAuthorization !== undefined && {
        httpHeaders: pulumi.secret({ Authorization: args.alertmanagerAuthorization }),
      }),
    });

    const folders = new Map<string, Grafana.Folder>();
    for (const title of new Set(args.dashboards.map(({ folder }) => folder))) {
      const uid = folderUid(title);
      folders.set(title, new grafana.Folder(`${name}-folder-${uid}`, { title, uid }, child));
    }
    for (const { uid, folder, json } of args.dashboards) {
      new grafana.Dashboard(
        `${name}-dashboard-${uid}`,
        { configJson: json, folder: folders.get(folder)?.uid, overwrite: true },
        // A dashboard whose data source is not there yet shows errors to whoever looks.
        { ...child, dependsOn: [influxDb, alertmanager] },
      );
    }
    this.registerOutputs({});
  }
}

/**
 * Loaded here, not at the top: its plugin is only for whoever places dashboards in an existing Grafana.
 *
 * @throws Error when it is not installed
 */
function grafanaPackage(): typeof Grafana {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it for everybody
    return require("@lbrlabs/pulumi-grafana") as typeof Grafana;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(
      "dashboards go to an existing Grafana with the package @lbrlabs/pulumi-grafana, which is not installed: " +
        "run `npm install @lbrlabs/pulumi-grafana@0.1.0`",
      { cause: error },
    );
  }
}

/** A folder's identifier made of its title: lower-case letters, digits and dashes, at most 40. */
export function folderUid(title: string): string {
  const uid = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  if (uid === "") {
    throw new Error(
      `folder "${title}" of a dashboard has no letter or digit: name it so that a URL can hold it`,
    );
  }
  return uid;
}
