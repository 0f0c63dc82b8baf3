import * as pulumi from "@pulumi/pulumi";
import { type ComputePrices, type DashboardDefinition, dashboards } from "../dashboards";
import { buckets, defaultOrganization, defaultRetentionDays, type RetentionDays } from "../contract/buckets";
import { defaultRollups, type Rollup } from "../contract/rollups";
import { alertRules, type AlertRulesOptions } from "./alerts/rules";
import { alertTask } from "./alerts/alertTasks";
import { logLagTask } from "./alerts/logLagTask";
import { credentials, influxDesiredState } from "./influxdb/desiredState";
import { RestrictedNamespace } from "./kubernetes/restrictedNamespace";
import { Alertmanager, type AlertmanagerDeployArgs } from "./alertmanager/alertmanager";
import { connectionFromOutput, type MonitoringConnection } from "./connection";
import { generatedPassword } from "./platform/generatedPassword";
import { FluentdAggregator, type FluentdAggregatorDeployArgs } from "./fluentd/aggregator";
import { Grafana, type GrafanaDeployArgs } from "./grafana/grafana";
import { GrafanaContent } from "./grafana/grafanaContent";
import { InfluxDb, type InfluxDbDeployArgs } from "./influxdb/influxDb";
import { InfluxDbArchive, type InfluxDbArchiveDeployArgs } from "./influxdb/influxDbArchive";
import { InfluxDbBackup, type InfluxDbBackupDeployArgs } from "./influxdb/influxDbBackup";
import { InfluxDbReconcile } from "./influxdb/influxDbReconcile";
import {
  type AlertmanagerNeighbour,
  deployedNeighbour,
  existingNeighbour,
  type InfluxDbClient,
  type Neighbour,
} from "./platform/endpoints";
import { type Part, parts } from "./platform/parts";
import { Telegraf, type TelegrafDeployArgs } from "./telegraf/telegraf";

/**
 * A part is either deployed or exists already. The two can't be mixed: neither both, nor half of one, compiles.
 */
export type DeployedOrExisting<Deploy, Existing> =
  | {
      /** A new one: its arguments, `{}` for the defaults. */
      deploy: Deploy;
      /** Left out beside `deploy`. */
      existing?: never;
    }
  | {
      /** One that somebody else runs: where it is, and how to sign in. */
      existing: Existing;
      /** Left out beside `existing`. */
      deploy?: never;
    };

/** What one user of an existing InfluxDB shows to its 1.x-compatible API. */
export interface ExistingCredential {
  /** User name; InfluxDB Cloud takes the e-mail address of the account. */
  username: string;
  /** Password; for InfluxDB Cloud an API token. Secret. */
  password: pulumi.Input<string>;
}

/** The credentials of all users of an existing InfluxDB. */
export interface ExistingCredentials {
  /** Writes the bucket `events`. */
  fluentd: ExistingCredential;
  /** Writes the bucket `events`. */
  telegraf: ExistingCredential;
  /** Reads every bucket. */
  grafana: ExistingCredential;
  /** Reads the bucket `events`; needed for `archive`. */
  archive?: ExistingCredential;
}

/** An InfluxDB that somebody else runs: 2.x with the API of 1.x, such as InfluxDB OSS or InfluxDB Cloud (TSM). */
export interface ExistingInfluxDb {
  /** Base URL, e.g. `https://influxdb.example.com:8086`. */
  url: pulumi.Input<string>;
  /** Organization that shall own the buckets; it must exist. */
  organization: string;
  /** Token that may manage buckets, credentials and tasks of the organization. Secret. */
  operatorToken: pulumi.Input<string>;
  /**
   * Credentials that exist, for an InfluxDB that lets nobody choose a password: InfluxDB Cloud. InfluxDB's own metrics
   * are then not read either, since it shows them to nobody.
   * @default made by the reconcile Job
   */
  credentials?: ExistingCredentials;
}

/** A Grafana that somebody else runs, such as Azure Managed Grafana: its dashboards go there as resources. */
export interface ExistingGrafana {
  /** URL under which people, and the machine that runs `pulumi up`, reach it. */
  url: pulumi.Input<string>;
  /** Token of a service account with the role Admin, or `user:password`. Secret. */
  auth: pulumi.Input<string>;
  /** URL under which it reaches InfluxDB: of an ingress of yours, or of an existing InfluxDB. */
  influxDbUrl: pulumi.Input<string>;
  /** URL under which it reaches Alertmanager. */
  alertmanagerUrl: pulumi.Input<string>;
}

