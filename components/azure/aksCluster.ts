import { RoleAssignment } from "@pulumi/azure-native/authorization";
import {
  AgentPool,
  MaintenanceConfiguration,
  ManagedCluster,
  listManagedClusterUserCredentialsOutput,
} from "@pulumi/azure-native/containerservice";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity";
import { Subnet, VirtualNetwork } from "@pulumi/azure-native/network";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import type { AksClusterArgs, ClusterNetworkArgs, MaintenanceWindowArgs } from "./aksClusterArgs";
import { entraInputs, maintenanceWindow, networkProfile } from "./clusterInputs";
import { nameIn, roleIn } from "./ids";
import { usableKubeconfig } from "./kubeconfig";
import { rolesInForce } from "./roles";
import {
  checkPools,
  renderPool,
  systemPoolDifferences,
  renderUserPool,
  systemPoolName,
  type UserPoolArgs,
} from "./nodePools";

/** Built-in role that lets the cluster join its nodes and internal load balancers to the subnet. */
const networkContributor = "4d97b98b-1d4f-4787-a291-c67834d212e7";

/** Built-in role "Azure Kubernetes Service RBAC Cluster Admin": every permission inside of Kubernetes. */
const rbacClusterAdmin = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b";

/** Built-in role "AcrPull": the nodes may pull images from a registry. */
const acrPull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/**
 * A Kubernetes cluster on Azure (AKS) in a network of its own: Azure CNI overlay with Cilium network policies, workload
 * identity, separate autoscaled node pools, upgrades in a weekly window.
 *
 * **Cost**: `tier` Standard 73 USD a month, each node its VM and disk, one load balancer, its public address; with all
 * figures and the arithmetic in docs/cost.md.
 *
 * @throws RangeError naming the pool's setting, what is allowed and the fix
 */
export class AksCluster extends pulumi.ComponentResource {
  /** Kubeconfig for the Kubernetes provider. Secret. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** Issuer of the cluster's service-account tokens, for federated credentials of workload identities. */
  public readonly oidcIssuerUrl: pulumi.Output<string>;
  /** Name of the cluster in Azure. */
  public readonly clusterName: pulumi.Output<string>;
  /** Name of the resource group that holds the cluster. */
  public readonly resourceGroupName: pulumi.Output<string>;
  /** Resource id of the nodes' subnet. */
  public readonly subnetId: pulumi.Output<string>;

  constructor(name: string, args: AksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const userPools = args.userPools ?? {};
    checkPools(args.systemPool, userPools);
    requireConsistent(args);
    super("ds-monitoring:index:AksCluster", name, {}, opts);

    const { location, tags } = args;
    const protect = args.protect ?? true;

    const group = new ResourceGroup(name, { location, tags }, { parent: this, protect });
    const resourceGroupName = nameIn(group.id);
    const common = { resourceGroupName, location, tags };

    const subnet = this.nodesSubnet(name, common, args.network ?? {});
    const identity = new UserAssignedIdentity(name, common, { parent: this });
    const joinsSubnet = new RoleAssignment(
      `${name}-subnet`,
      {
        principalId: identity.principalId,
        principalType: "ServicePrincipal",
        roleDefinitionId: roleIn(group.id, networkContributor),
        scope: subnet.id,
      },
      { parent: this },
    );

    const cluster = new ManagedCluster(
      name,
      {
        ...common,
        dnsPrefix: name,
        kubernetesVersion: args.kubernetesVersion,
        sku: { name: "Base", tier: args.tier ?? "Free" },
        identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
        enableRBAC: true,
        ...entraInputs(args.entra),
        agentPoolProfiles: [
          {
            ...renderPool(args.systemPool),
            name: systemPoolName,
            mode: "System",
            // Pods of ours stay away: only those of the cluster itself tolerate it.
            nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"],
            vnetSubnetID: subnet.id,
            tags,
          },
        ],
        apiServerAccessProfile: {
          enablePrivateCluster: args.privateCluster ?? false,
          authorizedIPRanges: args.authorizedIpRanges,
          disableRunCommand: true,
        },
        networkProfile: networkProfile(args.network ?? {}),
        oidcIssuerProfile: { enabled: true },
        securityProfile: {
          workloadIdentity: { enabled: true },
          imageCleaner: { enabled: true, intervalHours: 168 },
        },
        // Left out, Azure keeps the drivers that it installs by itself: disks, files, snapshots.
        storageProfile:
          args.blobCsiDriver === undefined ? undefined : { blobCSIDriver: { enabled: args.blobCsiDriver } },
        ingressProfile: { webAppRouting: { enabled: args.ingressController ?? false } },
        autoUpgradeProfile: { upgradeChannel: "stable", nodeOSUpgradeChannel: "NodeImage" },
      },
      {
        parent: this,
        protect,
        dependsOn: [joinsSubnet],
        // Azure lists the pools of `userPools` here too, and scales and upgrades each: systemPoolDifferences compares ours.
        ignoreChanges: ["agentPoolProfiles"],
      },
    );

    const clusterName = nameIn(cluster.id);
    const pools = this.userPools(name, common, clusterName, subnet.id, userPools, protect);
    this.maintenance(name, resourceGroupName, clusterName, args.maintenance ?? {}, pools);

    if (args.registryId !== undefined) this.pullsFrom(name, cluster, args.registryId);
    const admins = this.admins(name, cluster.id, args.entra?.deployerObjectIds ?? []);
    const credentials = listManagedClusterUserCredentialsOutput(
      { resourceGroupName, resourceName: clusterName },
      { parent: this },
    );
    const since = pulumi.all(admins.map(({ createdOn }) => createdOn));
    pulumi
      .all([cluster.agentPoolProfiles, resourceGroupName, clusterName])
      .apply(([profiles, groupOfCluster, nameOfCluster]) =>
        systemPoolDifferences(
          args.systemPool,
          profiles,
          `--resource-group ${groupOfCluster} --cluster-name ${nameOfCluster}`,
        ).map((difference) => pulumi.log.warn(difference, this)),
      );
    this.kubeconfig = pulumi.secret(
      pulumi.all([credentials.kubeconfigs, since]).apply(async ([kubeconfigs, times]) => {
        await rolesInForce(times);
        return usableKubeconfig(kubeconfigs[0]?.value ?? "");
      }),
    );
    // Azure fills in the URL once the cluster is there: without the id a preview would take it for empty.
    this.oidcIssuerUrl = pulumi
      .all([cluster.id, cluster.oidcIssuerProfile])
      .apply(([, profile]) => profile?.issuerURL ?? "");
    this.clusterName = clusterName;
    this.resourceGroupName = resourceGroupName;
    this.subnetId = subnet.id;

    this.registerOutputs({
      kubeconfig: this.kubeconfig,
      oidcIssuerUrl: this.oidcIssuerUrl,
      clusterName: this.clusterName,
      resourceGroupName: this.resourceGroupName,
      subnetId: this.subnetId,
    });
  }

