import type { Cluster } from "./cluster";
import {
  conditionsOf,
  describe,
  refOf,
  type ContainerStatus,
  type Event,
  type KubernetesObject,
  type Pod,
} from "./objects";

const maxPods = 3;
const maxEvents = 5;
const maxRestarts = 2;

function containerProblem(status: ContainerStatus): string | undefined {
  const { name, state = {}, lastState, restartCount = 0, ready } = status;
  const ended = state.terminated ?? lastState?.terminated;
  const because = (parts: (string | undefined)[]) => parts.filter((part) => part).join(": ");
  if (
    state.waiting &&
    state.waiting.reason !== "ContainerCreating" &&
    state.waiting.reason !== "PodInitializing"
  ) {
    const exit = ended ? ` (last exit code ${ended.exitCode}${ended.reason ? `, ${ended.reason}` : ""})` : "";
    return because([`container ${name} is waiting`, state.waiting.reason, state.waiting.message]) + exit;
  }
  if (state.terminated && state.terminated.exitCode !== 0) {
    const { exitCode, reason, message } = state.terminated;
    return because([`container ${name} ended with exit code ${exitCode}`, reason, message]);
  }
  if (!ready && restartCount > maxRestarts) return `container ${name} was restarted ${restartCount} times`;
  if (!ready && state.running)
    return `container ${name} runs but is not ready: its startup or readiness probe fails`;
  return undefined;
}

/** Why a pod is not ready, one line a cause; empty when it is. */
export function podProblems(pod: Pod): string[] {
  const conditions = conditionsOf(pod);
  if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) return [];
  if (pod.status?.phase === "Succeeded") return [];
  const unscheduled = conditions.filter(({ type, status }) => type === "PodScheduled" && status === "False");
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const problems = [
    ...unscheduled.map(
      ({ reason, message }) => `not scheduled: ${reason ?? "unknown"}: ${message ?? "no message"}`,
    ),
    ...statuses.map(containerProblem).filter((problem) => problem !== undefined),
  ];
  const { phase, reason, message } = pod.status ?? {};
  if (phase === "Failed") problems.unshift(`failed: ${[reason, message].filter((part) => part).join(": ")}`);
  if (problems.length === 0) problems.push(`${phase ?? "Pending"}, not ready`);
  return problems.map((problem) => `${describe(refOf(pod))}: ${problem}`);
}

/** What an object's own conditions complain of. */
export function conditionProblems(object: KubernetesObject): string[] {
  const bad = conditionsOf(object).filter(({ type, status, reason }) => {
    if (type === "ReplicaFailure" || type === "Failed") return status === "True";
    if (type === "Progressing") return reason === "ProgressDeadlineExceeded";
    return object.kind === "Namespace" && status === "True";
  });
  return bad.map(({ type, reason, message }) => [reason ?? type, message].filter((part) => part).join(": "));
}

/** The latest warnings among events, without repetition. */
export function warnings(events: readonly Event[]): string[] {
  const lines = events
    .filter(({ type }) => type === "Warning")
    .map(({ reason, message }) => [reason, message].filter((part) => part).join(": "));
  return [...new Set(lines)].slice(-maxEvents);
}

function labelSelectorOf({ kind, spec }: KubernetesObject): string | undefined {
  const { selector } = (spec ?? {}) as { selector?: { matchLabels?: Record<string, string> } };
  const labels =
    kind === "Service" ? (selector as Record<string, string> | undefined) : selector?.matchLabels;
  if (!labels || Object.keys(labels).length === 0) return undefined;
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

async function eventsOf(cluster: Cluster, { metadata }: KubernetesObject): Promise<Event[]> {
  return cluster.list<Event>(
    { apiVersion: "v1", kind: "Event", namespace: metadata.namespace ?? "default" },
    { fieldSelector: `involvedObject.uid=${metadata.uid}` },
  );
}

/** Why an object is not ready: its conditions, the state of its pods, and the warnings about both. */
export async function diagnose(cluster: Cluster, object: KubernetesObject): Promise<string[]> {
  const labelSelector = labelSelectorOf(object);
  const { namespace } = object.metadata;
  const pods = labelSelector
    ? await cluster.list<Pod>({ apiVersion: "v1", kind: "Pod", namespace }, { labelSelector })
    : [];
  if (object.kind === "Pod") pods.push(object as Pod);
  const failing = pods.filter((pod) => podProblems(pod).length > 0).slice(0, maxPods);
  const events = await Promise.all([object, ...failing].map((about) => eventsOf(cluster, about)));
  return [
    ...new Set([...conditionProblems(object), ...failing.flatMap(podProblems), ...warnings(events.flat())]),
  ];
}
