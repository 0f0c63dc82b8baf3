/** Limits that alert rules fire at and dashboards draw: one source for both. Ratios are 0 to 1. */
export const thresholds = {
  /** Share of an API's requests that end in a server error (5xx). */
  apiErrorRatio: 0.05,
  /** 95th percentile of an API's response time, in seconds. */
  apiLatencyP95Seconds: 1,
  /** Least number of requests, or lines, of which a share or a percentile is judged. */
  leastRequests: 20,
  /** Least number of failed requests that is worth an alert. */
  leastErrors: 5,
  /** Days over which an error budget is counted. */
  budgetDays: 30,
  /**
   * Windows in which an error budget is judged, and how many times as fast as it lasts it burns then: Google's Site
   * Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
   */
  burnRates: {
    fast: [
      { long: "1h", short: "5m", rate: 14.4 },
      { long: "6h", short: "30m", rate: 6 },
    ],
    slow: [{ long: "3d", short: "6h", rate: 1 }],
  },
  /** Time in which a new model API may become ready, in seconds: its image is pulled, its model loaded. */
  startingSeconds: 300,
  /** Population stability index from which a feature's drift is worth a look. */
  driftPsiWarn: 0.1,
  /** Population stability index from which a feature has drifted. */
  driftPsiDrift: 0.2,
  /** Number of drifted features of a training run above which an alert fires. */
  driftedFeatures: 0,
  /** Time that a pipeline run may take where its own start event names none, in seconds. */
  pipelineRunSeconds: 6 * 3600,
  /** Time within which a failed attempt of a run is tried again, in seconds: the longest back-off of a Job, and a new pod. */
  retrySeconds: 600,
  /** How long a failed or drifted run stays an alert unless a later run replaces it, in seconds. */
  runAlertSeconds: 6 * 3600,
  /** How long a run that never ended stays an alert, in seconds after it was due. */
  overdueAlertSeconds: 24 * 3600,
  /** Memory in use (working set) by the limit. */
  memoryUseRatio: 0.9,
  /** Restarts of a container within an hour: at its longest back-off, of five minutes, a crash loop has ten. */
  containerRestarts: 2,
  /** Used space of a volume by its capacity. */
  volumeUseRatio: 0.85,
  /** Used space of a volume from which its growth is judged. */
  volumePredictionRatio: 0.5,
  /** A volume that is full within this time, by its growth, is reported, in seconds. */
  volumeFullSeconds: 4 * 24 * 3600,
  /** Certificates that expire within this time are reported, in seconds. */
  certificateSeconds: 14 * 24 * 3600,
  /** Seconds without a log line of an API that answers its probes. */
  logSilenceSeconds: 1800,
  /** Lines that a silent API would usually have logged: fewer may be missing because few people use it, as on a holiday. */
  missedLines: 100,
  /** Seconds without a log line of an API that is too young to have usual hours, unless it logged day and night. */
  youngSilenceSeconds: 3 * 24 * 3600,
  /** Share of the aggregator's buffer space in use. */
  logBufferUseRatio: 0.5,
  /** Share of a service's lines that no format matched. */
  unparsedRatio: 0.05,
  /** Dead letters within ten minutes. */
  deadLetters: 0,
  /** Seconds without a sample of Telegraf: whatever rests on its samples is blind. */
  metricsSilenceSeconds: 300,
  /** Seconds since the last success of an InfluxDB task whose last run failed. */
  taskFailureSeconds: 300,
  /** Series of all buckets: InfluxDB 2 slows down long before it stops at millions. */
  seriesCardinality: 500_000,
  /** Sizing bands of the 95th percentile of use by request, over a week. */
  sizing: { critical: 0.9, underProvisioned: 0.7, overProvisioned: 0.2 },
} as const;
