import type { Resource } from "./resource";
import { Unknown, get, listOf, shown, type Value } from "./values";

/** A pool of nodes, separate or within its cluster. */
export interface NodePool {
  name: string;
  value: Value;
}

/** The node pools that a resource declares; a string says why they are not known. */
export function nodePools({ type, name, properties }: Resource): NodePool[] | string {
  if (type === "azure-native:containerservice:AgentPool") return [{ name, value: properties }];
  if (type !== "azure-native:containerservice:ManagedCluster") return [];
  const provisioning = get(properties, "nodeProvisioningProfile", "mode") ?? "Manual";
  if (provisioning !== "Manual") {
    return `nodeProvisioningProfile.mode is ${shown(provisioning)}, with which Azure adds nodes of any size without a ceiling; leave it out and declare pools`;
  }
  const pools = get(properties, "agentPoolProfiles");
  if (pools instanceof Unknown) return `${pools.path} is unknown at preview`;
  return listOf(pools).map((value) => {
    const poolName = get(value, "name");
    return { name: typeof poolName === "string" ? `${name}/${poolName}` : name, value };
  });
}
