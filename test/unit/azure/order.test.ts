import assert from "node:assert/strict";
import { test } from "node:test";
import { AksCluster } from "../../../components/azure/aksCluster";
import { deploy, type RequestedResource } from "../support/deploy";

const pool = { vmSize: "Standard_D4s_v5", minCount: 2, maxCount: 3 };

// AKS answers 409 OperationNotAllowed to a change while another is under way.
test("the cluster, its pools and its maintenance windows are made one after another", async () => {
  const { resources } = await deploy(
    () =>
      new AksCluster("aks", {
        location: "westeurope",
        tags: {},
        systemPool: pool,
        userPools: { apps: pool, monitoring: pool, pipelines: pool },
      }),
  );
  const changes = resources.filter(({ type }) => /:(ManagedCluster|AgentPool|Maintenance\w+)$/.test(type));
  assert.equal(changes.length, 6);
  const waitsFor = (later: RequestedResource, earlier: RequestedResource): boolean =>
    later.dependencies.some((urn) => {
      const next = resources.find(({ type, name }) => urn.endsWith(`${type}::${name}`));
      return next !== undefined && (next === earlier || waitsFor(next, earlier));
    });
  for (const one of changes)
    for (const other of changes)
      if (one !== other)
        assert.ok(waitsFor(one, other) || waitsFor(other, one), `${one.name} and ${other.name} at once`);
});
