import assert from "node:assert/strict";
import { test } from "node:test";
import type * as pulumi from "@pulumi/pulumi";
import { loggingTransform } from "../../../components";
import { valueOf } from "../support/deploy";
import type { PodSpec } from "../support/pods";

const logging = { configMapName: "app-logging", sharedKeySecretName: "shared-key" };
const pod = { containers: [{ name: "app", image: "registry.example.com/app:1.0.0" }] };
const labels = { part: "server" };

/** What the transform makes of a workload's spec; undefined when it leaves the resource alone. */
async function transformed(
  type: string,
  spec: object,
  selector?: Parameters<typeof loggingTransform>[1],
): Promise<Record<string, unknown> | undefined> {
  const resource = { custom: true, type, name: "chart:app", opts: {}, props: { metadata: { labels }, spec } };
  const result = await loggingTransform(
    logging,
    selector,
  )(resource as unknown as pulumi.ResourceTransformArgs);
  return result && ((await valueOf(result.props.spec)) as Record<string, unknown>);
}

const sidecarOf = (spec: unknown) => (spec as PodSpec).initContainers?.[0]?.name;

test("pods of a chart's workloads get the sidecar, of every kind", async () => {
  for (const type of ["apps/v1:Deployment", "apps/v1:StatefulSet", "apps/v1:DaemonSet", "batch/v1:Job"]) {
    const spec = await transformed(`kubernetes:${type}`, { template: { spec: pod } });
    assert.equal(sidecarOf((spec?.["template"] as { spec: unknown }).spec), "logging", type);
  }
  const cron = (await transformed("kubernetes:batch/v1:CronJob", {
    schedule: "0 3 * * *",
    jobTemplate: { spec: { template: { spec: pod } } },
  })) as { schedule: string; jobTemplate: { spec: { template: { spec: unknown } } } };
  assert.equal(cron.schedule, "0 3 * * *");
  assert.equal(sidecarOf(cron.jobTemplate.spec.template.spec), "logging");
});

test("what has no pods, or is not selected, stays as it is", async () => {
  assert.equal(await transformed("kubernetes:core/v1:Service", { ports: [] }), undefined);
  assert.equal(await transformed("aws:ecs/service:Deployment", { template: { spec: pod } }), undefined);
  const spec = { template: { spec: pod } };
  assert.equal(await transformed("kubernetes:batch/v1:Job", spec, { kinds: ["Deployment"] }), undefined);
  assert.deepEqual(
    await transformed("kubernetes:apps/v1:Deployment", spec, { matchLabels: { part: "ui" } }),
    spec,
  );
  const chosen = await transformed("kubernetes:apps/v1:Deployment", spec, { matchLabels: labels });
  assert.equal(sidecarOf((chosen?.["template"] as { spec: unknown }).spec), "logging");
});
