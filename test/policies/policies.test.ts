import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { Fixture, type OperationResult } from "../engine/harness";
import {
  bucket,
  claim,
  deployment,
  loadBalancer,
  pool,
  storageAccount,
  types,
  unknownMarker,
  type Case,
} from "./case";

/** The limits that the cases below break by one, or just keep. */
const config: Record<string, object> = {
  "stack-budget": { maximumMonthly: 300, minimumMonthly: 200 },
  "component-budget": { limits: { [types.component]: 9.6 } },
  "node-ceiling": { perPool: 2, perStack: 3 },
  "disk-limits": { maximumGiB: 128 },
  "public-endpoints": { maximumPublicIps: 1, maximumLoadBalancers: 1 },
  "retention-limits": { maximumDays: { events: 14 } },
};

let fixture: Fixture;

/** A real `pulumi preview` of a program that declares the resources, with the policy pack. */
async function preview(cases: readonly Case[], name: string, changes: object = {}): Promise<OperationResult> {
  const resources = join(fixture.directory, `${name}.json`);
  const policyConfig = join(fixture.directory, `${name}.config.json`);
  await writeFile(resources, JSON.stringify(cases));
  await writeFile(policyConfig, JSON.stringify({ ...config, ...changes }));
  const stack = await fixture.stack({
    project: join(__dirname, "program"),
    stack: name,
    env: { POLICY_CASES: resources },
  });
  return stack.preview({
    policyPacks: [join(repositoryRoot, "policies", "launch")],
    policyPackConfigs: [policyConfig],
  });
}

/** What mandatory policies say, as `policy resource: message`; the engine puts the policy's description first. */
function refusals(result: OperationResult): string[] {
  return result.policyViolations
    .filter(({ level }) => level === "mandatory")
    .map(({ policy, urn, message }) => `${policy} ${urn?.split("::").at(-1) ?? ""}: ${ownMessage(message)}`);
}

function ownMessage(message: string): string {
  return message.slice(message.indexOf("\n") + 1).trim();
}

before(async () => {
  fixture = await Fixture.start({ cluster: false });
});
after(() => fixture.stop());

describe("each policy refuses what breaks it, in one preview", () => {
  let result: OperationResult;

  before(async () => {
    const cases: Case[] = [
      // 3 + 2 nodes: 350.40 at the maximum, and 3 × 70.08 at the minimum.
      pool("wide", { minCount: 2, maxCount: 3 }),
      pool("second", { vmSize: "Standard_M128s", maxCount: 2 }),
      pool("third", { maxCount: 2, osDiskSizeGB: 129 }),
      { type: types.group, name: "untagged", properties: { location: "eastus", tags: { project: "p" } } },
      { type: types.component, name: "database", properties: {} },
      { ...claim("large", "129Gi"), parent: "database" },
      { ...claim("open", "1Gi"), protect: false },
      claim("odd", "1Gi", { storageClassName: "premium2" }),
      loadBalancer("first-door"),
      loadBalancer("second-door"),
      bucket("hoarder", 15),
      storageAccount("public", { allowBlobPublicAccess: true }),
      deployment("root", {}, { securityContext: {} }),
      deployment("greedy", { resources: {} }),
      deployment("mute", { livenessProbe: undefined }),
      deployment("moving", { image: "app:latest" }),
      deployment("talkative", { env: [{ name: "DB_PASSWORD", value: "hunter2" }] }),
    ];
    result = await preview(cases, "violations");
  });

  test("the preview fails", () => assert.notEqual(result.code, 0));

  const expected: [string, RegExp][] = [
    ["allowed-vm-sizes", /second: .*«Standard_M128s»: use one of/],
    [
      "component-budget",
      /database: The component «database» costs 19\.20 USD a month, 9\.60 over the limit of 9\.60/,
    ],
    ["disk-limits", /large: .*«129Gi», the limit is 128Gi/],
    ["disk-limits", /third: .*osDiskSizeGB is «129», the limit is 128/],
    ["disk-limits", /odd: .*the storage class «premium2»: use one of default, managed-csi/],
    ["no-plain-secrets", /talkative: .*DB_PASSWORD has a literal value/],
    ["no-public-storage", /public: .*allowBlobPublicAccess must be false/],
    ["node-ceiling", /wide: .*can grow to 3 nodes, the limit is 2/],
    ["node-ceiling", /The stack can grow to 7 nodes .*the limit is 3/],
    ["pinned-images", /moving: .*«app:latest» is not pinned/],
    ["probes-set", /mute: .*livenessProbe is missing/],
    ["protected-storage", /open: .*holds data and is not protected/],
    ["public-endpoints", /2 public IP addresses \(«first-door», «second-door»\), the limit is 1/],
    ["public-endpoints", /2 load-balanced Services \(«first-door», «second-door»\), the limit is 1/],
    ["required-tags", /untagged: .*lacks the tags environment, owner, cost-center/],
    ["resources-set", /greedy: .*resources\.requests\.cpu is missing/],
    ["restricted-pods", /root: .*runAsNonRoot must be true/],
    ["retention-limits", /hoarder: .*keeps its data 15 days, the limit is 14/],
    [
      "stack-budget",
      /at its maximum, costs .* over the limit of 300\.00\. Largest drivers: 1\. «wide» 2–3 nodes .* = 140\.16–210\.24; 2\. «third»/,
    ],
    ["stack-budget", /at its minimum, costs .* over the limit of 200\.00/],
    ["stack-budget", /no row for vm «Standard_M128s»/],
  ];
  for (const [policy, message] of expected) {
    test(`${policy}: ${message.source}`, () => {
      const found = refusals(result).filter((text) => text.startsWith(`${policy} `) && message.test(text));
      assert.equal(found.length, 1, refusals(result).join("\n"));
    });
  }

  test("no policy refuses a resource that is none of its business", () => {
    const names = (policy: string) =>
      new Set(
        refusals(result)
          .filter((text) => text.startsWith(`${policy} `))
          .map((text) => text.slice(policy.length + 1, text.indexOf(":"))),
      );
    assert.deepEqual(names("restricted-pods"), new Set(["root"]));
    assert.deepEqual(names("pinned-images"), new Set(["moving"]));
    assert.deepEqual(names("protected-storage"), new Set(["open"]));
    assert.deepEqual(names("disk-limits"), new Set(["large", "third", "odd"]));
  });
});

