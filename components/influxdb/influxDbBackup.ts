import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import type { Endpoint } from "../platform/endpoints";
import { type KeepingPartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import { scheduledJob } from "../platform/scheduledJob";
import type { StorageArgs } from "../platform/storage";
import { backupScript, restoreScript } from "./backupScripts";

/** When InfluxDB is backed up, where to, and how many backups are kept. */
export interface InfluxDbBackupDeployArgs {
  /**
   * Schedule in the form of cron, UTC.
   * @default "30 2 * * *": each night
   */
  schedule?: pulumi.Input<string>;
  /**
   * Number of backups that are kept.
   * @default 7
   */
  keep?: pulumi.Input<number>;
  /**
   * Volume of the backups. A storage class of a file share or of an object store outlives the zone that the
   * database's disk is in; one disk more does not.
   */
  storage: StorageArgs;
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
 * @throws Error when `keep` is no whole number from 1
 */
export class InfluxDbBackup extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbBackup", name, {}, opts);

    const { influxDb } = args;
    const keep = checked(args.keep ?? 7, requireWholeNumber);
    const objects = new PartObjects(name, parts.influxDbBackup, args.namespace, this);
    const claimName = objects.volumeClaim(args.storage, args.protect);
    const secretName = objects.secret("credentials", { [tokenKey]: pulumi.secret(args.operatorToken) });
    const scripts = objects.configMap("scripts", { "backup.sh": backupScript, "restore.sh": restoreScript });
    objects.networkPolicy({ egress: [influxDb.egress] });
    const program = (name: string) => ({
      container: {
        name,
        image: images.influxdb,
        command: ["sh", `${scriptsPath}/${name}.sh`],
        env: [
          { name: "INFLUX_HOST", value: influxDb.url },
          fromSecret("INFLUX_TOKEN", secretName, tokenKey),
          // The program wants to keep a file of connections; the root file system is read-only.
          { name: "INFLUX_CONFIGS_PATH", value: "/tmp/influx-configs" },
          { name: "BACKUP_DIRECTORY", value: backupsPath },
          { name: "BACKUP_KEEP", value: pulumi.interpolate`${keep}` },
        ],
        volumeMounts: [
          { name: "backups", mountPath: backupsPath },
          { name: "scripts", mountPath: scriptsPath, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
      volumes: [
        { name: "backups", persistentVolumeClaim: { claimName } },
        { name: "scripts", configMap: { name: scripts } },
        { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
      ],
      // A control plane that was away for an hour still makes the night's backup.
      startingDeadlineSeconds: 3600,
      activeDeadlineSeconds: 4 * 3600,
    });
    scheduledJob(objects, { ...program("backup"), schedule: args.schedule ?? "30 2 * * *", backoffLimit: 2 });
    scheduledJob(objects, {
      ...program("restore"),
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
