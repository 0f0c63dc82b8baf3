import { CronJob } from "@pulumi/kubernetes/batch/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import type * as pulumi from "@pulumi/pulumi";
import { patterns } from "../../contract/patterns";
import { checked } from "../kubernetes/checked";
import { suspendedOnPurpose } from "../kubernetes/labels";
import { restrictedContainerSecurityContext } from "../kubernetes/podSecurity";
import { resources } from "../kubernetes/resources";
import type { PartObjects, PlatformContainer } from "./partObjects";

/** What a part does on a schedule. */
export interface ScheduledJobOptions {
  /**
   * Schedule in the form of cron, UTC.
   * @default never: it is suspended, and `kubectl create job --from=cronjob/…` runs it
   */
  schedule?: pulumi.Input<string>;
  /**
   * Logical name and name in the cluster.
   * @default those of the part
   */
  names?: { logical: string; inCluster: string };
  /** How late a run may still begin, after the control plane was away. */
  startingDeadlineSeconds: number;
  /** Longest that a run may take, with all its retries. */
  activeDeadlineSeconds: number;
  /** How often a failed run is retried. */
  backoffLimit: number;
  /**
   * Exit codes after which a retry would be of no use.
   * @default none
   */
  finalExitCodes?: number[];
  /** What runs; one at a time. */
  container: PlatformContainer & { name: string };
  /**
   * What has to succeed before it.
   * @default nothing
   */
  before?: PlatformContainer;
  /** What it mounts. */
  volumes: inputs.core.v1.Volume[];
}

const user = { uid: 1000 };
const compute = resources({ cpu: "100m", cpuLimit: "1", memory: "128Mi", memoryLimit: "512Mi" });

/**
 * A CronJob of the part.
 *
 * @throws Error when the schedule is none
 */
export function scheduledJob(objects: PartObjects, options: ScheduledJobOptions): CronJob {
  const { container, before, volumes, finalExitCodes, schedule } = options;
  const { logical, inCluster } = options.names ?? { logical: objects.name, inCluster: objects.part.name };
  const onExitCodes = { containerName: container.name, operator: "In", values: finalExitCodes ?? [] };
  return new CronJob(
    logical,
    {
      metadata: {
        ...objects.metadata,
        name: inCluster,
        ...(schedule === undefined && { annotations: suspendedOnPurpose }),
      },
      spec: {
        schedule: checked(schedule ?? "0 0 1 1 *", requireCron),
        suspend: schedule === undefined,
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: options.startingDeadlineSeconds,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: objects.part.labels },
          spec: {
            backoffLimit: options.backoffLimit,
            activeDeadlineSeconds: options.activeDeadlineSeconds,
            podFailurePolicy: finalExitCodes && { rules: [{ action: "FailJob", onExitCodes }] },
            template: objects.podTemplate({
              user,
              restartPolicy: "Never",
              ...(before && {
                initContainers: [
                  { ...before, resources: compute, securityContext: restrictedContainerSecurityContext() },
                ],
              }),
              container: { ...container, resources: compute },
              volumes,
            }),
          },
        },
      },
    },
    { parent: objects.parent },
  );
}

function requireCron(schedule: string): void {
  if (patterns.cron.test(schedule)) return;
  throw new Error(
    `schedule "${schedule}" must be minute, hour, day of the month, month and day of the week, e.g. "30 2 * * *"`,
  );
}
