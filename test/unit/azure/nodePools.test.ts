import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkPools,
  renderPool,
  renderUserPool,
  systemPoolDifferences,
  spotTolerations,
} from "../../../components/azure/nodePools";

const pool = { vmSize: "Standard_D2s_v5", minCount: 1, maxCount: 3 };
const system = { vmSize: "Standard_D4s_v5", minCount: 2, maxCount: 3 };

describe("renderPool", () => {
  test("a pool with room between its bounds is autoscaled", () => {
    const rendered = renderPool(pool);
    assert.equal(rendered.enableAutoScaling, true);
    assert.deepEqual([rendered.count, rendered.minCount, rendered.maxCount], [1, 1, 3]);
    assert.equal(rendered.osDiskSizeGB, 64);
  });

  test("a pool of a fixed size is not, and names no bounds: Azure refuses them", () => {
    const rendered = renderPool({ ...pool, minCount: 2, maxCount: 2 });
    assert.equal(rendered.enableAutoScaling, false);
    assert.equal(rendered.count, 2);
    assert.ok(!("minCount" in rendered) && !("maxCount" in rendered));
  });
});

describe("renderUserPool", () => {
  test("a spot pool has the taint that the tolerations for it fit", () => {
    const rendered = renderUserPool({ ...pool, minCount: 0, spot: true });
    assert.equal(rendered.scaleSetPriority, "Spot");
    assert.equal(rendered.spotMaxPrice, -1);
    const [toleration] = spotTolerations;
    assert.ok(toleration !== undefined);
    const { key, value, effect } = toleration;
    assert.deepEqual(rendered.nodeTaints, [`${key}=${value}:${effect}`]);
    assert.equal(Object.entries(rendered.nodeLabels).find(([label]) => label === key)?.[1], value);
  });

  test("a plain pool has no taint and no priority", () => {
    const rendered = renderUserPool(pool);
    assert.deepEqual(rendered.nodeTaints, []);
    assert.ok(!("scaleSetPriority" in rendered));
  });
});

describe("checkPools", () => {
  const cases: [string, () => void, RegExp][] = [
    [
      "no system node",
      () => checkPools({ ...system, minCount: 1 }, { apps: pool }),
      /systemPool\.minCount is 1.*e\.g\. minCount: 2/,
    ],
    [
      "a system node of 2 vCPUs",
      () => checkPools({ ...system, vmSize: "Standard_D2s_v5" }, { apps: pool }),
      /systemPool\.vmSize is Standard_D2s_v5, with 2 vCPUs.*e\.g\. vmSize: Standard_D4s_v5/,
    ],
    [
      "a system node of 4 vCPUs, of which 2 are on",
      () => checkPools({ ...system, vmSize: "Standard_E4-2ds_v5" }, { apps: pool }),
      /with 2 vCPUs/,
    ],
    [
      "no node for the platform but spot nodes",
      () => checkPools(system, { pipelines: { ...pool, spot: true } }),
      /userPools has no pool for the platform.*e\.g\. apps:/,
    ],
    [
      "bounds crossed",
      () => checkPools(system, { apps: { ...pool, minCount: 4 } }),
      /userPools\.apps has minCount 4 and maxCount 3/,
    ],
    ["a fraction", () => checkPools(system, { apps: { ...pool, maxCount: 2.5 } }), /whole numbers/],
    [
      "a name too long",
      () => checkPools(system, { machinelearning: pool }),
      /userPools\.machinelearning: .* 1 to 12/,
    ],
    ["the system pool's name", () => checkPools(system, { system: pool }), /not be "system"/],
    [
      "a disk too small",
      () => checkPools({ ...system, osDiskSizeGiB: 16 }, { apps: pool }),
      /osDiskSizeGiB is 16: .*30 to 2048/,
    ],
    [
      "a spot price without spot",
      () => checkPools(system, { apps: { ...pool, spotMaxPrice: 0.1 } }),
      /set spot: true/,
    ],
  ];
  for (const [name, check, message] of cases) {
    test(`${name} is refused with the setting and the fix`, () => assert.throws(check, message));
  }

  test("good pools pass", () => {
    checkPools(system, { apps: pool, pipelines: { ...pool, minCount: 0, spot: true, spotMaxPrice: 0.1 } });
  });
});

describe("systemPoolDifferences", () => {
  const listed = {
    name: "system",
    vmSize: "Standard_D4s_v5",
    count: 3,
    minCount: 2,
    maxCount: 3,
    osDiskSizeGB: 64,
  };
  const differs = (change: object, now: object = {}) =>
    systemPoolDifferences(
      { ...system, ...change },
      [{ name: "apps" }, { ...listed, ...now }],
      "--cluster-name c",
    );

  test("what the autoscaler and the upgrades change is no difference", () => {
    assert.deepEqual(
      [
        differs({}),
        differs({}, { count: 2, orchestratorVersion: "1.35.4" }),
        differs({ maxCount: 2 }, { count: 2, minCount: null, maxCount: null }),
        differs({}, { name: "system2", vmSize: "Standard_D8s_v5" }),
        systemPoolDifferences(system, undefined, ""),
      ].flat(),
      [],
    );
  });

  test("a setting that would not take effect is named with the command", () => {
    const update = "az aks nodepool update --cluster-name c --name system";
    assert.match(
      differs({ vmSize: "Standard_D8s_v5" }).join(),
      /vmSize is .*D8s_v5, .* has Standard_D4s_v5: AKS can't/,
    );
    assert.match(differs({ osDiskSizeGiB: 128 }).join(), /osDiskSizeGiB is 128, .* has 64: AKS can't/);
    assert.match(
      differs({ maxCount: 5 }).join(),
      new RegExp(
        `maxCount is 5, .* has 3: ${update} --update-cluster-autoscaler --min-count 2 --max-count 5; then`,
      ),
    );
    assert.match(
      differs({ maxCount: 2 }).join(),
      /maxCount is 2, .* --disable-cluster-autoscaler, and .* --node-count 2/,
    );
    assert.match(
      differs({}, { count: 2, minCount: null, maxCount: null }).join(),
      /maxCount is 3, .* has 2: .* --enable-cluster-autoscaler --min-count 2 --max-count 3/,
    );
  });
});
