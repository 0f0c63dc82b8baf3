import { nodePools } from "../core/nodePools";
import type { Resource } from "../core/resource";
import { Unknown, get, listOf, shown, type Value } from "../core/values";
import {
  exactly,
  type Meter,
  type Metering,
  type Purchase,
  type Range,
  standard,
  unknownOf,
  type UsageAssumptions,
} from "./metering";
import { diskTier } from "./quantity";
import { unpricedClusterSetting, unpricedPoolSetting } from "./settings";

/** A range of public addresses. */
export const prefixType = "azure-native:network:PublicIPPrefix";

/** Size of a node's disk in GiB when the pool does not say: what AKS takes for sizes of up to 7 vCPUs. */
const defaultOsDiskGiB = 128;

/** What Azure resources cost. */
export const azureMeters: Readonly<Record<string, Meter>> = {
  "azure-native:containerservice:AgentPool": ({ properties }) => nodePool(properties),
  "azure-native:containerservice:ManagedCluster": managedCluster,
  "azure-native:network:NatGateway": (_resource, { usage }) => ({ purchases: natGateway(usage) }),
  "azure-native:network:PublicIPAddress": () => ({ purchases: [standard("publicIp", "public IP")] }),
  [prefixType]: publicIpPrefix,
};

/** Each address of a range is billed, used or not; a public IP that is taken from it is counted too. */
function publicIpPrefix({ properties }: Resource): Metering {
  const addresses = prefixAddresses(properties);
  if (addresses !== undefined) return { purchases: [standard("publicIpPrefix", "public IPs", addresses)] };
  const length = shown(get(properties, "prefixLength"));
  return { unknown: `prefixLength is ${length}: give one that is known at preview, e.g. 30 for 4 addresses` };
}

/** How many addresses a range of public IPs has; undefined where that is not known. */
export function prefixAddresses(properties: Value): number | undefined {
  const version = get(properties, "publicIPAddressVersion") ?? "IPv4";
  const length = get(properties, "prefixLength");
  const bits = { IPv4: 32, IPv6: 128 }[String(version)];
  if (bits === undefined || typeof length !== "number" || length > bits || length < bits - 16)
    return undefined;
  return 2 ** (bits - length);
}

function managedCluster(resource: Resource, { usage }: Parameters<Meter>[1]): Metering {
  const { properties } = resource;
  const tier = get(properties, "sku", "tier") ?? "Free";
  const outbound = get(properties, "networkProfile", "outboundType") ?? "loadBalancer";
  const pools = get(properties, "agentPoolProfiles");
  const unknown = [tier, outbound, pools].find((value) => value instanceof Unknown);
  if (unknown !== undefined) return { unknown: unknownOf("", unknown) };

  const costly = unpricedClusterSetting(properties);
  if (costly !== undefined) return { unknown: costly };
  const provisioned = nodePools(resource);
  if (typeof provisioned === "string") return { unknown: provisioned };

  const purchases: Purchase[] = [];
  if (tier !== "Free") {
    purchases.push({ kind: "cluster", sku: String(tier), quantity: exactly(1), of: "cluster" });
  }
  // The load balancer comes with the first LoadBalancer Service in any case, so it is counted for every value of `outbound`.
  purchases.push(
    standard("loadBalancer", "load balancer"),
    standard("loadBalancerData", "GB processed (assumed)", usage.loadBalancerGB),
  );
  const addresses = outboundAddresses(properties);
  if (addresses === undefined) return { unknown: "the count of outbound addresses is unknown at preview" };
  if (addresses > 0) purchases.push(standard("publicIp", "outbound public IP", addresses));
  if (outbound === "managedNATGateway") purchases.push(...natGateway(usage));
  const isPrivate = get(properties, "apiServerAccessProfile", "enablePrivateCluster") ?? false;
  if (isPrivate !== false) {
    purchases.push(
      standard("privateEndpoint", "private endpoint"),
      standard("dnsZone", "DNS zone", 1, "Private"),
    );
  }
  if (hasIngressController(properties)) purchases.push(standard("publicIp", "public IP of the ingress"));
  for (const pool of listOf(pools)) {
    const metering = nodePool(pool);
    if ("unknown" in metering) return metering;
    purchases.push(...metering.purchases);
  }
  return { purchases };
}

