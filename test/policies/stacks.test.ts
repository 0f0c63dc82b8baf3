import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryRoot } from "../../local/paths";
import { estimateWith, type EstimateConfig } from "../../policies/cost/settings";
import type { Estimate } from "../../policies/estimate/estimate";
import { plannedResources } from "../../policies/report/planned";
import { policyConfigOf } from "../../policies/report/report";
import { Fixture, type OperationResult } from "../engine/harness";
import { withMonitoring } from "../engine/stackFiles";

let fixture: Fixture;
before(async () => {
  // Only `local` asks a cluster: those of the others are still to be made.
  fixture = await Fixture.start();
});
after(() => fixture.stop());

async function preview(stack: string, config: Record<string, unknown> = {}): Promise<OperationResult> {
  const engine = await fixture.stack({ stack, config });
  return engine.preview({
    policyPacks: [join(repositoryRoot, "policies", "launch")],
    policyPackConfigs: [join(repositoryRoot, "policies", "config", `${stack}.json`)],
  });
}

/** The estimate of a previewed stack, from the events of the engine. */
async function estimateOf(stack: string, result: OperationResult): Promise<Estimate> {
  const settings = (await policyConfigOf(stack))["stack-budget"];
  const defaults: EstimateConfig = { region: "eastus", usage: {}, assumedMonthly: {} };
  return estimateWith(plannedResources(result.steps).after, { ...defaults, ...(settings as object) });
}

/** The hand calculation's total of a table in docs/cost.md, by the marker in its last row. */
async function handCalculation(marker: string): Promise<number> {
  const text = await readFile(join(repositoryRoot, "docs", "cost.md"), "utf8");
  const match = new RegExp(`${marker}\\D*([\\d,]+\\.\\d\\d)`).exec(text);
  assert.ok(match?.[1] !== undefined, `docs/cost.md has no «${marker}»`);
  return Number(match[1].replaceAll(",", ""));
}

for (const stack of ["dev", "prod"]) {
  describe(stack, () => {
    let result: OperationResult;
    let estimated: Estimate;
    before(async () => {
      result = await preview(stack);
      estimated = await estimateOf(stack, result);
    });

    test("previews without a login, within its budget and every other policy", () => {
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.deepEqual(violations(result), []);
    });

    test("every resource is priced, or free with a reason", () => requireAllPriced(result, estimated));

    test("the estimate is within 5 % of the hand calculation in docs/cost.md", async () => {
      for (const bound of ["minimum", "maximum"] as const) {
        const byHand = await handCalculation(`${stack} at its ${bound}`);
        const difference = Math.abs(estimated.total[bound] / byHand - 1);
        assert.ok(difference < 0.05, `${bound}: estimated ${estimated.total[bound]}, by hand ${byHand}`);
      }
    });
  });
}

test("every resource of local is priced, or free with a reason, and its policies pass", async () => {
  const result = await preview("local");
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual(violations(result), []);
  requireAllPriced(result, await estimateOf("local", result));
});

/** What the policies say but for the age of the prices, which depends on the day of the test. */
function violations({ policyViolations }: OperationResult) {
  return policyViolations.filter(({ policy }) => policy !== "price-age");
}

function requireAllPriced(result: OperationResult, { lines, free, unpriced }: Estimate): void {
  assert.deepEqual(
    unpriced.map(({ resource, reason }) => `${resource.type} ${resource.name}: ${reason}`),
    [],
  );
  const reported = new Set([...lines, ...free].map(({ resource }) => resource.urn));
  assert.deepEqual(
    result.steps.filter(({ urn }) => !reported.has(urn)),
    [],
  );
  assert.ok(reported.size > 60, `${reported.size} resources`);
  assert.ok(free.every(({ reason }) => reason.length > 5));
}

test("a pool too many breaks the budget of dev, and the message says which and by how much", async () => {
  const { config } = await stackFile("dev");
  const { deploy } = config["ds-monitoring:cluster"] as { deploy: { userPools: Record<string, unknown> } };
  const gpu = { vmSize: "Standard_D4s_v5", minCount: 1, maxCount: 1 };
  const grown = { ...deploy, userPools: { ...deploy.userPools, gpu } };
  const result = await preview("dev", { "ds-monitoring:cluster": { deploy: grown } });
  assert.notEqual(result.code, 0);
  const budget = result.policyViolations.find(({ policy }) => policy === "stack-budget");
  assert.match(budget?.message ?? "", /costs [\d.,]+ USD a month, [\d.]+ over the limit of 1,000\.00/);
  assert.match(budget?.message ?? "", /1\. «aks-pipelines» 0–2 nodes Standard_D4s_v5 × 730 h × 0\.192 USD/);
});

describe("configuration that is wrong or missing fails before anything is created", () => {
  const cases: [string, Record<string, unknown> | Promise<Record<string, unknown>>, RegExp][] = [
    [
      "an unknown VM size",
      {
        "ds-monitoring:cluster": {
          deploy: {
            location: "eastus",
            tags: { owner: "o" },
            systemPool: { vmSize: "big", minCount: 1, maxCount: 1 },
          },
        },
      },
      /ds-monitoring:cluster\.deploy\.systemPool\.vmSize is "big": it must be an Azure VM size, e\.g\. .*Standard_D2s_v5/,
    ],
    [
      "a missing location",
      { "ds-monitoring:cluster": { deploy: { tags: { owner: "o" } } } },
      /ds-monitoring:cluster\.deploy\.location is not set: it must be an Azure region, e\.g\. .*eastus/,
    ],
    [
      "a misspelt key",
      withMonitoring("dev", { protectt: false }),
      /ds-monitoring:monitoring\.protectt is not known \(did you mean ds-monitoring:monitoring\.protect\?\): the allowed keys are environment/,
    ],
    [
      "a wrong environment",
      withMonitoring("dev", { environment: "Dev 1" }),
      /ds-monitoring:monitoring\.environment is "Dev 1": it must be .*e\.g\. .*dev/,
    ],
  ];
  for (const [name, config, message] of cases) {
    test(name, async () => {
      const result = await preview("dev", await config);
      assert.notEqual(result.code, 0);
      const said = result.diagnostics.map((diagnostic) => diagnostic.message).join("\n");
      assert.match(said, message);
      const made = result.steps.filter(({ type }) => type !== "pulumi:pulumi:Stack");
      assert.deepEqual(made, []);
    });
  }
});

async function stackFile(stack: string): Promise<{ config: Record<string, unknown> }> {
  const { parse } = await import("yaml");
  const text = await readFile(join(repositoryRoot, `Pulumi.${stack}.yaml`), "utf8");
  return parse(text) as { config: Record<string, unknown> };
}
