import { CronJob, Job } from "@pulumi/kubernetes/batch/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { readsEventsLabel, suspendedOnPurpose } from "../kubernetes/labels";
import { resources } from "../kubernetes/resources";
import { eventsReader } from "./eventsReader";
import { scrapedPod } from "./metricsEndpoint";
import type { AppNamespace } from "./namespace";
import { type AppContainerArgs, requireDnsLabel, Workload, type WorkloadArgs } from "./workload";

/** One step of a {@link Pipeline}. */
export interface PipelineStep extends AppContainerArgs {
  /** Name of the step, a DNS label, e.g. `train`. */
  name: string;
  /**
   * Compute of this step.
   * @default 250m to 1 CPU, 512Mi to 1Gi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
}

/** Arguments of {@link Pipeline}. */
export interface PipelineArgs extends WorkloadArgs {
  /** When it runs, as a cron expression, e.g. `0 3 * * 1` for Mondays at three. */
  schedule: pulumi.Input<string>;
  /** The steps, in order; a step that fails ends the run. At least one. */
  steps: PipelineStep[];
  /**
   * Time zone of the schedule, as in the tz database.
   * @default "Etc/UTC"
   */
  timeZone?: pulumi.Input<string>;
  /**
   * Longest run, in seconds; a longer one is ended and counts as failed.
   * @default 3600
   */
  deadlineSeconds?: pulumi.Input<number>;
  /**
   * How often a failed run is tried again, from its first step on.
   * @default 0
   */
  retries?: pulumi.Input<number>;
  /**
   * Whether no new run begins.
   * @default false
   */
  suspended?: pulumi.Input<boolean>;
  /**
   * Whether it also runs once when it is created, besides its schedule: an API that needs a model has one then. `pulumi up`
   * does not wait for the run, and later changes of the pipeline do not repeat it.
   * @default false
   */
  runOnCreate?: boolean;
  /**
   * Whether the steps may read the raw events in InfluxDB, of all apps: they get a user that reads nothing else and writes
   * nothing, in the variables INFLUXDB_URL, INFLUXDB_USERNAME and INFLUXDB_PASSWORD.
   * @default false
   */
  readsEvents?: boolean;
  /**
   * Size of the volume that the steps of one run share at /work (also in the variable WORK_DIR), gone with the run.
   * @default "1Gi"
   */
  workVolumeSize?: pulumi.Input<string>;
}

const workVolume = "work";
const workDirectory = "/work";

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
 * Steps that run one after the other on a schedule, never twice at a time. Their logs go to the dashboards.
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
  /** Namespace that it lives in; the argument `namespace` of the app's other components. */
  public readonly namespace: AppNamespace;
  /** Name of that namespace. */
  public readonly namespaceName: pulumi.Output<string>;
  /** Name of the claim of its models; the argument `models` of the app's other components. None without `models`. */
  public readonly models?: pulumi.Output<string>;

  constructor(name: string, args: PipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Pipeline", name, {}, opts);

    requireCronJobName(name);
    requireSteps(name, args.steps);
    const workload = new Workload(name, args, {
      kind: "Pipeline",
      component: "pipeline",
      readOnlyModels: false,
      parent: this,
    });
    const { metadata, labels, monitoring } = workload;
    const { retries = 0, deadlineSeconds = 3600 } = args;
    const reader =
      args.readsEvents === true
        ? eventsReader(`Pipeline "${name}"`, name, monitoring, metadata, this)
        : undefined;
    const endpoint = args.steps.at(-1)?.metrics;
    const scraped = endpoint && scrapedPod(`Pipeline "${name}"`, endpoint, 8080, monitoring);
    const variables = [
      {
        name: "PIPELINE_DEADLINE_SECONDS",
        value: pulumi.output(deadlineSeconds).apply(String),
      },
      {
        name: "PIPELINE_MAX_ATTEMPTS",
        value: pulumi.output(retries).apply((known) => String(known + 1)),
      },
      ...(reader?.env ?? []),
    ];
    const containers = args.steps.map((step) => stepContainer(workload, name, step, variables));
    const jobSpec = {
      backoffLimit: retries,
      activeDeadlineSeconds: deadlineSeconds,
      template: {
        metadata: {
          labels: { ...labels, ...(reader && readsEventsLabel), ...scraped?.labels },
          annotations: {
            // The autoscaler moves pods to save nodes; a run that is moved begins again.
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
            ...scraped?.annotations,
          },
        },
        spec: workload.pod({
          restartPolicy: "Never",
          initContainers: containers.slice(0, -1),
          containers: containers.slice(-1),
          volumes: [{ name: workVolume, emptyDir: { sizeLimit: args.workVolumeSize ?? "1Gi" } }],
        }),
      },
    };
    const suspended = pulumi.output(args.suspended ?? false);
    const cronJob = new CronJob(
      name,
      {
        metadata: { ...metadata, annotations: suspended.apply((known) => (known ? suspendedOnPurpose : {})) },
        spec: {
          schedule: args.schedule,
          timeZone: args.timeZone ?? "Etc/UTC",
          suspend: suspended,
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds,
          successfulJobsHistoryLimit: historyLimit,
          failedJobsHistoryLimit: historyLimit,
          jobTemplate: { metadata: { labels }, spec: jobSpec },
        },
      },
      { parent: this },
    );
    if (args.egress !== undefined || reader !== undefined || scraped !== undefined) {
      const spec = workload.policySpec(scraped && [scraped.ingress], reader && [reader.egress]);
      new NetworkPolicy(name, { metadata, spec }, { parent: this });
    }
    if (args.runOnCreate === true) {
      new Job(
        name,
        {
          // Named by Pulumi: the name is the run's id, which a pipeline that is made again must not repeat.
          metadata: {
            namespace: metadata.namespace,
            labels,
            annotations: { "pulumi.com/skipAwait": "true" },
          },
          spec: jobSpec,
        },
        // A Job can't be changed, only replaced, and that would be another run.
        { parent: this, ignoreChanges: ["metadata.labels", "spec"] },
      );
    }

    this.cronJobName = cronJob.metadata.name;
    this.namespace = workload.namespace;
    this.namespaceName = this.namespace.namespaceName;
    this.models = workload.models;
    this.registerOutputs({
      cronJobName: this.cronJobName,
      namespaceName: this.namespaceName,
      models: this.models,
    });
  }
}

function stepContainer(
  workload: Workload,
  pipeline: string,
  step: PipelineStep,
  variables: inputs.core.v1.EnvVar[],
) {
  return workload.container(step, {
    name: step.name,
    env: [
      { name: "PIPELINE_NAME", value: pipeline },
      { name: "PIPELINE_TASK", value: step.name },
      { name: "WORK_DIR", value: workDirectory },
      runId,
      ...variables,
    ],
    resources:
      step.resources ?? resources({ cpu: "250m", cpuLimit: "1", memory: "512Mi", memoryLimit: "1Gi" }),
    volumeMounts: [{ name: workVolume, mountPath: workDirectory }],
  });
}

/** Kubernetes appends 11 characters to a CronJob's name for its Jobs, and the whole has to be a label. */
const cronJobNameLength = 52;

function requireCronJobName(name: string): void {
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
    if (step.metrics !== undefined && index < steps.length - 1) {
      throw new Error(
        `Pipeline "${name}": steps[${index}].metrics is read of the last step only, because Telegraf reads pods that run, ` +
          "and the others are init containers: make a pipeline of its own of that step, or remove it",
      );
    }
  }
}
