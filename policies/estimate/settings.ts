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
  setting("azureMonitorProfile.metrics.enabled", "managed Prometheus bills each sample"),
  setting("azureMonitorProfile.containerInsights.enabled", "Log Analytics bills each GB of logs"),
  setting("azureMonitorProfile.appMonitoring", "Application Insights bills each GB", [undefined, null]),
  setting("securityProfile.defender.securityMonitoring.enabled", "Defender bills each vCPU"),
  setting("networkProfile.advancedNetworking.enabled", "advanced networking bills each node"),
  setting("aiToolchainOperatorProfile.enabled", "it makes GPU nodes without a ceiling"),
  setting("networkProfile.loadBalancerProfile.managedOutboundIPs.countIPv6", "public IPs", [undefined, 0]),
  setting("networkProfile.loadBalancerProfile.enableMultipleStandardLoadBalancers", "load balancers"),
  setting("networkProfile.outboundType", "what it makes", [
    ...[
      undefined,
      "loadBalancer",
      "managedNATGateway",
      "userAssignedNATGateway",
      "userDefinedRouting",
      "none",
    ],
  ]),
  setting("serviceMeshProfile.istio.components.ingressGateways", "a load balancer for each", [
    undefined,
    null,
  ]),
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
  setting("mode", "addresses of a gateway", [undefined, "System", "User"]),
  setting("gatewayProfile", "addresses of a gateway", [undefined, null]),
];

/** Settings of other Azure resources, by type. */
const costlySettings: Readonly<Record<string, readonly Setting[]>> = {
  EventHub: [setting("captureDescription.enabled", "Capture by the hour")],
  Namespace: [
    setting("geoDataReplication", "a second region", [undefined, null]),
    setting("clusterArmId", "a dedicated cluster", [undefined, null]),
  ],
  NatGateway: [setting("sku.name", "another price", [undefined, "Standard"])],
  PublicIPPrefix: [
    setting("sku.name", "another price", [undefined, "Standard"]),
    setting("sku.tier", "another price", [undefined, "Regional"]),
  ],
  PublicIPAddress: [
    setting("sku.name", "another price", [undefined, "Basic", "Standard"]),
    setting("sku.tier", "another price", [undefined, "Regional"]),
    setting("ddosSettings.protectionMode", "DDoS protection of each address", [
      ...[undefined, "Disabled", "VirtualNetworkInherited"],
    ]),
  ],
  StorageAccount: [
    setting("kind", "what is provisioned", [undefined, "BlobStorage", "BlockBlobStorage", "StorageV2"]),
    setting("isSftpEnabled", "SFTP by the hour"),
    setting("geoPriorityReplicationStatus", "copies by the GB", [undefined, null]),
  ],
  VirtualNetwork: [
    setting("enableDdosProtection", "DDoS protection"),
    setting("virtualNetworkPeerings", "traffic between networks", [undefined, null]),
  ],
  Workspace: [
    setting("replication.enabled", "a second workspace"),
    setting("features.clusterResourceId", "a dedicated cluster", [undefined, null]),
  ],
};

/** Why the cost of an Azure resource's settings is not known; undefined when it is, and for clusters and pools. */
export function unpricedSetting(type: string, properties: Value): string | undefined {
  const kind = /^azure-native:(?:eventhub|network|operationalinsights|storage):(\w+)$/.exec(type)?.[1] ?? "";
  return firstProblem(properties, costlySettings[kind] ?? []);
}

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

/** Settings of a node pool that cost nothing, or whose cost is understood. */
const knownPoolSettings = new Set(
  (
    "agentPoolName availabilityZones capacityReservationGroupID count creationData enableAutoScaling " +
    "enableEncryptionAtHost enableFIPS enableNodePublicIP enableUltraSSD gatewayProfile gpuInstanceProfile gpuProfile " +
    "hostGroupID kubeletConfig kubeletDiskType linuxOSConfig localDNSProfile maxCount maxPods messageOfTheDay minCount " +
    "mode name networkProfile nodeLabels nodePublicIPPrefixID nodeTaints orchestratorVersion osDiskSizeGB osDiskType " +
    "osSKU osType podIPAllocationMode podSubnetID powerState proximityPlacementGroupID resourceGroupName resourceName " +
    "scaleDownMode scaleSetEvictionPolicy scaleSetPriority securityProfile spotMaxPrice tags type upgradeSettings " +
    "virtualMachinesProfile vmSize vnetSubnetID windowsProfile workloadRuntime location"
  ).split(" "),
);

