import type * as pulumi from "@pulumi/pulumi";

/** The three probes of a container. */
export interface Probes {
  startupProbe: HttpProbe;
  readinessProbe: HttpProbe;
  livenessProbe: HttpProbe;
}

/** A probe that asks over HTTP. */
export interface HttpProbe {
  httpGet: { path: pulumi.Input<string>; port: number | string };
  periodSeconds: number;
  timeoutSeconds: number;
  failureThreshold: number;
}

/** What a container's HTTP probes ask. */
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

const startupPeriodSeconds = 5;

/** Startup, readiness and liveness probes over HTTP. A slow start is the startup probe's matter alone. */
export function httpProbes(options: HttpProbeOptions): Probes {
  const { port, readyPath, livePath = readyPath, startupSeconds = 120 } = options;
  return {
    startupProbe: {
      httpGet: { path: readyPath, port },
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
  };
}
