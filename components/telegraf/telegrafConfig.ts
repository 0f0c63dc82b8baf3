import { buckets, database } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { parts } from "../platform/parts";
import { influxDbWatch } from "./influxDbWatch";
import { kubernetesInputs, type KubernetesScrape } from "./kubernetesInputs";
import { listText } from "./clusterScript";
import { type OtlpArgs, otlpInputs } from "./otlp";
import { baseUrl, checkedUrl, toml } from "./toml";

/** An HTTP address that is asked again and again whether it answers. */
export interface HttpProbe {
  /** URL, e.g. `http://churn.churn.svc:8080/healthz`. */
  url: string;
  /** Service behind it; the tag `service`. */
  service: string;
  /**
   * Deployment environment of the service; the tag `environment`.
   * @default the options' environment
   */
  environment?: string;
  /**
   * Status code of a healthy answer.
   * @default 200
   */
  expectedStatus?: number;
}

/** Options of {@link renderTelegrafConfig}. */
export interface TelegrafConfigOptions {
  /** Base URL of InfluxDB. User name and password come from INFLUXDB_USERNAME and INFLUXDB_PASSWORD. */
  influxDbUrl: string;
  /** Deployment environment; the tag `environment` of each sample. */
  environment: string;
  /**
   * Addresses that are probed.
   * @default none
   */
  probes?: readonly HttpProbe[];
  /**
   * Scrape the kubelets' statistics and the containers' limits.
   * @default { } : the cluster that Telegraf runs in; `false` for none
   */
  kubernetes?: KubernetesScrape | false;
  /**
   * Base URL of Alertmanager, whose own metrics are scraped; it hears when InfluxDB does not answer.
   * @default none
   */
  alertmanagerUrl?: string;
  /**
   * Whether Alertmanager asks for a login: the header `Authorization` then comes from ALERTMANAGER_AUTHORIZATION.
   * @default false
   */
  alertmanagerAuthorization?: boolean;
  /**
   * Whether InfluxDB serves its own metrics, as InfluxDB OSS does without a login.
   * @default true
   */
  influxDbMetrics?: boolean;
  /**
   * URLs of Fluentd's monitor agents, e.g. `http://fluentd-aggregator:24220`.
   * @default none
   */
  fluentdUrls?: readonly string[];
  /**
   * Take OpenTelemetry's protocol from apps.
   * @default it is not taken
   */
  otlp?: OtlpArgs;
  /**
   * Port of OpenTelemetry's protocol.
   * @default 4317
   */
  otlpPort?: number;
  /**
   * Seconds between two samples, at most 60: the rollups of what pods use need a sample of each minute.
   * @default 30
   */
  intervalSeconds?: number;
  /**
   * Seconds between two probes of an address, and between two looks at the Deployments of model APIs.
   * @default 10
   */
  probeIntervalSeconds?: number;
  /**
   * Port on which Telegraf says that it is alive.
   * @default 9273
   */
  healthPort?: number;
}

/** Seconds between two probes of an address, unless an option says otherwise. */
export const defaultProbeIntervalSeconds = 10;

/**
 * Telegraf's configuration: HTTP probes, kubelet statistics, and the health of the platform itself, into the bucket
 * `events`.
 *
 * Needs Telegraf 1.36 or later; uses inputs `exec`, `http`, `http_response`, `internal`, `kubernetes`, `opentelemetry`,
 * `prometheus`, `x509_cert` and `fluentd`, parsers `value` and `xpath`, processor `starlark`, outputs `influxdb` and `health`. Source: https://docs.influxdata.com/telegraf/v1/configuration/
 *
 * @throws RangeError that names the option and the fix
 */
export function renderTelegrafConfig(options: TelegrafConfigOptions): string {
  const { influxDbUrl, environment, alertmanagerUrl, kubernetes = {}, intervalSeconds = 30 } = options;
  const { probeIntervalSeconds = defaultProbeIntervalSeconds, healthPort = parts.telegraf.port } = options;
  checkSeconds({ intervalSeconds, probeIntervalSeconds });
  if (intervalSeconds > 60) {
    throw new RangeError(
      `intervalSeconds must be at most 60, got ${intervalSeconds}: the rollups of what pods use need a sample of each minute`,
    );
  }
  return [
    agent(environment, intervalSeconds),
    output(influxDbUrl),
    health(healthPort),
    ownFigures(),
    ...(options.probes ?? []).map((probe) => httpProbe(probe, environment, probeIntervalSeconds)),
    ...certificates(options.probes ?? [], environment),
    ...(options.influxDbMetrics === false ? [] : [influxDbMetrics(influxDbUrl)]),
    ...(alertmanagerUrl === undefined
      ? []
      : [
          alertmanagerMetrics(alertmanagerUrl, options.alertmanagerAuthorization ?? false),
          firingAlerts(alertmanagerUrl, options.alertmanagerAuthorization ?? false),
          influxDbWatch(influxDbUrl, alertmanagerUrl),
        ]),
    ...(options.fluentdUrls ?? []).map(fluentdMetrics),
    ...(kubernetes === false ? [] : kubernetesInputs(kubernetes, probeIntervalSeconds)),
    ...(options.otlp === undefined ? [] : otlpInputs(options.otlp, options.otlpPort)),
  ].join("\n");
}

function checkSeconds(options: Record<string, number>): void {
  for (const [option, seconds] of Object.entries(options)) {
    if (Number.isInteger(seconds) && seconds >= 1) continue;
    throw new RangeError(`${option} must be whole seconds, at least 1, got ${seconds}`);
  }
}

