import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import type { MonitoringConnection } from "../connection";
import { checked } from "../kubernetes/checked";
import { scrapedLabel, scrapedNamesAnnotation } from "../kubernetes/labels";
import { podsOf, tcp } from "../kubernetes/networkPolicies";
import { parts } from "../platform/parts";

/** A Prometheus endpoint. */
export interface MetricsEndpointArgs {
  /**
   * Port.
   * @default that of the API; 8080 for a step of a pipeline
   */
  port?: pulumi.Input<number>;
  /**
   * Path.
   * @default "/metrics"
   */
  path?: pulumi.Input<string>;
  /**
   * Metrics that are kept; `*` at the end stands for any rest.
   * @default those that the platform keeps of every app
   */
  names?: string[];
}

/** What a pod and its network policy need, so that Telegraf reads an endpoint. */
export interface ScrapedPod {
  labels: Record<string, string>;
  annotations: Record<string, pulumi.Input<string>>;
  ingress: inputs.networking.v1.NetworkPolicyIngressRule;
}

/**
 * @param title names the component in errors
 * @param port of the endpoint where it says none
 * @throws Error naming the key and the fix: a path that is none, a platform that reads no endpoints
 */
export function scrapedPod(
  title: string,
  args: MetricsEndpointArgs,
  port: pulumi.Input<number>,
  monitoring: MonitoringConnection,
): ScrapedPod {
  const path = checked(args.path ?? "/metrics", (known) => requirePath(title, known));
  const reads = checked(monitoring.readsPodMetrics, (known) => requireReads(title, known));
  const number = pulumi.all([args.port ?? port, reads]).apply(([known]) => known);
  return {
    labels: scrapedLabel,
    annotations: {
      "prometheus.io/port": number.apply(String),
      "prometheus.io/path": path,
      ...(args.names && { [scrapedNamesAnnotation]: args.names.join(",") }),
    },
    ingress: { from: [podsOf(monitoring.namespace, parts.telegraf.podLabels)], ports: tcp(number) },
  };
}

function requirePath(title: string, path: string): void {
  if (path.startsWith("/")) return;
  throw new Error(`${title}: metrics.path must begin with "/", e.g. "/metrics"; got ${JSON.stringify(path)}`);
}

function requireReads(title: string, reads: unknown): void {
  if (reads === true) return;
  throw new Error(
    `${title}: metrics is set, but the platform reads no endpoints: set telegraf.podMetrics there, {} for the defaults, ` +
      "and run `pulumi up` of it first",
  );
}
