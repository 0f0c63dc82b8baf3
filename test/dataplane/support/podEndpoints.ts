import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Service } from "../../../local/services/service";
import { type RuleEvaluator, startRuleEvaluator } from "./ruleEvaluator";
import { startTelegrafOn } from "./telegraf";

/** A pod that is ready, as the Kubernetes API lists it. */
export interface ListedPod {
  /** Its service, the label `app.kubernetes.io/name`. */
  readonly service: string;
  /**
   * Path of its metrics.
   * @default "/metrics"
   */
  readonly path?: string;
  /**
   * Port of its endpoint.
   * @default that of the endpoint that all pods share
   */
  readonly port?: number;
  /**
   * Names of metrics that it offers, the annotation `ds-monitoring/metric-names`.
   * @default none
   */
  readonly names?: string;
  /**
   * Whether it has the label `ds-monitoring/metrics`.
   * @default true
   */
  readonly isRead?: boolean;
}

/** Pods of the namespace `apps`, by name, and the real Telegraf that reads them into a real InfluxDB, each second. */
export interface PodEndpoints {
  readonly evaluator: RuleEvaluator;
  readonly telegraf: Service;
  stop(): Promise<void>;
}

function listed(name: string, { service, path, port, names, isRead = true }: ListedPod): object {
  return {
    metadata: {
      ...{
        name,
        namespace: "apps",
        uid: name,
        resourceVersion: "1",
        creationTimestamp: "2026-01-01T00:00:00Z",
      },
      labels: { "app.kubernetes.io/name": service, ...(isRead && { "ds-monitoring/metrics": "true" }) },
      annotations: {
        "prometheus.io/port": String(port),
        ...(path !== undefined && { "prometheus.io/path": path }),
        ...(names !== undefined && { "ds-monitoring/metric-names": names }),
      },
    },
    spec: { nodeName: "node-1", containers: [{ name: "app" }] },
    status: {
      ...{ phase: "Running", podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
      containerStatuses: [{ name: "app", restartCount: 0, state: { running: {} } }],
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** @param answer what the endpoint of the pods says to a request; its path says whose it is */
export async function startPodEndpoints(
  podsOf: (influxPort: number) => Record<string, ListedPod>,
  answer: RequestListener,
  seriesPerApp: number,
): Promise<PodEndpoints> {
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-pod-metrics-"));
  const evaluator = await startRuleEvaluator();
  const endpoint = createServer(answer);
  const port = await listen(endpoint);
  const influxPort = Number(new URL(evaluator.database.influxd.url).port);
  const pods = Object.entries(podsOf(influxPort)).map(([name, pod]) => listed(name, { port, ...pod }));
  const watching = new Set<ServerResponse>();
  const kubernetes = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    response.setHeader("content-type", "application/json");
    if (url.searchParams.get("watch") === "true") {
      watching.add(response.on("close", () => watching.delete(response)));
      // A list as a stream: https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
      const event = (type: string, object: object): string =>
        `${JSON.stringify({ type, object: { kind: "Pod", apiVersion: "v1", ...object } })}\n`;
      const annotations = { "k8s.io/initial-events-end": "true" };
      response.write(pods.map((pod) => event("ADDED", pod)).join(""));
      response.write(event("BOOKMARK", { metadata: { resourceVersion: "1", annotations } }));
      return;
    }
    const isPods = url.pathname === "/api/v1/pods";
    response.end(
      JSON.stringify({
        ...{ kind: isPods ? "PodList" : "List", apiVersion: "v1", metadata: { resourceVersion: "1" } },
        items: isPods ? pods : [],
      }),
    );
  });
  const url = `http://127.0.0.1:${await listen(kubernetes)}`;
  const kubeConfig = join(directory, "kubeconfig");
  const named = (kind: string, value: object) => [{ name: "test", [kind]: value }];
  await writeFile(
    kubeConfig,
    stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
      clusters: named("cluster", { server: url }),
      users: named("user", { token: "t" }),
      contexts: named("context", { cluster: "test", user: "test" }),
    }),
  );
  const telegraf = await startTelegrafOn(directory, evaluator.database.influxd.url, url, {
    kubeConfig,
    podMetrics: { seriesPerApp },
  });
  return {
    evaluator,
    telegraf,
    stop: async () => {
      await telegraf.stop();
      for (const response of watching) response.destroy();
      close(kubernetes);
      close(endpoint);
      await evaluator.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
