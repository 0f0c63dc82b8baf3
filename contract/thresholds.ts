/** Limits that alert rules fire at and dashboards draw: one source for both. Ratios are 0 to 1. */
export const thresholds = {
  /** Share of an API's requests that end in a server error (5xx). */
  apiErrorRatio: 0.05,
  /** 95th percentile of an API's response time, in seconds. */
  apiLatencyP95Seconds: 1,
  /** Population stability index from which a feature's drift is worth a look. */
  driftPsiWarn: 0.1,
  /** Population stability index from which a feature has drifted. */
  driftPsiDrift: 0.2,
  /** Number of drifted features of a training run above which an alert fires. */
  driftedFeatures: 0,
  /** Memory in use (working set) by the limit. */
  memoryUseRatio: 0.9,
  /** Restarts of a container within a quarter of an hour. */
  containerRestarts: 2,
  /** Seconds without a sample of Telegraf: whatever rests on its samples is blind. */
  metricsSilenceSeconds: 300,
  /** Used space of a volume by its capacity. */
  volumeUseRatio: 0.85,
  /** Seconds without a log line of an API that answers its probes. */
  logSilenceSeconds: 1800,
  /** Share of the aggregator's buffer space in use. */
  logBufferUseRatio: 0.5,
  /** Share of a service's lines that no format matched. */
  unparsedRatio: 0.05,
  /** Dead letters, per evaluation window. */
  deadLetters: 0,
  /** Runs of InfluxDB tasks that failed, per evaluation window. */
  taskFailures: 2,
  /** Series of all buckets: InfluxDB 2 slows down long before it stops at millions. */
  seriesCardinality: 500_000,
  /** Time that a pipeline run may take where its own start event names none, in seconds. */
  pipelineRunSeconds: 6 * 3600,
  /** Sizing bands of the 95th percentile of use by request, over a week. */
  sizing: { critical: 0.9, underProvisioned: 0.7, overProvisioned: 0.2 },
} as const;
