import * as pulumi from "@pulumi/pulumi";
import { buckets, defaultOrganization, defaultRetentionDays } from "../contract/buckets";
import { defaultRollups } from "../contract/rollups";
import { dashboards } from "../dashboards";
import { alertTask } from "./alerts/alertTasks";
import { errorBudgetTask } from "./alerts/errorBudgets";
import { logLagTask } from "./alerts/logLagTask";
import { alertRules } from "./alerts/rules";
import type { DeployedOrExisting, ExistingGrafana, ExistingInfluxDb } from "./existing";
import { Grafana, type GrafanaDeployArgs } from "./grafana/grafana";
import { GrafanaContent } from "./grafana/grafanaContent";
import { credentials, influxDesiredState } from "./influxdb/desiredState";
import { InfluxDb, type InfluxDbDeployArgs } from "./influxdb/influxDb";
import { InfluxDbArchive } from "./influxdb/influxDbArchive";
import { InfluxDbBackup } from "./influxdb/influxDbBackup";
import { InfluxDbReconcile } from "./influxdb/influxDbReconcile";
import { partOfLabel } from "./kubernetes/labels";
import {
  denyByDefault,
  existingNamespace,
  requireOneNamespace,
  RestrictedNamespace,
} from "./kubernetes/restrictedNamespace";
import type { MonitoringArgs } from "./monitoringArgs";
import type { AlertmanagerEndpoint, Endpoint, InfluxDbEndpoint } from "./platform/endpoints";
import { generatedPassword } from "./platform/generatedPassword";
import type { PartArgs } from "./platform/partObjects";

/** What the functions that deploy its parts need to know of a platform. */
export interface Platform {
  name: string;
  args: MonitoringArgs;
  part: PartArgs;
  alertmanager: AlertmanagerEndpoint;
  users: InfluxDbUsers;
  grafanaUrl: pulumi.Output<string>;
  protect: boolean;
}

type User = keyof typeof credentials;
type OptionalUser = "apps" | "archive";
type InfluxDbUsers = Record<Exclude<User, OptionalUser>, InfluxDbEndpoint> &
  Partial<Record<OptionalUser, InfluxDbEndpoint>>;

/** The namespace that exists, or a new one. */
export function namespaceOf(
  name: string,
  args: MonitoringArgs,
  parent: pulumi.Resource,
): pulumi.Input<string> {
  const { namespace, namespaceName, protect = true } = args;
  requireOneNamespace(`Monitoring "${name}"`, args);
  if (namespace === undefined) {
    const created = { namespaceName: namespaceName ?? "monitoring", protect };
    return new RestrictedNamespace(name, created, { parent }).namespaceName;
  }
  const existing = existingNamespace(name, namespace, parent);
  denyByDefault(name, { namespace: existing, podLabels: partOfLabel }, parent);
  return existing;
}

/** Each user of InfluxDB with its password: a generated one, or that of the existing InfluxDB. */
export function influxDbUsers(
  name: string,
  args: MonitoringArgs,
  influxDb: Endpoint,
  parent: pulumi.Resource,
): InfluxDbUsers {
  const existing = args.influxDb?.existing?.credentials;
  const login = (user: User): InfluxDbEndpoint => {
    if (existing === undefined) {
      const password = generatedPassword(`${name}-influxdb-${user}`, parent);
      return { ...influxDb, username: credentials[user].username, password };
    }
    const { username, password } = existing[user] ?? noCredential(user);
    return { ...influxDb, username, password: pulumi.secret(password) };
  };
  return {
    fluentd: login("fluentd"),
    telegraf: login("telegraf"),
    grafana: login("grafana"),
    ...((existing === undefined || existing.apps) && { apps: login("apps") }),
    ...(args.archive && { archive: login("archive") }),
  };
}

function noCredential(user: User): never {
  throw new Error(
    `Monitoring: influxDb.existing.credentials.${user} is missing: give the user name and an API token that reads the ` +
      `bucket ${buckets.events}, or leave ${user} out`,
  );
}

/** The secret in InfluxDB with which alert tasks sign in at an existing Alertmanager. */
const alertmanagerSecret = {
  key: "ALERTMANAGER_AUTHORIZATION",
  valueVariable: "ALERTMANAGER_AUTHORIZATION",
} as const;