/** Parts of a cluster's profiles that are understood. */
const knownParts: Readonly<Record<string, readonly string[]>> = {
  azureMonitorProfile: ["appMonitoring", "containerInsights", "metrics"],
  bootstrapProfile: ["artifactSource", "containerRegistryId"],
  ingressProfile: ["gatewayAPI", "webAppRouting"],
  metricsProfile: ["costAnalysis"],
  networkProfile: [
    ...["advancedNetworking", "dnsServiceIP", "ipFamilies", "loadBalancerProfile", "loadBalancerSku"],
    ...["natGatewayProfile", "networkDataplane", "networkMode", "networkPlugin", "networkPluginMode"],
    ...["networkPolicy", "outboundType", "podCidr", "podCidrs", "serviceCidr", "serviceCidrs"],
    "staticEgressGatewayProfile",
  ],
  securityProfile: [
    ...["azureKeyVaultKms", "customCATrustCertificates", "defender", "imageCleaner", "workloadIdentity"],
  ],
  serviceMeshProfile: ["istio", "mode"],
  storageProfile: ["blobCSIDriver", "diskCSIDriver", "fileCSIDriver", "snapshotController"],
  workloadAutoScalerProfile: ["keda", "verticalPodAutoscaler"],
};

/** Why an add-on costs something, by its name in lower case, since Azure takes any; undefined where it bills nothing by itself. */
const addonCosts: Readonly<Record<string, string | undefined>> = {
  ...{ azurepolicy: undefined, azurekeyvaultsecretsprovider: undefined },
  omsagent: "Log Analytics bills each GB of logs",
  ingressapplicationgateway: "an Application Gateway",
  aciconnectorlinux: "container instances without a ceiling",
};

function addonProblem(properties: Value): string | undefined {
  const addons = get(properties, "addonProfiles");
  if (addons instanceof Unknown) return `${addons.path} is unknown at preview`;
  const settings = entriesOf(addons).flatMap(([name]): Setting[] => {
    const key = name.toLowerCase();
    const bills = key in addonCosts ? addonCosts[key] : "what it makes is not known";
    return bills === undefined ? [] : [{ path: ["addonProfiles", name, "enabled"], harmless: off, bills }];
  });
  return firstProblem(properties, settings);
}

/** Why the cost of a cluster's settings is not known; undefined when it is. */
export function unpricedClusterSetting(properties: Value): string | undefined {
  const unheard = strangeSetting(properties, (key) => knownClusterSettings.has(key));
  const [part] = Object.entries(knownParts).flatMap(([profile, known]) => {
    const found = strangeSetting(get(properties, profile), (key) => known.includes(key));
    return found === undefined ? [] : [`${profile}.${found}`];
  });
  const strange = unheard ?? part;
  if (strange !== undefined) return `what ${strange} costs is not known: leave it out`;
  if (
    get(properties, "bootstrapProfile", "artifactSource") === "Cache" &&
    typeof get(properties, "bootstrapProfile", "containerRegistryId") !== "string"
  ) {
    return "bootstrapProfile.artifactSource is «Cache», for which AKS makes a registry: set containerRegistryId";
  }
  return firstProblem(properties, costlyClusterSettings) ?? addonProblem(properties);
}

/** A key that is set and not known. */
function strangeSetting(value: Value, isKnown: (key: string) => boolean): string | undefined {
  return entriesOf(value).find(([key, set]) => !isKnown(key) && set !== undefined && set !== null)?.[0];
}

/** Why the cost of a node pool's settings is not known; undefined when it is. */
export function unpricedPoolSetting(pool: Value): string | undefined {
  const strange = strangeSetting(pool, (key) => knownPoolSettings.has(key));
  if (strange !== undefined) return `what ${strange} costs is not known: leave it out`;
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
