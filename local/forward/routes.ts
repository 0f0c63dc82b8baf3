import { CoreV1Api, type KubeConfig, type V1Pod, type V1Service } from "@kubernetes/client-node";
import { mailServer } from "../mail/deploy";

/** A Service that a person looks at. */
interface Page {
  /** What it shows, for the user. */
  title: string;
  service: string;
  /** Name of the Service's port. */
  port: string;
  /** The page to begin with. */
  path: string;
}

const pages: readonly Page[] = [
  { title: "Dashboards", service: "grafana", port: "http", path: "/" },
  { title: "Alerts", service: "alertmanager", port: "http", path: "/" },
  { title: "Mails", service: mailServer.name, port: "web", path: "/" },
  { title: "InfluxDB", service: "influxdb", port: "http", path: "/" },
  { title: "Sample API", service: "penguins-api", port: "http", path: "/healthz" },
];

/** A port of 127.0.0.1 that leads to a Service of the cluster. */
export interface Route {
  title: string;
  namespace: string;
  service: string;
  /** Name of the Service's port. */
  servicePort: string;
  path: string;
  /** The port on 127.0.0.1. */
  port: number;
}

/** The Services of the stack that a person looks at, without ports of this machine. */
export async function findPages(config: KubeConfig): Promise<Omit<Route, "port">[]> {
  const { items } = await config
    .makeApiClient(CoreV1Api)
    .listServiceForAllNamespaces({ labelSelector: "app.kubernetes.io/part-of=ds-monitoring" });
  return pages.flatMap(({ service, port, ...page }) => {
    const found = items.find(({ metadata }) => metadata?.name === service)?.metadata?.namespace;
    return found === undefined ? [] : [{ ...page, service, servicePort: port, namespace: found }];
  });
}

export function urlOf({ port, path }: Pick<Route, "port" | "path">): string {
  return `http://127.0.0.1:${port}${path}`;
}

/**
 * Where a connection to a Service goes: one of its pods that are ready, and the port of that pod.
 *
 * @returns undefined while no pod is ready
 */
export function podBehind(
  service: V1Service,
  servicePort: string,
  pods: readonly V1Pod[],
  choose: (count: number) => number = (count) => Math.floor(Math.random() * count),
): { pod: string; port: number } | undefined {
  const ready = pods.filter(({ status, metadata }) => {
    const isReady = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
    return isReady === true && metadata?.deletionTimestamp === undefined;
  });
  const pod = ready[choose(ready.length)];
  const port = service.spec?.ports?.find(({ name }) => name === servicePort);
  if (pod === undefined || port === undefined) return undefined;
  const target = port.targetPort ?? port.port;
  const containers = pod.spec?.containers ?? [];
  const named = containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target);
  const number = typeof target === "number" ? target : named?.containerPort;
  return number === undefined ? undefined : { pod: pod.metadata?.name ?? "", port: number };
}
