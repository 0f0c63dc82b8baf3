import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster";
import { diagnose } from "./diagnosis";
import { describe, refOf, type KubernetesObject, type ObjectRef } from "./objects";
import { claimReadiness, needsEndpoints, readinessOf, serviceReadiness, type Readiness } from "./readiness";

export interface WaitOptions {
  timeoutSeconds: number;
  /** Aborted when the user cancels the run. */
  signal: AbortSignal;
  /** Called with what is missing, each time that changes; with an empty text when nothing is. */
  onProgress: (status: string) => void;
}

/** The end of a wait: the last state seen and, when it is not what was hoped for, the reasons. */
export interface WaitResult {
  object: KubernetesObject;
  reasons: string[];
}

const firstPauseMs = 100;
const longestPauseMs = 1000;
const diagnosisIntervalMs = 3000;

async function bindingModeOf(cluster: Cluster, claim: KubernetesObject): Promise<string | undefined> {
  const { storageClassName } = (claim.spec ?? {}) as { storageClassName?: string };
  if (!storageClassName) return undefined;
  const storageClass = await cluster.get({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    name: storageClassName,
  });
  return storageClass?.volumeBindingMode as string | undefined;
}

async function check(cluster: Cluster, object: KubernetesObject): Promise<Readiness> {
  const { kind, metadata } = object;
  if (kind === "PersistentVolumeClaim") return claimReadiness(object, await bindingModeOf(cluster, object));
  if (kind === "Service" && needsEndpoints(object)) {
    const slices = await cluster.list(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: metadata.namespace },
      { labelSelector: `kubernetes.io/service-name=${metadata.name}` },
    );
    return serviceReadiness(slices);
  }
  return readinessOf(object);
}

/** Sleeps, but no longer than the signal allows. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Waits until an object is ready, fails for good, or the time is up. */
export async function waitUntilReady(
  cluster: Cluster,
  applied: KubernetesObject,
  { timeoutSeconds, signal, onProgress }: WaitOptions,
): Promise<WaitResult> {
  const ref = refOf(applied);
  const started = Date.now();
  let object = applied;
  let lastReason = "";
  let diagnosedAt = started;
  for (let delay = firstPauseMs; ; delay = Math.min(delay * 1.5, longestPauseMs)) {
    const readiness = await check(cluster, object);
    if (readiness.ready) {
      if (lastReason !== "") onProgress("");
      return { object, reasons: [] };
    }
    const { reason, final = false } = readiness;
    const now = Date.now();
    const timedOut = now - started >= timeoutSeconds * 1000;
    const over = final || timedOut || signal.aborted;
    const details = over || now - diagnosedAt >= diagnosisIntervalMs ? await diagnose(cluster, object) : [];
    if (details.length > 0) diagnosedAt = now;
    // The controller repeats such a pod for ever, and is refused each time.
    const refused = details.some((detail) => detail.includes("violates PodSecurity"));
    if (over || refused) {
      const ending = signal.aborted
        ? "cancelled"
        : timedOut
          ? `timed out after ${timeoutSeconds} s`
          : "failed";
      return { object, reasons: [`${describe(ref)}: ${ending}: ${reason}`, ...details] };
    }
    if (reason !== lastReason) onProgress(`waiting: ${reason}`);
    lastReason = reason;
    await pause(delay, signal);
    const live = await cluster.get(ref);
    if (!live) return { object, reasons: [`${describe(ref)}: was deleted by someone else while it started`] };
    object = live;
  }
}

/**
 * Waits until an object is gone, or replaced by another one of its name.
 * Throws an error that names the object and what holds it.
 */
export async function waitUntilGone(
  cluster: Cluster,
  ref: ObjectRef,
  uid: string | undefined,
  { timeoutSeconds, signal, onProgress }: WaitOptions,
): Promise<void> {
  const started = Date.now();
  for (let delay = firstPauseMs; ; delay = Math.min(delay * 1.5, longestPauseMs)) {
    const object = await cluster.get(ref);
    if (!object || (uid !== undefined && object.metadata.uid !== uid)) return;
    if (signal.aborted || Date.now() - started >= timeoutSeconds * 1000) {
      const { finalizers = [] } = object.metadata;
      const holders = finalizers.length > 0 ? [`held by its finalizers ${finalizers.join(", ")}`] : [];
      const details = [...holders, ...(await diagnose(cluster, object))];
      const ending = signal.aborted ? "cancelled" : `timed out after ${timeoutSeconds} s`;
      throw new Error([`${describe(ref)}: deletion ${ending}`, ...details].join("\n"));
    }
    if (delay === firstPauseMs) onProgress("waiting: the object is being deleted");
    await pause(delay, signal);
  }
}
