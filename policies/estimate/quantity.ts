/** Binary and decimal suffixes of Kubernetes quantities, in bytes. */
const factors: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes storage quantity (`10Gi`, `500M`, `1073741824`) in GiB; undefined when it is none. */
export function parseGiB(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(quantity.trim());
  const factor = factors[match?.[2] ?? ""];
  if (match?.[1] === undefined || factor === undefined) return undefined;
  return (Number(match[1]) * factor) / 2 ** 30;
}

/** Sizes of managed disks in GiB, with the number of their tier. */
const tiers: readonly (readonly [number, number])[] = [
  [4, 1],
  [8, 2],
  [16, 3],
  [32, 4],
  [64, 6],
  [128, 10],
  [256, 15],
  [512, 20],
  [1024, 30],
];

/** Families of managed disks by the storage class that provisions them in AKS. */
const families: Readonly<Record<string, "E" | "P">> = {
  // AKS: `default`, `managed` and `managed-csi` are Standard SSD, `managed-premium` and `managed-csi-premium` Premium SSD.
  default: "E",
  managed: "E",
  "managed-csi": "E",
  "managed-premium": "P",
  "managed-csi-premium": "P",
};

/** What a storage class of a file share or of blobs buys by the GiB; AKS makes a storage account for its volumes. */
const stored: Readonly<Record<string, { kind: "blob" | "file"; sku: string }>> = {
  azurefile: { kind: "file", sku: "Standard LRS" },
  "azurefile-csi": { kind: "file", sku: "Standard LRS" },
  "azureblob-nfs-premium": { kind: "blob", sku: "Premium LRS" },
  "azureblob-fuse-premium": { kind: "blob", sku: "Premium LRS" },
};

/** What a storage class that bills what is stored buys, or undefined for disks and for a class we don't know. */
export function storedKind(storageClass: string): { kind: "blob" | "file"; sku: string } | undefined {
  return stored[storageClass];
}

/** Letter of the family of disks that a storage class provisions, or undefined for a class we don't know. */
export function diskFamily(storageClass: string): "E" | "P" | undefined {
  return families[storageClass];
}

/**
 * The billed tier of a managed disk, for example `P10`: the smallest that holds the size. Undefined above 1 TiB.
 *
 * @param gib size in GiB
 */
export function diskTier(family: "E" | "P", gib: number): string | undefined {
  const tier = tiers.find(([size]) => gib <= size);
  return tier === undefined ? undefined : `${family}${tier[1]}`;
}
