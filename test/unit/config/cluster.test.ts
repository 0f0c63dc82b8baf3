import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readClusterConfig } from "../../../config/cluster";

const good = {
  location: "eastus",
  tags: { owner: "data-team" },
  systemPool: { vmSize: "Standard_D2s_v5", minCount: 1, maxCount: 2 },
  userPools: { pipelines: { vmSize: "Standard_D4s_v5", minCount: 0, maxCount: 2, spot: true } },
};

function read(cluster: unknown) {
  return readClusterConfig({
    prefix: "ds-monitoring:",
    get: (key) => (key === "cluster" ? cluster : undefined),
  });
}

describe("readClusterConfig", () => {
  test("a stack without the key uses a cluster that is there", () =>
    assert.equal(read(undefined), undefined));

  test("a good cluster is read as it is written", () => {
    const config = read(good);
    assert.equal(config?.location, "eastus");
    assert.equal(config?.userPools?.pipelines?.spot, true);
    assert.equal(config?.systemPool.maxCount, 2);
    assert.equal(config?.blobCsiDriver, undefined);
    assert.equal(read({ ...good, blobCsiDriver: true })?.blobCsiDriver, true);
  });

  const pool = good.userPools.pipelines;
  const bad: [string, unknown, RegExp][] = [
    [
      "a missing key",
      { ...good, location: undefined },
      /ds-monitoring:cluster\.location is not set: it must be an Azure region, e\.g\. .*eastus/,
    ],
    [
      "an unknown key",
      { ...good, nodes: 3 },
      /ds-monitoring:cluster\.nodes is not known: the allowed keys are location/,
    ],
    ["a wrong word", { ...good, tier: "Gold" }, /cluster\.tier is "Gold": it must be "Free", "Standard"/],
    [
      "a wrong type",
      { ...good, privateCluster: "no" },
      /cluster\.privateCluster is "no": it must be true or false/,
    ],
    ["no tags", { ...good, tags: {} }, /cluster\.tags is \{\}: it must be a mapping of names to texts/],
    ["an empty tag", { ...good, tags: { owner: "" } }, /cluster\.tags/],
    [
      "no system pool",
      { ...good, systemPool: undefined },
      /cluster\.systemPool is not set: it must be a mapping of vmSize/,
    ],
    [
      "an unknown pool key",
      { ...good, userPools: { a: { ...pool, sport: true } } },
      /userPools\.a\.sport is not known \(did you mean .*\.spot\?\): .*vmSize/,
    ],
    [
      "a wrong size",
      { ...good, systemPool: { ...good.systemPool, vmSize: "big" } },
      /systemPool\.vmSize is "big"/,
    ],
    [
      "a count of text",
      { ...good, userPools: { a: { ...pool, minCount: "1" } } },
      /userPools\.a\.minCount is "1": it must be a whole number/,
    ],
    [
      "a pool that is no mapping",
      { ...good, userPools: { a: 3 } },
      /userPools\.a is 3: it must be a mapping/,
    ],
    ["pools that are no mapping", { ...good, userPools: [pool] }, /userPools is \[.*it must be a mapping/],
    [
      "a wrong range",
      { ...good, network: { podRange: "10.0.0.0" } },
      /network\.podRange is "10\.0\.0\.0": .*IPv4 range/,
    ],
    [
      "a wrong group",
      { ...good, entra: { adminGroupObjectIds: ["admins"] } },
      /adminGroupObjectIds is \["admins"\]/,
    ],
    [
      "a wrong day",
      { ...good, maintenance: { day: "Sun" } },
      /maintenance\.day is "Sun": it must be "Monday"/,
    ],
    ["a wrong time", { ...good, maintenance: { startTime: "25:00" } }, /maintenance\.startTime is "25:00"/],
  ];
  for (const [name, cluster, message] of bad) {
    test(`${name} is refused with the key, what is allowed and an example`, () =>
      assert.throws(() => read(cluster), message));
  }
});
