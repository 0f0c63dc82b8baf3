import { suspendedOnPurpose } from "../kubernetes/labels";

/** Seconds by which a CronJob may begin late before a run counts as missed. */
const lateSeconds = 660;

const [suspendedAnnotation] = Object.keys(suspendedOnPurpose);

/**
 * Starlark function `problems`: what is wrong with an object of the Kubernetes API, as (reason, since, message). Reasons
 * are Kubernetes' own, so that its documentation explains them; `since` is in Unix seconds.
 *
 * Workloads count where they are labelled as part of ds-monitoring; nodes and quotas always.
 */
export const problemsScript = (): string => `def unix(text):
    return time.parse_time(text).unix

def condition(one, kind):
    for found in one.get("status", {}).get("conditions") or []:
        if found["type"] == kind:
            return found
    return {}

def when(one, kind, status, reasons = None):
    found = condition(one, kind)
    if found.get("status") != status or (reasons != None and found.get("reason") not in reasons):
        return []
    return [(found.get("reason") or kind, unix(found.get("lastTransitionTime") or one["metadata"]["creationTimestamp"]), found.get("message") or "")]

not_starting = [
    "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
]

def of_pod(pod):
    metadata, status = pod["metadata"], pod.get("status", {})
    created = unix(metadata["creationTimestamp"])
    if "deletionTimestamp" in metadata:
        return [("Terminating", unix(metadata["deletionTimestamp"]), "its node no longer answers, or a finalizer waits")]
    found = when(pod, "PodScheduled", "False", ["Unschedulable"])
    for one in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        waiting = one.get("state", {}).get("waiting", {})
        if waiting.get("reason") in not_starting:
            found.append((waiting["reason"], created, one["name"] + ": " + waiting.get("message", "")))
        for ended in [one.get("state", {}).get("terminated"), one.get("lastState", {}).get("terminated")]:
            if ended and ended.get("reason") == "OOMKilled":
                found.append(("OOMKilled", unix(ended["finishedAt"]), one["name"]))
                break
    if status.get("phase") == "Failed" and status.get("reason"):
        disruption = when(pod, "DisruptionTarget", "True")
        found.append((status["reason"], disruption[0][1] if disruption else unix(status.get("startTime", metadata["creationTimestamp"])), status.get("message", "")))
    of_job = [owner for owner in metadata.get("ownerReferences") or [] if owner["kind"] == "Job"]
    if status.get("phase") == "Running" and not of_job:
        found += [("NotReady", since, message) for _, since, message in when(pod, "Ready", "False")]
    return found

def of_job(job):
    metadata = job["metadata"]
    failed = when(job, "Failed", "True")
    for owner in metadata.get("ownerReferences") or []:
        # Whether a later Job has succeeded, the CronJob says, in a list that may come after this one.
        if "CronJob" not in state:
            return []
        succeeded = state["CronJob"].get((metadata["namespace"], owner["name"]))
        if failed and succeeded and unix(succeeded) > failed[0][1]:
            return []
    return [("JobFailed", since, reason + ": " + message) for reason, since, message in failed]

def of_cron_job(one):
    metadata, spec, status = one["metadata"], one["spec"], one.get("status", {})
    suspended = spec.get("suspend", False)
    if status.get("active") or (suspended and (metadata.get("annotations") or {}).get("${suspendedAnnotation}")):
        return []
    due = last_due(spec["schedule"], spec.get("timeZone") or "UTC", time.now().unix - ${lateSeconds})
    times = [metadata["creationTimestamp"], status.get("lastScheduleTime")]
    # A new schedule, or the end of a suspension, asks for no runs before it.
    times += [change.get("time") for change in metadata.get("managedFields") or [] if not change.get("subresource")]
    if due == None or due <= max([unix(at) for at in times if at]):
        return []
    if suspended:
        return [("Suspended", due, "it was suspended by hand")]
    return [("Missed", due, "no Job was made at its time")]

def of_node(node):
    ready = condition(node, "Ready")
    found = [] if ready.get("status") == "True" else [("NodeNotReady", unix(ready.get("lastTransitionTime", node["metadata"]["creationTimestamp"])), ready.get("message", ""))]
    for pressure in ["MemoryPressure", "DiskPressure", "PIDPressure"]:
        found += [(pressure, since, message) for _, since, message in when(node, pressure, "True")]
    return found

def of_claim(claim):
    annotations = claim["metadata"].get("annotations") or {}
    phase = claim.get("status", {}).get("phase")
    # Before a pod needs it, a claim may wait for its first consumer.
    if phase == "Lost" or (phase == "Pending" and "volume.kubernetes.io/selected-node" in annotations):
        return [("Claim" + phase, unix(claim["metadata"]["creationTimestamp"]), "")]
    return []

def of_quota(quota):
    status = quota.get("status", {})
    used = status.get("used", {})
    full = [name for name, hard in (status.get("hard") or {}).items() if amount(hard) > 0 and amount(used.get(name, "0")) >= amount(hard)]
    return [("QuotaFull", 0, ", ".join(full))] if full else []

def problems(kind, one):
    if kind == "Node":
        return of_node(one)
    if kind == "ResourceQuota":
        return of_quota(one)
    if not is_ours(one):
        return []
    if kind == "Pod":
        return of_pod(one)
    if kind == "Job":
        return of_job(one)
    if kind == "CronJob":
        return of_cron_job(one)
    if kind == "Deployment":
        return when(one, "Progressing", "False", ["ProgressDeadlineExceeded"])
    if kind == "HorizontalPodAutoscaler":
        return when(one, "ScalingLimited", "True", ["TooManyReplicas"])
    if kind == "PersistentVolumeClaim":
        return of_claim(one)
    return []
`;
