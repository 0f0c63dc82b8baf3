import { Secret } from "@pulumi/kubernetes/core/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import type { MonitoringConnection } from "../connection";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import { podsOf, tcp } from "../kubernetes/networkPolicies";
import { existingEndpoint } from "../platform/endpoints";
import { parts, serviceUrl } from "../platform/parts";

/** What pods need that read the raw events in InfluxDB. */
export interface EventsReader {
  /** The variables INFLUXDB_URL, INFLUXDB_USERNAME and INFLUXDB_PASSWORD. */
  env: inputs.core.v1.EnvVar[];
  /** Lets them reach it. */
  egress: pulumi.Output<inputs.networking.v1.NetworkPolicyEgressRule>;
}

/**
 * A Secret with the password of the user that reads raw events and nothing else, and the way to InfluxDB.
 *
 * @param title names the component in errors
 * @throws Error where the platform has no such user
 */
export function eventsReader(
  title: string,
  name: string,
  monitoring: MonitoringConnection,
  metadata: inputs.meta.v1.ObjectMeta,
  parent: pulumi.Resource,
): EventsReader {
  const { influxDbUrl, influxDbPodPort, influxDbUsername, influxDbPassword, namespace } = monitoring;
  const password = checked(influxDbPassword, (known) => requirePassword(title, known));
  const secret = new Secret(
    `${name}-influxdb`,
    {
      metadata: { namespace: metadata.namespace, labels: metadata.labels },
      immutable: true,
      stringData: { password: pulumi.secret(password as pulumi.Output<string>) },
    },
    { parent },
  );
  const { influxDb } = parts;
  const deployed = { to: [podsOf(namespace, influxDb.podLabels)], ports: tcp(influxDb.port) };
  return {
    env: [
      { name: "INFLUXDB_URL", value: influxDbUrl },
      { name: "INFLUXDB_USERNAME", value: influxDbUsername },
      fromSecret("INFLUXDB_PASSWORD", secret.metadata.name, "password"),
    ],
    egress: pulumi
      .all([influxDbUrl, influxDbPodPort, namespace])
      .apply(([url, podPort, platform]) =>
        url === serviceUrl(influxDb, platform)
          ? pulumi.output(deployed)
          : existingEndpoint({ url, podPort }).egress,
      ),
  };
}

function requirePassword(title: string, password: unknown): void {
  if (typeof password === "string") return;
  throw new Error(
    `${title}: the platform's connection has no "influxDbPassword": upgrade the platform to 0.2.0, or, where its InfluxDB ` +
      "exists already, set influxDb.existing.credentials.apps there, and run `pulumi up` of it first",
  );
}
