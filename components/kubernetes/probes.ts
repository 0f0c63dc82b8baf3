import type { input as inputs } from "@pulumi/kubernetes/types";
import type * as pulumi from "@pulumi/pulumi";

/** What a container's HTTP probes request. */
export interface HttpProbeOptions {
  /** Port, by number or name. */
  port: number | string;
  /** Path that answers 2xx when the container can serve. */
  readyPath: pulumi.Input<string>;
  /**
   * Path that answers 2xx while the process lives. It must not depend on other parts, or their failure restarts this one.
   * @default readyPath
   */
  livePath?: pulumi.Input<string>;
  /**
   * Longest start, in seconds; afterwards the container is restarted.
   * @default 120
   */
  startupSeconds?: number;
}

/**
 * How long a pod of a Deployment must have been ready to count as available: some programs answer their probes and end
 * seconds later, as Telegraf does 15 s after its start where an output can't start.
 */
export const minReadySeconds = 15;

const startupPeriodSeconds = 5;

/** Startup, readiness and liveness probes over HTTP. Only the startup probe waits for a slow start. */
export function httpProbes(options: HttpProbeOptions) {
  const { port, readyPath, livePath = readyPath, startupSeconds = 120 } = options;
  return {
    startupProbe: {
      httpGet: { path: livePath, port },
      periodSeconds: startupPeriodSeconds,
      timeoutSeconds: 3,
      failureThreshold: Math.ceil(startupSeconds / startupPeriodSeconds),
    },
    readinessProbe: {
      httpGet: { path: readyPath, port },
      periodSeconds: 10,
      timeoutSeconds: 3,
      failureThreshold: 3,
    },
    livenessProbe: {
      httpGet: { path: livePath, port },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
  } satisfies Record<string, inputs.core.v1.Probe>;
}
