/** How bad it is: `critical` wakes somebody, `warning` waits for the day, `info` is never mailed. */
export type Severity = "critical" | "warning" | "info";

/** How values of a rule are written in mails. */
export type Unit = "ratio" | "seconds" | "count";

/** Another threshold for the series that carry these labels. */
export interface ThresholdOverride {
  /** Labels and their values, e.g. `{ service: "churn" }`; all have to match. */
  labels: Readonly<Record<string, string>>;
  /** Fires above it, in the rule's unit. */
  threshold: number;
}

/**
 * One alert rule: samples of a value per set of labels, and the threshold above which it fires.
 *
 * It fires for a set of labels when each of its samples within the last `forSeconds` lies above the threshold; one
 * that doesn't ends it.
 */
export interface AlertRule {
  /** Label `alertname`, in PascalCase; also the name of its runbook. */
  name: string;
  /** How bad it is. */
  severity: Severity;
  /** Seconds between two evaluations. */
  everySeconds: number;
  /** Seconds that the value has to stay above the threshold; 0: the last sample decides. */
  forSeconds: number;
  /** Distance of the samples that `query` gives, in seconds; 0 where there is only one. */
  sampleSeconds: number;
  /**
   * Flux that gives the samples: columns `_time`, `_value` (float) and those of `labels`. It may use `start`, the time
   * from which samples are wanted, and `stop`, the time of the evaluation.
   */
  query: string;
  /** Columns of the samples that become labels of the alert; the first tells where it is. */
  labels: readonly string[];
  /** Fires above it, in `unit`. */
  threshold: number;
  /** Other thresholds for some of the series; the first that matches counts. */
  overrides?: readonly ThresholdOverride[];
  /** How values are written in mails. */
  unit: Unit;
  /** One line; `{label}`, `{value}` and `{threshold}` are replaced. */
  summary: string;
  /** What it means and what it does to the users; the same replacements. */
  description: string;
  /** Uid of the dashboard that shows it. */
  dashboardUid: string;
  /** Dashboard variable -> label whose value it gets. */
  dashboardVariables: Readonly<Record<string, string>>;
}
