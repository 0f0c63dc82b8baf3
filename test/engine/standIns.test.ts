import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { changingSteps, Fixture } from "./harness";

/* The stand-ins for azure-native, grafana and random under the real engine, without any cluster or cloud. */

const program = `
const containerservice = require("@pulumi/azure-native/containerservice");
const resources = require("@pulumi/azure-native/resources");
const grafana = require("@lbrlabs/pulumi-grafana");
const kubernetes = require("@pulumi/kubernetes");
const pulumi = require("@pulumi/pulumi");
const random = require("@pulumi/random");
const group = new resources.ResourceGroup("group", { location: "westeurope" });
const cluster = new containerservice.ManagedCluster("cluster", {
  resourceGroupName: group.name,
  dnsPrefix: "platform",
  tags: { revision: new pulumi.Config().get("revision") ?? "1" },
});
const { kubeconfigs } = containerservice.listManagedClusterUserCredentialsOutput({
  resourceGroupName: group.name,
  resourceName: cluster.name,
});
const kubeconfig = pulumi.secret(kubeconfigs.apply(([{ value }]) => Buffer.from(value, "base64").toString()));
const provider = new kubernetes.Provider("aks", { kubeconfig, clusterIdentifier: cluster.id });
if (pulumi.runtime.isDryRun()) {
  // There is no cluster to create it in.
  new kubernetes.core.v1.ConfigMap("config", { data: { fqdn: cluster.fqdn } }, { provider });
}
const server = new grafana.Provider("server", { url: "https://grafana.invalid", auth: pulumi.secret("token") });
new grafana.Folder("folder", { title: "Models" }, { provider: server });
const password = new random.RandomPassword("password", { length: 30, special: false });
exports.password = password.result;
exports.fqdn = cluster.fqdn;
exports.kubeconfig = kubeconfig;
`;

const permittedEnvironment = { DS_MONITORING_ECHO_UP: "1" };

let fixture: Fixture;
let project: string;

before(async () => {
  fixture = await Fixture.start({ cluster: false });
  project = join(fixture.directory, "echo");
  await mkdir(project);
  await writeFile(
    join(project, "Pulumi.yaml"),
    "name: echo\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "echo", main: "index.js" }));
  await writeFile(join(project, "index.js"), program);
  await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
});
after(() => fixture.stop());

test("a preview needs no cloud, and does not know what only the cloud knows", async () => {
  const engine = await fixture.stack({ project, stack: "preview" });
  const result = await engine.preview();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(result.changes, { create: 8 });
  assert.match(result.stdout, /fqdn\s*: \[unknown\]/);
});

test("an up is refused, and leaves nothing of the cloud in the state", async () => {
  const engine = await fixture.stack({ project, stack: "refused" });
  // Both are created side by side: after the first refusal the engine would not try the other one.
  const result = await engine.up({ continueOnError: true });
  assert.notEqual(result.code, 0);
  for (const refusal of [
    /the stand-in for azure-native cannot create azure-native:resources:ResourceGroup group in Azure, it serves previews only: put the real azure-native plugin on PATH/,
    /the stand-in for grafana cannot create grafana:index\/folder:Folder folder in Grafana, it serves previews only: put the real grafana plugin on PATH/,
  ]) {
    assert.match(result.stdout, refusal);
  }
  const types = ((await engine.state()).deployment.resources ?? []).map(({ type }) => type);
  assert.deepEqual(
    types.filter((type) => /^(azure-native|grafana):/.test(type)),
    [],
  );
});

test("a test may allow an up: made-up outputs, secrets kept, and no run without permission may touch it", async () => {
  const options = { project, stack: "permitted" };
  const engine = await fixture.stack({ ...options, env: permittedEnvironment });
  const first = await engine.up();
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.deepEqual(changingSteps(await engine.up()), []);
  const outputs = await engine.outputs();
  assert.match(String(outputs.fqdn), /^cluster[\da-f]{8}\.echo\.invalid$/);
  assert.equal(outputs.kubeconfig, "[secret]");
  const { password } = (await engine.outputs({ showSecrets: true })) as { password: string };
  assert.match(password, /^[A-Za-z0-9]{30}$/);
  const state = JSON.stringify(await engine.state());
  for (const secret of [password, "aks.echo.invalid"]) assert.equal(state.includes(secret), false);

  await engine.setConfig({ "echo:revision": "2" });
  const steps = changingSteps(await engine.up());
  assert.deepEqual(
    steps.map(({ op, name }) => `${op} ${name}`),
    ["update cluster"],
  );

  const careful = await fixture.stack(options);
  const refused = await careful.destroy();
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout, /cannot delete .* it serves previews only/);
  const permitted = await fixture.stack({ ...options, env: permittedEnvironment });
  assert.equal((await permitted.destroy()).code, 0);
});
