import type { Resource } from "../core/resource";
import { Unknown, get } from "../core/values";
import { type Range, exactly, unknownOf } from "./metering";

/** What raises the number of a workload's pods: where its highest number is, and what holds without it. */
const scalers: Readonly<Record<string, { maximum: string; standard?: number }>> = {
  "kubernetes:autoscaling/v1:HorizontalPodAutoscaler": { maximum: "maxReplicas" },
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": { maximum: "maxReplicas" },
  // https://keda.sh/docs/latest/reference/scaledobject-spec/
  "kubernetes:keda.sh/v1alpha1:ScaledObject": { maximum: "maxReplicaCount", standard: 100 },
};

/** How many pods a workload has, at least and at most; a string says why that is not known. Pure. */
export function podCount(workload: Resource, resources: readonly Resource[]): Range | string {
  const kind = workload.type.split(":").at(-1) ?? "";
  const { properties } = workload;
  if (kind === "PersistentVolumeClaim" || kind === "Pod") return exactly(1);
  if (kind === "DaemonSet") return "it has a pod on each node: make it a StatefulSet or a Deployment";
  const path =
    kind === "CronJob"
      ? ["spec", "jobTemplate", "spec", "parallelism"]
      : ["spec", kind === "Job" ? "parallelism" : "replicas"];
  const own = get(properties, ...path) ?? 1;
  if (typeof own !== "number") return unknownOf(path.join("."), own);
  let range = exactly(own);
  for (const scaler of resources) {
    const how = scalers[scaler.type];
    if (how === undefined || !scales(scaler, workload, kind)) continue;
    const maximum = get(scaler.properties, "spec", how.maximum) ?? how.standard;
    if (typeof maximum !== "number") return `of «${scaler.name}», ${unknownOf(how.maximum, maximum)}`;
    range = { minimum: Math.min(range.minimum, own), maximum: Math.max(range.maximum, maximum) };
  }
  return range;
}

/** Whether a scaler is, or may be, that of a workload: a name that is not known yet fits all of the kind. */
function scales({ properties }: Resource, workload: Resource, kind: string): boolean {
  const target = get(properties, "spec", "scaleTargetRef");
  // KEDA scales a Deployment where no kind is given.
  const targetKind = get(target, "kind") ?? "Deployment";
  const same = (a: unknown, b: unknown) => typeof a !== "string" || typeof b !== "string" || a === b;
  return (
    (targetKind instanceof Unknown || targetKind === kind) &&
    same(get(target, "name"), get(workload.properties, "metadata", "name")) &&
    same(get(properties, "metadata", "namespace"), get(workload.properties, "metadata", "namespace"))
  );
}
