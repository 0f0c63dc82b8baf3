import { volumeClaims } from "../core/claims";
import { listOfTexts, resourcePolicy } from "../core/define";
import { nodePools } from "../core/nodePools";
import type { Resource } from "../core/resource";
import { get, shown, type Value } from "../core/values";
import { parseGiB } from "../estimate/quantity";

interface Config {
  maximumGiB: number;
  maximumNodeDiskGiB: number;
  classes: string[];
}

export const diskLimits = resourcePolicy<Config>({
  name: "disk-limits",
  description: "Volumes and node disks stay below a size, and volumes use agreed storage classes.",
  settings: {
    maximumGiB: { type: "number", description: "Largest volume in GiB.", default: 256 },
    maximumNodeDiskGiB: { type: "number", description: "Largest disk of a node in GiB.", default: 128 },
    classes: listOfTexts("Storage classes that volumes may have; `default` means no class at all.", [
      "default",
      "managed-csi",
      "managed-csi-premium",
      "azurefile-csi",
      "azureblob-nfs-premium",
    ]),
  },
  validate: (resource, config) => [
    ...volumeClaims(resource).flatMap((claim) => claimProblems(resource, claim, config)),
    ...nodeDiskProblems(resource, config),
  ],
});

function claimProblems({ name }: Resource, claim: Value, { maximumGiB, classes }: Config): string[] {
  const storageClass = get(claim, "storageClassName") ?? "default";
  // It takes a volume that is there.
  if (storageClass === "") return [];
  const size = get(claim, "resources", "requests", "storage");
  const gib = typeof size === "string" ? parseGiB(size) : undefined;
  const problems: string[] = [];
  if (gib === undefined || gib > maximumGiB) {
    problems.push(
      `A volume of «${name}» has ${shown(size)}, the limit is ${maximumGiB}Gi: make it smaller, or raise disk-limits.maximumGiB.`,
    );
  }
  if (typeof storageClass !== "string" || !classes.includes(storageClass)) {
    problems.push(
      `A volume of «${name}» has the storage class ${shown(storageClass)}: use one of ${classes.join(", ")}.`,
    );
  }
  return problems;
}

function nodeDiskProblems(resource: Resource, { maximumNodeDiskGiB }: Config): string[] {
  const pools = nodePools(resource);
  if (typeof pools === "string") return [`The node disks can't be checked: ${pools}.`];
  return pools.flatMap(({ name, value }) => {
    const size = get(value, "osDiskSizeGB") ?? 0;
    if (typeof size === "number" && size <= maximumNodeDiskGiB) return [];
    return [
      `Node pool «${name}»: osDiskSizeGB is ${shown(size)}, the limit is ${maximumNodeDiskGiB}: lower it, or raise disk-limits.maximumNodeDiskGiB.`,
    ];
  });
}
