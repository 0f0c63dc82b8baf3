import assert from "node:assert/strict";
import { test } from "node:test";
import {
  restrictedContainerSecurityContext,
  restrictedNamespaceLabels,
  restrictedPodSecurityContext,
} from "../../../components/kubernetes/podSecurity";
import { restrictedViolations, type PodSecuritySpec } from "../support/restricted";

const restricted = {
  securityContext: restrictedPodSecurityContext({ uid: 1000 }),
  containers: [{ name: "app", securityContext: restrictedContainerSecurityContext() }],
} as PodSecuritySpec;

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

test("the two security contexts together have no violation", () => {
  assert.deepEqual(restrictedViolations(restricted), []);
});

test("each thing that restricted refuses is named with its culprit", () => {
  const own = restrictedContainerSecurityContext();
  const withContainer = (securityContext: object) => ({
    ...restricted,
    containers: [{ name: "app", securityContext }],
  });
  const cases: [object, string][] = [
    [{ ...restricted, hostNetwork: true }, "pod: hostNetwork must not be true"],
    [{ ...restricted, hostPID: true }, "pod: hostPID must not be true"],
    [{ ...restricted, hostIPC: true }, "pod: hostIPC must not be true"],
    [
      { ...restricted, volumes: [{ name: "root", hostPath: { path: "/" } }] },
      "volume root: hostPath is not allowed",
    ],
    [withContainer({ ...own, privileged: true }), "container app: privileged must not be true"],
    [
      withContainer({ ...own, allowPrivilegeEscalation: undefined }),
      "container app: allowPrivilegeEscalation must be false",
    ],
    [withContainer({ ...own, runAsNonRoot: false }), "container app: runAsNonRoot must be true"],
    [withContainer({ ...own, runAsUser: 0 }), "container app: runAsUser must not be 0"],
    [withContainer({ ...own, capabilities: {} }), "container app: capabilities.drop must hold ALL"],
    [
      withContainer({ ...own, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } }),
      "container app: capabilities.add must not hold SYS_ADMIN",
    ],
    [
      withContainer({ ...own, seccompProfile: { type: "Unconfined" } }),
      "container app: seccompProfile.type must be RuntimeDefault or Localhost",
    ],
    [
      { ...restricted, containers: [{ ...restricted.containers[0], ports: [{ hostPort: 80 }] }] },
      "container app: hostPort must not be set",
    ],
  ];
  for (const [spec, expected] of cases) {
    assert.deepEqual(restrictedViolations(spec as typeof restricted), [expected]);
  }
});

test("init containers are looked at too", () => {
  assert.deepEqual(restrictedViolations({ ...restricted, initContainers: [{ name: "init" }] }), [
    "container init: allowPrivilegeEscalation must be false",
    "container init: capabilities.drop must hold ALL",
  ]);
});
