import { measurements } from "../../contract/measurements";
import { modelApiComponent, partOf } from "../kubernetes/labels";
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
 * is its `service.name`. Both sources of container metrics know the pod's name, only one knows its labels.
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
  return [
    `[[inputs.kubernetes]]
  url = ${toml(kubeletUrl)}
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${skipVerify}
  # Node and system container statistics are the cluster operator's; the image's version would multiply the series.
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  tagexclude = ["image", "version"]
`,
    `[[inputs.kube_inventory]]
  url = ${toml(apiUrl ?? "")}
  namespace = ""
  bearer_token = ${toml(tokenFile)}
  insecure_skip_verify = ${apiUrl !== undefined && skipVerify}
  resource_include = ["pods"]
  selector_include = []
  selector_exclude = ["*"]
  namepass = ["${measurements.container}"]
  fieldinclude = [
    "resource_requests_millicpu_units", "resource_requests_memory_bytes",
    "resource_limits_millicpu_units", "resource_limits_memory_bytes", "restarts_total",
  ]
  tagexclude = ["image", "version", "state", "readiness", "phase", "condition", "status"]
`,
    modelApiDeployments(apiUrl, tokenFile, skipVerify, interval),
    `[[processors.regex]]
  namepass = ["${measurements.container}", "${measurements.podVolume}"]
  [[processors.regex.tags]]
    key = "pod_name"
    pattern = '${appOfPod}'
    replacement = "\${1}"
    result_key = "service"
`,
  ];
}

/**
 * How many replicas each model API shall have, and how many the kubelets found ready. `kube_inventory` does not say how
 * many there shall be: an API without any pod would look like one that was scaled to zero on purpose.
 */
function modelApiDeployments(
  apiUrl: string | undefined,
  tokenFile: string,
  skipVerify: boolean,
  interval: number,
): string {
  const selector = `app.kubernetes.io/component=${modelApiComponent},app.kubernetes.io/part-of=${partOf}`;
  const base = baseUrl("kubernetes.apiUrl", apiUrl ?? "https://kubernetes.default.svc");
  const trust =
    apiUrl === undefined
      ? `tls_ca = ${toml(`${serviceAccountPath}/ca.crt`)}`
      : `insecure_skip_verify = ${skipVerify}`;
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
