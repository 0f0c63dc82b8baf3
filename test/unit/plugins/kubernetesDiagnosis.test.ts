import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionProblems, podProblems, warnings } from "../../../local/plugins/kubernetes/diagnosis";
import type { ContainerStatus, Pod } from "../../../local/plugins/kubernetes/objects";

function pod(status: Pod["status"]): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web-0", namespace: "apps" }, status };
}

function withContainer(status: Omit<ContainerStatus, "name">): Pod {
  return pod({ phase: "Pending", containerStatuses: [{ name: "web", ...status }] });
}

test("a ready or finished pod has no problem", () => {
  assert.deepEqual(podProblems(pod({ conditions: [{ type: "Ready", status: "True" }] })), []);
  assert.deepEqual(podProblems(pod({ phase: "Succeeded" })), []);
});

test("an unschedulable pod says why", () => {
  const conditions = [
    {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: "0/2 nodes: Insufficient cpu",
    },
  ];
  assert.deepEqual(podProblems(pod({ conditions })), [
    "Pod apps/web-0: not scheduled: Unschedulable: 0/2 nodes: Insufficient cpu",
  ]);
});

test("a waiting container says for what, and how it ended last", () => {
  assert.deepEqual(
    podProblems(
      withContainer({ state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } }),
    ),
    ["Pod apps/web-0: container web is waiting: ImagePullBackOff: no such image"],
  );
  const crashing = withContainer({
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
  });
  assert.deepEqual(podProblems(crashing), [
    "Pod apps/web-0: container web is waiting: CrashLoopBackOff (last exit code 137, OOMKilled)",
  ]);
});

test("an ended and an unready container are told apart", () => {
  assert.deepEqual(podProblems(withContainer({ state: { terminated: { exitCode: 2, reason: "Error" } } })), [
    "Pod apps/web-0: container web ended with exit code 2: Error",
  ]);
  assert.deepEqual(podProblems(withContainer({ ready: false, state: { running: {} } })), [
    "Pod apps/web-0: container web runs but is not ready: its startup or readiness probe fails",
  ]);
});

test("a pod without any sign is at least named", () => {
  assert.deepEqual(podProblems(pod({})), ["Pod apps/web-0: Pending, not ready"]);
});

test("the condition of a refused pod is a problem, a fulfilled one is not", () => {
  const deployment = (type: string, status: string) => ({
    ...pod({ conditions: [{ type, status, reason: "FailedCreate", message: "violates PodSecurity" }] }),
    kind: "Deployment",
  });
  assert.deepEqual(conditionProblems(deployment("ReplicaFailure", "True")), [
    "FailedCreate: violates PodSecurity",
  ]);
  assert.deepEqual(conditionProblems(deployment("Available", "True")), []);
});

test("only warnings among the events count, each once and the latest ones", () => {
  const event = (type: string, message: string) => ({
    ...pod({}),
    kind: "Event",
    type,
    reason: "R",
    message,
  });
  const events = [
    event("Normal", "n"),
    ...["1", "2", "2", "3", "4", "5", "6"].map((text) => event("Warning", text)),
  ];
  assert.deepEqual(warnings(events), ["R: 2", "R: 3", "R: 4", "R: 5", "R: 6"]);
});
