import { Unknown, entriesOf, get, shown, type Value } from "../core/values";

/** A setting that makes Azure bill something that this estimate does not price, unless it has one of these values. */
interface Setting {
  path: readonly string[];
  harmless: readonly Value[];
  /** What is billed. */
  bills: string;
}

const off = [undefined, null, false];
const setting = (path: string, bills: string, harmless: readonly Value[] = off): Setting => ({
  ...{ path: path.split("."), harmless, bills },
});

/** Prices: https://learn.microsoft.com/azure/aks/free-standard-pricing-tiers and the page of each service. */
const costlyClusterSettings: readonly Setting[] = [
  setting("sku.name", "SKU Automatic bills each vCPU, with nodes that have no ceiling", [undefined, "Base"]),
  setting("sku.tier", "tier Premium", [undefined, "Free", "Standard"]),
  setting("supportPlan", "long-term support", [undefined, "KubernetesOfficial"]),
  setting("addonProfiles.omsagent.enabled", "Log Analytics bills each GB of logs"),
  setting("addonProfiles.ingressApplicationGateway.enabled", "an Application Gateway"),
  setting("addonProfiles.aciConnectorLinux.enabled", "container instances without a ceiling"),
  setting("azureMonitorProfile.metrics.enabled", "managed Prometheus bills each sample"),
  setting("azureMonitorProfile.containerInsights.enabled", "Log Analytics bills each GB of logs"),
  setting("azureMonitorProfile.appMonitoring", "Application Insights bills each GB", [undefined, null]),
  setting("securityProfile.defender.securityMonitoring.enabled", "Defender bills each vCPU"),
  setting("networkProfile.advancedNetworking.enabled", "advanced networking bills each node"),
  setting("aiToolchainOperatorProfile.enabled", "it makes GPU nodes without a ceiling"),
  setting("networkProfile.loadBalancerProfile.managedOutboundIPs.countIPv6", "public IPs", [undefined, 0]),
];

const costlyPoolSettings: readonly Setting[] = [
  setting("enableNodePublicIP", "a public IP on each node"),
  setting("enableUltraSSD", "ultra disks"),
  setting("osType", "Windows licences", [undefined, "Linux"]),
  setting("type", "virtual machines of several sizes", [undefined, "VirtualMachineScaleSets"]),
  setting("scaleDownMode", "the disks of nodes that are off", [undefined, "Delete"]),
  setting("virtualMachinesProfile", "virtual machines of several sizes", [undefined, null]),
  setting("capacityReservationGroupID", "the capacity that is reserved", [undefined, null]),
  setting("hostGroupID", "dedicated hosts", [undefined, null]),
];

/** Settings of a cluster that cost nothing, or whose cost is understood. */
const knownClusterSettings = new Set(
  (
    "aadProfile addonProfiles agentPoolProfiles aiToolchainOperatorProfile apiServerAccessProfile autoScalerProfile " +
    "autoUpgradeProfile azureMonitorProfile bootstrapProfile disableLocalAccounts diskEncryptionSetID dnsPrefix " +
    "enableRBAC fqdnSubdomain httpProxyConfig identity identityProfile ingressProfile kind kubernetesVersion " +
    "linuxProfile location metricsProfile networkProfile nodeProvisioningProfile nodeResourceGroup " +
    "nodeResourceGroupProfile oidcIssuerProfile podIdentityProfile publicNetworkAccess resourceGroupName " +
    "resourceName securityProfile serviceMeshProfile servicePrincipalProfile sku storageProfile supportPlan tags " +
    "upgradeSettings workloadAutoScalerProfile"
  ).split(" "),
);

/** Add-ons that bill nothing by themselves, beside those that a costly setting names. */
const knownAddons =
  /^(azurepolicy|azureKeyvaultSecretsProvider|omsagent|ingressApplicationGateway|aciConnectorLinux)$/i;

/** Why the cost of a cluster's settings is not known; undefined when it is. */
export function unpricedClusterSetting(properties: Value): string | undefined {
  const unheard = entriesOf(properties).find(
    ([key, value]) => !knownClusterSettings.has(key) && value !== undefined && value !== null,
  )?.[0];
  const addon = entriesOf(get(properties, "addonProfiles")).find(
    ([key, value]) => !knownAddons.test(key) && !off.includes(get(value, "enabled") as undefined),
  )?.[0];
  const strange = unheard ?? (addon === undefined ? undefined : `addonProfiles.${addon}`);
  if (strange !== undefined) return `what ${strange} costs is not known: leave it out`;
  return firstProblem(properties, costlyClusterSettings);
}

/** Why the cost of a node pool's settings is not known; undefined when it is. */
export function unpricedPoolSetting(pool: Value): string | undefined {
  return firstProblem(pool, costlyPoolSettings);
}

function firstProblem(properties: Value, settings: readonly Setting[]): string | undefined {
  for (const { path, harmless, bills } of settings) {
    const value = get(properties, ...path);
    if (harmless.includes(value)) continue;
    const found = value instanceof Unknown || typeof value !== "object" ? shown(value) : "set";
    return `${path.join(".")} is ${found}, which can't be priced (${bills}): switch it off`;
  }
  return undefined;
}
