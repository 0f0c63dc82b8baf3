import { measurements } from "../../contract/measurements";
import { modelApiComponent, partOf } from "../kubernetes/labels";
import { podList, podsScript } from "./podsScript";
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
}

/**
 * A pod's name without what its controller appended (Deployment, CronJob, StatefulSet, Job): the name of the app, which
 * is its `service.name` where no label of ours says it.
 */
const appOfPod = "^(.+?)(?:-[a-z0-9]{6,10}-[a-z0-9]{5}|-[0-9]+|-[a-z0-9]{5})$";

const serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Inputs that read the use, requests, limits and restarts of containers, and the Deployments of model APIs.
 *
 * @param interval seconds between two looks at the Deployments
 */
export function kubernetesInputs(scrape: KubernetesScrape, interval: number): string[] {
  const { kubeletUrl = "", apiUrl, tokenFile = `${serviceAccountPath}/token` } = scrape;
  const skipVerify = scrape.insecureSkipVerify ?? true;
  const api = { apiUrl, tokenFile, skipVerify };
  return [
    `[[inputs.kubernetes]]
  url = ${toml(kubeletUrl)}
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${skipVerify}
  # Node and system container statistics are the cluster operator's; the image's version would multiply the series.
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  tagexclude = ["image", "version"]
  label_include = ["app.kubernetes.io/name", "app.kubernetes.io/part-of"]
  label_exclude = []
  # The token of each pod that mounts one: a few KiB, and a series for every pod.
  [inputs.kubernetes.tagdrop]
    volume_name = ["kube-api-access-*"]
`,
    `${apiRequest("/api/v1/pods", api)}  name_override = "${podList}"
  data_format = "value"
  data_type = "string"
`,
    `[[processors.starlark]]
  order = 1
  namepass = ["${podList}"]
  source = '''
${podsScript()}'''
`,
    modelApiDeployments(api, interval),
    `[[processors.regex]]
  order = 2
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  [[processors.regex.tags]]
    key = "pod_name"
    pattern = '${appOfPod}'
    replacement = "\${1}"
    result_key = "service"
`,
    // Ours say it themselves, also in Jobs that were started by hand.
    `[[processors.regex]]
  order = 3
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  [processors.regex.tagpass]
    "app.kubernetes.io/part-of" = ["${partOf}"]
  [[processors.regex.tags]]
    key = "app.kubernetes.io/name"
    pattern = "^(.+)$"
    replacement = "\${1}"
    result_key = "service"
`,
  ];
}

/** How many replicas each model API shall have, and how many the kubelets found ready. */
function modelApiDeployments(api: KubernetesApi, interval: number): string {
  const selector = `app.kubernetes.io/component=${modelApiComponent},app.kubernetes.io/part-of=${partOf}`;
  const path = `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(selector)}`;
  return `${apiRequest(path, api)}  interval = "${interval}s"
  data_format = "xpath_json"
  xpath_allow_empty_selection = true
  [[inputs.http.xpath]]
    metric_name = "'${measurements.deployment}'"
    metric_selection = "items/*"
    [inputs.http.xpath.tags]
      service = "metadata/name"
      namespace = "metadata/namespace"
    [inputs.http.xpath.fields]
      created_at = "metadata/creationTimestamp"
    [inputs.http.xpath.fields_int]
      replicas_desired = "spec/replicas"
      # Left out by Kubernetes where there are none.
      replicas_available = "number(concat('0', status/readyReplicas))"
`;
}

/** How the Kubernetes API is asked. */
interface KubernetesApi extends Pick<KubernetesScrape, "apiUrl"> {
  tokenFile: string;
  skipVerify: boolean;
}

/** The first lines of an input that asks the Kubernetes API. */
function apiRequest(path: string, { apiUrl, tokenFile, skipVerify }: KubernetesApi): string {
  const base = baseUrl("kubernetes.apiUrl", apiUrl ?? "https://kubernetes.default.svc");
  const trust =
    apiUrl === undefined
      ? `tls_ca = ${toml(`${serviceAccountPath}/ca.crt`)}`
      : `insecure_skip_verify = ${skipVerify}`;
  return `[[inputs.http]]
  urls = [${toml(`${base}${path}`)}]
  timeout = "5s"
  token_file = ${toml(tokenFile)}
  ${trust}
  tagexclude = ["url"]
`;
}
