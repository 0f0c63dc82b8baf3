import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown, type Properties } from "../../../policies/core/values";
import { allowedVmSizes } from "../../../policies/cost/allowedVmSizes";
import { componentBudget } from "../../../policies/cost/componentBudget";
import { diskLimits } from "../../../policies/cost/diskLimits";
import { nodeCeiling } from "../../../policies/cost/nodeCeiling";
import { priceAge } from "../../../policies/cost/priceAge";
import { publicEndpoints } from "../../../policies/cost/publicEndpoints";
import { retentionLimits } from "../../../policies/cost/retentionLimits";
import { stackBudget } from "../../../policies/cost/stackBudget";
import { prices } from "../../../policies/estimate/prices";
import { checkResource, checkStack, resource, urnOf } from "./support";

const managedCluster = "azure-native:containerservice:ManagedCluster";
const pool = (change: Properties = {}, name = "apps") =>
  resource("azure-native:containerservice:AgentPool", name, {
    ...{ location: "East US", vmSize: "Standard_D2s_v5", enableAutoScaling: true, minCount: 1, maxCount: 3 },
    osDiskType: "Ephemeral",
    ...change,
  });
/** One node of {@link pool} a month. */
const node = 70.08;

describe("stack-budget", () => {
  test("a stack at its limit passes, a cent above does not", () => {
    assert.deepEqual(
      checkStack(stackBudget, [pool()], { maximumMonthly: 3 * node, minimumMonthly: node }),
      [],
    );
    assert.equal(checkStack(stackBudget, [pool()], { maximumMonthly: 3 * node - 0.01 }).length, 1);
    assert.equal(
      checkStack(stackBudget, [pool()], { maximumMonthly: 3 * node, minimumMonthly: node - 0.01 }).length,
      1,
    );
  });

  test("the message has total and limit, the three largest drivers with arithmetic, and the fix", () => {
    const pools = [
      pool({ maxCount: 1 }, "small"),
      pool({ maxCount: 5 }, "large"),
      pool({ maxCount: 2 }),
      pool({}, "mid"),
    ];
    const [message] = checkStack(stackBudget, pools, { maximumMonthly: 500 });
    assert.equal(
      message,
      "The stack, with every node pool at its maximum, costs 770.88 USD a month, 270.88 over the limit of 500.00. " +
        "Largest drivers: 1. «large» 1–5 nodes Standard_D2s_v5 × 730 h × 0.096 USD = 70.08–350.40; " +
        "2. «mid» 1–3 nodes Standard_D2s_v5 × 730 h × 0.096 USD = 70.08–210.24; " +
        "3. «apps» 1–2 nodes Standard_D2s_v5 × 730 h × 0.096 USD = 70.08–140.16. " +
        "Fix: give «large» fewer nodes or a smaller vmSize, or raise stack-budget.maximumMonthly in the policy config of this stack.",
    );
  });

  test("an unknown node count fails, whatever the limit", () => {
    const unknown = pool({ maxCount: new Unknown("maxCount") });
    const messages = checkStack(stackBudget, [unknown], { maximumMonthly: 1e9 });
    assert.match(messages.join(), /is not known.*«apps»: maxCount is unknown at preview/);
  });

  test("an unknown type fails until its price is assumed", () => {
    const vm = resource("azure-native:compute:VirtualMachine", "vm", {});
    assert.match(
      checkStack(stackBudget, [vm], { maximumMonthly: 1e9 }).join(),
      /no price is known for the type/,
    );
    const assumedMonthly = { [vm.type]: { monthly: 42, reason: "a B2s with a disk" } };
    assert.deepEqual(checkStack(stackBudget, [vm], { maximumMonthly: 42, assumedMonthly }), []);
    assert.match(
      checkStack(stackBudget, [vm], { maximumMonthly: 41, assumedMonthly }).join(),
      /assumed 42\.00 USD/,
    );
  });

  test("a stack without a budget does not pass", () => {
    assert.match(checkStack(stackBudget, []).join(), /no budget: set stack-budget\.maximumMonthly/);
  });

  test("prices are those of the region that the resources name", () => {
    const messages = checkStack(stackBudget, [pool({ location: "West Europe" })], { maximumMonthly: 1 });
    assert.match(messages.join(), /× 730 h × 0\.115 USD/);
    const elsewhere = checkStack(stackBudget, [pool({ location: "Brazil South" })], { maximumMonthly: 1e9 });
    assert.match(elsewhere.join(), /no row for vm «Standard_D2s_v5» in brazilsouth.*--region brazilsouth/);
  });
});

