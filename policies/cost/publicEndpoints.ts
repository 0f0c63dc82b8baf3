import { stackPolicy } from "../core/define";
import type { Resource } from "../core/resource";
import { Unknown, get } from "../core/values";
import { hasIngressController, outboundAddresses, prefixAddresses, prefixType } from "../estimate/azure";
import { isGateway } from "../estimate/customResources";
import { isInternal } from "../estimate/kubernetes";

interface Config {
  maximumPublicIps: number;
  maximumLoadBalancers: number;
}

/** Each is a monthly charge, and reachable from outside. */
export const publicEndpoints = stackPolicy<Config>({
  name: "public-endpoints",
  description: "The stack has no more public IP addresses and load-balanced Services than agreed on.",
  settings: {
    maximumPublicIps: { type: "integer", minimum: 0, description: "Most public IP addresses.", default: 2 },
    maximumLoadBalancers: {
      type: "integer",
      minimum: 0,
      description: "Most Services of type LoadBalancer, internal ones too.",
      default: 1,
    },
  },
  validate: (resources, { maximumPublicIps, maximumLoadBalancers }) => {
    const services = resources.filter(isLoadBalancer);
    const ingresses = resources.filter(hasIngress);
    const loadBalancers = [...services, ...ingresses];
    const addresses = [
      ...ingresses,
      ...resources.filter(({ type }) => type === "azure-native:network:PublicIPAddress"),
      ...resources.flatMap(outbound),
      ...resources.filter(({ type }) => type === prefixType).flatMap(ofPrefix),
      ...services.filter(({ properties }) => !isInternal(properties)),
    ];
    return [
      ...tooMany("public IP addresses", addresses, maximumPublicIps, "maximumPublicIps"),
      ...tooMany("load-balanced Services", loadBalancers, maximumLoadBalancers, "maximumLoadBalancers"),
    ];
  },
});

/** Whether a resource is a load-balanced Service, or may be one, or a gateway, which has one. */
function isLoadBalancer({ type, properties }: Resource): boolean {
  if (isGateway(type)) return true;
  const serviceType = get(properties, "spec", "type");
  return (
    type === "kubernetes:core/v1:Service" &&
    (serviceType === "LoadBalancer" || serviceType instanceof Unknown)
  );
}

/** A cluster, once for each address that AKS makes for what its nodes send out. */
function outbound(resource: Resource): Resource[] {
  if (resource.type !== "azure-native:containerservice:ManagedCluster") return [];
  return Array<Resource>(outboundAddresses(resource.properties) ?? 1).fill(resource);
}

/** A range of addresses, once for each of them. */
function ofPrefix(prefix: Resource): Resource[] {
  return Array<Resource>(prefixAddresses(prefix.properties) ?? 1).fill(prefix);
}

/** Whether a resource is a cluster with an ingress controller of Azure's. */
function hasIngress({ type, properties }: Resource): boolean {
  return type === "azure-native:containerservice:ManagedCluster" && hasIngressController(properties);
}

function tooMany(what: string, found: readonly Resource[], limit: number, setting: string) {
  if (found.length <= limit) return [];
  const names = [...new Set(found.map(({ name }) => `«${name}»`))].join(", ");
  const message = `The stack has ${found.length} ${what} (${names}), the limit is ${limit}: share one ingress, or raise public-endpoints.${setting}.`;
  return [{ message }];
}
