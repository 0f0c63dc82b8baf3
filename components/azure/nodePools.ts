import type { input as inputs } from "@pulumi/kubernetes/types";

/** A pool of nodes. */
export interface NodePoolArgs {
  /** VM size, e.g. `Standard_D2s_v5`. */
  vmSize: string;
  /** Fewest nodes. */
  minCount: number;
  /** Most nodes; the autoscaler stays between both. The same as `minCount`: no autoscaler. */
  maxCount: number;
  /**
   * Disk of a node in GiB.
   * @default 64
   */
  osDiskSizeGiB?: number;
  /**
   * Availability zones, e.g. `["1", "2", "3"]`. A volume stays in the zone where it was made: with several zones, a pool
   * for pods with volumes needs nodes in each.
   * @default none: Azure chooses
   */
  zones?: string[];
}

/** A pool for workloads. */
export interface UserPoolArgs extends NodePoolArgs {
  /**
   * Nodes of spare capacity, at a fraction of the price, that Azure takes back at any time. Only pods that tolerate it
   * run there: see {@link spotTolerations}.
   * @default false
   */
  spot?: boolean;
  /**
   * Highest price of a spot node an hour, in USD.
   * @default -1: up to the price without spot
   */
  spotMaxPrice?: number;
  /**
   * Labels of the nodes.
   * @default {}
   */
  labels?: Record<string, string>;
  /**
   * Taints of the nodes, e.g. `purpose=gpu:NoSchedule`.
   * @default none, but those of spot nodes
   */
  taints?: string[];
}

/** Label and taint that AKS gives to spot nodes. */
const spotKey = "kubernetes.azure.com/scalesetpriority";
const spotValue = "spot";

/** Makes pods accept spot nodes, which may be taken away in the middle of a run: the argument `tolerations`. */
export const spotTolerations: inputs.core.v1.Toleration[] = [
  { key: spotKey, operator: "Equal", value: spotValue, effect: "NoSchedule" },
];

/** Makes pods prefer spot nodes, and run elsewhere where there are none: the argument `affinity`. */
export const spotAffinity: inputs.core.v1.Affinity = {
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        preference: { matchExpressions: [{ key: spotKey, operator: "In", values: [spotValue] }] },
      },
    ],
  },
};

/** Inputs that pools inside of a cluster and separate ones share. */
export interface RenderedPool {
  vmSize: string;
  count: number;
  enableAutoScaling: boolean;
  minCount?: number;
  maxCount?: number;
  osDiskSizeGB: number;
  osType: "Linux";
  osSKU: "AzureLinux";
  type: "VirtualMachineScaleSets";
  availabilityZones?: string[];
  upgradeSettings: { maxSurge: string };
}

/** What a pool looks like to Azure; pure. */
export function renderPool(args: NodePoolArgs): RenderedPool {
  const autoscaled = args.maxCount > args.minCount;
  return {
    vmSize: args.vmSize,
    count: args.minCount,
    enableAutoScaling: autoscaled,
    ...(autoscaled ? { minCount: args.minCount, maxCount: args.maxCount } : {}),
    osDiskSizeGB: args.osDiskSizeGiB ?? 64,
    osType: "Linux",
    osSKU: "AzureLinux",
    type: "VirtualMachineScaleSets",
    availabilityZones: args.zones,
    upgradeSettings: { maxSurge: "33%" },
  };
}

/** The further inputs of a pool for workloads; pure. */
export function renderUserPool(args: UserPoolArgs) {
  const spot = args.spot ?? false;
  const taints = [...(args.taints ?? []), ...(spot ? [`${spotKey}=${spotValue}:NoSchedule`] : [])];
  const base = renderPool(args);
  return {
    ...base,
    mode: "User" as const,
    nodeLabels: { ...args.labels, ...(spot ? { [spotKey]: spotValue } : {}) },
    nodeTaints: taints,
    ...(spot
      ? {
          scaleSetPriority: "Spot" as const,
          scaleSetEvictionPolicy: "Delete" as const,
          spotMaxPrice: args.spotMaxPrice ?? -1,
          // AKS upgrades spot pools without surge: there may be no capacity for it.
          upgradeSettings: undefined,
        }
      : {}),
  };
}

/**
 * Check the pools of a cluster before anything is created; pure.
 *
 * @throws RangeError that names the setting, what is allowed and the fix
 */
