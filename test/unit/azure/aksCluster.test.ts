import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { AksCluster } from "../../../components/azure/aksCluster";
import type { AksClusterArgs } from "../../../components/azure/aksClusterArgs";

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const made: Made[] = [];
const kubeconfig = "users:\n  - name: u\n    user: {}\n";

const args: AksClusterArgs = {
  location: "eastus",
  tags: { project: "ds-monitoring", environment: "dev", owner: "data", "cost-center": "1" },
  systemPool: { vmSize: "Standard_D4s_v5", minCount: 2, maxCount: 2 },
  userPools: {
    apps: { vmSize: "Standard_D4s_v5", minCount: 1, maxCount: 3 },
    pipelines: { vmSize: "Standard_D4s_v5", minCount: 0, maxCount: 2, spot: true },
  },
};

function find(type: string, name?: string): Made {
  const found = made.filter((entry) => entry.type === type && (name === undefined || entry.name === name));
  assert.equal(found.length, 1, `${type} ${name ?? ""}: ${found.length}`);
  return found[0] as Made;
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

describe("AksCluster", () => {
  let cluster: AksCluster;
  let entraCluster: AksCluster;

  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        made.push({ type, name, inputs });
        const id = `/subscriptions/s/resourceGroups/g/${type}/${name}`;
        const computed = {
          oidcIssuerProfile: { issuerURL: "https://issuer.example/" },
          createdOn: "2026-01-01T00:00:00Z",
          identityProfile: { kubeletidentity: { objectId: "kubelet" } },
        };
        return { id, state: { name, principalId: "principal", ...inputs, ...computed } };
      },
      call: ({ token }) => {
        assert.equal(token, "azure-native:containerservice:listManagedClusterUserCredentials");
        return { kubeconfigs: [{ name: "user", value: Buffer.from(kubeconfig).toString("base64") }] };
      },
    });
    const module = await import("../../../components/azure/aksCluster");
    cluster = new module.AksCluster("aks", args);
    await valueOf(cluster.kubeconfig);
    await valueOf(cluster.oidcIssuerUrl);
    await pulumi.runtime.disconnect();
    const first = made.splice(0);
    entraCluster = new module.AksCluster("entra", {
      ...args,
      userPools: { apps: { vmSize: "Standard_D4s_v5", minCount: 1, maxCount: 3 } },
      tier: "Standard",
      entra: { adminGroupObjectIds: ["group"], deployerObjectIds: ["deployer"] },
      privateCluster: true,
      ingressController: true,
      registryId: "/subscriptions/r/resourceGroups/shared/providers/registries/acme",
      blobCsiDriver: true,
    });
    await valueOf(entraCluster.kubeconfig);
    await pulumi.runtime.disconnect();
    made.unshift(...first);
  });

  test("makes exactly these resources", () => {
    const own = made.filter(({ name }) => name.startsWith("aks")).map(({ type, name }) => `${type} ${name}`);
    assert.deepEqual(
      own.sort(),
      [
        "azure-native:authorization:RoleAssignment aks-subnet",
        "azure-native:containerservice:AgentPool aks-apps",
        "azure-native:containerservice:AgentPool aks-pipelines",
        "azure-native:containerservice:MaintenanceConfiguration aks-aksManagedAutoUpgradeSchedule",
        "azure-native:containerservice:MaintenanceConfiguration aks-aksManagedNodeOSUpgradeSchedule",
        "azure-native:containerservice:ManagedCluster aks",
        "azure-native:managedidentity:UserAssignedIdentity aks",
        "azure-native:network:Subnet aks-nodes",
        "azure-native:network:VirtualNetwork aks",
        "azure-native:resources:ResourceGroup aks",
        "ds-monitoring:index:AksCluster aks",
      ].sort(),
    );
  });

  test("network: Azure CNI overlay with network policies, nodes in the subnet of its own", () => {
    const { inputs } = find("azure-native:containerservice:ManagedCluster", "aks");
    const profile = inputs.networkProfile as Record<string, unknown>;
    assert.equal(profile.networkPlugin, "azure");
    assert.equal(profile.networkPluginMode, "overlay");
    assert.equal(profile.networkPolicy, "cilium");
    const subnetId = "/subscriptions/s/resourceGroups/g/azure-native:network:Subnet/aks-nodes";
    assert.equal((inputs.agentPoolProfiles as { vnetSubnetID: string }[])[0]?.vnetSubnetID, subnetId);
    assert.equal(find("azure-native:containerservice:AgentPool", "aks-apps").inputs.vnetSubnetID, subnetId);
  });

  test("the cluster's identity may join the subnet, and nothing else", () => {
    const { inputs } = find("azure-native:authorization:RoleAssignment", "aks-subnet");
    assert.equal(inputs.scope, "/subscriptions/s/resourceGroups/g/azure-native:network:Subnet/aks-nodes");
    assert.equal(
      inputs.roleDefinitionId,
      "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7",
    );
  });

  test("the deployer may do everything inside of Kubernetes, on this cluster alone", () => {
    const { inputs } = find("azure-native:authorization:RoleAssignment", "entra-deployer-deployer");
    assert.equal(inputs.principalId, "deployer");
    assert.equal(
      inputs.scope,
      "/subscriptions/s/resourceGroups/g/azure-native:containerservice:ManagedCluster/entra",
    );
    // "Azure Kubernetes Service RBAC Cluster Admin" in Microsoft's list of built-in roles.
    assert.match(String(inputs.roleDefinitionId), /b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b$/);
  });

  test("the nodes may pull from the registry, and do nothing else there", () => {
    const { inputs } = find("azure-native:authorization:RoleAssignment", "entra-registry");
    assert.equal(inputs.principalId, "kubelet");
    assert.equal(inputs.scope, "/subscriptions/r/resourceGroups/shared/providers/registries/acme");
    // "AcrPull" in Microsoft's list of built-in roles, in the subscription of the registry.
    assert.equal(
      inputs.roleDefinitionId,
      "/subscriptions/r/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d",
    );
  });

  test("the cluster's own pods have the system pool for themselves", () => {
    const { inputs } = find("azure-native:containerservice:ManagedCluster", "aks");
    const [pool] = inputs.agentPoolProfiles as { nodeTaints: string[] }[];
    assert.deepEqual(pool?.nodeTaints, ["CriticalAddonsOnly=true:NoSchedule"]);
  });

  test("a private API server has no ranges of public addresses", async () => {
    const { AksCluster } = await import("../../../components/azure/aksCluster");
    const both = { ...args, privateCluster: true, authorizedIpRanges: ["203.0.113.0/24"] };
    assert.throws(() => new AksCluster("both", both), /authorizedIpRanges.*privateCluster.*set one/);
  });

  test("a pinned patch version, which the automatic upgrades would leave behind, is refused", async () => {
    const { AksCluster } = await import("../../../components/azure/aksCluster");
    const pinned = { ...args, kubernetesVersion: "1.36.2" };
    assert.throws(() => new AksCluster("pinned", pinned), /kubernetesVersion is "1\.36\.2".*e\.g\. "1\.36"/);
  });

  test("workload identity, OIDC and weekly upgrades are on", () => {
    const { inputs } = find("azure-native:containerservice:ManagedCluster", "aks");
    assert.deepEqual(inputs.oidcIssuerProfile, { enabled: true });
    assert.deepEqual((inputs.securityProfile as Record<string, unknown>).workloadIdentity, { enabled: true });
    const { inputs: window } = find(
      "azure-native:containerservice:MaintenanceConfiguration",
      "aks-aksManagedAutoUpgradeSchedule",
    );
    const { schedule } = window.maintenanceWindow as { schedule: unknown };
    assert.deepEqual(schedule, { weekly: { dayOfWeek: "Sunday", intervalWeeks: 1 } });
  });

  test("everything that takes tags has them", () => {
    for (const { type, name, inputs } of made) {
      const untagged = /Subnet|RoleAssignment|MaintenanceConfiguration|AksCluster|StackReference/.test(type);
      if (!untagged) assert.deepEqual(inputs.tags, args.tags, `${type} ${name}`);
    }
  });

  test("sign-in with Entra, no public API server and an ingress only where asked for", () => {
    const plain = find("azure-native:containerservice:ManagedCluster", "aks").inputs;
    const entra = find("azure-native:containerservice:ManagedCluster", "entra").inputs;
    assert.equal(plain.disableLocalAccounts, undefined);
    assert.equal(entra.disableLocalAccounts, true);
    assert.deepEqual(entra.aadProfile, {
      managed: true,
      enableAzureRBAC: true,
      adminGroupObjectIDs: ["group"],
    });
    const server = (inputs: Record<string, unknown>) =>
      (inputs.apiServerAccessProfile as Record<string, unknown>).enablePrivateCluster;
    assert.deepEqual([server(plain), server(entra)], [false, true]);
    assert.deepEqual(plain.ingressProfile, { webAppRouting: { enabled: false } });
    assert.deepEqual(entra.ingressProfile, { webAppRouting: { enabled: true } });
    assert.equal("storageProfile" in plain, false, "Azure keeps the drivers that it installs by itself");
    assert.deepEqual(entra.storageProfile, { blobCSIDriver: { enabled: true } });
    assert.deepEqual(
      [plain.sku, entra.sku],
      [
        { name: "Base", tier: "Free" },
        { name: "Base", tier: "Standard" },
      ],
    );
  });

  test("the kubeconfig is a secret, and outputs are of the cluster", async () => {
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    assert.match(await valueOf(cluster.kubeconfig), /name: u/);
    assert.equal(await valueOf(cluster.oidcIssuerUrl), "https://issuer.example/");
  });

  test("bad pools are refused before anything is created", async () => {
    const { AksCluster } = await import("../../../components/azure/aksCluster");
    const before = made.length;
    assert.throws(
      () => new AksCluster("bad", { ...args, systemPool: { ...args.systemPool, minCount: 0 } }),
      /systemPool\.minCount is 0/,
    );
    assert.equal(made.length, before);
  });

  test("only the modules of Azure that are needed are loaded, never its root", () => {
    const loaded = Object.keys(require.cache).filter((file) => file.includes("@pulumi/azure-native/"));
    assert.ok(loaded.length > 0 && loaded.length < 40, `${loaded.length} files of azure-native`);
    assert.ok(!loaded.some((file) => file.endsWith("azure-native/index.js")));
  });
});
