import { CoreV1Api, type CoreV1Event, type KubeConfig } from "@kubernetes/client-node";

/**
 * Warning Events of some namespaces, which say what keeps pods from becoming ready.
 *
 * @param since those that were last seen before are left out
 * @returns a line for each, for example `ReplicaSet monitoring/web-7d9f: FailedCreate: violates PodSecurity "restricted"`
 */
export async function warningsIn(
  cluster: KubeConfig,
  namespaces: Iterable<string>,
  since: Date,
): Promise<string[]> {
  const api = cluster.makeApiClient(CoreV1Api);
  const found = [...namespaces].map(async (namespace) => {
    const events = await api.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" });
    return events.items.filter((event) => lastSeen(event) >= since).map(eventLine);
  });
  return [...new Set((await Promise.all(found)).flat())];
}

function lastSeen({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): Date {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return new Date(time ?? 0);
}

function eventLine({ involvedObject: { kind, namespace, name }, reason, message }: CoreV1Event): string {
  return `${kind} ${namespace}/${name}: ${reason}: ${message}`;
}
