/** Measurements in InfluxDB. Those of the log contract's events are the events' names. */
export const measurements = {
  // Events of the log contract
  httpRequest: "http.server.request",
  features: "ml.features",
  runStart: "pipeline.run.start",
  runEnd: "pipeline.run.end",
  taskStart: "pipeline.task.start",
  taskEnd: "pipeline.task.end",
  runSummary: "ml.run.summary",
  mlClass: "ml.class",
  outliers: "ml.outliers",
  drift: "ml.drift",
  metric: "ml.metric",
  confusion: "ml.confusion",
  decision: "ml.decision",
  log: "log",
  unparsed: "log.unparsed",
  deadLetter: "log.dead_letter",

  // Written by InfluxDB tasks
  /** Unique requests and users of whole days and weeks. */
  uniqueRequests: "http.server.request.unique",
  /** Sketches of the unique requests and users of hours and days. */
  uniqueSketch: "http.server.request.unique.sketch",
  /** Histograms of the requests' durations and scores. */
  requestHistogram: "http.server.request.histogram",
  /** For how long each service that answers its probes has logged nothing: field `seconds`. */
  logLag: "log.lag",
  /** What the tasks of the alert rules have posted: field `json`, an alert as Alertmanager takes it; its labels are tags. */
  postedAlert: "alert.posted",
  /** What is left of the error budget of each service's objectives (tag `slo`): field `left`, 1 is all of it. */
  errorBudget: "slo.error_budget",

  // Samples of Telegraf
  probe: "http_response",
  deployment: "kubernetes_deployment",
  /** A list of the Kubernetes API was read: tag `kind`, field `items`. */
  kubernetesList: "kubernetes_list",
  /** Something is wrong with an object: tags `kind`, `namespace`, `name`, `reason`; fields `seconds` (since then), `message`. */
  kubernetesProblem: "kubernetes_problem",
  /** The team that an app's alerts go to: field `owner`. */
  owner: "kubernetes_owner",
  /** What each of Telegraf's inputs counts: field `errors`, tag `alias`. */
  telegrafInput: "internal_gather",
  /** A ready pod offers metrics: field `expected`; metrics of it were read: field `content_length`. */
  scrape: "prometheus_request",
  /** Samples of an app's own metrics beyond its bound of series, which are not stored: field `samples`. */
  droppedSeries: "pod_metrics_dropped",
  certificate: "x509_cert",
  container: "kubernetes_pod_container",
  podVolume: "kubernetes_pod_volume",
  /** A GPU, as NVIDIA's DCGM sees it; of one that no pod holds the service is that of its exporter. */
  gpu: "hw.gpu",
  fluentd: "fluentd",
  bucketSeries: "storage_bucket_series_num",
  taskRuns: "task_executor_total_runs_complete",
  taskErrors: "task_executor_errors_counter",
  /** How many alerts Alertmanager holds, by state. */
  firingAlerts: "alertmanager_alerts",
  /** The alerts that fire: fields `summary` and `app`, the service that it is about; empty for none. */
  alert: "alertmanager.alert",
  failedNotifications: "alertmanager_notifications_failed_total",
} as const;

/**
 * Measurements that others write, Telegraf and InfluxDB's tasks: no line may make points of theirs, whose fields would be
 * of other types.
 */
export const foreignMeasurements: readonly string[] = Object.values(measurements).slice(
  Object.values(measurements).indexOf(measurements.uniqueRequests),
);

/** Name of a measurement. */
export type Measurement = (typeof measurements)[keyof typeof measurements];
