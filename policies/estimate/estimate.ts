import type { Resource } from "../core/resource";
import { Unknown } from "../core/values";
import { azureMeters } from "./azure";
import { customResourceCost } from "./customResources";
import { freeReason } from "./free";
import { kubernetesMeters, loadBalancerRules } from "./kubernetes";
import {
  exactly,
  type Meter,
  type Metering,
  type Purchase,
  type Range,
  type UsageAssumptions,
} from "./metering";
import { money } from "./money";
import { findPrice, hoursPerMonth, type Price, unitsPerMonth } from "./prices";
import { clusterRegions, regionOfResource } from "./region";
import { serviceMeters } from "./services";
import { unpricedSetting } from "./settings";

/** What the estimate needs to know beside the resources. */
export interface EstimateOptions {
  /** Azure region whose prices apply to what names none. */
  region: string;
  usage: UsageAssumptions;
  /** What is assumed of single resources, by their name. */
  usageOf?: Readonly<Record<string, Partial<UsageAssumptions>>>;
  /** Prices of resource types that the estimate does not know, with a reason: monthly, for one resource. */
  assumedMonthly?: Readonly<Record<string, { monthly: number; reason: string }>>;
}

/** A priced purchase. */
export interface CostLine {
  resource: Resource;
  /** The row of the price table; undefined for an assumed price. */
  price?: Price;
  /** For example `2–5 nodes Standard_D2s_v5 × 730 h × 0.096 USD`. */
  arithmetic: string;
  /** Cost of a month. */
  cost: Range;
}

/** Why a resource has no price. */
export interface Unpriced {
  resource: Resource;
  reason: string;
  /** What helps, where the reason does not say it. */
  fix?: string;
}

export interface Estimate {
  currency: string;
  lines: CostLine[];
  /** Resources that cost nothing, with the reason. */
  free: Unpriced[];
  /** Resources whose cost is not known: never counted as 0. */
  unpriced: Unpriced[];
  /** Cost of a month of all priced lines. */
  total: Range;
}

const meters: Readonly<Record<string, Meter>> = { ...azureMeters, ...serviceMeters, ...kubernetesMeters };

/** Rules of a Standard load balancer that its base price includes. */
const includedRules = 5;

/**
 * Estimate the monthly cost of a stack's resources from a price table; pure.
 *
 * Every resource ends in exactly one of `lines`, `free` and `unpriced`.
 */
export function estimate(
  resources: readonly Resource[],
  prices: readonly Price[],
  options: EstimateOptions,
): Estimate {
  const overage = overageRules(resources);
  // A node pool does not say which of several clusters is its own: it counts with the dearest.
  const clusters = clusterRegions(resources);
  const regions = clusters.length > 1 ? clusters : [options.region];
  const result: Estimate = {
    currency: prices[0]?.currency ?? "USD",
    lines: [],
    free: [],
    unpriced: [],
    total: exactly(0),
  };
  for (const resource of resources) {
    const free = freeReason(resource);
    const meter = meters[resource.type];
    const assumed = options.assumedMonthly?.[resource.type];
    const costly = unpricedSetting(resource.type, resource.properties);
    if (costly !== undefined) result.unpriced.push({ resource, reason: costly });
    else if (free !== undefined) result.free.push({ resource, reason: free });
    else if (meter !== undefined) {
      const usage = { ...options.usage, ...options.usageOf?.[resource.name] };
      const context = { usage, overageRules: overage.get(resource.urn) ?? 0, resources };
      addMetered(result, resource, meter(resource, context), prices, regions, usage);
    } else if (assumed !== undefined) {
      result.lines.push({
        resource,
        arithmetic: `assumed ${money(assumed.monthly)} ${result.currency} (${assumed.reason})`,
        cost: exactly(assumed.monthly),
      });
    } else if (isOwnComponent(resource)) {
      result.free.push({ resource, reason: "a component: its children are priced" });
    } else {
      const fix = `state what one of them costs in assumedMonthly["${resource.type}"], or add its meter to policies/estimate`;
      const cause = customResourceCost(resource.type, resource.properties);
      const reason = `no price is known for the type ${resource.type}${cause ? `: ${cause}` : ""}`;
      result.unpriced.push({ resource, reason, fix });
    }
  }
  result.total = {
    minimum: sum(result.lines.map(({ cost }) => cost.minimum)),
    maximum: sum(result.lines.map(({ cost }) => cost.maximum)),
  };
  return result;
}