export function checkPools(
  systemPool: NodePoolArgs,
  userPools: Readonly<Record<string, UserPoolArgs>>,
): void {
  // Both limits: learn.microsoft.com/azure/aks/use-system-pools
  if (systemPool.minCount < 2) {
    throw new RangeError(
      `systemPool.minCount is ${systemPool.minCount}: the cluster's own pods need at least 2 nodes, e.g. minCount: 2`,
    );
  }
  const vcpus = Number(/^Standard_[A-Z]+(?:\d+-)?(\d+)/.exec(systemPool.vmSize)?.[1] ?? Infinity);
  if (vcpus < 4) {
    throw new RangeError(
      `systemPool.vmSize is ${systemPool.vmSize}, with ${vcpus} vCPUs: a system pool needs at least 4, e.g. vmSize: Standard_D4s_v5`,
    );
  }
  if (!Object.values(userPools).some(({ spot, minCount }) => spot !== true && minCount > 0)) {
    throw new RangeError(
      "userPools has no pool for the platform: the system pool takes only the cluster's own pods; add one without spot and with minCount above 0, e.g. apps: { vmSize: Standard_D2s_v5, minCount: 1, maxCount: 3 }",
    );
  }
  checkPool("systemPool", systemPool);
  for (const [name, pool] of Object.entries(userPools)) {
    if (!/^[a-z][a-z0-9]{0,11}$/.test(name) || name === systemPoolName) {
      throw new RangeError(
        `userPools.${name}: a pool's name must be 1 to 12 lower-case letters and digits, begin with a letter and not be "${systemPoolName}", e.g. "pipelines"`,
      );
    }
    checkPool(`userPools.${name}`, pool);
    if (pool.spotMaxPrice !== undefined && pool.spot !== true) {
      throw new RangeError(
        `userPools.${name}.spotMaxPrice is for spot pools only: set spot: true, or leave it out`,
      );
    }
  }
}

/** Name of the pool of the cluster's own pods. */
export const systemPoolName = "system";

/** What Azure says of a pool of the cluster. */
type ListedPool = Partial<
  Pick<RenderedPool, "vmSize" | "count" | "minCount" | "maxCount" | "osDiskSizeGB">
> & {
  name?: string;
};

/**
 * What of the system pool's settings does not take effect, each with the command that brings it about; pure. The list of
 * pools in the cluster is left to Azure.
 *
 * @param profiles the list, undefined where Azure has not told it
 * @param cluster the options of `az` that name the cluster
 * @returns sentences; none where the pool is as wanted, or another has taken its place
 */
export function systemPoolDifferences(
  args: NodePoolArgs,
  profiles: readonly ListedPool[] | undefined,
  cluster: string,
): string[] {
  const listed = profiles?.find(({ name }) => name === systemPoolName);
  if (listed === undefined) return [];
  const wanted = renderPool(args);
  const of = `${cluster} --name ${systemPoolName}`;
  const { minCount, maxCount } = args;
  const rotate =
    "AKS can't change it: let another system pool take its place (docs/azure.md#node-pools), or set it back";
  const autoscaler =
    listed.maxCount === undefined || listed.maxCount === null
      ? "--enable-cluster-autoscaler"
      : "--update-cluster-autoscaler";
  const scale = wanted.enableAutoScaling
    ? `az aks nodepool update ${of} ${autoscaler} --min-count ${minCount} --max-count ${maxCount}`
    : `az aks nodepool update ${of} --disable-cluster-autoscaler, and az aks nodepool scale ${of} --node-count ${minCount}`;
  const compared = [
    ["vmSize", wanted.vmSize, listed.vmSize, rotate],
    ["osDiskSizeGiB", wanted.osDiskSizeGB, listed.osDiskSizeGB, rotate],
    ["minCount", minCount, listed.minCount ?? listed.count, scale],
    ["maxCount", maxCount, listed.maxCount ?? listed.count, scale],
  ] as const;
  return compared.flatMap(([setting, ours, theirs, fix]) =>
    theirs === undefined || theirs === null || ours === theirs
      ? []
      : [
          `systemPool.${setting} is ${ours}, and the cluster's pool has ${theirs}: ${fix}; then pulumi refresh`,
        ],
  );
}

function checkPool(path: string, { minCount, maxCount, osDiskSizeGiB }: NodePoolArgs): void {
  if (
    !Number.isInteger(minCount) ||
    !Number.isInteger(maxCount) ||
    minCount < 0 ||
    maxCount < Math.max(1, minCount)
  ) {
    throw new RangeError(
      `${path} has minCount ${minCount} and maxCount ${maxCount}: they must be whole numbers with 0 ≤ minCount ≤ maxCount and maxCount at least 1, e.g. minCount: 1, maxCount: 3`,
    );
  }
  if (
    osDiskSizeGiB !== undefined &&
    (!Number.isInteger(osDiskSizeGiB) || osDiskSizeGiB < 30 || osDiskSizeGiB > 2048)
  ) {
    throw new RangeError(
      `${path}.osDiskSizeGiB is ${osDiskSizeGiB}: it must be a whole number from 30 to 2048, e.g. 64`,
    );
  }
}
