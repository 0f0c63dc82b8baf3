import { CronJob } from "@pulumi/kubernetes/batch/v1";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import type { DashboardDefinition } from "../../dashboards";
import { spotAffinity, spotTolerations } from "../azure/nodePools";
import { selectorLabels, standardLabels } from "../kubernetes/labels";
import { allowFlowsSpec, type Flow } from "../kubernetes/networkPolicies";
import { type PodUser, restrictedPod } from "../kubernetes/podSecurity";
import { type ContainerResources, resources } from "../kubernetes/resources";
import type { MonitoringConnection } from "../connection";
import type { LogSource } from "../../contract/formats";
import { placeAppDashboards } from "../grafana/appDashboards";
import { withLogging } from "../fluentd/sidecar";
import { Logging } from "./logging";
import { AppNamespace } from "./namespace";
import type { ModelVolume } from "./volume";
import {
  appContainer,
  defaultAppUser,
  environmentVariables,
  modelMount,
  modelVariables,
  modelVolume,
  requireDnsLabel,
  tmpVolume,
} from "./workload";

/** One step of a {@link Pipeline}. */
export interface PipelineStep {
  /** Name of the step, a DNS label, e.g. `train`. */
  name: string;
  /** Image with tag or digest, e.g. `registry.example.com/churn-training:1.4.0`. */
  image: pulumi.Input<string>;
  /**
   * What to run instead of the image's entrypoint.
   * @default the image's own
   */
  command?: string[];
  /**
   * Arguments of the command.
   * @default the image's own
   */
  args?: string[];
  /**
   * Environment variables of this step.
   * @default {}
   */
  env?: Record<string, pulumi.Input<string>>;
  /**
   * Compute of this step.
   * @default 250m to 1 CPU, 512Mi to 1Gi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link Pipeline}. */
export interface PipelineArgs {
  /** When it runs, as a cron expression, e.g. `0 3 * * 1` for Mondays at three. */
  schedule: pulumi.Input<string>;
  /** The steps, in order; a step that fails ends the run. At least one. */
  steps: PipelineStep[];
  /** The platform: `monitoring.connection`, or `Monitoring.fromStack(…)` in another stack. */
  monitoring: MonitoringConnection;
  /**
   * Namespace to live in.
   * @default one of its own, with the component's name
   */
  namespace?: AppNamespace;
  /**
   * Time zone of the schedule, as in the tz database.
   * @default "Etc/UTC"
   */
  timeZone?: string;
  /**
   * Longest run, in seconds; a longer one is ended and counts as failed.
   * @default 3600
   */
  deadlineSeconds?: number;
  /**
   * How often a failed run is tried anew, from its first step on.
   * @default 0
   */
  retries?: number;
  /**
   * Whether no new run begins.
   * @default false
   */
  suspended?: boolean;
  /**
   * Size of the volume that the steps of one run share at /work (also in the variable WORK_DIR), gone with the run.
   * @default "1Gi"
   */
  workVolumeSize?: string;
  /**
   * Volume of approved models, which outlives the run, at /models (also in the variable MODEL_DIR).
   * @default none
   */
  models?: ModelVolume;
  /**
   * Log files and their formats, besides the *.events.log of the helper `ds_monitoring`.
   * @default every other *.log file, its format found out line by line
   */
  logs?: LogSource[];
  /**
   * Dashboards of its own, shown by the platform's Grafana; each uid is lower-case letters, digits and `-`.
   * @default []
   */
  dashboards?: readonly DashboardDefinition[];
  /**
   * User that the steps run as.
   * @default { uid: 10001 }
   */
  user?: PodUser;
  /**
   * Whether it may run on spot nodes, which cost less and may be taken away in the middle of a run.
   * @default false
   */
  spot?: boolean;
  /**
   * What the steps may call, besides the aggregator and DNS.
   * @default []
   */
  egress?: Flow[];
}

const workVolume = "work";
const workDirectory = "/work";

/** Seconds in which a step may end by itself when the run is cancelled. */
const stopSeconds = 30;

/** Runs that are kept to be looked at, of either result. */
const historyLimit = 3;

/** A run that could not begin within this many seconds, e.g. in an outage, is left out. */
const startingDeadlineSeconds = 600;

/** The run's id: the name of the Job, the same in each of its steps. */
const runId: inputs.core.v1.EnvVar = {
  name: "PIPELINE_RUN_ID",
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
};

/**
 * Steps that run one after the other on a schedule, never twice at a time, with their logs on the way to the
 * dashboards.
 *
 * All steps but the last are init containers: Kubernetes runs those in order, and in a pod that never restarts a
 * failed one ends the pod, and with it the run. The sidecar is stopped afterwards and sends the last lines.
 *
 * @example
 * new Pipeline("churn-training", {
 *   schedule: "0 3 * * 1",
 *   steps: [
 *     { name: "load", image, args: ["load"] },
 *     { name: "train", image, args: ["train"] },
 *   ],
 *   monitoring,
 * });
 *
 * @throws Error naming the argument and the fix: a name that is no DNS label or taken, no step at all, a log format whose
 * samples do not match, a dashboard that can't be placed
 */
export class Pipeline extends pulumi.ComponentResource {
  /** Name of the CronJob. */
  public readonly cronJobName: pulumi.Output<string>;
  /** Namespace that it lives in. */
  public readonly namespaceName: pulumi.Output<string>;

