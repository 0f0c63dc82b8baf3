import { Unknown, entriesOf, type Value } from "../core/values";
import { parseGiB } from "./quantity";

/** Whether a resource is a gateway, in any version of the API: its class makes a Service of type LoadBalancer for it. */
export function isGateway(type: string): boolean {
  return /^kubernetes:gateway\.networking\.k8s\.io\/v\w+:Gateway$/.test(type);
}

/** Groups of custom resources with which a controller buys nodes, addresses or services in the cloud. */
const buyers =
  /(^|\.)(azure\.(com|io)|upbound\.io|cluster\.x-k8s\.io|crossplane\.io|gardener\.cloud|kaito\.sh|karpenter\.sh|machine\.openshift\.io|services\.k8s\.aws|cnrm\.cloud\.google\.com)$/;

/** Groups of custom resources whose controller makes objects that no policy sees, as a Helm release does. */
const deployers =
  /(^|\.)(argoproj\.io|cattle\.io|fluxcd\.io|install\.istio\.io|karmada\.io|kro\.run|kubernetes-fleet\.io|open-cluster-management\.io|operator\.knative\.dev|pulumi\.com|sailoperator\.io|snapshot\.storage\.k8s\.io|terraform\.io)$/;

/** Kinds of those groups that make nothing. */
const harmlessKinds = /^(AppProject|VolumeSnapshotClass|(Git|OCI|Helm)Repository|Alert|Provider|Receiver)$/;

/** Groups of the API server whose types are listed one by one, since some of them change what is billed. */
const listedByType = /^(networking|storage)\.k8s\.io$/;

/** Why a custom resource may cost something, as Kubernetes' own objects don't: null where it costs nothing, undefined for no custom resource. */
export function customResourceCost(type: string, properties: Value): string | null | undefined {
  const [, group, kind = ""] = /^kubernetes:([^/:]+\.[^/:]+)\/v\w+:(\w+)$/.exec(type) ?? [];
  if (group === undefined || listedByType.test(group) || isGateway(type)) return undefined;
  if (buyers.test(group)) return "its controller buys in the cloud";
  if (deployers.test(group) && !harmlessKinds.test(kind)) return "its controller makes what no policy sees";
  return costlyPart(properties, []) ?? null;
}

/** What of a custom resource asks for a volume or a load balancer; a value that is unknown at such a place may. */
function costlyPart(value: Value, path: readonly string[]): string | undefined {
  const key = path.at(-1) ?? "";
  const isOfStorage = path.some((part) => /storage|volume|disk|persist|claim/i.test(part));
  if (value instanceof Unknown) {
    const decides = isOfStorage || path.length <= 1 || /^(type|serviceType)$/.test(key);
    return decides && path[0] !== "metadata" ? `${value.path} is unknown at preview` : undefined;
  }
  if (typeof value === "string") {
    if (/^LoadBalancer(Service)?$/.test(value)) return `${path.join(".")} asks for a load balancer`;
    const isSize = isOfStorage && /^\d+(\.\d+)?[KMGTPE]i?$/.test(value) && parseGiB(value) !== undefined;
    return isSize ? `${path.join(".")} asks for a volume of ${value}` : undefined;
  }
  const entries: [string, Value][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : entriesOf(value);
  for (const [name, inner] of entries) {
    const found = costlyPart(inner, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
