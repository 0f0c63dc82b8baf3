import { modelApiComponent, partOf } from "../kubernetes/labels";
import { buckets, database } from "../../contract/buckets";

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

/** Where kubelets and the Kubernetes API are read. */
export interface KubernetesScrape {
  /**
   * URL of one kubelet; all kubelets when left out, found through the Kubernetes API with the service account.
   * @default all kubelets
   */
  kubeletUrl?: string;
  /**
   * URL of the Kubernetes API, read for requests and limits of containers, and for the Deployments of model APIs.
   * @default the cluster that Telegraf runs in
   */
  apiUrl?: string;
  /**
   * File with the bearer token.
   * @default "/var/run/secrets/kubernetes.io/serviceaccount/token"
   */
  tokenFile?: string;
  /**
   * Accept the kubelets' own certificates: most clusters don't sign them with the cluster's authority.
   * @default true
   */
  insecureSkipVerify?: boolean;
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
   * Base URL of Alertmanager, whose own metrics are scraped.
   * @default none
   */
  alertmanagerUrl?: string;
  /**
   * Whether Alertmanager asks for a login: the header `Authorization` then comes from ALERTMANAGER_AUTHORIZATION.
   * @default false
   */
  alertmanagerAuthorization?: boolean;
  /**
   * Whether InfluxDB shows its own metrics, as InfluxDB OSS does without a login.
   * @default true
   */
  influxDbMetrics?: boolean;
  /**
   * URLs of Fluentd's monitor agents, e.g. `http://fluentd-aggregator:24220`.
   * @default none
   */
  fluentdUrls?: readonly string[];
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
 * A pod's name without what its controller appended (Deployment, CronJob, StatefulSet, Job): the name of the app, which
 * is its `service.name`. Both sources of container metrics know the pod's name, only one knows its labels.
 */
const appOfPod = "^(.+?)(?:-[a-z0-9]{6,10}-[a-z0-9]{5}|-[0-9]+|-[a-z0-9]{5})$";

/**
 * Telegraf's configuration: HTTP probes, kubelet statistics, and the health of the platform itself, into the bucket
 * `events`.
 *
 * Needs Telegraf 1.30 or later; uses inputs `http`, `http_response`, `kubernetes`, `kube_inventory`, `prometheus`
 * and `fluentd`, parser `xpath`, processor `regex`, outputs `influxdb` and `health`. Source: https://docs.influxdata.com/telegraf/v1/configuration/
 *
 * @throws RangeError that names the option and the fix
 */
export function renderTelegrafConfig(options: TelegrafConfigOptions): string {
  const interval = positiveSeconds("intervalSeconds", options.intervalSeconds ?? 30);
  if (interval > 60) {
    throw new RangeError(
      `intervalSeconds must be at most 60, got ${interval}: the rollups of what pods use need a sample of each minute`,
    );
  }
  const probeInterval = positiveSeconds(
    "probeIntervalSeconds",
    options.probeIntervalSeconds ?? defaultProbeIntervalSeconds,
  );
  const probes = options.probes ?? [];
  const sections = [
    agent(options.environment, interval),
    output(options.influxDbUrl),
    health(options.healthPort ?? 9273),
    ...probes.map((probe) => httpProbe(probe, options.environment, probeInterval)),
    ...(options.influxDbMetrics === false ? [] : [influxDbMetrics(options.influxDbUrl)]),
    ...(options.alertmanagerUrl === undefined
      ? []
      : [alertmanagerMetrics(options.alertmanagerUrl, options.alertmanagerAuthorization ?? false)]),
    ...(options.fluentdUrls ?? []).map(fluentdMetrics),
    ...(options.kubernetes === false ? [] : kubernetesMetrics(options.kubernetes ?? {}, probeInterval)),
  ];
  return sections.join("\n");
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
`;
}

/** Answers the kubelet's probes: an agent that has taken no sample for minutes is stuck. */
function health(port: number): string {
  return `[[outputs.health]]
  service_address = "http://:${port}"
  max_time_between_metrics = "5m"
`;
}

function httpProbe(probe: HttpProbe, environment: string, interval: number): string {
  return `[[inputs.http_response]]
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
    "storage_bucket_series_num",
    "task_executor_total_runs_complete",
    "task_executor_errors_counter",
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
      "alertmanager_alerts",
      "alertmanager_notifications_total",
      "alertmanager_notifications_failed_total",
      "alertmanager_config_last_reload_successful",
    ],
    authorization ? '  http_headers = {"Authorization" = "${ALERTMANAGER_AUTHORIZATION}"}\n' : "",
  );
}

