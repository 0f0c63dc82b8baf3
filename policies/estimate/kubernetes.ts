import { volumeClaims } from "../core/claims";
import type { Resource } from "../core/resource";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";
import { isGateway } from "./customResources";
import {
  type Meter,
  type MeterContext,
  type Metering,
  type Purchase,
  type Range,
  standard,
  unknownOf,
} from "./metering";
import { diskTier, parseGiB } from "./quantity";
import { podCount } from "./replicas";
import { boughtBy } from "./storageClasses";

/** What Kubernetes resources buy from Azure: volumes and public addresses. Pods run on priced nodes. */
export const kubernetesMeters: Readonly<Record<string, Meter>> = {
  ...Object.fromEntries(
    [
      ...["apps/v1:DaemonSet", "apps/v1:Deployment", "apps/v1:ReplicaSet", "apps/v1:StatefulSet"],
      ...["batch/v1:CronJob", "batch/v1:Job", "core/v1:PersistentVolumeClaim", "core/v1:Pod"],
    ].map((type) => [`kubernetes:${type}`, volumes]),
  ),
  "kubernetes:core/v1:Service": service,
  "kubernetes:gateway.networking.k8s.io/v1:Gateway": gateway,
  "kubernetes:gateway.networking.k8s.io/v1beta1:Gateway": gateway,
};

/** The volumes of a claim, or of each pod of a workload, those that end with the pod too. */
function volumes(resource: Resource, { resources }: MeterContext): Metering {
  const claims = volumeClaims(resource).filter(makesVolume);
  const unknown = claims.find((claim) => claim instanceof Unknown);
  if (unknown !== undefined) return { unknown: unknownOf("", unknown) };
  if (claims.length === 0) return { purchases: [] };
  const policy = get(resource.properties, "spec", "concurrencyPolicy");
  if (resource.type.endsWith(":CronJob") && policy !== "Forbid" && policy !== "Replace") {
    return { unknown: "its runs may overlap, and each makes volumes: set concurrencyPolicy to Forbid" };
  }
  const pods = podCount(resource, resources);
  if (typeof pods === "string") return { unknown: `the number of its volumes is not known: ${pods}` };
  const purchases: Purchase[] = [];
  for (const claim of claims) {
    const bought = volume(claim, pods, resources);
    if (typeof bought === "string") return { unknown: bought };
    purchases.push(bought);
  }
  return { purchases };
}

/** Whether a claim makes a volume; one of the class "" takes a volume that is there. */
function makesVolume(claim: Value): boolean {
  return get(claim, "storageClassName") !== "";
}

/** What one volume a pod buys; a string says why that is not known. */
function volume(claim: Value, quantity: Range, resources: readonly Resource[]): Purchase | string {
  const storageClass = get(claim, "storageClassName") ?? "default";
  const size = get(claim, "resources", "requests", "storage");
  if (typeof storageClass !== "string") return "storageClassName is unknown at preview";
  if ((get(claim, "volumeAttributesClassName") ?? "") !== "") {
    return "volumeAttributesClassName changes what its disk is: leave it out, and give it the storage class";
  }
  if (typeof size !== "string") return "resources.requests.storage is missing or unknown at preview";
  const gib = parseGiB(size);
  if (gib === undefined) return `«${size}» is no size of a volume`;
  const bought = boughtBy(storageClass, resources);
  if (bought === undefined) {
    return `no price is known for the storage class «${storageClass}»: use managed-csi or managed-csi-premium`;
  }
  if (!("disk" in bought)) {
    // What is stored is billed, from nothing to the size of the claim.
    return { ...bought, quantity: { minimum: 0, maximum: quantity.maximum * gib }, of: "GiB stored" };
  }
  const tier = diskTier(bought.disk, gib);
  if (tier === undefined) return `no price is known for a disk of «${size}»: at most 1Ti`;
  const sku = bought.redundancy === "LRS" ? tier : `${tier} ${bought.redundancy}`;
  return { kind: "disk", sku, quantity, of: quantity.maximum === 1 ? "disk" : "disks" };
}

function service(resource: Resource, { overageRules }: Parameters<Meter>[1]): Metering {
  const spec = get(resource.properties, "spec");
  const unknown = [spec, get(spec, "type"), get(spec, "ports"), get(spec, "ipFamilies")].find(
    (value) => value instanceof Unknown,
  );
  if (unknown !== undefined) return { unknown: unknownOf("", unknown) };
  return { purchases: loadBalanced(resource, overageRules) };
}

function gateway(resource: Resource, { overageRules }: MeterContext): Metering {
  const { properties } = resource;
  const unknown = [get(properties, "spec"), get(properties, "spec", "listeners")].find(
    (value) => value instanceof Unknown,
  );
  if (unknown !== undefined) return { unknown: unknownOf("", unknown) };
  return { purchases: loadBalanced(resource, overageRules) };
}

function loadBalanced({ properties }: Resource, overageRules: number): Purchase[] {
  return [
    ...(isInternal(properties) ? [] : [standard("publicIp", "public IP", addressFamilies(properties))]),
    ...(overageRules > 0 ? [standard("loadBalancerRule", "load-balancer rules", overageRules)] : []),
  ];
}

/** How many addresses a Service of type LoadBalancer may have: one of each family that it asks for. */
function addressFamilies(properties: Value): number {
  const policy = get(properties, "spec", "ipFamilyPolicy") ?? "SingleStack";
  return policy === "SingleStack" ? 1 : 2;
}

/** Whether a Service of type LoadBalancer, or that of a gateway, has a private address. */
export function isInternal(properties: Value): boolean {
  return [
    get(properties, "metadata", "annotations"),
    get(properties, "spec", "infrastructure", "annotations"),
  ]
    .flatMap(entriesOf)
    .some(
      ([key, value]) => key === "service.beta.kubernetes.io/azure-load-balancer-internal" && value === "true",
    );
}

/**
 * How many load-balancer rules a resource takes: one a port of a Service of type LoadBalancer. That of a gateway has one
 * more than the gateway, for its own state.
 */
export function loadBalancerRules({ type, properties }: Resource): number {
  if (isGateway(type)) return listOf(get(properties, "spec", "listeners")).length + 1;
  if (type !== "kubernetes:core/v1:Service" || get(properties, "spec", "type") !== "LoadBalancer") return 0;
  return listOf(get(properties, "spec", "ports")).length;
}
