import type { Resource } from "../core/resource";
import { Unknown, get } from "../core/values";

/** The region that an Azure resource names, as prices write it: `West Europe` is `westeurope`; undefined for none. */
export function regionOfResource({ type, properties }: Resource): string | Unknown | undefined {
  const location = type.startsWith("azure-native:") ? get(properties, "location") : undefined;
  if (location instanceof Unknown) return location;
  return typeof location === "string" ? location.toLowerCase().replaceAll(" ", "") : undefined;
}

/** The region of a stack, for what names none: that of its cluster, or else of its first Azure resource. */
export function regionOf(resources: readonly Resource[]): string | undefined {
  return clusterRegions(resources)[0] ?? regionsOf(resources)[0];
}

/** The regions of a stack's clusters, each once. */
export function clusterRegions(resources: readonly Resource[]): string[] {
  return regionsOf(resources.filter(({ type }) => type === "azure-native:containerservice:ManagedCluster"));
}

function regionsOf(resources: readonly Resource[]): string[] {
  const regions = resources.map(regionOfResource).filter((region) => typeof region === "string");
  return [...new Set(regions)];
}
