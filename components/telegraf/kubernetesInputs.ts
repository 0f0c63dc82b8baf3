import { measurements } from "../../contract/measurements";
import { partOf } from "../kubernetes/labels";
import { clusterScript, listText } from "./clusterScript";
import { inodeFields, inodesScriptName } from "./inodesScript";
import { type PodMetricsArgs, podMetricsInput, scrapedNamespace } from "./podMetrics";
import { baseUrl, toml } from "./toml";

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
  /**
   * Read the Prometheus endpoints of labelled pods.
   * @default none is read
   */
  podMetrics?: PodMetricsArgs;
  /**
   * File with the way to the API server, to find those pods.
   * @default the cluster that Telegraf runs in
   */
  kubeConfig?: string;
}

/** Names of the metrics that the processor looks at. */
const looked = [listText, measurements.container, measurements.podVolume, ...Object.keys(inodeFields)]
  .map((name) => `"${name}"`)
  .join(", ");

/** Folder of the configuration, and of the script beside it. */
export const configFolder = "/etc/telegraf";

const serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Lists of the Kubernetes API that are looked at with each sample; those with a selector hold our own objects only. */
const lists: readonly [path: string, ours: boolean][] = [
  // Before the pods: what they belong to.
  ["/apis/batch/v1/jobs", false],
  ["/apis/batch/v1/cronjobs", true],
  ["/api/v1/pods", false],
  ["/api/v1/nodes", false],
  ["/api/v1/resourcequotas", false],
  ["/api/v1/persistentvolumeclaims", true],
  ["/apis/autoscaling/v2/horizontalpodautoscalers", true],
];

/**
 * Inputs that read the use, requests, limits and restarts of containers, the Deployments of model APIs, and what is wrong
 * with any object.
 *
 * @param interval seconds between two looks at the Deployments
 */
export function kubernetesInputs(scrape: KubernetesScrape, interval: number): string[] {
  const { kubeletUrl = "", apiUrl, tokenFile = `${serviceAccountPath}/token` } = scrape;
  const skipVerify = scrape.insecureSkipVerify ?? true;
  const api = { apiUrl, tokenFile, skipVerify };
  return [
    `[[inputs.kubernetes]]
  alias = "kubelets"
  url = ${toml(kubeletUrl)}
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${skipVerify}
  # Node and system container statistics are the cluster operator's; the image's version would multiply the series.
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  tagexclude = ["image", "version"]
  label_include = ["app.kubernetes.io/name"]
  label_exclude = []
  # The token of each pod that mounts one: a few KiB, and a series for every pod.
  [inputs.kubernetes.tagdrop]
    volume_name = ["kube-api-access-*"]
`,
    inodesInput(kubeletUrl, tokenFile),
    listInput("cluster", lists, api),
    `${listInput("deployments", [["/apis/apps/v1/deployments", true]], api)}  interval = "${interval}s"
`,
    ...(scrape.podMetrics === undefined ? [] : [podMetricsInput(scrape.kubeConfig)]),
    `[[processors.starlark]]
${scrape.podMetrics === undefined ? `  namepass = [${looked}]` : `  metricpass = 'name in [${looked}] || "${scrapedNamespace}" in tags'`}
  source = '''
${clusterScript(scrape.podMetrics)}'''
`,
  ];
}

/** Input that reads the inodes of volumes. */
function inodesInput(kubeletUrl: string, tokenFile: string): string {
  return `[[inputs.exec]]
  alias = "inodes"
  commands = [${toml(`sh ${configFolder}/${inodesScriptName} ${tokenFile} ${kubeletUrl}`.trimEnd())}]
  timeout = "20s"
  data_format = "prometheus"
  prometheus_metric_version = 1
`;
}

/** How the Kubernetes API is asked. */
interface KubernetesApi extends Pick<KubernetesScrape, "apiUrl"> {
  tokenFile: string;
  skipVerify: boolean;
}

/** An input that asks the Kubernetes API for lists. */
function listInput(
  alias: string,
  wanted: readonly (typeof lists)[number][],
  { apiUrl, tokenFile, skipVerify }: KubernetesApi,
): string {
  const base = baseUrl("kubernetes.apiUrl", apiUrl ?? "https://kubernetes.default.svc");
  const selector = `?labelSelector=${encodeURIComponent(`app.kubernetes.io/part-of=${partOf}`)}`;
  const urls = wanted.map(([path, ours]) => toml(`${base}${path}${ours ? selector : ""}`));
  const trust =
    apiUrl === undefined
      ? `tls_ca = ${toml(`${serviceAccountPath}/ca.crt`)}`
      : `insecure_skip_verify = ${skipVerify}`;
  return `[[inputs.http]]
  alias = ${toml(alias)}
  urls = [${urls.join(", ")}]
  timeout = "5s"
  token_file = ${toml(tokenFile)}
  ${trust}
  tagexclude = ["url"]
  name_override = "${listText}"
  data_format = "value"
  data_type = "string"
`;
}
