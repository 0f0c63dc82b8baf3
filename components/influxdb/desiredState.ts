import {
  type BucketName,
  buckets,
  database,
  defaultOrganization,
  defaultRetentionDays,
  minimumEventsDays,
  type RetentionDays,
  secondsPerDay,
  shardGroupSeconds,
} from "../../contract/buckets";
import type { Rollup } from "../../contract/rollups";
import type { FluxTask } from "./flux";
import { rollupTasks } from "./rollupTasks";

/** A bucket as it shall be. */
export interface DesiredBucket {
  /** Its name, e.g. `events`. */
  name: string;
  /** Seconds that points are kept. */
  retentionSeconds: number;
  /** Length of a shard group: points are dropped a group at a time. */
  shardGroupSeconds: number;
}

/** Where InfluxQL finds a bucket. */
export interface DesiredDatabaseMapping {
  /** Database that a query names. */
  database: string;
  /** Retention policy that a query names. */
  retentionPolicy: string;
  /** Name of the bucket that it reads. */
  bucket: string;
  /** Whether it is meant when a query names no retention policy. */
  default: boolean;
}

/** A user name and password that InfluxDB's `/write` and `/query` accept, and what they may do. */
export interface DesiredCredential {
  /** Name of the user. */
  username: string;
  /** Environment variable of the reconcile program that holds the password. */
  passwordVariable: string;
  /** Buckets that it may read. */
  read: readonly string[];
  /** Buckets that it may write. */
  write: readonly string[];
}

/** A secret that tasks read with `secrets.get`. */
export interface DesiredSecret {
  /** Its name in InfluxDB, e.g. `ALERTMANAGER_AUTHORIZATION`. */
  key: string;
  /** Environment variable of the reconcile program that holds the value. */
  valueVariable: string;
}

/** All that the reconcile program brings about; JSON, without secret values. */
export interface InfluxDesiredState {
  /** Name of the organization that owns everything. */
  organization: string;
  /** One for each resolution. */
  buckets: readonly DesiredBucket[];
  /** Where InfluxQL finds them. */
  databaseMappings: readonly DesiredDatabaseMapping[];
  /** None where passwords cannot be chosen (InfluxDB Cloud): the program then reads no credentials. */
  credentials: readonly DesiredCredential[];
  /**
   * Secrets that the tasks read.
   * @default none
   */
  secrets?: readonly DesiredSecret[];
  /** Rollups and alert rules. */
  tasks: readonly FluxTask[];
}

/** Options of {@link influxDesiredState}. */
export interface InfluxDesiredStateOptions {
  /**
   * Organization that owns everything.
   * @default "ds-monitoring"
   */
  organization?: string;
  /**
   * Whether the users' credentials are made here; false where they are API tokens made by hand (InfluxDB Cloud).
   * @default true
   */
  credentials?: boolean;
  /**
   * Whether the events are archived, by a user of its own.
   * @default false
   */
  archive?: boolean;
  /**
   * Secrets that the tasks read.
   * @default none
   */
  secrets?: readonly DesiredSecret[];
  /**
   * Days that each bucket keeps its points; what is left out keeps its default.
   * @default defaultRetentionDays
   */
  retentionDays?: Partial<RetentionDays>;
  /**
   * What is downsampled.
   * @default defaultRollups
   */
  rollups?: readonly Rollup[];
  /**
   * Time zone of days and weeks.
   * @default "UTC"
   */
  timeZone?: string;
  /**
   * Further tasks, such as those of the alert rules.
   * @default none
   */
  tasks?: readonly FluxTask[];
}

/** Who uses InfluxDB: user names, and the environment variables that hold their passwords in the reconcile program. */
export const credentials = {
  /** The log aggregator: writes raw events, reads nothing. */
  fluentd: { username: "fluentd", passwordVariable: "INFLUXDB_FLUENTD_PASSWORD" },
  /** The metrics agent: writes raw samples, reads nothing. */
  telegraf: { username: "telegraf", passwordVariable: "INFLUXDB_TELEGRAF_PASSWORD" },
  /** The dashboards: read everything, write nothing. */
  grafana: { username: "grafana", passwordVariable: "INFLUXDB_GRAFANA_PASSWORD" },
  /** Apps that compare what they serve with their training: read raw events, write nothing. */
  apps: { username: "apps", passwordVariable: "INFLUXDB_APPS_PASSWORD" },
  /** The archive of raw events, where there is one: reads these, writes nothing. */
  archive: { username: "archive", passwordVariable: "INFLUXDB_ARCHIVE_PASSWORD" },
} as const;

/**
 * What InfluxDB shall hold: buckets, InfluxQL names, least-privilege credentials, downsampling and alert tasks.
 *
 * @throws RangeError that names the option, the allowed values and the fix
 */
export function influxDesiredState(options: InfluxDesiredStateOptions = {}): InfluxDesiredState {
  const { organization = defaultOrganization, rollups, secrets, timeZone } = options;
  const retentionDays: RetentionDays = { ...defaultRetentionDays, ...options.retentionDays };
  checkRetention(retentionDays);
  const names = Object.keys(buckets) as BucketName[];
  const tasks = [...rollupTasks({ rollups, retentionDays, timeZone }), ...(options.tasks ?? [])];
  checkTaskNames(tasks);
  const { fluentd, telegraf, grafana, apps, archive } = credentials;
  const users: DesiredCredential[] = [
    { ...fluentd, read: [], write: [buckets.events] },
    { ...telegraf, read: [], write: [buckets.events] },
    { ...grafana, read: names, write: [] },
    { ...apps, read: [buckets.events], write: [] },
    ...(options.archive === true ? [{ ...archive, read: [buckets.events], write: [] }] : []),
  ];
  return {
    organization,
    buckets: names.map((name) => ({
      name,
      retentionSeconds: retentionDays[name] * secondsPerDay,
      shardGroupSeconds: shardGroupSeconds(retentionDays[name]),
    })),
    databaseMappings: names.map((name) => ({
      database,
      retentionPolicy: name,
      bucket: name,
      default: name === buckets.events,
    })),
    credentials: options.credentials === false ? [] : users,
    ...(secrets !== undefined && { secrets }),
    tasks,
  };
}

function checkRetention(retentionDays: RetentionDays): void {
  for (const [bucket, days] of Object.entries(retentionDays)) {
    const minimum = bucket === buckets.events ? minimumEventsDays : retentionDays.events;
    if (!Number.isInteger(days) || days < minimum) {
      throw new RangeError(
        `retentionDays.${bucket} must be whole days, at least ${minimum}, got ${days}: ` +
          (bucket === buckets.events
            ? "minutes, histograms and sketches of the whole last week are made from the raw events"
            : "rollups must outlive the raw events"),
      );
    }
  }
}

function checkTaskNames(tasks: readonly FluxTask[]): void {
  const seen = new Set<string>();
  for (const { name } of tasks) {
    if (seen.has(name)) throw new RangeError(`two tasks are named ${JSON.stringify(name)}: rename one`);
    seen.add(name);
  }
}
