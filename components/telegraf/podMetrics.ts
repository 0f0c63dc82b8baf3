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

/**
 * Metrics of DCGM's exporter that become fields of the measurement of GPUs, and what they are multiplied by: percent, MiB
 * and watts. Source: https://docs.nvidia.com/datacenter/dcgm/latest/gpu-telemetry/dcgm-exporter.html
 */
const gpuFields = {
  DCGM_FI_DEV_GPU_UTIL: ["utilization", 0.01],
  DCGM_FI_DEV_FB_USED: ["memory_used_bytes", 1024 ** 2],
  DCGM_FI_DEV_FB_FREE: ["memory_free_bytes", 1024 ** 2],
  DCGM_FI_DEV_POWER_USAGE: ["power_watts", 1],
};

/** DCGM's own values for "not known" are above it, and no percentage, number of MiB or watts is. */
const leastBlank = 1e12;

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
  content_length_limit = "512kB"
  # An app must not write into other times.
  ignore_timestamp = true
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

gpu_fields = ${JSON.stringify(gpuFields)}

def of_gpu(metric, user):
    labels, value = metric.tags, metric.fields.get("gauge", ${leastBlank})
    if value >= ${leastBlank}:
        return None
    name, factor = gpu_fields[metric.name]
    fields = {name: value * factor}
    if name == "memory_used_bytes":
        fields["gpus"] = 1.0
    tags = {"gpu": "gpu", "gpu_model": "modelName", "gpu_instance": "GPU_I_ID", "node_name": "Hostname", "namespace": "namespace"}
    if user:
        tags.update([("pod_name", "pod"), ("container_name", "container")])
    return point(metric, "${measurements.gpu}", {key: labels[label] for key, label in tags.items() if labels.get(label)}, fields)

${boundedFunction(seriesPerApp)}
def of_scrape(metric):
    tags = metric.tags
    names = tags.pop("${scrapedNamesAnnotation}", "")
    namespace = tags.pop("${scrapedNamespace}")
    label = tags.pop("app.kubernetes.io/name", namespace)
    service = state.get(("Pod", namespace, tags.get("pod_name")), label)
    pod = ("read", namespace, tags.get("pod_name"))
    if metric.name == "${measurements.scrape}":
        tags["service"], tags["namespace"] = service, namespace
        # It comes after the metrics of the answer. Without one, the answer was none that can be read.
        if not state.pop(pod, False):
            metric.fields.pop("content_length", 0)
        return metric
    state[pod] = True
    if metric.name in reserved_names or not is_wanted(metric.name, names.split(",") if names else default_names):
        return None
    user = None
    if metric.name.startswith("DCGM_"):
        user = state.get(("Pod", tags.get("namespace"), tags.get("pod")))
        # A pod that no list held yet: the next look knows it.
        if tags.get("pod") and not user:
            return None
        if not user:
            tags["namespace"] = namespace
        if metric.name in gpu_fields:
            gpu = of_gpu(metric, user)
            return bounded(gpu, user or service) if gpu else None
        for key in ["pod", "container"]:
            tags.pop(key, "")
    tags.setdefault("namespace", namespace)
    return bounded(metric, user or service)
`;
