import assert from "node:assert/strict";
import { test } from "node:test";
import { countChanges, describeChanges, engineOutput } from "../../../local/commands/output";
import { chooseTarget } from "../../../local/commands/target";
import { changingSteps, engineRun, readEventLog } from "../../../policies/report/engineRun";
import { languageHostArguments } from "../../../local/engine/plugins";
import { stateDirectory } from "../../../local/paths";

const urn = "urn:pulumi:local::p::ds-monitoring:index:Monitoring$kubernetes:core/v1:Service::web";

function log(...events: object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

test("an event log has steps, failures, messages and policy violations", () => {
  const report = engineRun(
    readEventLog(
      log(
        {
          resourcePreEvent: {
            metadata: { op: "update", urn, type: "kubernetes:core/v1:Service", diffs: ["spec"] },
          },
        },
        { resourcePreEvent: { metadata: { op: "same", urn: "urn:pulumi:local::p::t::other", type: "t" } } },
        { resOpFailedEvent: { metadata: { op: "update", urn, type: "kubernetes:core/v1:Service" } } },
        { diagnosticEvent: { severity: "debug", message: "chatter" } },
        {
          diagnosticEvent: { severity: "warning", message: "using pulumi-resource-random from $PATH at /x" },
        },
        { diagnosticEvent: { severity: "error", message: "wrong", urn } },
        {
          policyEvent: {
            policyName: "n",
            policyPackName: "p",
            enforcementLevel: "mandatory",
            message: "m",
            resourceUrn: urn,
          },
        },
        { summaryEvent: { resourceChanges: { update: 1, same: 1 }, durationSeconds: 1 } },
      ),
    ),
  );
  const [step, ...others] = changingSteps(report);
  assert.deepEqual(others, []);
  assert.deepEqual([step?.op, step?.urn, step?.name, step?.diffs], ["update", urn, "web", ["spec"]]);
  assert.deepEqual(report.failed, [urn]);
  assert.deepEqual(report.diagnostics, [{ severity: "error", message: "wrong", urn }]);
  assert.equal(report.policyViolations[0]?.policy, "n");
  assert.deepEqual(report.changes, { update: 1, same: 1 });
  assert.equal(countChanges(report.changes), 1);
  assert.equal(describeChanges(report.changes), "1 changed, 1 unchanged");
});

test("a line that a kill cut off is left out", () => {
  const text = `${log({ summaryEvent: { resourceChanges: { same: 2 }, durationSeconds: 1 } })}{"resourcePre`;
  assert.deepEqual(engineRun(readEventLog(text)).changes, { same: 2 });
});

test("the engine's output is passed on by whole lines, without noise", () => {
  let written = "";
  const pass = engineOutput((text) => (written += text));
  for (const piece of [
    "@ updating...\n + a ",
    "creating\n",
    "x warning: using pulumi-resource-k from $PATH at /p\n",
    "\n",
  ]) {
    pass(piece);
  }
  assert.equal(written, " + a creating\n");
});

test("the user's own cluster goes before the embedded one", () => {
  assert.deepEqual(chooseTarget({}, {}), { kind: "embedded" });
  assert.deepEqual(chooseTarget({}, { KUBECONFIG: "" }), { kind: "embedded" });
  assert.equal(chooseTarget({}, { KUBECONFIG: "/k" }).kind, "own");
  const own = (existing: object) => {
    const target = chooseTarget({ "ds-monitoring:cluster": { existing } }, { KUBECONFIG: "/k" });
    return target.kind === "own" && target.access;
  };
  assert.deepEqual(own({ context: "aks" }), { kubeconfig: "/k", context: "aks" });
  assert.deepEqual(own({ kubeconfig: "apiVersion: v1\n" }), {
    kubeconfig: "apiVersion: v1\n",
    context: undefined,
  });
  assert.equal(own({ kubeconfig: { secure: "v1:x" } }), undefined, "a secret is not read here");
});

test("the pinned language host gets the runtime options", () => {
  assert.deepEqual(
    languageHostArguments({ typescript: false, nodeargs: "--require tsx/cjs", packagemanager: "npm" }),
    ["-typescript=false", "-nodeargs=--require tsx/cjs"],
  );
});

test("each checkout has a state folder of its own, which the environment can move", () => {
  const env = { XDG_STATE_HOME: "/state" };
  assert.match(stateDirectory(env, "/a/repo"), /^\/state\/ds-monitoring\/repo-[0-9a-f]{8}$/);
  assert.notEqual(stateDirectory(env, "/a/repo"), stateDirectory(env, "/b/repo"));
  assert.equal(stateDirectory({ ...env, DS_MONITORING_STATE: "/mine" }, "/a/repo"), "/mine");
});