test("what is just within every limit passes", async () => {
  const cases: Case[] = [
    // 210.24 at the maximum and 140.16 at the minimum, of 288.96 and 200.
    pool("wide", { maxCount: 2, osDiskSizeGB: 128 }),
    pool("second", { enableAutoScaling: false, count: 1 }),
    { type: types.component, name: "database", properties: {} },
    { type: "acme:data:Lake", name: "lake", properties: {} },
    { ...claim("large", "128Gi"), parent: "database" },
    loadBalancer("door"),
    bucket("keeper", 14),
    storageAccount("closed"),
    deployment("good"),
    deployment("prepared", {
      env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
    }),
  ];
  // 3 nodes 210.24, disk 9.60, address 3.65, one rule 7.30, 50 GB of blobs 1.04.
  const exact = { "stack-budget": { maximumMonthly: 231.83, minimumMonthly: 161.75 } };
  const result = await preview(cases, "boundaries", exact);
  assert.deepEqual(refusals(result), []);
  assert.equal(result.code, 0, result.stdout + result.stderr);
});

test("a cent less of budget than the stack costs is refused", async () => {
  const result = await preview([pool("wide")], "cent", { "stack-budget": { maximumMonthly: 140.15 } });
  assert.match(refusals(result).join("\n"), /costs 140\.16 USD a month, 0\.01 over the limit of 140\.15/);
  assert.equal(refusals(result).length, 1);
  assert.notEqual(result.code, 0);
});

test("one unknown node count does not silence a mandatory budget", async () => {
  const cases = [pool("known"), pool("unknown", { maxCount: unknownMarker })];
  const result = await preview(cases, "unknowns", { "stack-budget": { maximumMonthly: 1_000_000 } });
  const budget = result.policyViolations.filter(({ policy }) => policy === "stack-budget");
  assert.deepEqual(
    budget.map(({ level }) => level),
    ["mandatory"],
  );
  assert.match(budget[0]?.message ?? "", /«unknown»: maxCount is unknown at preview/);
  assert.notEqual(result.code, 0);
});

test("an exemption lets pass for its time and is reported; an expired one does not", async () => {
  const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  const exemption = { resource: "moving", reason: "until the registry is there", expires };
  const changes = {
    "stack-budget": { maximumMonthly: 1 },
    "pinned-images": { exemptions: [exemption] },
    "probes-set": { exemptions: [{ ...exemption, expires: "2020-01-01" }] },
  };
  const cases = [deployment("moving", { image: "app:latest", livenessProbe: undefined })];
  const result = await preview(cases, "exemptions", changes);
  const [refused, ...others] = refusals(result);
  assert.deepEqual(others, []);
  assert.match(
    refused ?? "",
    /^probes-set .*Its exemption \(«until the registry is there»\) expired on 2020-01-01/,
  );
  const reported = result.policyViolations.filter(({ policy }) => policy === "exemptions");
  assert.equal(reported.length, 1);
  assert.equal(reported[0]?.level, "advisory");
  assert.match(
    reported[0]?.message ?? "",
    new RegExp(`pinned-images lets pass until ${expires} \\(«until the registry is there»\\)`),
  );
});

test("settings that a policy does not know the shape of stop the preview", async () => {
  const changes = {
    "node-ceiling": { perPool: "many" },
    "pinned-images": { exemptions: [{ resource: "x" }] },
  };
  const result = await preview([], "settings", changes);
  assert.notEqual(result.code, 0);
  assert.match(result.stdout + result.stderr, /node-ceiling.*perPool/);
  assert.match(result.stdout + result.stderr, /pinned-images.*reason is required/);
});