function agent(environment: string, interval: number): string {
  return `[global_tags]
  environment = ${toml(environment)}

[agent]
  interval = "${interval}s"
  round_interval = true
  metric_batch_size = 5000
  # Samples wait here while InfluxDB is away: about an hour of a small cluster.
  metric_buffer_limit = 200000
  flush_interval = "5s"
  # The host is a container whose name changes with each roll-out: a tag of it would only multiply the series.
  omit_hostname = true
  skip_processors_after_aggregators = true
`;
}

function output(influxDbUrl: string): string {
  return `[[outputs.influxdb]]
  urls = [${toml(checkedUrl("influxDbUrl", influxDbUrl))}]
  database = ${toml(database)}
  retention_policy = ${toml(buckets.events)}
  skip_database_creation = true
  username = "\${INFLUXDB_USERNAME}"
  password = "\${INFLUXDB_PASSWORD}"
  content_encoding = "gzip"
  timeout = "10s"
  # What the processors needed. The lists must never get here: pods hold environment variables.
  namedrop = ["${listText}"]
  tagexclude = ["app.kubernetes.io/*"]
`;
}

/** Answers the kubelet's probes: an agent that has taken no sample for minutes is stuck. */
function health(port: number): string {
  return `[[outputs.health]]
  service_address = "http://:${port}"
  max_time_between_metrics = "5m"
`;
}

/** How often each input failed: what it reads is then old. */
function ownFigures(): string {
  return `[[inputs.internal]]
  collect_memstats = false
  namepass = ["${measurements.telegrafInput}"]
  fieldinclude = ["errors", "gather_timeouts"]
  taginclude = ["input", "alias", "service", "environment"]
  [inputs.internal.tags]
    service = "telegraf"
`;
}

/** When the certificates of probed addresses expire. */
function certificates(probes: readonly HttpProbe[], environment: string): string[] {
  return probes
    .filter(({ url }) => url.startsWith("https:"))
    .map(
      (probe) => `[[inputs.x509_cert]]
  alias = ${toml(`certificate of ${probe.service}`)}
  sources = [${toml(`https://${new URL(probe.url).hostname}:${new URL(probe.url).port || "443"}`)}]
  interval = "5m"
  # Whether it can be trusted, the probe says.
  insecure_skip_verify = true
  exclude_root_certs = true
  fieldinclude = ["expiry"]
  taginclude = ["source", "service", "environment"]
  [inputs.x509_cert.tags]
    service = ${toml(probe.service)}
    environment = ${toml(probe.environment ?? environment)}
`,
    );
}

function httpProbe(probe: HttpProbe, environment: string, interval: number): string {
  return `[[inputs.http_response]]
  alias = ${toml(`probe of ${probe.service}`)}
  urls = [${toml(checkedUrl(`probes: url of ${probe.service}`, probe.url))}]
  interval = "${interval}s"
  response_timeout = "5s"
  response_status_code = ${probe.expectedStatus ?? 200}
  # A new status code would be a new series; it is a field as well.
  tagexclude = ["status_code"]
  [inputs.http_response.tags]
    service = ${toml(probe.service)}
    environment = ${toml(probe.environment ?? environment)}
`;
}

/** InfluxDB serves its own metrics without a login. */
function influxDbMetrics(influxDbUrl: string): string {
  return prometheus(influxDbUrl, "influxdb", [
    measurements.bucketSeries,
    measurements.taskRuns,
    measurements.taskErrors,
    "task_scheduler_total_execute_failure",
    "http_write_request_count",
    "http_query_request_count",
  ]);
}

function alertmanagerMetrics(alertmanagerUrl: string, authorization: boolean): string {
  return prometheus(
    alertmanagerUrl,
    "alertmanager",
    [
      measurements.firingAlerts,
      "alertmanager_notifications_total",
      measurements.failedNotifications,
      "alertmanager_config_last_reload_successful",
    ],
    authorization ? '  http_headers = {"Authorization" = "${ALERTMANAGER_AUTHORIZATION}"}\n' : "",
  );
}

/** The alerts that Alertmanager holds as active, in words: dashboards show them. */
function firingAlerts(alertmanagerUrl: string, authorization: boolean): string {
  const url = `${baseUrl("URL of alertmanager", alertmanagerUrl)}/api/v2/alerts?active=true&silenced=false&inhibited=false`;
  return `[[inputs.http]]
  alias = "alerts"
  urls = [${toml(url)}]
  tagexclude = ["url"]
${authorization ? '  headers = {"Authorization" = "${ALERTMANAGER_AUTHORIZATION}"}\n' : ""}  data_format = "xpath_json"
  xpath_allow_empty_selection = true
  [inputs.http.tags]
    service = "alertmanager"
  [[inputs.http.xpath]]
    metric_name = ${toml(`'${measurements.alert}'`)}
    metric_selection = "/*"
    [inputs.http.xpath.tags]
      alertname = "labels/alertname"
      severity = "labels/severity"
      fingerprint = "fingerprint"
    [inputs.http.xpath.fields]
      summary = "string(annotations/summary)"
      app = "string(labels/service)"
`;
}

function prometheus(url: string, service: string, metrics: readonly string[], login = ""): string {
  return `[[inputs.prometheus]]
  alias = ${toml(service)}
  urls = [${toml(`${baseUrl(`URL of ${service}`, url)}/metrics`)}]
  metric_version = 1
  namepass = [${metrics.map(toml).join(", ")}]
  tagexclude = ["url"]
${login}  [inputs.prometheus.tags]
    service = ${toml(service)}
`;
}

function fluentdMetrics(url: string): string {
  const base = baseUrl("fluentdUrls", url);
  const host = new URL(base).hostname;
  return `[[inputs.fluentd]]
  alias = ${toml(host.split(".")[0] ?? host)}
  endpoint = ${toml(`${base}/api/plugins.json`)}
  [inputs.fluentd.tags]
    service = ${toml(host.split(".")[0] ?? host)}
`;
}