describe("component-budget", () => {
  const component = "ds-monitoring:index:AksCluster";
  const stack = [
    resource(component, "aks", {}),
    { ...pool(), parent: urnOf(component, "aks") },
    pool({ maxCount: 9 }, "outside"),
  ];
  const limits = (limit: number) => ({ limits: { [component]: limit } });

  test("what is inside counts, what is outside does not", () => {
    assert.deepEqual(checkStack(componentBudget, stack, limits(3 * node)), []);
    const [message] = checkStack(componentBudget, stack, limits(3 * node - 1));
    assert.match(message ?? "", /component «aks» costs 210\.24 USD a month, 1\.00 over the limit of 209\.24/);
    assert.match(message ?? "", /raise component-budget\.limits\["ds-monitoring:index:AksCluster"\]/);
  });

  test("an unknown cost inside fails", () => {
    const [aks, inside] = stack;
    const unknown = { ...inside, ...pool({ vmSize: new Unknown("vmSize") }), parent: aks?.urn };
    assert.match(
      checkStack(componentBudget, [...stack.slice(0, 1), unknown], limits(1e9)).join(),
      /vmSize is unknown/,
    );
  });
});

describe("allowed-vm-sizes", () => {
  test("only sizes of the list, in pools and in clusters", () => {
    assert.deepEqual(checkResource(allowedVmSizes, pool()), []);
    assert.match(
      checkResource(allowedVmSizes, pool({ vmSize: "Standard_M128s" })).join(),
      /«apps».*«Standard_M128s»/,
    );
    const cluster = resource(managedCluster, "aks", {
      agentPoolProfiles: [{ name: "system", vmSize: "Standard_M128s" }],
    });
    assert.match(checkResource(allowedVmSizes, cluster).join(), /«aks\/system»/);
  });

  test("an unknown size does not pass", () => {
    assert.match(
      checkResource(allowedVmSizes, pool({ vmSize: new Unknown("v") })).join(),
      /unknown at preview/,
    );
    const cluster = resource(managedCluster, "aks", { agentPoolProfiles: new Unknown("agentPoolProfiles") });
    assert.match(checkResource(allowedVmSizes, cluster).join(), /agentPoolProfiles is unknown/);
  });
});

describe("node-ceiling", () => {
  const config = { perPool: 3, perStack: 5 };

  test("at the ceilings passes, above does not", () => {
    assert.deepEqual(checkStack(nodeCeiling, [pool(), pool({ maxCount: 2 }, "b")], config), []);
    assert.match(
      checkStack(nodeCeiling, [pool({ maxCount: 4 })], config).join(),
      /can grow to 4 nodes, the limit is 3/,
    );
    assert.match(
      checkStack(nodeCeiling, [pool(), pool({}, "b")], config).join(),
      /grow to 6 nodes \(«apps» 3 \+ «b» 3\), the limit is 5/,
    );
  });

  test("a fixed count counts, an unknown one does not pass", () => {
    const fixed = { enableAutoScaling: false, count: 4 };
    assert.match(checkStack(nodeCeiling, [pool(fixed)], config).join(), /can grow to 4 nodes/);
    const unknown = pool({ maxCount: new Unknown("maxCount") });
    assert.match(checkStack(nodeCeiling, [unknown], config).join(), /no known ceiling \(maxCount is unknown/);
  });
});

describe("disk-limits", () => {
  const claim = (storage: Properties["x"], storageClassName: Properties["x"] = "managed-csi") =>
    resource("kubernetes:core/v1:PersistentVolumeClaim", "c", {
      spec: { storageClassName, resources: { requests: { storage } } },
    });

  test("at the limit passes, above, unknown or of another class does not", () => {
    assert.deepEqual(checkResource(diskLimits, claim("256Gi")), []);
    assert.deepEqual(checkResource(diskLimits, claim("256Gi", "azureblob-nfs-premium")), []);
    assert.match(checkResource(diskLimits, claim("257Gi")).join(), /has «257Gi», the limit is 256Gi/);
    assert.match(
      checkResource(diskLimits, claim(new Unknown("s"))).join(),
      /unknown at preview, the limit is 256Gi/,
    );
    assert.match(
      checkResource(diskLimits, claim("1Gi", "ultra")).join(),
      /storage class «ultra»: use one of default/,
    );
  });

  test("claim templates and node disks count too", () => {
    const set = resource("kubernetes:apps/v1:StatefulSet", "db", {
      spec: { volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "1Ti" } } } }] },
    });
    assert.match(checkResource(diskLimits, set).join(), /«db» has «1Ti»/);
    assert.deepEqual(checkResource(diskLimits, pool({ osDiskSizeGB: 128 })), []);
    assert.match(checkResource(diskLimits, pool({ osDiskSizeGB: 129 })).join(), /osDiskSizeGB is «129»/);
  });
});

