import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { fromSecret } from "../kubernetes/environment";
import { anyAddress, type Flow, podsLabelled } from "../kubernetes/networkPolicies";
import { type Part, serviceUrl } from "./parts";

/** Another part of the platform, deployed beside this one or existing elsewhere. */
export interface Neighbour {
  /** Base URL. */
  url: pulumi.Output<string>;
  /** The way there, for the network policy of whoever calls it. */
  flow: pulumi.Output<Flow>;
}

/** Alertmanager as those see it that post alerts or read its state. */
export interface AlertmanagerNeighbour extends Neighbour {
  /**
   * Value of the header `Authorization`. Secret.
   * @default none
   */
  authorization?: pulumi.Output<string>;
}

/** InfluxDB as one of its users sees it, with no more rights than it needs. */
export interface InfluxDbClient extends Neighbour {
  /** User name that InfluxDB's 1.x-compatible API accepts. */
  username: string;
  /** Password. Secret. */
  password: pulumi.Output<string>;
}

/** The variable with Alertmanager's authorization, for containers whose Secret holds it as `alertmanagerAuthorization`. */
export function authorizationVariable(
  alertmanager: AlertmanagerNeighbour,
  secretName: pulumi.Input<string>,
): inputs.core.v1.EnvVar[] {
  return alertmanager.authorization === undefined
    ? []
    : [fromSecret("ALERTMANAGER_AUTHORIZATION", secretName, "alertmanagerAuthorization")];
}

/** A part that is deployed in the same namespace. */
export function deployedNeighbour(part: Part, namespace: pulumi.Input<string>): Neighbour {
  return {
    url: pulumi.output(namespace).apply((name) => serviceUrl(part, name)),
    flow: pulumi.output(flowTo(part)),
  };
}

/** The way to a part of the same namespace. */
export function flowTo(part: Part): Flow {
  return { peers: [podsLabelled(part.podLabels)], ports: [{ port: part.port }] };
}

/** A part that exists elsewhere. */
export function existingNeighbour(url: pulumi.Input<string>): Neighbour {
  const output = pulumi.output(url);
  return {
    url: output,
    flow: output.apply((text) => ({ peers: [anyAddress()], ports: [{ port: portOf(text) }] })),
  };
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
