import { CoreV1Api, type KubeConfig, type V1ContainerStatus, type V1Pod } from "@kubernetes/client-node";
import { sleep } from "../processes";

const ours = "app.kubernetes.io/part-of=ds-monitoring";

/** Why a pod is neither ready nor done, in a few words; undefined when it is. */
export function whyNotReady(pod: V1Pod): string | undefined {
  const { phase, conditions = [], initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  if (phase === "Succeeded") return undefined;
  if (phase === "Failed") return pod.status?.message ?? pod.status?.reason ?? "it failed";
  if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) return undefined;
  const statuses = [...initContainerStatuses, ...containerStatuses];
  const waiting = statuses.map(whyWaiting).find((reason) => reason !== undefined);
  if (waiting !== undefined) return waiting;
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled !== undefined) return unscheduled.message ?? "no node takes it";
  const step = initContainerStatuses.find(({ ready, state }) => state?.running !== undefined && !ready);
  if (step !== undefined) return `${step.name} is running`;
  const unready = containerStatuses.find(({ ready }) => !ready);
  if (unready?.state?.running !== undefined) return `${unready.name} is running and not ready yet`;
  return "it is being created";
}

function whyWaiting({ name, state, lastState, restartCount }: V1ContainerStatus): string | undefined {
  const { reason, message } = state?.waiting ?? {};
  const ended = lastState?.terminated;
  if (ended !== undefined && reason === "CrashLoopBackOff") {
    return `${name} ended ${restartCount} times, last with exit code ${ended.exitCode} (${ended.reason})`;
  }
  if (reason === undefined || reason === "PodInitializing" || reason === "ContainerCreating")
    return undefined;
  return `${name}: ${reason}${message === undefined ? "" : ` (${message.slice(0, 200)})`}`;
}

/**
 * Say what is waited for, until `work` ends: each pod of ours that is not ready, and why, whenever that changes and at
 * least every half minute.
 */
export async function withProgress<T>(
  config: KubeConfig,
  say: (line: string) => void,
  work: Promise<T>,
): Promise<T> {
  const started = Date.now();
  let done = false;
  const watching = (async () => {
    const api = config.makeApiClient(CoreV1Api);
    let said = { lines: "", at: started };
    while (!done) {
      const { items } = await api
        .listPodForAllNamespaces({ labelSelector: ours })
        .catch(() => ({ items: [] }));
      // Who waits for a pod that has failed hears of it; that of an earlier run is waited for by nobody.
      const waiting = items.flatMap((pod) => {
        if (pod.status?.phase === "Failed") return [];
        const why = whyNotReady(pod);
        return why === undefined ? [] : [`    ${pod.metadata?.namespace}/${pod.metadata?.name}: ${why}`];
      });
      const lines = waiting.sort().join("\n");
      const due = Date.now() - said.at > (lines === said.lines ? 30_000 : 5_000);
      if (waiting.length > 0 && due) {
        say(`  ${Math.round((Date.now() - started) / 1000)} s: waiting for ${waiting.length} pods\n${lines}`);
        said = { lines, at: Date.now() };
      }
      for (let pauses = 0; pauses < 10 && !done; pauses++) await sleep(200);
    }
  })();
  try {
    return await work;
  } finally {
    done = true;
    await watching;
  }
}