function addMetered(
  result: Estimate,
  resource: Resource,
  metering: Metering,
  prices: readonly Price[],
  stackRegions: readonly string[],
  usage: UsageAssumptions,
): void {
  if ("unknown" in metering) {
    const reason = metering.unknown;
    const known = /unknown at preview/.test(reason) ? "give it a value that is known at preview" : undefined;
    result.unpriced.push({ resource, reason, fix: known });
    return;
  }
  if (metering.purchases.length === 0) {
    result.free.push({ resource, reason: "buys nothing with these settings" });
    return;
  }
  const own = regionOfResource(resource);
  if (own instanceof Unknown) {
    const fix = "give it a location that is known at preview";
    result.unpriced.push({ resource, reason: "location is unknown at preview", fix });
    return;
  }
  const lines: CostLine[] = [];
  for (const purchase of metering.purchases) {
    const { minimum, maximum } = purchase.quantity;
    // Azure refuses such a resource in the update, after the budget was judged by the preview.
    if (!(minimum >= 0 && maximum >= minimum)) {
      const fix = "give it numbers of 0 and more, and no minimum above its maximum";
      result.unpriced.push({ resource, reason: `it has ${minimum} to ${maximum} ${purchase.of}`, fix });
      return;
    }
    let dearest: Price | undefined;
    for (const region of own === undefined ? stackRegions : [own]) {
      const price = findPrice(prices, region, purchase.kind, purchase.sku);
      if (price === undefined) {
        const reason = `the price table has no row for ${purchase.kind} «${purchase.sku}» in ${region}`;
        result.unpriced.push({ resource, reason, fix: missingPrice(purchase, region) });
        return;
      }
      if (dearest === undefined || price.price > dearest.price) dearest = price;
    }
    if (dearest !== undefined) lines.push(costLine(resource, purchase, dearest, usage));
  }
  result.lines.push(...lines);
}

/** What helps where the price table has no row. */
function missingPrice({ kind, sku }: Purchase, region: string): string {
  return kind === "disk" && sku.endsWith(" ZRS")
    ? `give the volume a StorageClass of the stack with skuName Premium_LRS or StandardSSD_LRS, or add the row «${sku}»`
    : `use another one, or add the row: npm run prices -- --region ${region} for a region, policies/prices/prices.json with its source for the rest, or assumedMonthly`;
}

/** Whether a resource is a component of a package that is none of the cloud's, so that it bills nothing itself. */
function isOwnComponent({ type, isComponent }: Resource): boolean {
  return isComponent === true && !/^(azure|azure-native|azuread|kubernetes|aws|gcp):/.test(type);
}

function costLine(resource: Resource, purchase: Purchase, price: Price, usage: UsageAssumptions): CostLine {
  const unitPrice = Math.min(price.price, purchase.priceCeiling ?? Infinity);
  const units = unitsPerMonth[price.unit];
  const { minimum, maximum } = purchase.quantity;
  const count = minimum === maximum ? String(minimum) : `${minimum}–${maximum}`;
  // Nodes above a pool's minimum may be off for a part of the month; their disks go with them.
  const extraHours = purchase.ofNodes ? Math.min(usage.extraNodeHours, hoursPerMonth) : hoursPerMonth;
  const extra = (maximum - minimum) * (extraHours / hoursPerMonth);
  const partly =
    maximum > minimum && extraHours < hoursPerMonth ? ` (${extraHours} h of those above ${minimum})` : "";
  const time =
    units === 1 ? "" : price.unit === "1/Day" ? ` × ${units.toFixed(2)} days` : ` × ${hoursPerMonth} h`;
  return {
    resource,
    price,
    arithmetic: `${count} ${purchase.of} ${purchase.sku}${time} × ${unitPrice} ${price.currency}${partly}`,
    cost: { minimum: minimum * units * unitPrice, maximum: (minimum + extra) * units * unitPrice },
  };
}

/**
 * How many rules of each Service of type LoadBalancer are billed beyond what a load balancer includes.
 *
 * A cluster in the same stack brings the load balancer, with one rule taken by outbound traffic; without one the
 * Services share a load balancer whose included rules may be taken, so each of their rules counts.
 */
function overageRules(resources: readonly Resource[]): Map<string, number> {
  const hasCluster = resources.some(({ type }) => type === "azure-native:containerservice:ManagedCluster");
  let included = hasCluster ? includedRules - 1 : 0;
  const result = new Map<string, number>();
  for (const resource of resources) {
    const rules = loadBalancerRules(resource);
    const covered = Math.min(rules, included);
    included -= covered;
    result.set(resource.urn, rules - covered);
  }
  return result;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
