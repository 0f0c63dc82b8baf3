import type { ClusterNetworkArgs, EntraArgs, MaintenanceWindowArgs } from "./aksClusterArgs";

// Parts of the inputs of ManagedCluster and MaintenanceConfiguration; pure.

/** Sign-in. */
export function entraInputs(entra: EntraArgs | undefined) {
  if (entra === undefined) return {};
  return {
    aadProfile: { managed: true, enableAzureRBAC: true, adminGroupObjectIDs: entra.adminGroupObjectIds },
    disableLocalAccounts: entra.disableLocalAccounts ?? true,
  };
}

/** The cluster's networks. */
export function networkProfile(network: ClusterNetworkArgs) {
  return {
    networkPlugin: "azure",
    networkPluginMode: "overlay",
    networkDataplane: "cilium",
    networkPolicy: "cilium",
    loadBalancerSku: "standard",
    outboundType: "loadBalancer",
    podCidr: network.podRange ?? "10.244.0.0/16",
    serviceCidr: network.serviceRange ?? "10.0.0.0/16",
    dnsServiceIP: network.dnsServiceIp ?? "10.0.0.10",
  };
}

/** Each week, in UTC. */
export function maintenanceWindow(window: MaintenanceWindowArgs) {
  return {
    durationHours: window.durationHours ?? 4,
    startTime: window.startTime ?? "02:00",
    utcOffset: "+00:00",
    schedule: { weekly: { dayOfWeek: window.day ?? "Sunday", intervalWeeks: 1 } },
  };
}
