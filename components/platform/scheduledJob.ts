import { CronJob } from "@pulumi/kubernetes/batch/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { resources } from "../kubernetes/resources";
import { partMetadata, type PartObjectOptions, partServiceAccount } from "./partObjects";

/** What a part does on a schedule. */
export interface ScheduledJobOptions extends PartObjectOptions {
  /** Schedule in the form of cron, UTC. */
  schedule: string;
  /** How late a run may still begin, after the control plane was away. */
  startingDeadlineSeconds: number;
  /** Longest that a run may take, with all its tries. */
  activeDeadlineSeconds: number;
  /** How often a run that fails is tried anew. */
  backoffLimit: number;
  /**
   * Exit codes after which another try would be of no use.
   * @default none
   */
  finalExitCodes?: number[];
  /** What runs; one at a time. */
  container: Pick<inputs.core.v1.Container, "image" | "command" | "env" | "volumeMounts"> & { name: string };
  /** What it mounts. */
  volumes: inputs.core.v1.Volume[];
}

const user = { uid: 1000 };

/** A CronJob of the part's own name, restricted, with a service account without a token. */
export function scheduledJob(options: ScheduledJobOptions): CronJob {
  const { name, part, parent, container, finalExitCodes } = options;
  const serviceAccount = partServiceAccount(options);
  return new CronJob(
    name,
    {
      metadata: partMetadata(options),
      spec: {
        schedule: options.schedule,
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: options.startingDeadlineSeconds,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: part.labels },
          spec: {
            backoffLimit: options.backoffLimit,
            activeDeadlineSeconds: options.activeDeadlineSeconds,
            podFailurePolicy: finalExitCodes && {
              rules: [
                {
                  action: "FailJob",
                  onExitCodes: { containerName: container.name, operator: "In", values: finalExitCodes },
                },
              ],
            },
            template: {
              metadata: { labels: part.labels },
              spec: {
                ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
                restartPolicy: "Never",
                containers: [
                  {
                    ...container,
                    resources: resources({
                      cpu: "100m",
                      cpuLimit: "1",
                      memory: "128Mi",
                      memoryLimit: "512Mi",
                    }),
                    securityContext: restrictedContainerSecurityContext(),
                  },
                ],
                volumes: options.volumes,
              },
            },
          },
        },
      },
    },
    { parent },
  );
}