describe("public-endpoints", () => {
  const service = (name: string, annotations: Properties = {}) =>
    resource("kubernetes:core/v1:Service", name, {
      metadata: { annotations },
      spec: { type: "LoadBalancer" },
    });
  const cluster = (ingress: boolean) =>
    resource(managedCluster, "aks", { ingressProfile: { webAppRouting: { enabled: ingress } } });

  test("addresses of clusters, ingresses, Services and their own resources are counted", () => {
    const config = { maximumPublicIps: 2, maximumLoadBalancers: 1 };
    assert.deepEqual(checkStack(publicEndpoints, [cluster(true)], config), []);
    assert.deepEqual(checkStack(publicEndpoints, [cluster(false), service("a")], config), []);
    assert.match(
      checkStack(publicEndpoints, [cluster(true), service("a")], config).join(),
      /3 public IP addresses/,
    );
    assert.match(
      checkStack(publicEndpoints, [service("a"), service("b")], config).join(),
      /2 load-balanced Services \(«a», «b»\)/,
    );
    const address = resource("azure-native:network:PublicIPAddress", "ip", {});
    assert.match(
      checkStack(publicEndpoints, [cluster(true), address], config).join(),
      /3 public IP addresses/,
    );
  });

  test("an internal load balancer has no public address", () => {
    const internal = service("a", { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" });
    const none = { maximumPublicIps: 0, maximumLoadBalancers: 1 };
    assert.deepEqual(checkStack(publicEndpoints, [internal], none), []);
    assert.equal(checkStack(publicEndpoints, [service("b")], none).length, 1);
  });
});

describe("retention-limits", () => {
  const state = (name: string, days: number) =>
    resource("kubernetes:core/v1:ConfigMap", "state", {
      data: {
        "desired-state.json": JSON.stringify({ buckets: [{ name, retentionSeconds: days * 86_400 }] }),
      },
    });

  test("at the limit passes, above or without an end does not", () => {
    assert.deepEqual(checkResource(retentionLimits, state("events", 31)), []);
    assert.match(
      checkResource(retentionLimits, state("events", 32)).join(),
      /«events» keeps its data 32 days, the limit is 31/,
    );
    assert.match(checkResource(retentionLimits, state("events", 0)).join(), /without an end/);
    assert.match(checkResource(retentionLimits, state("other", 32)).join(), /«other»/);
  });

  test("ConfigMaps of other things are left alone", () => {
    const data = { "a.json": "{}", "b.json": "{broken", "c.txt": "buckets", d: new Unknown("data.d") };
    assert.deepEqual(
      checkResource(retentionLimits, resource("kubernetes:core/v1:ConfigMap", "c", { data })),
      [],
    );
  });
});

test("price-age warns from the day after the limit on, of what the stack has, and never blocks", (t) => {
  const day = 86_400_000;
  const { asOf = "" } =
    prices.find(({ region, sku }) => region === "eastus" && sku === "Standard_D2s_v5") ?? {};
  assert.ok(
    prices.some((row) => row.asOf < asOf),
    "an older row is of something else",
  );
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse(asOf) + 180 * day });
  assert.deepEqual(checkStack(priceAge, [pool()]), []);
  t.mock.timers.tick(day);
  assert.match(
    checkStack(priceAge, [pool()]).join(),
    new RegExp(`${asOf}, 181 days ago, the limit is 180: run npm run`),
  );
  assert.deepEqual(checkStack(priceAge, []), []);
  assert.equal(priceAge.enforcementLevel, "advisory");
});
