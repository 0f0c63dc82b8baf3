import type { DashboardName } from "../../contract/dashboardUids";

/** How bad it is: `critical` is sent at once to the critical receivers, `warning` is sent, `info` is not sent. */
export type Severity = "critical" | "warning" | "info";

/** How values of a rule are written in mails. */
export type Unit = "ratio" | "seconds" | "count";

/** How Alertmanager groups alerts, and when it sends a group. Durations as in its configuration, e.g. `5m`. */
export interface Routing {
  /** Labels; alerts with the same values are sent together. */
  groupBy: readonly string[];
  /** How long the first alert of a group waits for more. */
  groupWait: string;
  /** Least time between two messages about a changed group. */
  groupInterval: string;
  /** Time after which an unchanged group is sent again, at its next `groupInterval`. */
  repeatInterval: string;
}

const byApp = ["alertname", "service", "environment"];

/** Routings by name: `critical` and `warning` for alerts of that severity, the rest for rules that name it. */
export const routings = {
  warning: { groupBy: byApp, groupWait: "30s", groupInterval: "5m", repeatInterval: "12h" },
  critical: { groupBy: byApp, groupWait: "5s", groupInterval: "1m", repeatInterval: "4h" },
  /** Alerts about one run: a message for each run. Repeated after the alert has ended: never twice for one run. */
  run: {
    groupBy: [...byApp, "pipeline", "run"],
    groupWait: "5s",
    groupInterval: "1m",
    repeatInterval: "48h",
  },
  /**
   * To the watchdog's URL only, each minute: groups are looked at each half of one. Repeated after the very interval, some
   * messages would come a whole interval late.
   */
  watchdog: { groupBy: byApp, groupWait: "0s", groupInterval: "30s", repeatInterval: "50s" },
} as const satisfies Record<string, Routing>;

/** Another threshold for the series that carry these labels. */
export interface ThresholdOverride {
  /** Labels and their values, e.g. `{ service: "churn" }`; all have to match. */
  labels: Readonly<Record<string, string>>;
  /** Fires above it, in the rule's unit. */
  threshold: number;
}

/** Thresholds of one app; what is left out keeps the platform's default. */
export interface AppAlertOptions {
  /** `service.name` of the app. */
  service: string;
  /**
   * Share of server errors (5xx), 0 to 1.
   * @default 0.05
   */
  errorRatio?: number;
  /**
   * 95th percentile of the response time, in seconds.
   * @default 1
   */
  latencyP95Seconds?: number;
  /**
   * Memory in use by the limit, 0 to 1.
   * @default 0.9
   */
  memoryUseRatio?: number;
  /**
   * Drifted features that a training run may have.
   * @default 0
   */
  driftedFeatures?: number;
  /**
   * Share of lines that no format matches, 0 to 1.
   * @default 0.05
   */
  unparsedRatio?: number;
  /**
   * Seconds without a log line while the app answers its probes.
   * @default 1800
   */
  logSilenceSeconds?: number;
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
  severity: Severity;
  /**
   * Its own routing.
   * @default that of its severity
   */
  routing?: "run" | "watchdog";
  /** Rules whose alerts silence this one's, where all of its {@link placeLabels} are equal that both rules have. */
  inhibitedBy: readonly string[];
  /**
   * Seconds after the last post of an alert that inhibits it in which this one doesn't begin: what it looks back at.
   * @default 300; of one run: a day
   */
  heldSeconds?: number;
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
  /**
   * Flux predicate of the samples `r` by which is seen that the source is alive. While it is silent, up to a day, the rule
   * is judged as of its last sample: silence ends no alert.
   * @default judged as of now
   */
  source?: string;
  /**
   * Columns of text that the texts may name, besides labels: what changes while the alert stays the same.
   * @default none
   */
  details?: readonly string[];
  /** Columns of the samples that become labels of the alert; the first tells where it is. */
  labels: readonly string[];
  /** Fires above it, in `unit`. */
  threshold: number;
  /** Option by which an app sets its own threshold. */
  appThreshold?: Exclude<keyof AppAlertOptions, "service">;
  /** Other thresholds for some of the series; the first that matches counts. */
  overrides?: readonly ThresholdOverride[];
  /**
   * Seconds after its newest sample for which an alert is reported, where nothing may ever end it. It is then mailed as
   * no longer reported, not as resolved. The query has to look back ten minutes longer.
   * @default reported as long as it fires
   */
  reportedSeconds?: number;
  /**
   * Whether people get a message when it ends: not where it is an event, which has no end. Services that keep incidents
   * close theirs all the same.
   * @default true
   */
  sendsEnd?: boolean;
  unit: Unit;
  /** One line; `{label}`, `{value}` and `{threshold}` are replaced. */
  summary: string;
  /** What it means and what it does to the users; the same replacements. */
  description: string;
  /** The dashboard that shows it. */
  dashboard: DashboardName;
  /** Dashboard variable -> label whose value it gets. */
  dashboardVariables: Readonly<Record<string, string>>;
}

/** Labels of a rule by which an alert inhibits another: where it is, not which object of it, nor why. */
export const placeLabels = ({ labels }: Pick<AlertRule, "labels">): string[] =>
  labels.filter((label) => label !== "name" && label !== "reason");
