import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Resource } from "../core/resource";
import { estimate, type Estimate } from "../estimate/estimate";
import type { UsageAssumptions } from "../estimate/metering";
import { hoursPerMonth, prices } from "../estimate/prices";
import { regionOf } from "../estimate/region";
import usage from "../prices/usage.json";

/** Settings that every policy with an estimate takes. */
export interface EstimateConfig {
  region: string;
  usage: Partial<UsageAssumptions>;
  assumedMonthly: Record<string, { monthly: number; reason: string }>;
}

/**
 * What is assumed where the config says nothing, for the stack and for single resources by their name: the usage file, as
 * [Infracost](https://www.infracost.io/docs/features/usage_based_resources/) has one.
 */
export const usageFile: { stack: UsageAssumptions; resources: Record<string, Partial<UsageAssumptions>> } =
  usage;

/** JSON Schema of {@link EstimateConfig}. */
export const estimateProperties: PolicyConfigSchema["properties"] = {
  region: {
    type: "string",
    description: "Region whose prices apply where no resource of the stack names one.",
    default: "eastus",
  },
  usage: {
    type: "object",
    description:
      "A month's use that no resource states, over policies/prices/usage.json, e.g. loadBalancerGB; extraNodeHours are those that nodes above a pool's minimum are on.",
    properties: {
      ...Object.fromEntries(Object.keys(usage.stack).map((name) => [name, { type: "number", minimum: 0 }])),
      extraNodeHours: { type: "number", minimum: 0, maximum: hoursPerMonth },
    },
    additionalProperties: false,
    default: {},
  },
  assumedMonthly: {
    type: "object",
    description: "Monthly price of one resource of a type that the estimate does not know, with a reason.",
    additionalProperties: {
      type: "object",
      properties: { monthly: { type: "number", minimum: 0 }, reason: { type: "string", minLength: 10 } },
      required: ["monthly", "reason"],
    },
    default: {},
  },
};

/** Estimate resources with the checked-in prices and a policy's settings. */
export function estimateWith(resources: readonly Resource[], config: EstimateConfig): Estimate {
  return estimate(resources, prices, {
    region: regionOf(resources) ?? config.region,
    usage: { ...usageFile.stack, ...config.usage },
    usageOf: usageFile.resources,
    assumedMonthly: config.assumedMonthly,
  });
}