function natGateway(usage: UsageAssumptions): Purchase[] {
  return [
    standard("natGateway", "NAT gateway"),
    standard("natGatewayData", "GB processed (assumed)", usage.natGatewayGB),
  ];
}

/** How many public addresses AKS makes for what the nodes of a cluster send out; undefined where that is not known. */
export function outboundAddresses(properties: Value): number | undefined {
  const profile = get(properties, "networkProfile");
  const type = get(profile, "outboundType") ?? "loadBalancer";
  if (type !== "loadBalancer" && type !== "managedNATGateway") return type instanceof Unknown ? undefined : 0;
  const count =
    type === "loadBalancer"
      ? get(profile, "loadBalancerProfile", "managedOutboundIPs", "count")
      : get(profile, "natGatewayProfile", "managedOutboundIPProfile", "count");
  // https://learn.microsoft.com/azure/aks/configure-dual-stack: one more for the other family.
  const families = get(profile, "ipFamilies");
  const others = families instanceof Unknown ? 1 : Math.max(0, listOf(families).length - 1);
  if (count === undefined || count === null) return 1 + others;
  return typeof count === "number" ? count + others : undefined;
}

/** Whether AKS installs its ingress controller, which makes a load-balanced Service with a public address. */
export function hasIngressController(properties: Value): boolean {
  const enabled = get(properties, "ingressProfile", "webAppRouting", "enabled");
  return enabled === true || enabled instanceof Unknown;
}

/** Nodes and their disks, from a separate pool or one within the cluster. */
function nodePool(pool: Value): Metering {
  const costly = unpricedPoolSetting(pool);
  if (costly !== undefined) return { unknown: costly };
  const vmSize = get(pool, "vmSize");
  if (typeof vmSize !== "string") return { unknown: unknownOf("vmSize", vmSize) };
  const nodes = nodeCount(pool);
  if (typeof nodes === "string") return { unknown: nodes };
  const purchases: Purchase[] = [
    { kind: "vm", sku: vmSize, quantity: nodes, of: "nodes", ofNodes: true, priceCeiling: spotCeiling(pool) },
  ];
  const diskType = get(pool, "osDiskType") ?? "Managed";
  const diskSize = get(pool, "osDiskSizeGB") ?? defaultOsDiskGiB;
  if (typeof diskType !== "string") return { unknown: unknownOf("osDiskType", diskType) };
  if (diskType === "Ephemeral") return { purchases };
  if (typeof diskSize !== "number") return { unknown: unknownOf("osDiskSizeGB", diskSize) };
  // AKS puts the disks of sizes that allow it (an «s» in the name) on Premium SSD; the others are no more expensive.
  const tier = diskTier("P", diskSize === 0 ? defaultOsDiskGiB : diskSize);
  if (tier === undefined) return { unknown: `no price is known for a node disk of ${diskSize} GiB` };
  purchases.push({ kind: "disk", sku: tier, quantity: nodes, of: "node disks", ofNodes: true });
  return { purchases };
}

/** Lowest and highest number of nodes of a pool; a string says why it is not known. */
export function nodeCount(pool: Value): Range | string {
  const autoscaled = get(pool, "enableAutoScaling") ?? false;
  const names = autoscaled === false ? ["count", "count"] : ["minCount", "maxCount"];
  if (typeof autoscaled !== "boolean") return unknownOf("enableAutoScaling", autoscaled);
  const [minimum, maximum] = names.map((name) => get(pool, name));
  if (typeof minimum !== "number") return unknownOf(names[0] ?? "", minimum);
  if (typeof maximum !== "number") return unknownOf(names[1] ?? "", maximum);
  return { minimum, maximum };
}

/**
 * The most that a spot node costs an hour, where the pool sets it. Spot prices change by the day; Azure never charges
 * more than pay-as-you-go, so that is what a spot pool without a ceiling counts as.
 */
function spotCeiling(pool: Value): number | undefined {
  const ceiling = get(pool, "spotMaxPrice");
  return get(pool, "scaleSetPriority") === "Spot" && typeof ceiling === "number" && ceiling > 0
    ? ceiling
    : undefined;
}
