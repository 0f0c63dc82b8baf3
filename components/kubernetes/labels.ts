/** What a set of Kubernetes objects is, in the terms of the recommended labels. */
export interface LabelOptions {
  /** Name of the application, e.g. `influxdb`. */
  name: string;
  /** What tells this one from others of the same application, e.g. `churn`. */
  instance: string;
  /** Role within the architecture, e.g. `database`. */
  component: string;
}

/** Label that every namespace carries whose pods send their logs to the aggregator. */
export const sendsLogsLabel = { "ds-monitoring/sends-logs": "true" } as const;

/** Label of the pods of apps that read the raw events in InfluxDB. */
export const readsEventsLabel = { "ds-monitoring/reads-events": "true" } as const;

/** Label with the team that an app's alerts go to; of the pods, or of their Deployment or CronJob. */
export const ownerLabel = "ds-monitoring/owner";

/** Label of pods whose Prometheus endpoint Telegraf reads. */
export const scrapedLabel = { "ds-monitoring/metrics": "true" } as const;

/** Annotation of such a pod: the metrics that are kept, separated by commas. */
export const scrapedNamesAnnotation = "ds-monitoring/metric-names";

/** `component` of a Deployment whose availability Telegraf watches. */
export const modelApiComponent = "model-api";

/** Annotation of a CronJob that is suspended on purpose: nobody misses its runs. */
export const suspendedOnPurpose = { "ds-monitoring/suspended": "true" } as const;

/** What every object of ours is part of. */
export const partOf = "ds-monitoring";

/** Annotation of a model API's Deployment: its service level objectives, as JSON. */
export const sloAnnotation = "ds-monitoring/slo";

/** Label of every object of ours, and of every pod. */
export const partOfLabel = { "app.kubernetes.io/part-of": partOf } as const;

/**
 * The recommended labels `app.kubernetes.io/*`.
 *
 * The version is left out on purpose: labels of a pod template roll its pods.
 */
export function standardLabels(options: LabelOptions): Record<string, string> {
  return {
    ...selectorLabels(options),
    "app.kubernetes.io/component": options.component,
    ...partOfLabel,
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** The part of {@link standardLabels} that identifies the pods: selectors are immutable, so nothing else is in it. */
export function selectorLabels(options: Pick<LabelOptions, "name" | "instance">): Record<string, string> {
  return { "app.kubernetes.io/name": options.name, "app.kubernetes.io/instance": options.instance };
}