  private nodesSubnet(name: string, common: Placement, ranges: ClusterNetworkArgs): Subnet {
    const network = new VirtualNetwork(
      name,
      { ...common, addressSpace: { addressPrefixes: [ranges.addressSpace ?? "10.100.0.0/16"] } },
      // Azure lists the subnets in the network too, which would look like a change.
      { parent: this, ignoreChanges: ["subnets"] },
    );
    return new Subnet(
      `${name}-nodes`,
      {
        resourceGroupName: common.resourceGroupName,
        virtualNetworkName: nameIn(network.id),
        addressPrefix: ranges.nodeRange ?? "10.100.0.0/20",
        // A storage account may be open to this subnet alone: that of backups, those of the Blob CSI driver.
        serviceEndpoints: [{ service: "Microsoft.Storage" }],
      },
      { parent: this },
    );
  }

  private userPools(
    name: string,
    { resourceGroupName, tags }: Placement,
    resourceName: pulumi.Output<string>,
    vnetSubnetID: pulumi.Output<string>,
    pools: Record<string, UserPoolArgs>,
    protect: boolean,
  ): AgentPool[] {
    const made: AgentPool[] = [];
    for (const [poolName, pool] of Object.entries(pools)) {
      const agentPool = new AgentPool(
        `${name}-${poolName}`,
        {
          resourceGroupName,
          resourceName,
          agentPoolName: poolName,
          ...renderUserPool(pool),
          vnetSubnetID,
          tags,
        },
        {
          parent: this,
          protect,
          ignoreChanges: ["count", "orchestratorVersion"],
          // One after another: AKS answers 409 OperationNotAllowed to a change while another is under way.
          dependsOn: made.slice(-1),
        },
      );
      made.push(agentPool);
    }
    return made;
  }

  /** The deployers' roles inside of Kubernetes. */
  private admins(
    name: string,
    scope: pulumi.Output<string>,
    principalIds: readonly string[],
  ): RoleAssignment[] {
    const roleDefinitionId = roleIn(scope, rbacClusterAdmin);
    return principalIds.map(
      (principalId) =>
        new RoleAssignment(
          `${name}-deployer-${principalId}`,
          { principalId, principalType: "ServicePrincipal", roleDefinitionId, scope },
          { parent: this },
        ),
    );
  }

  /** Lets the nodes pull images from a registry, as the identity that AKS makes for them. */
  private pullsFrom(name: string, cluster: ManagedCluster, scope: pulumi.Input<string>): void {
    const principalId = pulumi
      .all([cluster.id, cluster.identityProfile])
      .apply(([, identities]) => identities?.["kubeletidentity"]?.objectId ?? "");
    const roleDefinitionId = roleIn(pulumi.output(scope), acrPull);
    new RoleAssignment(
      `${name}-registry`,
      { principalId, principalType: "ServicePrincipal", roleDefinitionId, scope },
      { parent: this },
    );
  }

  private maintenance(
    name: string,
    resourceGroupName: pulumi.Output<string>,
    resourceName: pulumi.Output<string>,
    window: MaintenanceWindowArgs,
    after: pulumi.Resource[],
  ): void {
    let dependsOn = after;
    for (const configName of ["aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"]) {
      const configuration = new MaintenanceConfiguration(
        `${name}-${configName}`,
        { resourceGroupName, resourceName, configName, maintenanceWindow: maintenanceWindow(window) },
        { parent: this, dependsOn },
      );
      dependsOn = [configuration];
    }
  }
}

function requireConsistent({ privateCluster, authorizedIpRanges, kubernetesVersion }: AksClusterArgs): void {
  if (privateCluster === true && authorizedIpRanges !== undefined) {
    throw new RangeError(
      "authorizedIpRanges is for a public API server, and privateCluster is true: set one of the two",
    );
  }
  if (kubernetesVersion !== undefined && !/^\d+\.\d+$/.test(kubernetesVersion)) {
    throw new RangeError(
      `kubernetesVersion is "${kubernetesVersion}": it must be a minor version, e.g. "1.36", since the cluster upgrades patches by itself`,
    );
  }
}

/** Where the cluster's resources are. */
interface Placement {
  resourceGroupName: pulumi.Output<string>;
  location: string;
  tags: Record<string, string>;
}
