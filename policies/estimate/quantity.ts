import { bytesOf } from "../../components/kubernetes/quantities";

/** A Kubernetes storage quantity (`10Gi`, `500M`, `1073741824`) in GiB; undefined when it is none. */
export function parseGiB(quantity: string): number | undefined {
  try {
    return bytesOf(quantity) / 2 ** 30;
  } catch {
    return undefined;
  }
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

/**
 * The billed tier of a managed disk, for example `P10`: the smallest that holds the size. Undefined above 1 TiB.
 *
 * @param gib size in GiB
 */
export function diskTier(family: "E" | "P", gib: number): string | undefined {
  const tier = tiers.find(([size]) => gib <= size);
  return tier === undefined ? undefined : `${family}${tier[1]}`;
}
