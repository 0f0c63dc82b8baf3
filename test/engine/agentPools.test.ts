import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { State } from "../../local/engine/backend";
import type { Engine } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";
import { changingSteps, Fixture } from "./harness";

/* The pools that Azure lists in a cluster, under the real engine: neither drift, nor ignored whole. */

const program = `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi");
const { AksCluster } = require("${join(repositoryRoot, "components", "azure", "index.ts")}");
const pool = { vmSize: "Standard_D4s_v5", minCount: 1, maxCount: 3 };
const maxCount = new pulumi.Config().getNumber("systemNodes") ?? 3;
const removed = new pulumi.Config().getBoolean("withoutApps") ?? false;
new AksCluster("aks", {
  location: "westeurope",
  tags: {},
  protect: false,
  systemPool: { ...pool, minCount: 2, maxCount },
  userPools: { ...(!removed && { apps: pool }), monitoring: pool, pipelines: { ...pool, spot: true } },
});
`;

interface Cluster {
  inputs: { agentPoolProfiles: object[] };
  outputs: { agentPoolProfiles: object[] };
}

let fixture: Fixture;
let engine: Engine;
let afterRefresh: State;

before(async () => {
  fixture = await Fixture.start({ cluster: false });
  const project = join(fixture.directory, "pools");
  await mkdir(project);
  await writeFile(
    join(project, "Pulumi.yaml"),
    "name: pools\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "pools", main: "index.js" }));
  await writeFile(join(project, "index.js"), program);
  await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
  engine = await stackWith({});
  const up = await engine.up();
  assert.equal(up.code, 0, up.stdout + up.stderr);
  afterRefresh = refreshed(await engine.state({ showSecrets: true }));
});
after(() => fixture.stop());

const stackWith = (config: Record<string, unknown>): Promise<Engine> =>
  fixture.stack({
    project: join(fixture.directory, "pools"),
    stack: "dev",
    config,
    env: { DS_MONITORING_ECHO_UP: "1" },
  });

const clusterOf = ({ deployment }: State) =>
  deployment.resources?.find(({ type }) => type.endsWith(":ManagedCluster")) as unknown as Cluster;

/** The state as a refresh writes it: Azure lists every pool in the cluster, and has scaled and upgraded the first. */
function refreshed(state: State): State {
  const cluster = clusterOf(state);
  const [system] = cluster.inputs.agentPoolProfiles;
  assert.ok(system);
  const others = ["apps", "monitoring", "pipelines"].map((name) => ({ ...system, name, mode: "User" }));
  const listed = [{ ...system, count: 3, orchestratorVersion: "1.35.4" }, ...others];
  cluster.inputs.agentPoolProfiles = cluster.outputs.agentPoolProfiles = listed;
  return state;
}

test("what Azure lists and changes is no drift", async () => {
  await engine.importState(afterRefresh);
  const result = await engine.preview();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(changingSteps(result), []);
});

test("a changed setting of the system pool does not pass in silence", async () => {
  await engine.importState(afterRefresh);
  const result = await (await stackWith({ "pools:systemNodes": 5 })).preview();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.match(
    result.stdout + result.stderr,
    /warning: systemPool\.maxCount is 5, and the cluster's pool has 3: az aks nodepool update --resource-group aks\w+ --cluster-name aks\w+ --name system --update-cluster-autoscaler --min-count 2 --max-count 5/,
  );
});

test("a pool that is taken away goes alone", async () => {
  await engine.importState(afterRefresh);
  const result = await (await stackWith({ "pools:withoutApps": true })).preview();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(
    changingSteps(result).map(({ op, name }) => `${op} ${name}`),
    ["delete aks-apps"],
  );
});
