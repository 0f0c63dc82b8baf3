import type { Resource } from "../core/resource";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";
import type { Meter, Metering, Purchase } from "./estimate";
import { diskFamily, diskTier, parseGiB, storedKind } from "./quantity";

/** What Kubernetes resources buy from Azure: volumes and public addresses. Pods run on priced nodes. */
export const kubernetesMeters: Readonly<Record<string, Meter>> = {
  "kubernetes:core/v1:PersistentVolumeClaim": ({ properties }) =>
    volumeMetering([get(properties, "spec")], { minimum: 1, maximum: 1 }),
  "kubernetes:apps/v1:StatefulSet": statefulSet,
  "kubernetes:core/v1:Service": service,
};

function statefulSet({ properties }: Resource): Metering {
  const spec = get(properties, "spec");
  const templates = get(spec, "volumeClaimTemplates");
  if (templates instanceof Unknown) return { unknown: `${templates.path} is unknown at preview` };
  const claims = listOf(templates).map((template) => get(template, "spec"));
  if (claims.length === 0) return { purchases: [] };
  const replicas = get(spec, "replicas") ?? 1;
  if (typeof replicas !== "number") return { unknown: "spec.replicas is unknown at preview" };
  return volumeMetering(claims, { minimum: replicas, maximum: replicas });
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
    const stored = storedKind(storageClass);
    if (stored !== undefined && gib !== undefined) {
      // Billed is what is stored, from nothing to as much as was asked for.
      const maximum = quantity.maximum * gib;
      purchases.push({ ...stored, quantity: { minimum: 0, maximum }, of: "GiB stored" });
      continue;
    }
    const family = diskFamily(storageClass);
    if (family === undefined) {
      return {
        unknown: `no price is known for the storage class «${storageClass}»: use managed-csi or managed-csi-premium`,
      };
    }
    const tier = gib === undefined ? undefined : diskTier(family, gib);
    if (tier === undefined) return { unknown: `no price is known for a disk of «${size}»` };
    purchases.push({ kind: "disk", sku: tier, quantity, of: quantity.maximum === 1 ? "disk" : "disks" });
  }
  return { purchases };
}

function service({ properties }: Resource, { overageRules }: Parameters<Meter>[1]): Metering {
  const spec = get(properties, "spec");
  if (spec instanceof Unknown || get(spec, "type") instanceof Unknown) {
    return { unknown: "spec.type is unknown at preview" };
  }
  const purchases: Purchase[] = [];
  if (!isInternal(properties)) {
    purchases.push({
      kind: "publicIp",
      sku: "Standard",
      quantity: { minimum: 1, maximum: 1 },
      of: "public IP",
    });
  }
  if (overageRules > 0) {
    purchases.push({
      kind: "loadBalancerRule",
      sku: "Standard",
      quantity: { minimum: overageRules, maximum: overageRules },
      of: "load-balancer rules",
    });
  }
  return { purchases };
}

/** Whether a Service of type LoadBalancer has a private address. */
export function isInternal(properties: Value): boolean {
  return entriesOf(get(properties, "metadata", "annotations")).some(
    ([key, value]) => key === "service.beta.kubernetes.io/azure-load-balancer-internal" && value === "true",
  );
}

/** How many load-balancer rules a resource takes: one a port of a Service of type LoadBalancer. */
export function loadBalancerRules({ type, properties }: Resource): number {
  if (type !== "kubernetes:core/v1:Service" || get(properties, "spec", "type") !== "LoadBalancer") return 0;
  return listOf(get(properties, "spec", "ports")).length;
}
