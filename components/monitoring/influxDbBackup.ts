import { CronJob } from "@pulumi/kubernetes/batch/v1";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { fromSecret } from "../kubernetes/environment";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { resources } from "../kubernetes/resources";
import { backupScript, restoreScript } from "../metrics/backupScripts";
import { Neighbour } from "./neighbours";
import { partNetworkPolicy, partServiceAccount, partVolumeClaim } from "./partObjects";
import { parts } from "./parts";
import { StorageArgs } from "./storage";

/** When InfluxDB is backed up, where to, and how many backups are kept. */
export interface InfluxDbBackupDeployArgs {
  /**
   * Schedule in the form of cron, UTC.
   * @default "30 2 * * *": each night
   */
  schedule?: string;
  /**
   * Number of backups that are kept.
   * @default 7
   */
  keep?: number;
  /**
   * Volume of the backups. A class of a file share or of blobs (on AKS `azurefile-csi`, `azureblob-nfs-premium`)
   * outlives the zone that the database's disk is in; one disk more does not.
   */
  storage: StorageArgs;
}

/** Arguments of {@link InfluxDbBackup}. */
export interface InfluxDbBackupArgs extends InfluxDbBackupDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** The InfluxDB that is backed up. */
  influxDb: Neighbour;
  /** Token that may read everything. Secret. */
  operatorToken: pulumi.Input<string>;
  /**
   * Refuse to delete or replace the volume of the backups.
   * @default true
   */
  protect?: boolean;
}

const user = { uid: 1000 };
const scriptsPath = "/opt/backup";
const backupsPath = "/backups";
const tokenKey = "operatorToken";

/** Longest that a backup may take, in seconds. */
const deadlineSeconds = 4 * 3600;

/**
 * Backs InfluxDB up on a schedule, and keeps the scripts to restore it beside the backups.
 *
 * @throws Error when `keep` is no whole number from 1
 */
export class InfluxDbBackup extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbBackup", name, {}, opts);

    const { namespace, influxDb, storage, keep = 7 } = args;
    requireWholeNumber(keep);
    const { labels } = parts.influxDbBackup;
    const common = { name, part: parts.influxDbBackup, namespace, parent: this };

    const claim = partVolumeClaim({ ...common, storage, protect: args.protect ?? true });
    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: { [tokenKey]: pulumi.secret(args.operatorToken) },
      },
      { parent: this },
    );
    const scripts = new ConfigMap(
      `${name}-scripts`,
      {
        metadata: { namespace, labels },
        immutable: true,
        data: { "backup.sh": backupScript, "restore.sh": restoreScript },
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    partNetworkPolicy({ ...common, egress: [influxDb.flow] });

    new CronJob(
      name,
      {
        metadata: { name: parts.influxDbBackup.name, namespace, labels },
        spec: {
          schedule: args.schedule ?? "30 2 * * *",
          timeZone: "Etc/UTC",
          concurrencyPolicy: "Forbid",
          // A control plane that was away for an hour still makes the night's backup.
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            metadata: { labels },
            spec: {
              backoffLimit: 2,
              activeDeadlineSeconds: deadlineSeconds,
              template: {
                metadata: { labels },
                spec: {
                  ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
                  restartPolicy: "Never",
                  containers: [
                    {
                      name: "backup",
                      image: images.influxdb,
                      command: ["sh", `${scriptsPath}/backup.sh`],
                      env: [
                        { name: "INFLUX_HOST", value: influxDb.url },
                        fromSecret("INFLUX_TOKEN", secret.metadata.name, tokenKey),
                        // The program wants to keep a file of connections; the root file system is read-only.
                        { name: "INFLUX_CONFIGS_PATH", value: "/tmp/influx-configs" },
                        { name: "BACKUP_DIRECTORY", value: backupsPath },
                        { name: "BACKUP_KEEP", value: String(keep) },
                      ],
                      resources: resources({
                        cpu: "100m",
                        cpuLimit: "1",
                        memory: "128Mi",
                        memoryLimit: "512Mi",
                      }),
                      securityContext: restrictedContainerSecurityContext(),
                      volumeMounts: [
                        { name: "backups", mountPath: backupsPath },
                        { name: "scripts", mountPath: scriptsPath, readOnly: true },
                        { name: "tmp", mountPath: "/tmp" },
                      ],
                    },
                  ],
                  volumes: [
                    { name: "backups", persistentVolumeClaim: { claimName: claim.metadata.name } },
                    { name: "scripts", configMap: { name: scripts.metadata.name } },
                    { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
                  ],
                },
              },
            },
          },
        },
      },
      { parent: this },
    );

    this.registerOutputs();
  }
}

function requireWholeNumber(keep: number): void {
  if (!Number.isInteger(keep) || keep < 1) {
    throw new Error(`InfluxDbBackup: keep must be a whole number from 1, got ${keep}`);
  }
}
