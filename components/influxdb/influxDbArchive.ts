import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { checked } from "../kubernetes/checked";
import { type InfluxDbEndpoint, loginSecret, loginVariables } from "../platform/endpoints";
import { type KeepingPartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import { scheduledJob } from "../platform/scheduledJob";
import type { StorageArgs } from "../platform/storage";
import { archiveBundle } from "./bundles";

/** When the raw events are archived, where to, and how long they are kept there. */
export interface InfluxDbArchiveDeployArgs {
  /**
   * Schedule in the form of cron, UTC. A day is archived once it has been over for an hour.
   * @default "30 3 * * *": each night, after the backup
   */
  schedule?: pulumi.Input<string>;
  /**
   * Days that are kept; more than those of the bucket `events`.
   * @default all
   */
  keepDays?: pulumi.Input<number>;
  /**
   * Volume of the archive. A storage class of a file share or of an object store bills what is stored, and grows by
   * itself or by raising `size`.
   */
  storage: StorageArgs;
}

/** Arguments of {@link InfluxDbArchive}. */
interface InfluxDbArchiveArgs extends InfluxDbArchiveDeployArgs, KeepingPartArgs {
  /** The InfluxDB whose events are archived, and who reads them. */
  influxDb: InfluxDbEndpoint;
  /** Days that the bucket `events` keeps its points. */
  eventsRetentionDays: number;
}

const programPath = "/opt/archive";
const programFile = "archive.js";
const archivePath = "/archive";

/**
 * Archives each day's raw events as line protocol, before InfluxDB drops them.
 *
 * @throws Error when `keepDays` is not whole days, more than `eventsRetentionDays`
 */
export class InfluxDbArchive extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbArchiveArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbArchive", name, {}, opts);

    const { influxDb, eventsRetentionDays } = args;
    const keepDays = checked(args.keepDays, (days) => requireKeepDays(days, eventsRetentionDays));
    const objects = new PartObjects(name, parts.influxDbArchive, args, this);
    const claimName = objects.volumeClaim(args.storage, args.protect);
    const secretName = objects.secret("credentials", loginSecret(influxDb));
    const program = objects.configMap("program", { [programFile]: archiveBundle() });
    objects.networkPolicy({ egress: [influxDb.egress] });
    scheduledJob(objects, {
      schedule: args.schedule ?? "30 3 * * *",
      // Late is as good as in time: what was missed is caught up, by the first run all days of the bucket.
      startingDeadlineSeconds: 12 * 3600,
      activeDeadlineSeconds: 12 * 3600,
      backoffLimit: 4,
      // Wrong configuration, days that are lost.
      finalExitCodes: [2, 3],
      container: {
        name: "archive",
        image: images.node,
        command: ["node", `${programPath}/${programFile}`],
        env: [
          { name: "INFLUXDB_URL", value: influxDb.url },
          { name: "INFLUXDB_USERNAME", value: influxDb.username },
          ...loginVariables(secretName),
          { name: "ARCHIVE_DIRECTORY", value: archivePath },
          { name: "ARCHIVE_RETENTION_DAYS", value: String(eventsRetentionDays) },
          ...(keepDays === undefined
            ? []
            : [{ name: "ARCHIVE_KEEP_DAYS", value: pulumi.interpolate`${keepDays}` }]),
        ],
        volumeMounts: [
          { name: "archive", mountPath: archivePath },
          { name: "program", mountPath: programPath, readOnly: true },
        ],
      },
      volumes: [
        { name: "archive", persistentVolumeClaim: { claimName } },
        { name: "program", configMap: { name: program } },
      ],
    });

    this.registerOutputs();
  }
}

function requireKeepDays(keepDays: number | undefined, eventsRetentionDays: number): void {
  if (keepDays === undefined || (Number.isInteger(keepDays) && keepDays > eventsRetentionDays)) return;
  throw new Error(
    `InfluxDbArchive: keepDays must be whole days, more than the ${eventsRetentionDays} of retentionDays.events, ` +
      `got ${keepDays}: days that are removed while InfluxDB still holds them would be archived again`,
  );
}