/** An Alertmanager that somebody else runs and configures. */
export interface ExistingAlertmanager {
  /** Base URL to which alerts are posted. */
  url: pulumi.Input<string>;
  /**
   * Value of the header `Authorization`, e.g. `Bearer …` or `Basic …` (base64 of `user:password`). Secret.
   * @default none, it asks for no login
   */
  authorization?: pulumi.Input<string>;
}

/** Arguments of {@link Monitoring}. */
export interface MonitoringArgs {
  /** Deployment environment, e.g. `prod`; the tag `environment`. */
  environment: string;
  /** Whom alerts are mailed to by a new Alertmanager, or one that exists. */
  alertmanager: DeployedOrExisting<AlertmanagerDeployArgs, ExistingAlertmanager>;
  /**
   * Where the data is kept.
   * @default { deploy: {} }
   */
  influxDb?: DeployedOrExisting<InfluxDbDeployArgs, ExistingInfluxDb>;
  /**
   * Where the dashboards are.
   * @default { deploy: {} }
   */
  grafana?: DeployedOrExisting<GrafanaDeployArgs, ExistingGrafana>;
  /**
   * Dashboards besides the platform's. Apps bring theirs to a deployed Grafana themselves; for an existing Grafana
   * they are listed here.
   * @default []
   */
  dashboards?: readonly DashboardDefinition[];
  /**
   * Prices of the node pools, for the panels of cost.
   * @default defaultPrices: those of a D-series node, in US dollars
   */
  prices?: ComputePrices;
  /**
   * The aggregator of the logs.
   * @default {}
   */
  fluentdAggregator?: FluentdAggregatorDeployArgs;
  /**
   * The agent that reads the use of resources and probes the APIs.
   * @default {}
   */
  telegraf?: TelegrafDeployArgs;
  /**
   * Which alert rules there are, and their thresholds for single apps.
   * @default every rule, with its own threshold
   */
  alerts?: AlertRulesOptions;
  /**
   * URL of the folder of runbooks that mails link to.
   * @default "docs/runbooks": their path in this repository
   */
  runbookBaseUrl?: string;
  /**
   * Days that each resolution is kept.
   * @default { events: 14, minutely: 90, hourly: 365, daily: 730, weekly: 1826 }
   */
  retentionDays?: Partial<RetentionDays>;
  /**
   * Measurements of the apps' own events that are downsampled, besides the platform's.
   * @default []
   */
  rollups?: readonly Rollup[];
  /**
   * Backups of a deployed InfluxDB.
   * @default none
   */
  backup?: InfluxDbBackupDeployArgs;
  /**
   * Archive of the raw events before they expire.
   * @default none
   */
  archive?: InfluxDbArchiveDeployArgs;
  /**
   * Name of the namespace.
   * @default "monitoring"
   */
  namespaceName?: string;
  /**
   * Refuse to delete or replace whatever holds data, or a password of its first start.
   * @default true
   */
  protectData?: boolean;
}

/**
 * The monitoring platform: Fluentd takes the logs of every app, InfluxDB keeps them as metrics, Grafana shows them,
 * Alertmanager mails what went wrong.
 *
 * @example
 * const platform = new Monitoring("monitoring", {
 *   environment: "dev",
 *   alertmanager: {
 *     deploy: { email: { smarthost: "smtp.example.com:587", from: "m@example.com", to: ["team@example.com"] } },
 *   },
 * });
 * export const monitoring = platform.connection;
 *
 * @throws Error naming the argument and the fix, e.g. no recipient of mails, an alert's threshold that can't be, too few
 * days of raw events for the rollups, a URL that is none
 */
export class Monitoring extends pulumi.ComponentResource {
  /** What applications need to know; export it for other stacks. */
  public readonly connection: MonitoringConnection;
  /** URL under which people reach Grafana. */
  public readonly grafanaUrl: pulumi.Output<string>;
  /** Password of Grafana's user `admin`; undefined for an existing Grafana. Secret. */
  public readonly grafanaAdminPassword?: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Monitoring", name, {}, opts);

