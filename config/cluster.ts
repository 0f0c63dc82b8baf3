import type { AksClusterArgs } from "../components/azure/aksCluster";
import type { NodePoolArgs, UserPoolArgs } from "../components/azure/nodePools";
import {
  type ConfigSource,
  type ValueKind,
  listOf,
  mapping,
  oneOf,
  optional,
  required,
  textLike,
  trueOrFalse,
} from "./reader";

const region = textLike(/^[a-z]+[a-z0-9]*$/, "an Azure region", "eastus");
const vmSize = textLike(/^Standard_[A-Za-z0-9_-]+$/, "an Azure VM size", "Standard_D2s_v5");
const version = textLike(/^\d+\.\d+(\.\d+)?$/, "a Kubernetes version in quotes", '"1.34"');
const range = textLike(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "an IPv4 range", "10.100.0.0/16");
const address = textLike(/^\d{1,3}(\.\d{1,3}){3}$/, "an IPv4 address", "10.0.0.10");
const objectId = textLike(
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  "an Entra object id",
  "11111111-2222-3333-4444-555555555555",
);
const zone = textLike(/^[123]$/, 'a zone in quotes, "1" to "3"', '"1"');
const time = textLike(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day in quotes, UTC", '"02:00"');
const taint = textLike(
  /^[^=:\s]+(=[^=:\s]+)?:(NoSchedule|PreferNoSchedule|NoExecute)$/,
  "a taint",
  "purpose=gpu:NoSchedule",
);

const nodeCount = wholeNumber(0, 1000, 3);
const diskSize = wholeNumber(30, 2048, 64);
const windowHours = wholeNumber(4, 24, 4);
const hourlyPrice: ValueKind<number> = {
  allowed: "a price an hour in USD above 0",
  example: "0.08",
  parse: (value) => (typeof value === "number" && value > 0 ? value : undefined),
};
const texts: ValueKind<Record<string, string>> = {
  allowed: "a mapping of names to texts",
  example: "{ owner: data-team }",
  parse: (value) => {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    const valid =
      entries.length > 0 && entries.every(([, text]) => typeof text === "string" && text.trim() !== "");
    return valid && !Array.isArray(value) ? (value as Record<string, string>) : undefined;
  },
};

const poolKeys = ["vmSize", "minCount", "maxCount", "osDiskSizeGiB", "zones"];
const userPoolKeys = [...poolKeys, "spot", "spotMaxPrice", "labels", "taints"];
const clusterKeys = [
  ...["location", "tags", "systemPool", "userPools", "tier", "kubernetesVersion", "network", "entra"],
  ...["privateCluster", "authorizedIpRanges", "ingressController", "blobCsiDriver", "maintenance"],
];

/**
 * Read the key `cluster` of a stack: the AKS cluster that the stack makes, or undefined when it uses one that is there.
 *
 * @throws Error that names the key, what is allowed and an example
 */
export function readClusterConfig(stack: ConfigSource): AksClusterArgs | undefined {
  const source = mapping(stack, "cluster", clusterKeys);
  if (source === undefined) return undefined;
  return {
    location: required(source, "location", region),
    tags: required(source, "tags", texts),
    systemPool: readPool(requiredMapping(source, "systemPool", poolKeys)),
    userPools: readUserPools(source),
    tier: optional(source, "tier", oneOf(["Free", "Standard"])),
    kubernetesVersion: optional(source, "kubernetesVersion", version),
    network: readNetwork(source),
    entra: readEntra(source),
    privateCluster: optional(source, "privateCluster", trueOrFalse),
    authorizedIpRanges: optional(source, "authorizedIpRanges", listOf(range)),
    ingressController: optional(source, "ingressController", trueOrFalse),
    blobCsiDriver: optional(source, "blobCsiDriver", trueOrFalse),
    maintenance: readMaintenance(source),
  };
}

function readPool(source: ConfigSource): NodePoolArgs {
  return {
    vmSize: required(source, "vmSize", vmSize),
    minCount: required(source, "minCount", nodeCount),
    maxCount: required(source, "maxCount", nodeCount),
    osDiskSizeGiB: optional(source, "osDiskSizeGiB", diskSize),
    zones: optional(source, "zones", listOf(zone)),
  };
}

function readUserPools(cluster: ConfigSource): Record<string, UserPoolArgs> {
  const value = cluster.get("userPools") ?? {};
  const names = typeof value === "object" && !Array.isArray(value) ? Object.keys(value as object) : [];
  const pools = mapping(cluster, "userPools", names);
  if (pools === undefined) return {};
  return Object.fromEntries(
    names.map((name) => {
      const source = requiredMapping(pools, name, userPoolKeys);
      const pool: UserPoolArgs = {
        ...readPool(source),
        spot: optional(source, "spot", trueOrFalse),
        spotMaxPrice: optional(source, "spotMaxPrice", hourlyPrice),
        labels: optional(source, "labels", texts),
        taints: optional(source, "taints", listOf(taint)),
      };
      return [name, pool];
    }),
  );
}

function readNetwork(cluster: ConfigSource): AksClusterArgs["network"] {
  const keys = ["addressSpace", "nodeRange", "podRange", "serviceRange", "dnsServiceIp"];
  const source = mapping(cluster, "network", keys);
  if (source === undefined) return undefined;
  return {
    addressSpace: optional(source, "addressSpace", range),
    nodeRange: optional(source, "nodeRange", range),
    podRange: optional(source, "podRange", range),
    serviceRange: optional(source, "serviceRange", range),
    dnsServiceIp: optional(source, "dnsServiceIp", address),
  };
}

function readEntra(cluster: ConfigSource): AksClusterArgs["entra"] {
  const source = mapping(cluster, "entra", ["adminGroupObjectIds", "disableLocalAccounts", "login"]);
  if (source === undefined) return undefined;
  return {
    adminGroupObjectIds: required(source, "adminGroupObjectIds", listOf(objectId)),
    disableLocalAccounts: optional(source, "disableLocalAccounts", trueOrFalse),
    login: optional(source, "login", oneOf(["azurecli", "workloadidentity", "devicecode", "spn", "msi"])),
  };
}

function readMaintenance(cluster: ConfigSource): AksClusterArgs["maintenance"] {
  const source = mapping(cluster, "maintenance", ["day", "startTime", "durationHours"]);
  if (source === undefined) return undefined;
  const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
  return {
    day: optional(source, "day", oneOf(days)),
    startTime: optional(source, "startTime", time),
    durationHours: optional(source, "durationHours", windowHours),
  };
}

function requiredMapping(source: ConfigSource, key: string, keys: string[]): ConfigSource {
  const found = mapping(source, key, keys);
  if (found === undefined) {
    const example = `${key}: { vmSize: Standard_D2s_v5, minCount: 1, maxCount: 3 }`;
    throw new Error(
      `${source.prefix}${key} is not set: it must be a mapping of ${keys.join(", ")}, e.g. ${example}`,
    );
  }
  return found;
}

function wholeNumber(minimum: number, maximum: number, example: number): ValueKind<number> {
  return {
    allowed: `a whole number from ${minimum} to ${maximum}`,
    example: String(example),
    parse: (value) =>
      Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
        ? Number(value)
        : undefined,
  };
}
