import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { images } from "../../../components/images";
import { deploy } from "../support/deploy";
import { everyPart, platform } from "../support/fixtures";
import { containersOf, type Workload, workloadsOf } from "../support/pods";

const registry = "acme.azurecr.io/mirror";

describe("every pod of the platform", () => {
  let ofPlatform: Workload[];
  let ofApps: Workload[];
  before(async () => {
    const { resources } = await deploy(() =>
      everyPart({
        imageRegistry: registry,
        nodeSelector: { "kubernetes.azure.com/agentpool": "monitoring" },
        tolerations: [{ key: "dedicated", operator: "Exists" }],
      }),
    );
    const all = workloadsOf(resources);
    ofPlatform = all.filter(({ title }) => title.includes(" monitoring-"));
    ofApps = all.filter((workload) => !ofPlatform.includes(workload));
    assert.deepEqual([ofPlatform.length, ofApps.length], [9, 4]);
  });

  test("takes its images from the mirror, and so do the logging sidecars of apps", () => {
    const names = new Set<string>(Object.values(images).map((image) => `${registry}/${image}`));
    const used = [
      ...ofPlatform.flatMap(({ pod }) => containersOf(pod)),
      ...ofApps.flatMap(({ pod }) => containersOf(pod).filter(({ name }) => name === "logging")),
    ];
    assert.ok(used.length > ofPlatform.length + 3);
    for (const { name, image } of used) assert.ok(names.has(image), `${name} ${image}`);
    const unused = [...names].filter((name) => !used.some(({ image }) => image === name));
    // Where there is an object store only: test/unit/azure/backupStorage.test.ts.
    assert.deepEqual(unused, [`${registry}/${images.rclone}`]);
  });

  test("runs on the nodes that the stack names; apps run where they like", () => {
    for (const { title, pod } of ofPlatform) {
      assert.deepEqual(pod["nodeSelector"], { "kubernetes.azure.com/agentpool": "monitoring" }, title);
      assert.deepEqual(pod["tolerations"], [{ key: "dedicated", operator: "Exists" }], title);
    }
    for (const { title, pod } of ofApps) assert.equal(pod["nodeSelector"], undefined, title);
  });
});

test("a registry that is none is refused with the fix", async () => {
  for (const imageRegistry of ["https://acme.azurecr.io", "acme.azurecr.io/"])
    await assert.rejects(
      deploy(() => platform({ imageRegistry })),
      /imageRegistry is ".*": it must be a registry.*without https:\/\/.*e\.g\./,
    );
});
