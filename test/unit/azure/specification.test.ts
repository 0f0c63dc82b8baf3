import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { AksCluster, BackupStorage } from "../../../components/azure";
import { readConfig } from "../../../config/readConfig";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { pinnedPython, PythonUnavailableError } from "../../../local/python";
import { deploy, type RequestedResource } from "../support/deploy";

// The requests that dev and prod send to Azure, against the OpenAPI specification of their API version, as Microsoft's own
// SDK holds it (test/support/azureModels). A resource group has only location and tags, and no such package.

const folder = join(repositoryRoot, "test", "support", "azureModels");

interface Checked {
  name: string;
  type: string;
  apiVersion: string;
  problems: string[];
}

let python: string | undefined;
let missing = "";
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
  try {
    python = await pinnedPython([join(folder, "requirements.txt")], (line) =>
      process.stderr.write(`${line}\n`),
    );
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    missing = `the requests were not checked: ${error.message}`;
  }
});

after(() => rm(directory, { recursive: true, force: true }));

async function check(
  resources: readonly Pick<RequestedResource, "type" | "name" | "inputs">[],
): Promise<Checked[]> {
  const requests = resources.filter(
    ({ type }) => type.startsWith("azure-native:") && !type.endsWith(":ResourceGroup"),
  );
  const file = join(directory, "requests.json");
  const text = JSON.stringify(requests.map(({ type, name, inputs }) => ({ type, name, inputs })));
  // The mocked engine's id of the account, whose name azure-native makes up.
  await writeFile(file, text.replace(/"accountName":"backups-id"/g, '"accountName":"backups1a2b3c4d"'));
  const result = await run(python as string, [join(folder, "check.py"), file], { timeoutMs: 60_000 });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout) as Checked[];
}

/** What a stack's file makes in Azure. */
async function requestsOf(stack: string): Promise<RequestedResource[]> {
  const text = await readFile(join(repositoryRoot, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const { resources } = await deploy(() => {
    pulumi.runtime.setAllConfig(
      Object.fromEntries(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)])),
    );
    const { cluster, backupStorage } = readConfig(new pulumi.Config("ds-monitoring"));
    assert.ok(cluster?.deploy);
    const { location, tags } = cluster.deploy;
    const { oidcIssuerUrl, subnetId } = new AksCluster("aks", cluster.deploy);
    if (backupStorage)
      new BackupStorage("backups", { location, tags, oidcIssuerUrl, subnetId, ...backupStorage });
  });
  return resources;
}

/** The API version that a resource of azure-native says it uses. */
async function usedVersion(type: string): Promise<string | undefined> {
  const [, module = "", kind = ""] = type.split(":");
  const file = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}.d.ts`;
  const text = await readFile(
    join(repositoryRoot, "node_modules/@pulumi/azure-native", module, file),
    "utf8",
  );
  return /Uses Azure REST API version (\S+?)\./.exec(text)?.[1];
}

const withPython = (title: string, body: (t: TestContext) => Promise<void>) =>
  test(title, { timeout: 120_000 }, (t) => (python === undefined ? t.skip(missing) : body(t)));

for (const [stack, count] of [
  ["dev", 10],
  ["prod", 18],
] as const) {
  describe(stack, () => {
    withPython("every argument is one that the specification allows", async () => {
      const checked = await check(await requestsOf(stack));
      assert.deepEqual(
        checked.filter(({ problems }) => problems.length > 0),
        [],
      );
      assert.ok(checked.length >= count, `${checked.length} requests`);
      for (const { type, apiVersion } of checked) assert.equal(apiVersion, await usedVersion(type), type);
    });
  });
}

withPython("an argument that is unknown, missing, too large or of another kind is found", async () => {
  const resources = await requestsOf("dev");
  const cluster = resources.find(({ type }) => type.endsWith(":ManagedCluster"));
  const pool = resources.find(({ type }) => type.endsWith(":AgentPool"));
  assert.ok(cluster && pool);
  const [profile] = cluster.inputs["agentPoolProfiles"] as Record<string, unknown>[];
  const wrong = {
    ...cluster.inputs,
    sku: { name: "Base", tier: "Cheap" },
    dnsPrefixx: "aks",
    location: undefined,
    resourceName: "-aks",
    agentPoolProfiles: [{ ...profile, osDiskSizeGB: 4096, count: "2" }],
  };
  const [found] = await check([{ ...cluster, inputs: wrong }]);
  for (const [index, expected] of [
    /^path\.resource_name is '-aks'/,
    /aks\.sku\.tier is 'Cheap', and none of .*Standard/,
    /aks\.dnsPrefixx is unknown to ManagedCluster/,
    /aks\.agentPoolProfiles\[0\]\.osDiskSizeGB is 4096, outside of/,
    /aks\.agentPoolProfiles\[0\]\.count is '2', no int/,
    /aks\.location is missing/,
  ].entries())
    assert.ok(
      found?.problems.some((problem) => expected.test(problem)),
      `${index} ${found?.problems.join("\n")}`,
    );
  assert.equal(found?.problems.length, 6);
});
