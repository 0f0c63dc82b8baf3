import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import type { MonitoringConnection } from "../connection";

/**
 * The identity that the app writes into its log lines, and where it sends OpenTelemetry's protocol.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 *
 * @param attributes more resource attributes, e.g. `{ "ml.model.name": "churn" }`
 */
export function identityVariables(
  service: string,
  { environment, otlpUrl }: MonitoringConnection,
  attributes: Record<string, pulumi.Input<string>>,
): inputs.core.v1.EnvVar[] {
  const written = pulumi
    .output({ ...attributes, "deployment.environment.name": environment })
    .apply((known) =>
      Object.entries(known)
        .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
        .join(","),
    );
  const endpoint = pulumi.output(otlpUrl).apply((known) => known ?? "");
  return [
    { name: "OTEL_SERVICE_NAME", value: service },
    { name: "OTEL_RESOURCE_ATTRIBUTES", value: written },
    // Empty is as good as none for OpenTelemetry.
    ...(otlpUrl === undefined ? [] : [{ name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: endpoint }]),
  ];
}