  constructor(name: string, args: PipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Pipeline", name, {}, opts);

    requireCronJobName(name);
    requireSteps(name, args.steps);
    const { monitoring, models } = args;
    const identity = { name, instance: name };
    const labels = standardLabels({ ...identity, component: "pipeline" });
    const podLabels = selectorLabels(identity);

    const namespace = args.namespace ?? new AppNamespace(name, { monitoring }, { parent: this });
    const metadata = { name, namespace: namespace.namespaceName, labels };
    placeAppDashboards({
      title: `Pipeline "${name}"`,
      name,
      namespace: namespace.namespaceName,
      labels,
      monitoring,
      dashboards: args.dashboards ?? [],
      parent: this,
    });
    const logging = new Logging(
      `${name}-logging`,
      { monitoring, namespace, service: name, sources: args.logs },
      { parent: this },
    );
    const serviceAccount = new ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );

    const containers = args.steps.map((step) =>
      appContainer({
        name: step.name,
        image: step.image,
        command: step.command,
        args: step.args,
        env: [
          ...environmentVariables(
            { service: name, environment: monitoring.environment },
            {
              PIPELINE_NAME: name,
              PIPELINE_TASK: step.name,
              WORK_DIR: workDirectory,
              ...(models && modelVariables),
              ...step.env,
            },
          ),
          runId,
        ],
        resources:
          step.resources ?? resources({ cpu: "250m", cpuLimit: "1", memory: "512Mi", memoryLimit: "1Gi" }),
        volumeMounts: [
          { name: workVolume, mountPath: workDirectory },
          ...(models ? [modelMount(false)] : []),
        ],
      }),
    );
    const cronJob = new CronJob(
      name,
      {
        metadata,
        spec: {
          schedule: args.schedule,
          timeZone: args.timeZone ?? "Etc/UTC",
          suspend: args.suspended ?? false,
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds,
          successfulJobsHistoryLimit: historyLimit,
          failedJobsHistoryLimit: historyLimit,
          jobTemplate: {
            metadata: { labels },
            spec: {
              backoffLimit: args.retries ?? 0,
              activeDeadlineSeconds: args.deadlineSeconds ?? 3600,
              template: {
                metadata: {
                  labels,
                  // The autoscaler moves pods to save nodes; a run that is moved begins anew.
                  annotations: { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" },
                },
                spec: withLogging(
                  {
                    restartPolicy: "Never",
                    ...restrictedPod({
                      serviceAccountName: serviceAccount.metadata.name,
                      user: args.user ?? defaultAppUser,
                    }),
                    terminationGracePeriodSeconds: stopSeconds,
                    initContainers: containers.slice(0, -1),
                    containers: containers.slice(-1),
                    volumes: [
                      tmpVolume,
                      { name: workVolume, emptyDir: { sizeLimit: args.workVolumeSize ?? "1Gi" } },
                      ...(models ? [modelVolume(models.claimName, false)] : []),
                    ],
                    ...(args.spot === true && { tolerations: [...spotTolerations], affinity: spotAffinity }),
                  },
                  logging,
                ),
              },
            },
          },
        },
      },
      { parent: this },
    );
    if (args.egress !== undefined) {
      new NetworkPolicy(
        name,
        { metadata, spec: allowFlowsSpec({ podLabels, egress: args.egress }) },
        { parent: this },
      );
    }

    this.cronJobName = cronJob.metadata.name;
    this.namespaceName = namespace.namespaceName;
    this.registerOutputs({ cronJobName: this.cronJobName, namespaceName: this.namespaceName });
  }
}

/** Kubernetes appends 11 characters to a CronJob's name for its Jobs, and the whole has to be a label. */
const cronJobNameLength = 52;

function requireCronJobName(name: string): void {
  requireDnsLabel("Pipeline", "name", name);
  if (name.length > cronJobNameLength) {
    throw new Error(
      `Pipeline: name "${name}" is longer than the ${cronJobNameLength} characters of a CronJob`,
    );
  }
}

function requireSteps(name: string, steps: PipelineStep[]): void {
  if (steps.length === 0) {
    throw new Error(
      `Pipeline "${name}": steps is empty; give at least one, e.g. [{ name: "train", image: "…:1.0.0" }]`,
    );
  }
  for (const [index, step] of steps.entries()) {
    requireDnsLabel(`Pipeline "${name}"`, `steps[${index}].name`, step.name);
    if (steps.findIndex((other) => other.name === step.name) !== index) {
      throw new Error(`Pipeline "${name}": steps[${index}].name "${step.name}" is taken by an earlier step`);
    }
  }
}