    const protect = args.protectData ?? true;
    const { environment } = args;
    const parent = { parent: this };
    const { namespaceName: namespace } = new RestrictedNamespace(
      name,
      { namespaceName: args.namespaceName ?? "monitoring", protect },
      parent,
    );
    const influxDbArgs = args.influxDb ?? { deploy: {} };
    const grafanaArgs = args.grafana ?? { deploy: {} };
    const neighbour = (part: Part, existing: { url: pulumi.Input<string> } | undefined): Neighbour =>
      existing === undefined ? deployedNeighbour(part, namespace) : existingNeighbour(existing.url);

    const alertmanager: AlertmanagerNeighbour = {
      ...neighbour(parts.alertmanager, args.alertmanager.existing),
      authorization: optionalSecret(args.alertmanager.existing?.authorization),
    };
    const influxDb = neighbour(parts.influxDb, influxDbArgs.existing);
    const grafana = neighbour(parts.grafana, grafanaArgs.existing);
    const ingressHost = grafanaArgs.deploy?.ingress?.host;
    const ingressUrl = ingressHost === undefined ? undefined : `https://${ingressHost}`;
    this.grafanaUrl = pulumi.output(grafanaArgs.deploy?.externalUrl ?? ingressUrl ?? grafana.url);

    const existingCredentials = influxDbArgs.existing?.credentials;
    const client = (user: User): InfluxDbClient => {
      if (existingCredentials === undefined) {
        const password = generatedPassword(`${name}-influxdb-${user}`, {}, this);
        return { ...influxDb, username: credentials[user].username, password };
      }
      const { username, password } = existingCredentials[user] ?? noCredential(user);
      return { ...influxDb, username, password: pulumi.secret(password) };
    };
    const clients = {
      fluentd: client("fluentd"),
      telegraf: client("telegraf"),
      grafana: client("grafana"),
      ...(args.archive && { archive: client("archive") }),
    };

    if (args.alertmanager.deploy !== undefined) {
      new Alertmanager(
        `${name}-alertmanager`,
        { ...args.alertmanager.deploy, namespace, grafanaUrl: this.grafanaUrl, protect },
        parent,
      );
    }
    const store =
      influxDbArgs.existing ??
      new InfluxDb(
        `${name}-influxdb`,
        {
          ...influxDbArgs.deploy,
          namespace,
          organization: defaultOrganization,
          bucket: buckets.events,
          alertmanager,
          archive: args.archive !== undefined,
          protect,
        },
        parent,
      );
    new InfluxDbReconcile(
      `${name}-influxdb-reconcile`,
      {
        namespace,
        influxDb,
        operatorToken: store.operatorToken,
        desiredState: pulumi.all([alertmanager.url, this.grafanaUrl]).apply(([alertmanagerUrl, grafanaUrl]) =>
          influxDesiredState({
            organization: influxDbArgs.existing?.organization,
            credentials: existingCredentials === undefined,
            archive: args.archive !== undefined,
            secrets: alertmanager.authorization && [alertmanagerSecret],
            retentionDays: args.retentionDays,
            rollups: [...defaultRollups, ...(args.rollups ?? [])],
            tasks: [
              logLagTask(),
              ...alertRules(args.alerts).map((rule) =>
                alertTask(rule, {
                  alertmanagerUrls: [alertmanagerUrl],
                  authorizationSecret: alertmanager.authorization && alertmanagerSecret.key,
                  grafanaUrl,
                  runbookBaseUrl: args.runbookBaseUrl ?? "docs/runbooks",
                }),
              ),
            ],
          }),
        ),
        after: store instanceof InfluxDb ? [store] : [],
        passwords: {
          ...(existingCredentials === undefined &&
            Object.fromEntries(
              (Object.entries(clients) as [User, InfluxDbClient][]).map(([user, { password }]) => [
                credentials[user].passwordVariable,
                password,
              ]),
            )),
          ...(alertmanager.authorization && {
            [alertmanagerSecret.valueVariable]: alertmanager.authorization,
          }),
        },
      },
      parent,
    );
    if (args.backup !== undefined) {
      requireDeployed(influxDbArgs.existing);
      new InfluxDbBackup(
        `${name}-influxdb-backup`,
        { ...args.backup, namespace, influxDb, operatorToken: store.operatorToken, protect },
        parent,
      );
    }
    if (args.archive !== undefined && clients.archive !== undefined) {
      new InfluxDbArchive(
        `${name}-influxdb-archive`,
        {
          ...args.archive,
          namespace,
          influxDb: clients.archive,
          eventsRetentionDays: args.retentionDays?.events ?? defaultRetentionDays.events,
          protect,
        },
        parent,
      );
    }
    const aggregator = new FluentdAggregator(
      `${name}-fluentd-aggregator`,
      { ...args.fluentdAggregator, namespace, environment, influxDb: clients.fluentd, protect },
      parent,
    );
    new Telegraf(
      `${name}-telegraf`,
      {
        ...args.telegraf,
        namespace,
        environment,
        influxDb: clients.telegraf,
        influxDbMetrics: existingCredentials === undefined,
        fluentdUrls: aggregator.monitorUrls,
        alertmanager,
      },
      parent,
    );
    const allDashboards = [...dashboards({ prices: args.prices }), ...(args.dashboards ?? [])];
    const deployedGrafana =
      grafanaArgs.deploy &&
      new Grafana(
        `${name}-grafana`,
        {
          ...grafanaArgs.deploy,
          namespace,
          url: this.grafanaUrl,
          influxDb: clients.grafana,
          alertmanager,
          dashboards: allDashboards,
        },
        parent,
      );
    this.grafanaAdminPassword = deployedGrafana?.adminPassword;
    if (grafanaArgs.existing !== undefined) {
      const { url, auth, influxDbUrl, alertmanagerUrl } = grafanaArgs.existing;
      new GrafanaContent(
        `${name}-grafana`,
        {
          url,
          auth,
          influxDb: { ...clients.grafana, url: influxDbUrl },
          alertmanagerUrl,
          alertmanagerAuthorization: alertmanager.authorization,
          dashboards: allDashboards,
        },
        parent,
      );
    }

