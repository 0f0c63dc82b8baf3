import assert from "node:assert/strict";
import { test } from "node:test";
import {
  inputsOf,
  outputsOf,
  previewOf,
  previewWithoutServer,
  projectLive,
  toApply,
} from "../../../local/plugins/kubernetes/live";
import { secret, unknown } from "../../../local/plugins/values";

const bareSecret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s", namespace: "n", uid: "u", managedFields: [{ manager: "m" }] },
};
const liveSecret = { ...bareSecret, data: { password: "cGFzcw==" } };

test("the content of a Secret is secret in its outputs, and field bookkeeping is left out", () => {
  assert.deepEqual(outputsOf(liveSecret, "manager"), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "n", uid: "u" },
    data: secret({ password: "cGFzcw==" }),
    __fieldManager: "manager",
  });
});

test("stringData is applied as data", () => {
  assert.deepEqual(toApply({ ...bareSecret, data: { a: "MQ==" }, stringData: { password: "pass" } }), {
    ...bareSecret,
    data: { a: "MQ==", password: "cGFzcw==" },
  });
});

test("what a dry run invents is unknown in a preview of a creation", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s", uid: "u", resourceVersion: "1", creationTimestamp: "now" },
    spec: {
      type: "NodePort",
      clusterIP: "10.0.0.1",
      clusterIPs: ["10.0.0.1"],
      ports: [{ port: 80, nodePort: 30000 }],
    },
    status: { loadBalancer: {} },
  };
  assert.deepEqual(previewOf(service, false, "manager"), {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s", uid: unknown, resourceVersion: unknown, creationTimestamp: unknown },
    spec: {
      type: "NodePort",
      clusterIP: unknown,
      clusterIPs: unknown,
      ports: [{ port: 80, nodePort: unknown }],
    },
    __fieldManager: "manager",
  });
});

test("a headless service's address is known", () => {
  const spec = { clusterIP: "None", clusterIPs: ["None"] };
  const preview = previewWithoutServer(
    { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec },
    undefined,
  );
  assert.deepEqual(preview.spec, spec);
});

test("the preview of an update keeps the object's identity", () => {
  const preview = previewWithoutServer(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: unknown } },
    { metadata: { name: "c", uid: "u" } },
  );
  assert.deepEqual(preview.metadata, { name: "c", uid: "u" });
});

test("a refresh keeps inputs that the server only writes differently", () => {
  const input = { cpu: "0.1", memory: "1024Mi", env: [], readOnly: false, port: 80 };
  assert.deepEqual(projectLive(input, { cpu: "100m", memory: "1Gi", port: 80, more: "default" }), input);
});

test("a refresh takes over what others changed or removed", () => {
  const input = { replicas: 1, labels: { a: "1", b: "2" }, items: [{ x: 1 }, { x: 2 }] };
  const live = { replicas: 3, labels: { a: "9" }, items: [{ x: 1, y: 1 }] };
  assert.deepEqual(projectLive(input, live), { replicas: 3, labels: { a: "9" }, items: [{ x: 1, y: 1 }] });
});

test("a changed Secret shows in the stringData that it was written with", () => {
  const inputs = { ...bareSecret, metadata: { name: "s" }, stringData: { password: "old", gone: "x" } };
  assert.deepEqual(inputsOf(liveSecret, inputs), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    stringData: secret({ password: "pass" }),
  });
});

test("an import takes everything but what servers write", () => {
  const live = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "d",
      namespace: "n",
      uid: "u",
      generation: 3,
      annotations: { "deployment.kubernetes.io/revision": "3", mine: "1" },
    },
    spec: { replicas: 1 },
    status: { replicas: 1 },
  };
  assert.deepEqual(inputsOf(live, {}), {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", namespace: "n", annotations: { mine: "1" } },
    spec: { replicas: 1 },
  });
});
