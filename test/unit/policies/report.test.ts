import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown } from "../../../policies/core/values";
import { stepsBetween } from "../../../policies/report/compare";
import { plannedResources, type PlannedStep } from "../../../policies/report/planned";
import { budgetSettings, reportOf } from "../../../policies/report/report";

const poolType = "azure-native:containerservice:AgentPool";

function poolInputs(maxCount: unknown): Record<string, unknown> {
  return {
    ...{ location: "eastus", vmSize: "Standard_D2s_v5", enableAutoScaling: true, minCount: 1, maxCount },
    osDiskType: "Ephemeral",
  };
}

function step(op: string, name: string, change: Partial<PlannedStep> = {}): PlannedStep {
  return { op, type: poolType, name, urn: `urn:pulumi:dev::p::${poolType}::${name}`, diffs: [], ...change };
}

const config = { "stack-budget": { maximumMonthly: 500 } };
const quiet = { policyViolations: [], diagnostics: [] };

describe("plannedResources", () => {
  test("before is what the state holds, after what the program declares; a replacement is one resource", () => {
    const old = { inputs: poolInputs(2), protect: true };
    const { before, after } = plannedResources([
      step("create-replacement", "b", { before: old, after: { inputs: poolInputs(3) } }),
      step("delete-replaced", "b", { before: old, after: old }),
      step("delete", "c", { before: old }),
      step("create", "a", { after: { inputs: poolInputs(1) } }),
    ]);
    assert.deepEqual(
      before.map(({ name, properties }) => [name, properties.maxCount]),
      [
        ["b", 2],
        ["c", 2],
      ],
    );
    assert.deepEqual(
      after.map(({ name, properties }) => [name, properties.maxCount]),
      [
        ["a", 1],
        ["b", 3],
      ],
    );
    assert.equal(before[0]?.protect, true);
  });

  test("a value that the engine does not know is marked, with its path", () => {
    const inputs = { profile: [{ maxCount: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }] };
    const [resource] = plannedResources([step("create", "a", { after: { inputs } })]).after;
    const value = (resource?.properties.profile as { maxCount: unknown }[])[0]?.maxCount;
    assert.ok(value instanceof Unknown);
    assert.equal(value.path, "profile.0.maxCount");
  });
});

describe("stepsBetween", () => {
  test("two previews of new stacks become what one changes of the other, a smaller VM and a removal too", () => {
    const created = (name: string, change: object = {}) =>
      step("create", name, { after: { inputs: { ...poolInputs(2), ...change } } });
    const base = [created("kept"), created("apps", { vmSize: "Standard_D4s_v5" }), created("gone")];
    const steps = stepsBetween(base, [created("kept"), created("apps"), created("new")]);
    assert.deepEqual(
      steps.map(({ op, name, diffs }) => `${op} ${name} ${diffs.join()}`.trim()),
      ["same kept", "update apps vmSize", "create new", "delete gone"],
    );
    const report = reportOf("dev", { steps, ...quiet }, config);
    // 2 × 140.16 + 280.32 before, 3 × 140.16 after.
    assert.match(report, /^\| node pools at their maximum \| 560\.64 \| 420\.48 \| −140\.16 \|$/m);
  });
});

