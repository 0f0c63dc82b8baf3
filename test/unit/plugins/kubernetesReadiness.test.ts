import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../../../local/plugins/kubernetes/objects";
import {
  claimReadiness,
  needsEndpoints,
  readinessOf,
  serviceReadiness,
} from "../../../local/plugins/kubernetes/readiness";

function object(kind: string, spec: object, status: object) {
  return {
    apiVersion: "v1",
    kind,
    metadata: { name: "x", generation: 2 },
    spec,
    status: { observedGeneration: 2, ...status },
  };
}

function reason(readiness: ReturnType<typeof readinessOf>): string {
  return readiness.ready ? "ready" : `${readiness.final ? "final: " : ""}${readiness.reason}`;
}

function conditions(
  type: string,
  status: string,
  because = "Because",
  message = "text",
): { conditions: Condition[] } {
  return { conditions: [{ type, status, reason: because, message }] };
}

test("a workload is not ready before its controller has seen the change", () => {
  const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  assert.match(
    reason(readinessOf(object("Deployment", { replicas: 1 }, status))),
    /not seen the last change/,
  );
});

test("a Deployment is ready when all replicas are new and available", () => {
  const at = (status: object) => reason(readinessOf(object("Deployment", { replicas: 2 }, status)));
  assert.equal(at({ replicas: 2, updatedReplicas: 1 }), "1 of 2 replicas updated");
  assert.equal(at({ replicas: 3, updatedReplicas: 2 }), "1 old replicas are still running");
  assert.equal(at({ replicas: 2, updatedReplicas: 2, availableReplicas: 1 }), "1 of 2 replicas available");
  assert.equal(at({ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }), "ready");
  assert.equal(
    at(conditions("Progressing", "False", "ProgressDeadlineExceeded")),
    "final: ProgressDeadlineExceeded: text",
  );
});

test("a scaled-down or paused Deployment is ready", () => {
  assert.equal(readinessOf(object("Deployment", { replicas: 0 }, {})).ready, true);
  assert.equal(readinessOf(object("Deployment", { paused: true }, {})).ready, true);
});

test("a StatefulSet is ready when its replicas are, in the new revision", () => {
  const at = (spec: object, status: object) => reason(readinessOf(object("StatefulSet", spec, status)));
  const revisions = { currentRevision: "a", updateRevision: "b" };
  assert.equal(at({ replicas: 2 }, { readyReplicas: 1 }), "1 of 2 replicas ready");
  assert.equal(
    at({ replicas: 2 }, { readyReplicas: 2, updatedReplicas: 1, ...revisions }),
    "1 of 2 replicas updated",
  );
  assert.equal(at({ replicas: 2 }, { readyReplicas: 2, currentRevision: "b", updateRevision: "b" }), "ready");
  assert.equal(
    at({ replicas: 2, updateStrategy: { type: "OnDelete" } }, { readyReplicas: 2, ...revisions }),
    "ready",
  );
  const partitioned = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } };
  assert.equal(at(partitioned, { readyReplicas: 3, updatedReplicas: 1, ...revisions }), "ready");
});

test("a DaemonSet is ready when available on every node that it is for", () => {
  const at = (status: object) => reason(readinessOf(object("DaemonSet", {}, status)));
  assert.equal(at({ desiredNumberScheduled: 2, updatedNumberScheduled: 1 }), "1 of 2 nodes updated");
  assert.equal(
    at({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    "available on 1 of 2 nodes",
  );
  assert.equal(at({ desiredNumberScheduled: 0 }), "ready");
});

test("a Job is ready when it has completed, and fails for good when it has failed", () => {
  assert.equal(reason(readinessOf(object("Job", {}, {}))), "the job has not completed");
  assert.equal(readinessOf(object("Job", {}, conditions("Complete", "True"))).ready, true);
  assert.equal(readinessOf(object("Job", { suspend: true }, {})).ready, true);
  assert.equal(
    reason(readinessOf(object("Job", {}, conditions("Failed", "True", "BackoffLimitExceeded")))),
    "final: the job failed: BackoffLimitExceeded: text",
  );
});

test("a Pod, a Namespace and a definition are ready by their own signs", () => {
  assert.equal(readinessOf(object("Pod", {}, { phase: "Succeeded" })).ready, true);
  assert.equal(readinessOf(object("Pod", {}, conditions("Ready", "True"))).ready, true);
  assert.equal(reason(readinessOf(object("Pod", {}, {}))), "the pod is Pending, not ready");
  assert.equal(
    reason(readinessOf(object("Namespace", {}, { phase: "Terminating" }))),
    "the phase is Terminating, not Active",
  );
  assert.equal(
    readinessOf(object("CustomResourceDefinition", {}, conditions("Established", "True"))).ready,
    true,
  );
});

test("kinds without a state to wait for are ready at once", () => {
  assert.equal(readinessOf(object("ConfigMap", {}, {})).ready, true);
});

test("a claim waits for its volume, unless that waits for a pod", () => {
  const claim = (phase: string) => object("PersistentVolumeClaim", {}, { phase });
  assert.equal(reason(claimReadiness(claim("Pending"), "Immediate")), "the claim is Pending, not bound");
  assert.equal(claimReadiness(claim("Pending"), "WaitForFirstConsumer").ready, true);
  assert.equal(claimReadiness(claim("Bound"), undefined).ready, true);
  assert.equal(
    reason(claimReadiness(claim("Lost"), "WaitForFirstConsumer")),
    "final: the claim has lost its volume",
  );
});

test("a service waits for a ready endpoint, where it selects pods of its own", () => {
  const service = (spec: object) => object("Service", spec, {});
  assert.equal(needsEndpoints(service({ selector: { a: "1" }, type: "ClusterIP" })), true);
  assert.equal(needsEndpoints(service({ selector: { a: "1" }, clusterIP: "None" })), false);
  assert.equal(needsEndpoints(service({})), false);
  assert.equal(needsEndpoints(service({ selector: { a: "1" }, type: "ExternalName" })), false);
  const slice = (...ready: boolean[]) => ({
    ...object("EndpointSlice", {}, {}),
    endpoints: ready.map((isReady) => ({ conditions: { ready: isReady } })),
  });
  assert.equal(reason(serviceReadiness([slice()])), "the service's selector matches no pod");
  assert.equal(
    reason(serviceReadiness([slice(false), slice(false)])),
    "none of the service's 2 endpoints is ready",
  );
  assert.equal(serviceReadiness([slice(false, true)]).ready, true);
});
