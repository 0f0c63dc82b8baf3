import { measurements } from "../../contract/measurements";
import { scrapedLabel, scrapedNamesAnnotation } from "../kubernetes/labels";
import { boundedFunction, defaultSeriesPerApp, reservedNames } from "./seriesBound";
import { toml } from "./toml";

/** How the Prometheus endpoints of pods are read. */
export interface PodMetricsArgs {
  /**
   * Metrics that are kept of pods that name none themselves; `*` at the end stands for any rest.
   * @default those of vLLM, Triton, BentoML, KServe and DCGM, see docs/metrics.md
   */
  names?: string[];
  /**
   * Series that are kept of one app. Of further ones nothing is stored, and PodMetricsDropped is reported.
   * @default 2000
   */
  seriesPerApp?: number;
}

/** Metrics of the servers of models, and of NVIDIA's exporter of GPU metrics. */
const defaultNames = ["vllm:*", "nv_*", "bentoml_*", "request_*", "DCGM_FI_*"];

/** Telegraf's name of the input. */
export const podMetricsAlias = "pod metrics";

/** Tag of a scraped sample: the namespace of its pod. Metrics may have a label `namespace` of their own. */
export const scrapedNamespace = "scraped_namespace";

/**
 * Input that reads the Prometheus endpoints of pods with the label `ds-monitoring/metrics: "true"`; port and path are the
 * annotations `prometheus.io/port` and `prometheus.io/path`.
 *
 * @param kubeConfig file with the way to the API server; that of the pod itself when left out
 */
export function podMetricsInput(kubeConfig: string | undefined): string {
  return `[[inputs.prometheus]]
  alias = "${podMetricsAlias}"
  monitor_kubernetes_pods = true
  monitor_kubernetes_pods_method = "settings+annotations"
  monitor_kubernetes_pods_port = 8080
${kubeConfig === undefined ? "" : `  kube_config = ${toml(kubeConfig)}\n`}  kubernetes_label_selector = ${toml(`${Object.keys(scrapedLabel)[0]}=true`)}
  pod_label_include = ["app.kubernetes.io/name"]
  pod_annotation_include = [${toml(scrapedNamesAnnotation)}]
  pod_namespace_label_name = ${toml(scrapedNamespace)}
  metric_version = 1
  content_length_limit = "10MB"
  enable_request_metrics = true
  tagexclude = ["url", "address"]
`;
}

/**
 * Starlark functions that keep the metrics that are wanted, up to a bound of series for each app, and tell whose they are.
 *
 * The samples of a GPU belong to the pod that uses it, where DCGM knows it.
 */
export const podMetricsScript = ({
  names = defaultNames,
  seriesPerApp = defaultSeriesPerApp,
}: PodMetricsArgs): string => `default_names = ${JSON.stringify(names)}

${reservedNames}
def is_wanted(name, patterns):
    for pattern in patterns:
        if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])):
            return True
    return False

${boundedFunction(seriesPerApp)}
def of_scrape(metric):
    tags = metric.tags
    names = tags.pop("${scrapedNamesAnnotation}", "")
    namespace = tags.pop("${scrapedNamespace}")
    label = tags.pop("app.kubernetes.io/name", namespace)
    service = state.get(("Pod", namespace, tags.get("pod_name")), label)
    if metric.name == "${measurements.scrape}":
        tags["service"], tags["namespace"] = service, namespace
        return metric
    if metric.name in reserved_names or not is_wanted(metric.name, names.split(",") if names else default_names):
        return None
    user = state.get(("Pod", tags.get("namespace"), tags.get("pod")))
    if metric.name.startswith("DCGM_"):
        for key in ["pod", "container"]:
            tags.pop(key, "")
    tags.setdefault("namespace", namespace)
    return bounded(metric, user or service)
`;