/** InfluxDB, the Job that brings it to its desired state, its backups and the archive. */
export function deployStore(
  platform: Platform,
  choice: DeployedOrExisting<InfluxDbDeployArgs, ExistingInfluxDb>,
  influxDb: Endpoint,
  parent: pulumi.Resource,
): void {
  const { name, args, part, alertmanager, users, protect } = platform;
  const store =
    choice.existing ??
    new InfluxDb(
      `${name}-influxdb`,
      {
        ...choice.deploy,
        ...part,
        organization: defaultOrganization,
        bucket: buckets.events,
        alertmanager,
        archive: args.archive !== undefined,
        protect,
      },
      { parent },
    );
  const { operatorToken } = store;
  const passwords = Object.entries(choice.existing?.credentials ? {} : users).map(([user, { password }]) => [
    credentials[user as User].passwordVariable,
    password,
  ]);
  const { authorization } = alertmanager;
  new InfluxDbReconcile(
    `${name}-influxdb-reconcile`,
    {
      ...part,
      influxDb,
      operatorToken,
      desiredState: desiredState(platform, choice.existing),
      after: store instanceof InfluxDb ? [store] : [],
      passwords: {
        ...Object.fromEntries(passwords),
        ...(authorization && { [alertmanagerSecret.valueVariable]: authorization }),
      },
    },
    { parent },
  );
  if (args.backup !== undefined) {
    if (choice.existing !== undefined) {
      throw new Error(
        "Monitoring: backup is for an InfluxDB that is deployed here; leave it out for an existing one",
      );
    }
    new InfluxDbBackup(
      `${name}-influxdb-backup`,
      { ...args.backup, ...part, influxDb, operatorToken, protect },
      { parent },
    );
  }
  if (args.archive !== undefined && users.archive !== undefined) {
    const eventsRetentionDays = args.retentionDays?.events ?? defaultRetentionDays.events;
    new InfluxDbArchive(
      `${name}-influxdb-archive`,
      { ...args.archive, ...part, influxDb: users.archive, eventsRetentionDays, protect },
      { parent },
    );
  }
}

/** Folder of the runbooks: their path in this repository. */
export const defaultRunbooks = "docs/runbooks";

/** What InfluxDB shall hold, with the tasks of the alert rules. */
function desiredState({ args, alertmanager, grafanaUrl }: Platform, existing: ExistingInfluxDb | undefined) {
  return pulumi
    .all([
      alertmanager.url,
      grafanaUrl,
      args.runbookBaseUrl ?? defaultRunbooks,
      existing?.organization,
      args.environment,
    ])
    .apply(([alertmanagerUrl, grafana, runbookBaseUrl, organization, environment]) => {
      const target = {
        environment,
        alertmanagerUrls: [alertmanagerUrl],
        authorizationSecret: alertmanager.authorization && alertmanagerSecret.key,
        grafanaUrl: grafana,
        runbookBaseUrl,
      };
      return influxDesiredState({
        organization,
        credentials: existing?.credentials === undefined,
        archive: args.archive !== undefined,
        secrets: alertmanager.authorization && [alertmanagerSecret],
        retentionDays: args.retentionDays,
        rollups: [...defaultRollups, ...(args.rollups ?? [])],
        timeZone: args.timeZone,
        tasks: [
          logLagTask(),
          errorBudgetTask(),
          ...alertRules(args.alerts).map((rule) => alertTask(rule, target)),
        ],
      });
    });
}

/**
 * The dashboards, in a new Grafana or one that exists.
 *
 * @returns the password of a new Grafana's user `admin`
 */
export function deployDashboards(
  { name, args, part, alertmanager, users, grafanaUrl }: Platform,
  choice: DeployedOrExisting<GrafanaDeployArgs, ExistingGrafana>,
  parent: pulumi.Resource,
): pulumi.Output<string> | undefined {
  const all = [...dashboards({ prices: args.prices, timeZone: args.timeZone }), ...(args.dashboards ?? [])];
  if (choice.existing !== undefined) {
    const { url, auth, influxDbUrl, alertmanagerUrl } = choice.existing;
    new GrafanaContent(
      `${name}-grafana`,
      {
        url,
        auth,
        influxDb: { ...users.grafana, url: influxDbUrl },
        alertmanagerUrl,
        alertmanagerAuthorization: alertmanager.authorization,
        dashboards: all,
      },
      { parent },
    );
    return undefined;
  }
  return new Grafana(
    `${name}-grafana`,
    {
      ...choice.deploy,
      ...part,
      url: grafanaUrl,
      influxDb: users.grafana,
      alertmanager,
      apiServerPorts: args.apiServerPorts,
      cilium: args.cilium,
      dashboards: all,
    },
    { parent },
  ).adminPassword;
}
