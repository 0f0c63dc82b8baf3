import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown, type Properties } from "../../../policies/core/values";
import { diskLimits } from "../../../policies/cost/diskLimits";
import { nodeCeiling } from "../../../policies/cost/nodeCeiling";
import { publicEndpoints } from "../../../policies/cost/publicEndpoints";
import { usageFile } from "../../../policies/cost/settings";
import { stackBudget } from "../../../policies/cost/stackBudget";
import { estimate } from "../../../policies/estimate/estimate";
import { prices } from "../../../policies/estimate/prices";
import type { Resource } from "../../../policies/core/resource";
import { checkResource, checkStack, resource } from "./support";

const usage = { ...usageFile.stack, loadBalancerGB: 0, natGatewayGB: 0, blobGB: 0 };
const costOf = (...resources: Resource[]) => estimate(resources, prices, { region: "eastus", usage });
const refusal = (...resources: Resource[]) =>
  checkStack(stackBudget, resources, { maximumMonthly: 1e9 }).join();

function cluster(change: Properties = {}) {
  return resource("azure-native:containerservice:ManagedCluster", "aks", { location: "eastus", ...change });
}
const pool = (change: Properties) =>
  resource("azure-native:containerservice:AgentPool", "pool", {
    ...{ vmSize: "Standard_D2s_v5", count: 1, osDiskType: "Ephemeral", ...change },
  });
const claim = (storage: string, storageClassName = "managed-csi") => ({
  spec: { storageClassName, resources: { requests: { storage } } },
});
function scratch(kind: string, spec: Properties) {
  const volumes = [
    { name: "scratch", ephemeral: { volumeClaimTemplate: claim("1Ti", "managed-csi-premium") } },
  ];
  const pods = { template: { spec: { volumes } } };
  const own =
    kind === "batch/v1:CronJob"
      ? { concurrencyPolicy: "Forbid", jobTemplate: { spec: { ...spec, ...pods } } }
      : { ...spec, ...pods };
  return resource(`kubernetes:${kind}`, "scratch", { metadata: { name: "scratch" }, spec: own });
}
const database = resource("kubernetes:apps/v1:StatefulSet", "db", {
  metadata: { name: "db" },
  spec: { volumeClaimTemplates: [claim("32Gi")] },
});
const scaler = (spec: Properties, type = "autoscaling/v2:HorizontalPodAutoscaler") =>
  resource(`kubernetes:${type}`, "scaler", { spec });

