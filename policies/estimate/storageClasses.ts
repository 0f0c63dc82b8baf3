import type { Resource } from "../core/resource";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";

/**
 * What a storage class buys: a family of managed disks (`E` Standard SSD, `P` Premium SSD), or a service that bills what
 * is stored.
 */
export type Bought = { disk: "E" | "P"; redundancy: string } | { kind: "blob" | "file"; sku: string };

/** Disks of the classes that AKS makes by itself. */
const ownDisks: Readonly<Record<string, "E" | "P">> = {
  ...{ default: "E", managed: "E", "managed-csi": "E", "managed-premium": "P", "managed-csi-premium": "P" },
};

/** The other classes that AKS makes by itself. */
const ownServices: Readonly<Record<string, Bought>> = {
  azurefile: { kind: "file", sku: "Standard LRS" },
  "azurefile-csi": { kind: "file", sku: "Standard LRS" },
  "azureblob-nfs-premium": { kind: "blob", sku: "Premium LRS" },
  "azureblob-fuse-premium": { kind: "blob", sku: "Premium LRS" },
};

/** What a class of the stack or of AKS buys; undefined where that is not known. Pure. */
export function boughtBy(name: string, resources: readonly Resource[]): Bought | undefined {
  const classes = resources.filter(({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass");
  const own = classes.find(({ properties }) =>
    name === "default" ? isDefault(properties) : get(properties, "metadata", "name") === name,
  );
  if (own !== undefined) return boughtByParameters(own);
  const disk = ownDisks[name];
  if (disk === undefined) return ownServices[name];
  // Since 1.29 in clusters with nodes in several zones: https://learn.microsoft.com/azure/aks/concepts-storage
  return { disk, redundancy: resources.some(isZonal) ? "ZRS" : "LRS" };
}

/** Whether claims that name no class get this one. */
function isDefault(properties: Value): boolean {
  const annotations = get(properties, "metadata", "annotations");
  const marked = get(annotations, "storageclass.kubernetes.io/is-default-class");
  return annotations instanceof Unknown || marked instanceof Unknown || marked === "true";
}

/** Parameters that change no price. */
const freeParameters =
  /^(skuname|storageaccounttype|cachingmode|kind|fstype|csi\.storage\.k8s\.io\/fstype|diskencryption\w*|resourcegroup|tags|networkaccesspolicy|publicnetworkaccess)$/i;

/** Parameters: https://github.com/kubernetes-sigs/azuredisk-csi-driver/blob/master/docs/driver-parameters.md */
function boughtByParameters({ properties }: Resource): Bought | undefined {
  if (get(properties, "provisioner") !== "disk.csi.azure.com") return undefined;
  const parameters = entriesOf(get(properties, "parameters"));
  if (!parameters.every(([key]) => freeParameters.test(key))) return undefined;
  const skus = parameters.filter(([key]) => /^(skuname|storageaccounttype)$/i.test(key));
  const [, family, redundancy] = /^(StandardSSD|Premium)_(LRS|ZRS)$/.exec(String(skus[0]?.[1])) ?? [];
  if (skus.length > 1) return undefined;
  if (family === undefined || redundancy === undefined) return undefined;
  return { disk: family === "Premium" ? "P" : "E", redundancy };
}

/** Whether a resource brings nodes in zones. */
function isZonal({ type, properties }: Resource): boolean {
  const pools =
    type === "azure-native:containerservice:AgentPool"
      ? [properties]
      : type === "azure-native:containerservice:ManagedCluster"
        ? listOf(get(properties, "agentPoolProfiles"))
        : [];
  return pools.some((pool) => {
    const zones = get(pool, "availabilityZones");
    return zones !== undefined && zones !== null && !(Array.isArray(zones) && zones.length <= 1);
  });
}
