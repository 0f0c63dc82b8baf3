import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";
import { podsLabelled, tcp, toHosts } from "../kubernetes/networkPolicies";
import { type Part, serviceUrl } from "./parts";

/** Where another part of the platform is: deployed beside this one, or existing elsewhere. */
export interface Endpoint {
  /** Base URL. */
  url: pulumi.Output<string>;
  /** Lets a client reach it: for the client's network policy. */
  egress: pulumi.Output<inputs.networking.v1.NetworkPolicyEgressRule>;
}

/** Alertmanager, for the parts that post alerts to it or read its state. */
export interface AlertmanagerEndpoint extends Endpoint {
  /**
   * Value of the header `Authorization`. Secret.
   * @default none
   */
  authorization?: pulumi.Output<string>;
}

/** InfluxDB, with the login of one of its users, who has no more rights than it needs. */
export interface InfluxDbEndpoint extends Endpoint {
  /** User name that InfluxDB's 1.x-compatible API accepts. */
  username: pulumi.Input<string>;
  /** Password. Secret. */
  password: pulumi.Output<string>;
}

/** A part that is deployed in the same namespace. */
export function deployedEndpoint(part: Part, namespace: pulumi.Input<string>): Endpoint {
  return {
    url: pulumi.output(namespace).apply((name) => serviceUrl(part, name)),
    egress: pulumi.output({ to: [podsLabelled(part.podLabels)], ports: tcp(part.port) }),
  };
}

/** A server that somebody else runs, as far as network policies must know it. */
export interface ExistingService {
  url: pulumi.Input<string>;
  podPort?: number;
}

/** A part that exists elsewhere. */
export function existingEndpoint({ url, podPort }: ExistingService): Endpoint {
  const output = pulumi.output(checked(url, portOf));
  return {
    url: output,
    egress: output.apply((text) => toHosts([new URL(text).hostname], [podPort ?? portOf(text)])),
  };
}

/** Keys of the Secret from which {@link loginVariables} come. */
export function loginSecret(influxDb: InfluxDbEndpoint, alertmanager?: AlertmanagerEndpoint) {
  return {
    influxDbPassword: pulumi.secret(influxDb.password),
    ...(alertmanager?.authorization && { alertmanagerAuthorization: alertmanager.authorization }),
  };
}

/** The passwords of {@link loginSecret} as the variables INFLUXDB_PASSWORD and, where it has one, ALERTMANAGER_AUTHORIZATION. */
export function loginVariables(
  secretName: pulumi.Input<string>,
  alertmanager?: AlertmanagerEndpoint,
): inputs.core.v1.EnvVar[] {
  return [
    fromSecret("INFLUXDB_PASSWORD", secretName, "influxDbPassword"),
    ...(alertmanager?.authorization
      ? [fromSecret("ALERTMANAGER_AUTHORIZATION", secretName, "alertmanagerAuthorization")]
      : []),
  ];
}

/**
 * The port of a URL, also where the scheme implies it.
 *
 * @throws Error when it isn't an http or https URL
 */
export function portOf(url: string): number {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    throw new Error(`"${url}" is no URL: give scheme and host, e.g. "https://influxdb.example.com:8086"`);
  }
  if (parsed.port !== "") return Number(parsed.port);
  return parsed.protocol === "https:" ? 443 : 80;
}
