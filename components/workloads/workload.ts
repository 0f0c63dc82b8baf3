import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { restrictedContainerSecurityContext } from "../kubernetes/podSecurity";
import type { ContainerResources } from "../kubernetes/resources";
import type { LoggedContainer } from "../fluentd/sidecar";

/** The user that applications run as unless they say otherwise: any, but not root. */
export const defaultAppUser = { uid: 10001 } as const;

/** A volume that {@link appContainer} mounts at /tmp; its image is read-only. */
export const tmpVolume: inputs.core.v1.Volume = { name: "tmp", emptyDir: { sizeLimit: "1Gi" } };

/** Where containers find the approved models. */
const modelDirectory = "/models";

/** The variable that names the directory of the approved models. */
export const modelVariables = { MODEL_DIR: modelDirectory } as const;

/** The volume of the approved models. */
export function modelVolume(claimName: pulumi.Input<string>, readOnly: boolean): inputs.core.v1.Volume {
  return { name: "models", persistentVolumeClaim: { claimName, readOnly } };
}

/** How a container mounts {@link modelVolume}. */
export function modelMount(readOnly: boolean): inputs.core.v1.VolumeMount {
  return { name: "models", mountPath: modelDirectory, readOnly };
}

/** An application's container in the terms that {@link ModelApi} and {@link Pipeline} share. */
export interface AppContainerOptions {
  name: string;
  image: pulumi.Input<string>;
  command?: string[];
  args?: string[];
  env: inputs.core.v1.EnvVar[];
  resources: ContainerResources;
  volumeMounts?: inputs.core.v1.VolumeMount[];
}

/** A restricted container that may write to /tmp and its mounts only. */
export function appContainer(options: AppContainerOptions): LoggedContainer {
  const { volumeMounts = [], ...container } = options;
  return {
    ...container,
    securityContext: restrictedContainerSecurityContext(),
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, ...volumeMounts],
  };
}

/** What an application says of itself in its log lines, as OpenTelemetry's environment variables. */
export interface Identity {
  /** `service.name`. */
  service: string;
  /** `deployment.environment.name`. */
  environment: pulumi.Input<string>;
  /** More resource attributes, e.g. `{ "ml.model.name": "churn" }`. */
  attributes?: Record<string, pulumi.Input<string>>;
}

/**
 * The environment of an application's container: who it is, then the caller's own variables.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function environmentVariables(
  identity: Identity,
  own: Record<string, pulumi.Input<string>> = {},
): inputs.core.v1.EnvVar[] {
  const attributes = pulumi
    .output({ ...identity.attributes, "deployment.environment.name": identity.environment })
    .apply((all) =>
      Object.entries(all)
        .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
        .join(","),
    );
  return [
    { name: "OTEL_SERVICE_NAME", value: identity.service },
    { name: "OTEL_RESOURCE_ATTRIBUTES", value: attributes },
    ...Object.entries(own).map(([name, value]) => ({ name, value })),
  ];
}

/** The default name of what a component creates in the cluster, checked early and with the fix named. */
export function requireDnsLabel(component: string, what: string, value: string): void {
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
    throw new Error(
      `${component}: ${what} "${value}" must be a DNS label: lower-case letters, digits and "-", ` +
        `at most 63, beginning with a letter, e.g. "churn-api"`,
    );
  }
}