describe("what used to pass at no cost", () => {
  test("ephemeral volume claims cost a disk for each pod, and disk-limits sees them", () => {
    const hundred = scratch("apps/v1:Deployment", { replicas: 100 });
    assert.equal(costOf(hundred).total.maximum, 100 * 135.17);
    assert.match(checkResource(diskLimits, hundred).join(), /has «1Ti», the limit is 256Gi/);
    assert.equal(costOf(scratch("batch/v1:Job", { parallelism: 3 })).total.maximum, 3 * 135.17);
    assert.equal(costOf(scratch("batch/v1:CronJob", { parallelism: 2 })).total.maximum, 2 * 135.17);
    assert.match(refusal(scratch("apps/v1:DaemonSet", {})), /a pod on each node/);
    const unknown = resource("kubernetes:apps/v1:Deployment", "d", {
      spec: { template: { spec: { volumes: new Unknown("volumes") } } },
    });
    assert.match(refusal(unknown), /volumes is unknown at preview/);
  });

  test("a StatefulSet behind an autoscaler costs the volumes of its most pods", () => {
    const target = { kind: "StatefulSet", name: "db" };
    assert.equal(costOf(database).total.maximum, 2.4);
    const scaled = costOf(database, scaler({ scaleTargetRef: target, maxReplicas: 10 })).total;
    assert.deepEqual([scaled.minimum, scaled.maximum], [2.4, 24]);
    const keda = (spec: Properties) =>
      scaler({ scaleTargetRef: target, ...spec }, "keda.sh/v1alpha1:ScaledObject");
    assert.equal(costOf(database, keda({ maxReplicaCount: 5 })).total.maximum, 12);
    assert.equal(costOf(database, keda({})).total.maximum, 240);
    const other = scaler({ scaleTargetRef: { ...target, name: "other" }, maxReplicas: 10 });
    assert.equal(costOf(database, other).total.maximum, 2.4);
    const unknown = scaler({ scaleTargetRef: { ...target, name: new Unknown("name") }, maxReplicas: 10 });
    assert.equal(costOf(database, unknown).total.maximum, 24);
  });

  const settings: [string, Properties, RegExp][] = [
    ["SKU Automatic", { sku: { name: "Automatic" } }, /sku\.name is «Automatic».*each vCPU/],
    ["tier Premium", { sku: { tier: "Premium" } }, /sku\.tier is «Premium»/],
    [
      "omsagent",
      { addonProfiles: { omsagent: { enabled: true } } },
      /addonProfiles\.omsagent\.enabled is «true».*switch it off/,
    ],
    [
      "an add-on that is not known",
      { addonProfiles: { other: { enabled: true } } },
      /addonProfiles\.other\.enabled is «true».*what it makes is not known/,
    ],
    [
      "Defender",
      { securityProfile: { defender: { securityMonitoring: { enabled: true } } } },
      /Defender bills each vCPU/,
    ],
    [
      "managed Prometheus",
      { azureMonitorProfile: { metrics: { enabled: true } } },
      /managed Prometheus bills each sample/,
    ],
    [
      "an unknown switch",
      { azureMonitorProfile: { metrics: { enabled: new Unknown("m") } } },
      /unknown at preview/,
    ],
    [
      "node auto provisioning",
      { nodeProvisioningProfile: { mode: "Auto" } },
      /nodeProvisioningProfile\.mode is «Auto»/,
    ],
    ["a setting of a later API", { turboProfile: { enabled: true } }, /what turboProfile costs is not known/],
  ];
  for (const [name, change, message] of settings) {
    test(`cluster: ${name}`, () => {
      assert.match(refusal(cluster(change)), message);
    });
  }

  test("node auto provisioning has no ceiling for the nodes either", () => {
    const automatic = cluster({ nodeProvisioningProfile: { mode: "Auto" } });
    assert.match(checkStack(nodeCeiling, [automatic]).join(), /can't be counted: .*«Auto»/);
    assert.equal(refusal(cluster({ nodeProvisioningProfile: { mode: "Manual" } })), "");
  });

  test("settings that are off cost nothing", () => {
    const off = {
      addonProfiles: { omsagent: { enabled: false }, azurepolicy: { enabled: true } },
      azureMonitorProfile: { metrics: { enabled: false } },
    };
    assert.equal(refusal(cluster(off)), "");
  });

  test("a pool's addresses, ultra disks and Windows licences are refused", () => {
    assert.equal(refusal(pool({ osType: "Linux" })), "");
    for (const change of [
      { enableNodePublicIP: true },
      { enableUltraSSD: true },
      { osType: "Windows" },
      { type: "VirtualMachines" },
    ]) {
      assert.match(refusal(pool(change)), /can't be priced/, JSON.stringify(change));
    }
  });

  test("each outbound address is billed and counted, a managed NAT gateway too", () => {
    const fifty = cluster({ networkProfile: { loadBalancerProfile: { managedOutboundIPs: { count: 50 } } } });
    const added = costOf(fifty).total.maximum - costOf(cluster()).total.maximum;
    assert.ok(Math.abs(added - 49 * 730 * 0.005) < 1e-9, String(added));
    assert.match(checkStack(publicEndpoints, [fifty]).join(), /50 public IP addresses \(«aks»\)/);
    const gateway = cluster({ networkProfile: { outboundType: "managedNATGateway" } });
    const more = costOf(gateway).total.maximum - costOf(cluster()).total.maximum;
    assert.ok(Math.abs(more - 730 * 0.045) < 1e-9, String(more));
  });

  test("disks in a cluster with zones have the price of three zones, those of a class that names one zone not", () => {
    const zonal = pool({ availabilityZones: ["1", "2", "3"] });
    const volume = resource("kubernetes:core/v1:PersistentVolumeClaim", "data", claim("32Gi"));
    const diskIn = (nodes: Resource) => costOf(nodes, volume).total.maximum - costOf(nodes).total.maximum;
    assert.equal(diskIn(zonal).toFixed(2), "3.60");
    assert.equal(diskIn(pool({ availabilityZones: ["1"] })).toFixed(2), "2.40");
    const storageClass = resource("kubernetes:storage.k8s.io/v1:StorageClass", "local", {
      ...{ metadata: { name: "local" }, provisioner: "disk.csi.azure.com" },
      parameters: { skuName: "Premium_LRS" },
    });
    const local = resource("kubernetes:core/v1:PersistentVolumeClaim", "data", claim("128Gi", "local"));
    assert.equal(refusal(zonal, storageClass, local), "");
    assert.equal(costOf(storageClass, local).total.maximum, 19.71);
  });

  test("what is in another region has the prices of that region", () => {
    const gateway = (location: Properties["x"]) =>
      resource("azure-native:network:NatGateway", "nat", { location });
    const address = (location: string) =>
      resource("azure-native:network:PublicIPAddress", "ip", { location });
    // A gateway costs the same in all regions, but not in the clouds of governments.
    assert.equal(refusal(cluster(), gateway("East US")), "");
    assert.equal(refusal(cluster(), gateway("brazilsouth")), "");
    assert.match(
      refusal(cluster(), gateway("usgovvirginia")),
      /no row for natGateway «Standard» in usgovvirginia/,
    );
    assert.match(refusal(cluster(), address("brazilsouth")), /no row for publicIp «Standard» in brazilsouth/);
    assert.match(refusal(cluster(), gateway(new Unknown("location"))), /location is unknown at preview/);
  });

  test("the objects of a Helm release are seen by nobody", () => {
    assert.match(
      refusal(resource("kubernetes:helm.sh/v3:Release", "r", {})),
      /no price is known for the type/,
    );
  });
});

test("what is harmless is accepted", () => {
  const types = [
    ...["kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Chart", "kubernetes:yaml/v2:ConfigGroup"],
    ...[
      "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
      "kubernetes:cert-manager.io/v1:ClusterIssuer",
    ],
    ...["kubernetes:storage.k8s.io/v1:StorageClass", "kubernetes:core/v1:PersistentVolume"],
    ...["azure-native:network:RouteTable", "azure-native:monitor:DiagnosticSetting"],
    ...["tls:index/privateKey:PrivateKey", "command:local:Command", "command:remote:Command"],
  ];
  assert.equal(refusal(...types.map((type) => resource(type, type, {}))), "");
  assert.equal(refusal(resource("acme:data:Lake", "lake", {}, { isComponent: true })), "");
  assert.match(refusal(resource("acme:data:Lake", "lake", {}, { isComponent: false })), /no price is known/);
});

test("the advice works for the type at hand", () => {
  const over = (item: Resource) => checkStack(stackBudget, [item], { maximumMonthly: 0.01 }).join();
  assert.match(
    over(resource("kubernetes:core/v1:PersistentVolumeClaim", "data", claim("32Gi"))),
    /Fix: make the volumes of «data» smaller or fewer, or raise/,
  );
  const disks = pool({ vmSize: "Standard_B2s", osDiskType: "Managed", osDiskSizeGB: 1024 });
  assert.match(over(disks), /Fix: give the nodes of «pool» a smaller osDiskSizeGB/);
  assert.match(
    over(resource("azure-native:network:PublicIPAddress", "door", {})),
    /Fix: do without the address of «door»/,
  );
  // A type with a meter takes no assumed price, so its message proposes none.
  assert.doesNotMatch(refusal(pool({ vmSize: new Unknown("vmSize") })), /assumedMonthly/);
  assert.match(
    refusal(resource("azure-native:cache:Redis", "r", {})),
    /assumedMonthly\["azure-native:cache:Redis"\]/,
  );
});
