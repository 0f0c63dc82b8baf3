import { measurements } from "../../contract/measurements";

/**
 * Starlark functions that make metrics of a pod: what containers request and may use, how often they were restarted, and
 * the size limits of volumes in memory and on the node's disk.
 *
 * Telegraf's own input for it sees no init container, native sidecars and the steps of a pipeline among them, and charges
 * pods that have ended. Here, what ended, or has not begun because init containers run, requests nothing.
 *
 * Source: https://docs.influxdata.com/telegraf/v1/processor-plugins/starlark/
 */
export const podsScript = (): string => `suffixes = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 1024.0, "Mi": 1048576.0, "Gi": 1073741824.0, "Ti": 1099511627776.0, "Pi": 1125899906842624.0,
}

def amount(quantity):
    text = str(quantity)
    number = text.rstrip("numkMGTPi")
    return float(number) * suffixes.get(text[len(number):], 1.0)

def reserved(container):
    fields = {}
    resources = container.get("resources", {})
    for kind in ["requests", "limits"]:
        amounts = resources.get(kind, {})
        if "cpu" in amounts:
            fields["resource_" + kind + "_millicpu_units"] = int(amount(amounts["cpu"]) * 1000.0 + 0.5)
        if "memory" in amounts:
            fields["resource_" + kind + "_memory_bytes"] = int(amount(amounts["memory"]))
    return fields

def containers(metric, tags, spec, status):
    made = []
    for kind in ["initContainer", "container"]:
        states = {one["name"]: one for one in status.get(kind + "Statuses") or []}
        for container in spec.get(kind + "s") or []:
            own = states.get(container["name"], {})
            state = own.get("state", {})
            later = state.get("waiting", {}).get("reason") == "PodInitializing"
            holds = "running" in state or (kind == "container" and not later)
            fields = reserved(container) if holds else {}
            if "restartCount" in own:
                fields["restarts_total"] = int(own["restartCount"])
            if fields:
                named = dict(tags, container_name = container["name"])
                made.append(point(metric, "${measurements.container}", named, fields))
    return made

def volumes(metric, tags, spec):
    made = []
    for volume in spec.get("volumes") or []:
        limit = (volume.get("emptyDir") or {}).get("sizeLimit")
        if limit != None:
            named = dict(tags, volume_name = volume["name"])
            made.append(point(metric, "${measurements.podVolume}", named, {"limit_bytes": int(amount(limit))}))
    return made

def usage(metric, pod, tags):
    spec, status = pod["spec"], pod.get("status", {})
    if "nodeName" not in spec or status.get("phase") in ["Succeeded", "Failed"]:
        return []
    tags = dict(tags, node_name = spec["nodeName"])
    return containers(metric, tags, spec, status) + volumes(metric, tags, spec)
`;