function prometheus(baseUrl: string, service: string, metrics: readonly string[], login = ""): string {
  return `[[inputs.prometheus]]
  urls = [${toml(`${checkedUrl(`URL of ${service}`, baseUrl).replace(/\/$/, "")}/metrics`)}]
  metric_version = 1
  namepass = [${metrics.map(toml).join(", ")}]
  tagexclude = ["url"]
${login}  [inputs.prometheus.tags]
    service = ${toml(service)}
`;
}

function fluentdMetrics(url: string): string {
  const host = new URL(checkedUrl("fluentdUrls", url)).hostname;
  return `[[inputs.fluentd]]
  endpoint = ${toml(`${url.replace(/\/$/, "")}/api/plugins.json`)}
  [inputs.fluentd.tags]
    service = ${toml(host.split(".")[0] ?? host)}
`;
}

const serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * How many replicas each model API shall have, and how many the kubelets found ready. `kube_inventory` does not tell how
 * many there shall be: an API without any pod would look like one that was scaled to zero on purpose.
 */
function modelApiDeployments(scrape: KubernetesScrape, tokenFile: string, interval: number): string {
  const { apiUrl } = scrape;
  const selector = `app.kubernetes.io/component=${modelApiComponent},app.kubernetes.io/part-of=${partOf}`;
  const base = checkedUrl("kubernetes.apiUrl", apiUrl ?? "https://kubernetes.default.svc").replace(/\/$/, "");
  const trust =
    apiUrl === undefined
      ? `tls_ca = ${toml(`${serviceAccountPath}/ca.crt`)}`
      : `insecure_skip_verify = ${scrape.insecureSkipVerify ?? true}`;
  return `[[inputs.http]]
  urls = [${toml(`${base}/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(selector)}`)}]
  interval = "${interval}s"
  timeout = "5s"
  token_file = ${toml(tokenFile)}
  ${trust}
  tagexclude = ["url"]
  data_format = "xpath_json"
  xpath_allow_empty_selection = true
  [[inputs.http.xpath]]
    metric_name = "'kubernetes_deployment'"
    metric_selection = "items/*"
    [inputs.http.xpath.tags]
      service = "metadata/name"
      namespace = "metadata/namespace"
    [inputs.http.xpath.fields]
      created_at = "metadata/creationTimestamp"
    [inputs.http.xpath.fields_int]
      replicas_desired = "spec/replicas"
      # Left out by Kubernetes where there are none.
      replicas_available = "number(concat('0', status/availableReplicas))"
`;
}

function kubernetesMetrics(scrape: KubernetesScrape, probeInterval: number): string[] {
  const tokenFile = scrape.tokenFile ?? `${serviceAccountPath}/token`;
  const skipVerify = scrape.insecureSkipVerify ?? true;
  return [
    `[[inputs.kubernetes]]
  url = ${toml(scrape.kubeletUrl ?? "")}
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${skipVerify}
  # Node and system container statistics are the cluster operator's; the image's version would multiply the series.
  namepass = ["kubernetes_pod_container", "kubernetes_pod_volume"]
  tagexclude = ["image", "version"]
`,
    `[[inputs.kube_inventory]]
  url = ${toml(scrape.apiUrl ?? "")}
  namespace = ""
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${scrape.apiUrl !== undefined && skipVerify}
  resource_include = ["pods"]
  selector_include = []
  selector_exclude = ["*"]
  namepass = ["kubernetes_pod_container"]
  fieldinclude = [
    "resource_requests_millicpu_units", "resource_requests_memory_bytes",
    "resource_limits_millicpu_units", "resource_limits_memory_bytes", "restarts_total",
  ]
  tagexclude = ["image", "version", "state", "readiness", "phase", "condition", "status"]
`,
    modelApiDeployments(scrape, tokenFile, probeInterval),
    `[[processors.regex]]
  namepass = ["kubernetes_pod_container", "kubernetes_pod_volume"]
  [[processors.regex.tags]]
    key = "pod_name"
    pattern = '${appOfPod}'
    replacement = "\${1}"
    result_key = "service"
`,
  ];
}

/** A TOML basic string. Telegraf also replaces \`\${NAME}\` by the environment, inside of strings too. */
function toml(text: string): string {
  if (text.includes("$")) {
    throw new RangeError(
      `${JSON.stringify(text)} holds a "$", which Telegraf would take for a variable: leave it out`,
    );
  }
  return JSON.stringify(text);
}

function checkedUrl(option: string, url: string): string {
  if (!/^https?:\/\/[^\s/]+/.test(url)) {
    throw new RangeError(
      `${option} must begin with http:// or https:// and a host, got ${JSON.stringify(url)}`,
    );
  }
  return url;
}

function positiveSeconds(option: string, seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new RangeError(`${option} must be whole seconds, at least 1, got ${seconds}`);
  }
  return seconds;
}