describe("report", () => {
  test("has what changes, what it costs against the base, and that policies pass", () => {
    const steps = [
      step("update", "apps", {
        diffs: ["maxCount"],
        before: { inputs: poolInputs(2) },
        after: { inputs: poolInputs(4) },
      }),
      step("same", "kept", { before: { inputs: poolInputs(1) }, after: { inputs: poolInputs(1) } }),
    ];
    const report = reportOf("dev", { steps, ...quiet }, config);
    assert.match(report, /^## Preview of `dev`: ✅ it may go ahead$/m);
    assert.match(report, /^1 to update\.$/m);
    assert.match(
      report,
      /^\| ~ update \| `azure-native:containerservice:AgentPool` \| apps \| maxCount \|$/m,
    );
    assert.doesNotMatch(report, /\| kept \|/);
    assert.match(report, /^\| node pools at their minimum \| 140\.16 \| 140\.16 \| \+0\.00 \|$/m);
    assert.match(report, /^\| node pools at their maximum \| 210\.24 \| 350\.40 \| \+140\.16 \|$/m);
    assert.match(report, /^The budget is 500\.00 USD/m);
    assert.match(report, /^1\. «apps» 1–4 nodes Standard_D2s_v5 × 730 h × 0\.096 USD = 70\.08–280\.32$/m);
    assert.match(report, /### Policies\n\nAll pass\./);
  });

  test("a removal makes it cheaper", () => {
    const report = reportOf(
      "dev",
      { steps: [step("delete", "apps", { before: { inputs: poolInputs(1) } })], ...quiet },
      config,
    );
    assert.match(report, /^\| node pools at their maximum \| 70\.08 \| 0\.00 \| −70\.08 \|$/m);
  });

  test("what has no price is said, not left out", () => {
    const inputs = poolInputs("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
    const report = reportOf(
      "dev",
      { steps: [step("create", "apps", { after: { inputs } })], ...quiet },
      config,
    );
    assert.match(report, /Not in these figures.*\n\n- «apps»: maxCount is unknown at preview/);
  });

  test("a comment at GitHub holds it, however much there is to say", () => {
    const policyViolations = Array.from({ length: 2000 }, (_, index) => ({
      ...{ policy: "stack-budget", level: "mandatory", urn: `urn:pulumi:dev::p::t::apps${index}` },
      message: "costs too much",
    }));
    const report = reportOf("dev", { steps: [], policyViolations, diagnostics: [] }, config);
    assert.ok(report.length < 65_536 - 100, `${report.length} characters`);
    assert.match(report, /❌ 2000 violations[^]*\|\n\n… cut: the rest is in the log of the run\.\n$/);
  });

  test("violations come first and fail the verdict; their text cannot break the table", () => {
    const finding = (policy: string, level: string, message: string) => ({
      ...{ policy, level, urn: "urn:pulumi:dev::p::t::apps" },
      message: `Description.\n${message}\n`,
    });
    const policyViolations = [
      finding("exemptions", "advisory", "lets pass"),
      finding("stack-budget", "mandatory", "too | dear\n<b>"),
    ];
    const report = reportOf("dev", { steps: [], policyViolations, diagnostics: [] }, config);
    assert.match(report, /❌ 1 violation of mandatory policies/);
    assert.match(
      report,
      /\| ❌ stack-budget \| apps \| too \\\| dear \\<b\\> \|\n\| ⚠️ exemptions \| apps \| lets pass \|/,
    );
  });

  test("an error of the run is no success", () => {
    const diagnostics = [
      { severity: "error", message: "ds-monitoring:environment is not set" },
      { severity: "error", message: "preview failed" },
      { severity: "warning", message: "using a plugin" },
    ];
    const report = reportOf("dev", { steps: [], policyViolations: [], diagnostics }, config);
    assert.match(report, /❌ it failed/);
    assert.match(report, /### Errors\n\n- ds-monitoring:environment is not set\n/);
  });

  test("a stack without a budget policy has no figures", () => {
    assert.equal(budgetSettings({ "stack-budget": "disabled" }), undefined);
    assert.doesNotMatch(reportOf("local", { steps: [], ...quiet }, {}), /Cost of a month/);
  });

  test("many changes are cut, and counted", () => {
    const steps = Array.from({ length: 60 }, (_, index) =>
      step("create", `p${index}`, { after: { inputs: poolInputs(1) } }),
    );
    const report = reportOf("dev", { steps, ...quiet }, config);
    assert.match(report, /^60 to create\.$/m);
    assert.match(report, /^… and 10 more\.$/m);
  });
});
