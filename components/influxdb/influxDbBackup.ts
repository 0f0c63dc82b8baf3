import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import { toHosts } from "../kubernetes/networkPolicies";
import type { Endpoint } from "../platform/endpoints";
import { type KeepingPartArgs, PartObjects, type PodIdentity } from "../platform/partObjects";
import { parts } from "../platform/parts";
import { scheduledJob } from "../platform/scheduledJob";
import type { StorageArgs } from "../platform/storage";
import { backupScript, restoreScript } from "./backupScripts";
import { downloadScript, uploadScript } from "./objectStoreScripts";

/** When InfluxDB is backed up, where to, and how many backups are kept. */
export interface InfluxDbBackupDeployArgs {
  /**
   * Schedule in the form of cron, UTC.
   * @default "30 2 * * *": each night
   */
  schedule?: pulumi.Input<string>;
  /**
   * Number of backups that the volume keeps. What an object store keeps, it decides itself.
   * @default 7
   */
  keep?: pulumi.Input<number>;
  /**
   * Volume of the backups. A storage class of a file share or of an object store outlives the zone that the
   * database's disk is in; one disk more does not. What the cluster makes for a claim goes with the cluster.
   * @default none: `objectStore` is given
   */
  storage?: StorageArgs;
  /**
   * Object store of the backups, which outlives the cluster. Excludes `storage`.
   * @default none: `storage` is given
   */
  objectStore?: ObjectStoreArgs;
}

/** A bucket in an object store, as [rclone](https://rclone.org/overview/) reaches it. */
export interface ObjectStoreArgs extends PodIdentity {
  /** Bucket or container, with a folder in it where wanted, e.g. `backups/prod`. */
  bucket: pulumi.Input<string>;
  /** Settings of rclone's backend, e.g. `{ type: azureblob, account: acme, env_auth: "true" }`; no secrets. */
  settings: Record<string, pulumi.Input<string>>;
  /**
   * Most that one backup may take on the node, on its way to the store or back.
   * @default "16Gi"
   */
  stagingSize?: pulumi.Input<string>;
}

/** Arguments of {@link InfluxDbBackup}. */
interface InfluxDbBackupArgs extends InfluxDbBackupDeployArgs, KeepingPartArgs {
  /** The InfluxDB that is backed up. */
  influxDb: Endpoint;
  /** Token that may read everything. Secret. */
  operatorToken: pulumi.Input<string>;
}

const scriptsPath = "/opt/backup";
const backupsPath = "/backups";
const tokenKey = "operatorToken";

/**
 * Backs InfluxDB up on a schedule. A suspended CronJob, `influxdb-restore`, puts a backup back when somebody runs it.
 *
 * @throws Error when `keep` is no whole number from 1, and unless one of `storage` and `objectStore` is given
 */
export class InfluxDbBackup extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbBackup", name, {}, opts);

    const { influxDb } = args;
    const keep = checked(args.keep ?? 7, requireWholeNumber);
    const objectStore = requireOneStore(args);
    const objects = new PartObjects(name, parts.influxDbBackup, args, this, objectStore);
    const volume =
      args.storage === undefined
        ? { emptyDir: { sizeLimit: objectStore?.stagingSize ?? "16Gi" } }
        : { persistentVolumeClaim: { claimName: objects.volumeClaim(args.storage, args.protect) } };
    const secretName = objects.secret("credentials", { [tokenKey]: pulumi.secret(args.operatorToken) });
    const scripts = objects.configMap("scripts", {
      "backup.sh": backupScript,
      "restore.sh": restoreScript,
      ...(objectStore && { "upload.sh": uploadScript, "download.sh": downloadScript }),
    });
    objects.networkPolicy({ egress: [influxDb.egress, ...(objectStore ? [toHosts([], [443])] : [])] });
    const program = (name: string, image: string, env: inputs.core.v1.EnvVar[]) => ({
      name,
      image,
      command: ["sh", `${scriptsPath}/${name}.sh`],
      env: [{ name: "BACKUP_DIRECTORY", value: backupsPath }, ...env],
      volumeMounts: [
        { name: "backups", mountPath: backupsPath },
        { name: "scripts", mountPath: scriptsPath, readOnly: true },
        { name: "tmp", mountPath: "/tmp" },
      ],
    });
    const influx = (name: string) =>
      program(name, images.influxdb, [
        { name: "INFLUX_HOST", value: influxDb.url },
        fromSecret("INFLUX_TOKEN", secretName, tokenKey),
        // The program wants to keep a file of connections; the root file system is read-only.
        { name: "INFLUX_CONFIGS_PATH", value: "/tmp/influx-configs" },
        { name: "BACKUP_KEEP", value: pulumi.interpolate`${keep}` },
      ]);
    const copy = (name: string, { bucket, settings }: ObjectStoreArgs) =>
      program(name, images.rclone, [
        { name: "BACKUP_BUCKET", value: bucket },
        { name: "RCLONE_CONFIG", value: "/tmp/rclone.conf" },
        ...Object.entries(settings).map(([key, value]) => ({
          name: `RCLONE_CONFIG_STORE_${key.toUpperCase()}`,
          value,
        })),
      ]);
    const common = {
      volumes: [
        { name: "backups", ...volume },
        { name: "scripts", configMap: { name: scripts } },
        { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
      ],
      // A control plane that was away for an hour still makes the night's backup.
      startingDeadlineSeconds: 3600,
      activeDeadlineSeconds: 4 * 3600,
    };
    scheduledJob(objects, {
      ...common,
      ...(objectStore
        ? { before: influx("backup"), container: copy("upload", objectStore) }
        : { container: influx("backup") }),
      schedule: args.schedule ?? "30 2 * * *",
      backoffLimit: 2,
    });
    scheduledJob(objects, {
      ...common,
      container: influx("restore"),
      ...(objectStore && { before: copy("download", objectStore) }),
      names: { logical: `${name}-restore`, inCluster: "influxdb-restore" },
      // What is half restored is not made whole by another try.
      backoffLimit: 0,
    });

    this.registerOutputs();
  }
}

function requireWholeNumber(keep: number): void {
  if (!Number.isInteger(keep) || keep < 1) {
    throw new Error(`InfluxDbBackup: keep must be a whole number from 1, got ${keep}`);
  }
}

function requireOneStore({ storage, objectStore }: InfluxDbBackupDeployArgs): ObjectStoreArgs | undefined {
  if ((storage === undefined) !== (objectStore === undefined)) return objectStore;
  throw new Error(
    "Monitoring: backup needs storage or objectStore, one of the two, e.g. storage: { size: 50Gi }",
  );
}