    this.connection = {
      namespace,
      environment,
      fluentdHost: aggregator.host,
      fluentdPort: aggregator.port,
      fluentdSharedKey: aggregator.sharedKey,
      influxDbUrl: influxDb.url,
      grafanaUrl: this.grafanaUrl,
      grafanaReadsConfigMaps: deployedGrafana !== undefined,
    };
    this.registerOutputs({ connection: this.connection, grafanaUrl: this.grafanaUrl });
  }

  /**
   * The connection that another stack exports.
   *
   * @param stack the platform's stack, as `organization/project/stack`, or a reference to it
   * @param output name of the output that holds the connection
   * @throws Error when the output is not there, or a part of it
   *
   * @example
   * const monitoring = Monitoring.fromStack("acme/ds-monitoring/prod");
   */
  public static fromStack(
    stack: string | pulumi.StackReference,
    output = "monitoring",
  ): MonitoringConnection {
    const reference = typeof stack === "string" ? new pulumi.StackReference(stack) : stack;
    return connectionFromOutput(
      reference.getOutput(output),
      pulumi.interpolate`output "${output}" of stack ${reference.name}`,
    );
  }
}

function requireDeployed(existing: ExistingInfluxDb | undefined): void {
  if (existing !== undefined) {
    throw new Error(
      "Monitoring: backup is for an InfluxDB that is deployed here; leave it out for an existing one",
    );
  }
}

/** The secret in InfluxDB with which alert tasks sign in at an existing Alertmanager. */
const alertmanagerSecret = {
  key: "ALERTMANAGER_AUTHORIZATION",
  valueVariable: "ALERTMANAGER_AUTHORIZATION",
} as const;

function optionalSecret(value: pulumi.Input<string> | undefined): pulumi.Output<string> | undefined {
  return value === undefined ? undefined : pulumi.secret(value);
}

type User = keyof typeof credentials;

function noCredential(user: User): never {
  throw new Error(
    `Monitoring: influxDb.existing.credentials.${user} is missing: give the user name and an API token that reads the ` +
      `bucket ${buckets.events} or leave ${user} out`,
  );
}
