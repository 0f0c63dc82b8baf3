import assert from "node:assert/strict";
import { test } from "node:test";
import { images } from "../../../components/images";
import { withLogging } from "../../../components";
import { valueOf } from "../support/deploy";
import type { PodSpec } from "../support/pods";

const logging = { configMapName: "app-logging", sharedKeySecretName: "shared-key" };
const app = { name: "app", image: "registry.example.com/app:1.0.0" };

test("the sidecar is native: an init container that keeps running, before the pod's own", async () => {
  const spec = (await valueOf(
    withLogging({ initContainers: [{ name: "prepare" }], containers: [app] }, logging),
  )) as PodSpec;
  assert.deepEqual(
    spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy]),
    [
      ["logging", "Always"],
      ["prepare", undefined],
    ],
  );
  assert.equal(spec.initContainers?.[0]?.image, images.fluentd);
});

test("nothing about the sidecar holds up the work", async () => {
  const spec = (await valueOf(withLogging({ containers: [app] }, logging))) as PodSpec;
  const sidecar = spec.initContainers?.[0];
  assert.equal(sidecar?.startupProbe, undefined);
  assert.equal(sidecar?.readinessProbe, undefined);
  const key = sidecar?.env?.find(({ name }) => name === "FLUENTD_SHARED_KEY");
  assert.deepEqual(key?.valueFrom, {
    secretKeyRef: { name: "shared-key", key: "sharedKey", optional: true },
  });
  const config = spec.volumes?.find(({ name }) => name === "logging-config");
  assert.deepEqual(config?.["configMap"], { name: "app-logging", optional: true });
});

test("every container gets the log volume, and keeps what it had", async () => {
  const own = {
    ...app,
    env: [{ name: "A", value: "1" }],
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
  const spec = (await valueOf(
    withLogging(
      { initContainers: [{ name: "prepare" }], containers: [own], volumes: [{ name: "tmp", emptyDir: {} }] },
      logging,
    ),
  )) as PodSpec;
  for (const container of [spec.initContainers?.[1], spec.containers[0]]) {
    assert.ok(
      container?.volumeMounts?.some(({ mountPath }) => mountPath === "/var/log/app"),
      container?.name,
    );
    assert.ok(container?.env?.some(({ name, value }) => name === "LOG_DIR" && value === "/var/log/app"));
  }
  assert.deepEqual(spec.containers[0]?.env?.[0], { name: "A", value: "1" });
  assert.deepEqual(
    spec.volumes?.map(({ name }) => name),
    ["tmp", "logs", "logging-state", "logging-config"],
  );
});

test("the pod's grace period grows by what the sidecar needs", async () => {
  const graceOf = async (terminationGracePeriodSeconds?: number) =>
    ((await valueOf(withLogging({ terminationGracePeriodSeconds, containers: [app] }, logging))) as PodSpec)
      .terminationGracePeriodSeconds;
  assert.equal(await graceOf(), 60);
  assert.equal(await graceOf(90), 120);
});

test("the pod spec that was given stays as it is", () => {
  const spec = { containers: [app] };
  withLogging(spec, logging);
  assert.deepEqual(spec, { containers: [{ name: "app", image: "registry.example.com/app:1.0.0" }] });
});

test("a container or volume of a name that is added is refused", () => {
  assert.throws(
    () => withLogging({ containers: [{ name: "logging" }] }, logging),
    /adds a container named "logging", and the pod already has one: rename the pod's own/,
  );
  assert.throws(
    () => withLogging({ containers: [app], volumes: [{ name: "logs", emptyDir: {} }] }, logging),
    /adds a volume named "logs"/,
  );
});
