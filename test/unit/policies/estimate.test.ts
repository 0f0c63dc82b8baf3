import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown } from "../../../policies/core/values";
import { usageFile } from "../../../policies/cost/settings";
import { estimate } from "../../../policies/estimate/estimate";
import { findPrice, prices } from "../../../policies/estimate/prices";
import { diskTier, parseGiB } from "../../../policies/estimate/quantity";
import type { Resource } from "../../../policies/core/resource";
import { resource } from "./support";

const options = {
  region: "eastus",
  usage: { ...usageFile.stack, loadBalancerGB: 100, natGatewayGB: 10, blobGB: 50 },
};

const cluster = resource("azure-native:containerservice:ManagedCluster", "aks", {
  sku: { tier: "Standard" },
  agentPoolProfiles: [{ name: "system", vmSize: "Standard_D2s_v5", count: 2, osDiskSizeGB: 64 }],
});

function costOf(...resources: Resource[]) {
  return estimate(resources, prices, options);
}

function assertCost(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

describe("estimate", () => {
  test("a cluster is its tier, load balancer, traffic, outbound address, nodes and node disks", () => {
    const { total, unpriced } = costOf(cluster);
    assert.deepEqual(unpriced, []);
    assertCost(
      total.maximum,
      730 * 0.1 + 730 * 0.025 + 100 * 0.005 + 730 * 0.005 + 2 * 730 * 0.096 + 2 * 10.207,
    );
    assertCost(total.minimum, total.maximum);
  });

  test("an autoscaled pool costs from its minimum to its maximum", () => {
    const { lines, total } = costOf(
      resource("azure-native:containerservice:AgentPool", "apps", {
        ...{ vmSize: "Standard_D4s_v5", enableAutoScaling: true, count: 1, minCount: 1, maxCount: 4 },
        osDiskType: "Ephemeral",
      }),
    );
    assert.equal(lines[0]?.arithmetic, "1–4 nodes Standard_D4s_v5 × 730 h × 0.192 USD");
    assertCost(total.minimum, 140.16);
    assertCost(total.maximum, 560.64);
  });

  test("nodes above the minimum are on for the hours that the usage file says of their pool", () => {
    const pool = (name: string) =>
      resource("azure-native:containerservice:AgentPool", name, {
        ...{ vmSize: "Standard_D4s_v5", enableAutoScaling: true, count: 1, minCount: 1, maxCount: 3 },
        osDiskSizeGB: 64,
      });
    const usageOf = { pipelines: { extraNodeHours: 73 } };
    const { lines } = estimate([pool("apps"), pool("pipelines")], prices, { ...options, usageOf });
    const node = 730 * 0.192;
    assert.deepEqual(
      lines.map(({ cost }) => [cost.minimum, cost.maximum].map((amount) => amount.toFixed(2))),
      [
        [node, 3 * node],
        [10.207, 3 * 10.207],
        // A tenth of the month: two nodes and their disks.
        [node, 1.2 * node],
        [10.207, 1.2 * 10.207],
      ].map((amounts) => amounts.map((amount) => amount.toFixed(2))),
    );
    assert.match(lines[2]?.arithmetic ?? "", /\(73 h of those above 1\)$/);
  });

  test("a gateway costs the address of its Service, and rules beyond those that the load balancer includes", () => {
    const gateway = (listeners: number, annotations = {}) =>
      resource("kubernetes:gateway.networking.k8s.io/v1:Gateway", "g", {
        spec: { listeners: Array.from({ length: listeners }, () => ({})), infrastructure: { annotations } },
      });
    const added = (...resources: Resource[]) =>
      costOf(cluster, ...resources).total.maximum - costOf(cluster).total.maximum;
    assertCost(added(gateway(2)), 730 * 0.005);
    // Five listeners and the state's port: two more than the four that outbound traffic leaves.
    assertCost(added(gateway(5)), 730 * 0.005 + 2 * 730 * 0.01);
    assertCost(added(gateway(2, { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" })), 0);
  });

  test("a spot pool counts as pay-as-you-go, or as its ceiling where it has one", () => {
    const spot = {
      ...{ vmSize: "Standard_D4s_v5", enableAutoScaling: true, minCount: 0, maxCount: 1 },
      ...{ scaleSetPriority: "Spot", osDiskType: "Ephemeral" },
    };
    const pool = (spotMaxPrice: number) =>
      costOf(resource("azure-native:containerservice:AgentPool", "spot", { ...spot, spotMaxPrice })).total;
    assertCost(pool(-1).maximum, 730 * 0.192);
    assertCost(pool(0.05).maximum, 730 * 0.05);
    assertCost(pool(9).maximum, 730 * 0.192);
    assert.equal(pool(-1).minimum, 0);
  });

  test("volumes cost the smallest disk that holds them, one for each replica", () => {
    const claim = { storageClassName: "managed-csi", resources: { requests: { storage: "33Gi" } } };
    const { total } = costOf(
      resource("kubernetes:core/v1:PersistentVolumeClaim", "backup", { spec: claim }),
      resource("kubernetes:apps/v1:StatefulSet", "fluentd", {
        spec: {
          replicas: 2,
          volumeClaimTemplates: [{ spec: { ...claim, storageClassName: "managed-csi-premium" } }],
        },
      }),
    );
    assertCost(total.maximum, 4.8 + 2 * 10.207);
  });

  test("file shares and blobs cost what is stored, at most the size that was asked for", () => {
    const claim = (storageClassName: string) =>
      resource("kubernetes:core/v1:PersistentVolumeClaim", storageClassName, {
        spec: { storageClassName, resources: { requests: { storage: "100Gi" } } },
      });
    for (const [storageClass, price] of [
      ["azurefile-csi", 0.06],
      ["azureblob-nfs-premium", 0.195],
      ["azureblob-fuse-premium", 0.195],
    ] as const) {
      const { total, unpriced } = costOf(claim(storageClass));
      assert.deepEqual(unpriced, []);
      assertCost(total.maximum, 100 * price);
      assert.equal(total.minimum, 0);
    }
    assert.match(
      costOf(claim("ultra")).unpriced[0]?.reason ?? "",
      /no price is known for the storage class «ultra»/,
    );
  });

  test("the first rules of a load balancer are included, the others are billed", () => {
    const ports = (count: number) => Array.from({ length: count }, (_, index) => ({ port: index }));
    const service = (name: string, count: number) =>
      resource("kubernetes:core/v1:Service", name, { spec: { type: "LoadBalancer", ports: ports(count) } });
    const base = costOf(cluster).total.maximum;
    const address = 730 * 0.005;
    assertCost(costOf(cluster, service("a", 4)).total.maximum, base + address);
    assertCost(
      costOf(cluster, service("a", 3), service("b", 3)).total.maximum,
      base + 2 * address + 2 * 730 * 0.01,
    );
    assertCost(costOf(service("a", 1)).total.maximum, address + 730 * 0.01);
  });

  test("an internal load balancer has no public address", () => {
    const { total } = costOf(
      cluster,
      resource("kubernetes:core/v1:Service", "internal", {
        metadata: { annotations: { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" } },
        spec: { type: "LoadBalancer", ports: [{ port: 1 }] },
      }),
    );
    assertCost(total.maximum, costOf(cluster).total.maximum);
  });

  test("every resource is priced, free with a reason, or unpriced with a reason: never silently 0", () => {
    const resources = [
      cluster,
      resource("kubernetes:core/v1:ConfigMap", "free", {}),
      resource("kubernetes:core/v1:Service", "internal", { spec: {} }),
      resource("azure-native:compute:VirtualMachine", "vm", {}),
      resource("kubernetes:core/v1:Service", "unknown", { spec: new Unknown("spec") }),
      resource("kubernetes:apps/v1:StatefulSet", "no-volumes", { spec: { volumeClaimTemplates: [] } }),
      resource("kubernetes:apps/v1:StatefulSet", "claims", {
        spec: { volumeClaimTemplates: new Unknown("c") },
      }),
    ];
    const { lines, free, unpriced } = costOf(...resources);
    const names = [...lines, ...free, ...unpriced].map((entry) => entry.resource.name);
    assert.deepEqual(new Set(names), new Set(resources.map(({ name }) => name)));
    assert.deepEqual(
      unpriced.map(({ resource: { name }, reason }) => `${name}: ${reason}`),
      [
        "vm: no price is known for the type azure-native:compute:VirtualMachine",
        "unknown: spec is unknown at preview",
        "claims: c is unknown at preview",
      ],
    );
    assert.ok(free.every(({ reason }) => reason !== ""));
  });

  test("what a price depends on and is unknown or missing makes a resource unpriced", () => {
    const pool = { vmSize: "Standard_D2s_v5", enableAutoScaling: true, minCount: 1, maxCount: 2 };
    const cases: [object, RegExp][] = [
      [{ vmSize: new Unknown("vmSize") }, /vmSize is unknown/],
      [{ vmSize: undefined }, /vmSize is not set/],
      [{ vmSize: "Standard_NC96ads_A100_v4" }, /no row for vm «Standard_NC96ads_A100_v4» in eastus/],
      [{ maxCount: new Unknown("maxCount") }, /maxCount is unknown/],
      [{ maxCount: undefined }, /maxCount is not set/],
      [{ enableAutoScaling: new Unknown("enableAutoScaling") }, /enableAutoScaling is unknown/],
      [{ osDiskSizeGB: new Unknown("osDiskSizeGB") }, /osDiskSizeGB is unknown/],
      [{ osDiskSizeGB: 5000 }, /no price is known for a node disk of 5000 GiB/],
    ];
    for (const [change, reason] of cases) {
      const properties = { ...pool, ...change };
      const { lines, unpriced } = costOf(
        resource("azure-native:containerservice:AgentPool", "p", properties as Resource["properties"]),
      );
      assert.deepEqual(lines, []);
      assert.match(unpriced[0]?.reason ?? "", reason);
    }
  });

  test("an assumed price is taken for a type that is not known", () => {
    const vm = resource("azure-native:compute:VirtualMachine", "vm", {});
    const assumedMonthly = { [vm.type]: { monthly: 42, reason: "a B2s with a disk" } };
    const { total, unpriced } = estimate([vm], prices, { ...options, assumedMonthly });
    assert.equal(total.maximum, 42);
    assert.deepEqual(unpriced, []);
  });

  test("a region without prices leaves everything unpriced", () => {
    const { total, unpriced } = estimate([cluster], prices, { ...options, region: "nowhere" });
    assert.equal(total.maximum, 0);
    assert.match(unpriced[0]?.reason ?? "", /no row for cluster «Standard» in nowhere/);
  });
});

describe("price table", () => {
  test("every row is complete, and no SKU is there twice", () => {
    for (const row of prices) {
      assert.ok(row.price > 0, row.sku);
      assert.match(row.asOf, /^\d{4}-\d{2}-\d{2}$/, row.sku);
      assert.ok(row.source.length > 10 && row.meter !== "" && row.product !== "", row.sku);
      assert.equal(row.currency, "USD");
      assert.equal(findPrice(prices, row.region, row.kind, row.sku), row, `${row.sku} is there twice`);
    }
  });
});

describe("quantities", () => {
  test("storage quantities of Kubernetes in GiB", () => {
    assert.equal(parseGiB("10Gi"), 10);
    assert.equal(parseGiB("1Ti"), 1024);
    assert.equal(parseGiB("1073741824"), 1);
    assert.equal(parseGiB("512Mi"), 0.5);
    assert.ok(Math.abs((parseGiB("10G") ?? 0) - 9.3132) < 0.001);
    assert.equal(parseGiB("ten"), undefined);
  });

  test("the billed tier holds the size", () => {
    assert.equal(diskTier("E", 4), "E1");
    assert.equal(diskTier("E", 4.1), "E2");
    assert.equal(diskTier("P", 64), "P6");
    assert.equal(diskTier("P", 65), "P10");
    assert.equal(diskTier("P", 1025), undefined);
  });
});
