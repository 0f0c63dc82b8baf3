import assert from "node:assert/strict";
import { test } from "node:test";
import {
  restrictedContainerSecurityContext,
  restrictedNamespaceLabels,
  restrictedPodSecurityContext,
} from "../../../components/kubernetes/podSecurity";
import { restrictedProblems } from "../../../policies/safety/restrictedPods";
import { toPlain } from "../../../policies/core/values";

test("a namespace enforces, audits and warns at one pinned version", () => {
  assert.deepEqual(restrictedNamespaceLabels(), {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "v1.34",
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/audit-version": "v1.34",
    "pod-security.kubernetes.io/warn": "restricted",
    "pod-security.kubernetes.io/warn-version": "v1.34",
  });
});

test("the pod's group is its user unless said otherwise, and owns the volumes", () => {
  assert.equal(restrictedPodSecurityContext({ uid: 999 }).fsGroup, 999);
  const other = restrictedPodSecurityContext({ uid: 999, gid: 5 });
  assert.deepEqual([other.runAsUser, other.runAsGroup, other.fsGroup], [999, 5, 5]);
});

test("the two security contexts together pass the policy restricted-pods", () => {
  const pod = {
    securityContext: restrictedPodSecurityContext({ uid: 1000 }),
    containers: [{ name: "app", securityContext: restrictedContainerSecurityContext() }],
  };
  assert.deepEqual(restrictedProblems(toPlain(pod)), []);
  assert.notDeepEqual(restrictedProblems(toPlain({ ...pod, securityContext: {}, hostPID: true })), []);
});
