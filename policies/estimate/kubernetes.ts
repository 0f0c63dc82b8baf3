import type { Resource } from "../core/resource";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";
import { exactly, type Meter, type Metering, type Purchase, standard, unknownOf } from "./metering";
import { diskTier, parseGiB, storageClasses } from "./quantity";

/** A gateway: its class makes a Service of type LoadBalancer for it. */
export const gatewayType = "kubernetes:gateway.networking.k8s.io/v1:Gateway";

/** What Kubernetes resources buy from Azure: volumes and public addresses. Pods run on priced nodes. */
export const kubernetesMeters: Readonly<Record<string, Meter>> = {
  "kubernetes:core/v1:PersistentVolumeClaim": ({ properties }) =>
    volumeMetering([get(properties, "spec")], exactly(1)),
  "kubernetes:apps/v1:StatefulSet": statefulSet,
  "kubernetes:core/v1:Service": service,
  [gatewayType]: (resource, { overageRules }) => ({ purchases: loadBalanced(resource, overageRules) }),
};

function statefulSet({ properties }: Resource): Metering {
  const spec = get(properties, "spec");
  const templates = get(spec, "volumeClaimTemplates");
  if (templates instanceof Unknown) return { unknown: unknownOf("", templates) };
  const claims = listOf(templates).map((template) => get(template, "spec"));
  if (claims.length === 0) return { purchases: [] };
  const replicas = get(spec, "replicas") ?? 1;
  if (typeof replicas !== "number") return { unknown: "spec.replicas is unknown at preview" };
  return volumeMetering(claims, exactly(replicas));
}

function volumeMetering(claims: readonly Value[], quantity: Purchase["quantity"]): Metering {
  const purchases: Purchase[] = [];
  for (const claim of claims) {
    const storageClass = get(claim, "storageClassName") ?? "default";
    const size = get(claim, "resources", "requests", "storage");
    if (typeof storageClass !== "string") return { unknown: "storageClassName is unknown at preview" };
    if (typeof size !== "string")
      return { unknown: "resources.requests.storage is missing or unknown at preview" };
    const gib = parseGiB(size);
    const bought = storageClasses[storageClass];
    if (bought === undefined) {
      return {
        unknown: `no price is known for the storage class «${storageClass}»: use managed-csi or managed-csi-premium`,
      };
    }
    if (typeof bought !== "string" && gib !== undefined) {
      // What is stored is billed, from nothing to the size of the claim.
      const maximum = quantity.maximum * gib;
      purchases.push({ ...bought, quantity: { minimum: 0, maximum }, of: "GiB stored" });
      continue;
    }
    const tier = gib === undefined || typeof bought !== "string" ? undefined : diskTier(bought, gib);
    if (tier === undefined) return { unknown: `no price is known for a disk of «${size}»` };
    purchases.push({ kind: "disk", sku: tier, quantity, of: quantity.maximum === 1 ? "disk" : "disks" });
  }
  return { purchases };
}

function service(resource: Resource, { overageRules }: Parameters<Meter>[1]): Metering {
  const spec = get(resource.properties, "spec");
  if (spec instanceof Unknown || get(spec, "type") instanceof Unknown) {
    return { unknown: "spec.type is unknown at preview" };
  }
  return { purchases: loadBalanced(resource, overageRules) };
}

function loadBalanced({ properties }: Resource, overageRules: number): Purchase[] {
  return [
    ...(isInternal(properties) ? [] : [standard("publicIp", "public IP")]),
    ...(overageRules > 0 ? [standard("loadBalancerRule", "load-balancer rules", overageRules)] : []),
  ];
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
  if (type === gatewayType) return listOf(get(properties, "spec", "listeners")).length + 1;
  if (type !== "kubernetes:core/v1:Service" || get(properties, "spec", "type") !== "LoadBalancer") return 0;
  return listOf(get(properties, "spec", "ports")).length;
}
