import type { Resource } from "../core/resource";
import { Unknown, type Value } from "../core/values";
import type { PriceKind } from "./prices";

/** A quantity between a lower and an upper bound: autoscaled nodes have both. */
export interface Range {
  minimum: number;
  maximum: number;
}

/** What is assumed of things that no resource says: use, not size. A month's worth each. */
export interface UsageAssumptions {
  /** GB that pass the load balancer. */
  loadBalancerGB: number;
  /** GB that pass a NAT gateway. */
  natGatewayGB: number;
  /** GB kept in each storage account. */
  blobGB: number;
  /** GB kept in each container registry. */
  registryGB: number;
  /** Operations on each Key Vault. */
  keyVaultOperations: number;
  /** GB that each Log Analytics workspace takes in. */
  logsGB: number;
  /** Millions of events that each namespace of Event Hubs takes in. */
  eventHubMillions: number;
  /** GB that pass each private endpoint. */
  privateEndpointGB: number;
  /** Millions of queries to each DNS zone. */
  dnsMillions: number;
  /** Hours that the autoscaler's nodes above a pool's minimum are on, at most 730. */
  extraNodeHours: number;
}

/** One purchase that a resource makes. */
export interface Purchase {
  kind: PriceKind;
  sku: string;
  /** How many of them run at a time, or, for a price per GB, how many GB a month. */
  quantity: Range;
  /** What is counted, for the arithmetic: `nodes`, `disks`, `GB`. */
  of: string;
  /** Whether it is nodes, or comes and goes with them. */
  ofNodes?: boolean;
  /** Highest price of a unit, where a resource sets one (spot). */
  priceCeiling?: number;
}

/** What a resource buys, or why that is not known. */
export type Metering = { purchases: Purchase[] } | { unknown: string };

/** What a resource of one type buys; pure. */
export type Meter = (resource: Resource, context: MeterContext) => Metering;

export interface MeterContext {
  usage: UsageAssumptions;
  /** Load-balancer rules of this very resource that the base price does not include. */
  overageRules: number;
  /** All resources of the stack: some change what another buys. */
  resources: readonly Resource[];
}

/** So many of a service, all the time or a month. */
export function standard(kind: PriceKind, of: string, quantity = 1, sku = "Standard"): Purchase {
  return { kind, sku, quantity: exactly(quantity), of };
}

/** A quantity that is the same at all times. */
export function exactly(quantity: number): Range {
  return { minimum: quantity, maximum: quantity };
}

/** Why a value can't be used: it is not known yet, or not set. */
export function unknownOf(name: string, value: Value): string {
  return value instanceof Unknown ? `${value.path} is unknown at preview` : `${name} is not set`;
}
