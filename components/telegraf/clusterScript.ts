import { measurements } from "../../contract/measurements";
import { modelApiComponent, ownerLabel, partOf, scrapedLabel, sloAnnotation } from "../kubernetes/labels";
import { claimsScript } from "./inodesScript";
import { type PodMetricsArgs, podMetricsScript, scrapedNamespace } from "./podMetrics";
import { podsScript } from "./podsScript";
import { problemsScript } from "./problemsScript";
import { schedulesScript } from "./schedulesScript";
import { pointFunction } from "./seriesBound";

/** Name of the metric that holds a list of the Kubernetes API as text, before {@link clusterScript}. */
export const listText = "kubernetes_list_text";

const [scraped] = Object.keys(scrapedLabel);

/**
 * Starlark that makes metrics of lists of the Kubernetes API: what pods hold, what is wrong with any object, and that the
 * list was read. It also tells whose the kubelets' statistics are: of each pod, by its labels, else by its owner.
 *
 * Source: https://docs.influxdata.com/telegraf/v1/processor-plugins/starlark/
 */
export const clusterScript = (podMetrics?: PodMetricsArgs): string => `load("json.star", "json")
load("time.star", "time")

# Of each pod, by namespace and name, and of each Job, whose it is.
state = {}

${pointFunction}
def owner_of(one):
    metadata = one["metadata"]
    labels = metadata.get("labels") or {}
    if "app.kubernetes.io/name" in labels:
        return labels["app.kubernetes.io/name"]
    for owner in metadata.get("ownerReferences") or []:
        if not owner.get("controller"):
            continue
        name = owner["name"]
        if owner["kind"] == "ReplicaSet":
            return name.removesuffix("-" + labels.get("pod-template-hash", ""))
        if owner["kind"] == "Node":
            return metadata["name"].removesuffix("-" + name)
        if owner["kind"] == "Job":
            # The list of Jobs may come after that of pods: until it is there, nobody knows.
            return state.get(("Job", metadata["namespace"], name), name) if "jobs" in state else None
        return name
    return metadata["name"]

def is_ours(one):
    return (one["metadata"].get("labels") or {}).get("app.kubernetes.io/part-of") == "${partOf}"

# Whatever is no number is no objective: one wrong annotation must not cost the list.
def objectives(metadata):
    slo = json.decode((metadata.get("annotations") or {}).get("${sloAnnotation}", "{}"), {})
    slo = slo if type(slo) == "dict" else {}
    latency = slo.get("latency") if type(slo.get("latency")) == "dict" else {}
    declared = {"slo_availability": slo.get("availability"), "slo_latency_p": latency.get("p"), "slo_latency_seconds": latency.get("seconds")}
    return {name: float(value) for name, value in declared.items() if type(value) in ["int", "float"]}

${podsScript()}
${schedulesScript()}
${problemsScript()}
${podMetrics === undefined ? "" : podMetricsScript(podMetrics)}
def of_list(metric):
    answer = json.decode(metric.fields["value"])
    kind = answer.get("kind", "").removesuffix("List")
    items = answer.get("items") or []
    made = [point(metric, "${measurements.kubernetesList}", {"kind": kind}, {"items": len(items)})]
    remember(kind, items)
    for one in items:
        metadata = one["metadata"]
        owner = owner_of(one)
        if owner == None:
            continue
        tags = {"service": owner} if "namespace" in metadata else {}
        team = (metadata.get("labels") or {}).get("${ownerLabel}")
        if team and kind in ["Deployment", "CronJob", "Pod"]:
            made.append(point(metric, "${measurements.owner}", tags, {"owner": team}))
        if kind == "Pod":
            pod = dict(tags, namespace = metadata["namespace"], pod_name = metadata["name"])
            made += usage(metric, one, pod)
${
  podMetrics === undefined
    ? ""
    : `            if (metadata.get("labels") or {}).get("${scraped}") == "true" and when(one, "Ready", "True"):
                made.append(point(metric, "${measurements.scrape}", pod, {"expected": 1.0}))
`
}        if kind == "Deployment" and (metadata.get("labels") or {}).get("app.kubernetes.io/component") == "${modelApiComponent}":
            made.append(point(metric, "${measurements.deployment}", dict(tags, namespace = metadata["namespace"]), dict(
                objectives(metadata),
                created_at = metadata["creationTimestamp"],
                replicas_desired = int(one["spec"].get("replicas", 1)),
                replicas_available = int(one.get("status", {}).get("readyReplicas", 0)),
            )))
        for reason, since, message in problems(kind, one):
            fields = {"seconds": max(0.0, float(metric.time // 1000000000 - since)), "message": message[:500]}
            made.append(point(metric, "${measurements.kubernetesProblem}", dict(tags, kind = kind, namespace = metadata.get("namespace", ""), name = metadata["name"], reason = reason), fields))
    return made

${claimsScript}
def remember(kind, items):
    if kind in ["Pod", "Job"]:
        for key in [key for key in state if key[0] in [kind, kind + " claim"]]:
            state.pop(key)
        for one in items:
            state[(kind, one["metadata"]["namespace"], one["metadata"]["name"])] = owner_of(one)
            for volume in (one["spec"].get("volumes") or []) if kind == "Pod" else []:
                remember_claim(one, volume)
    if kind == "Job":
        state["jobs"] = True
    if kind == "CronJob":
        state[kind] = {(one["metadata"]["namespace"], one["metadata"]["name"]): one.get("status", {}).get("lastSuccessfulTime") for one in items}

def apply(metric):
${
  podMetrics === undefined
    ? ""
    : `    if "${scrapedNamespace}" in metric.tags:
        return of_scrape(metric)
`
}    if metric.name == "${listText}":
        return of_list(metric)
    if metric.name in inode_fields:
        return of_inodes(metric)
    owner = state.get(("Pod", metric.tags.get("namespace"), metric.tags.get("pod_name")), metric.tags.get("app.kubernetes.io/name"))
    # A pod that no list held yet: the next look knows it.
    if owner == None:
        return None
    metric.tags["service"] = owner
    return metric
`;
