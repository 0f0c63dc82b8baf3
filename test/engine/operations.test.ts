import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import type { KubernetesObject } from "../support/apiClient";
import type { Engine } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";
import { sleep } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { changingSteps, Fixture, shell, type OperationResult } from "./harness";

// The commands of docs/operations.md, as they stand there, on one stack that refuses to lose data. In order: each test
// begins where the one before it ended.

interface Workload extends KubernetesObject {
  spec: {
    resources?: { requests?: { storage?: string } };
    template?: { spec: { containers: [{ env: { name: string; value?: string }[] }] } };
  };
  status: { readyReplicas?: number; phase?: string };
}

/** A command that never ends fails its test; it ends with the cluster. */
const limit = { timeout: 300_000 };

let fixture: Fixture;
let engine: Engine;
let kubectl: string;

before(async () => {
  kubectl = dirname((await resolveTool("kubectl")).path);
  fixture = await Fixture.start();
  engine = await fixture.stack({
    stack: "operations",
    config: {
      "ds-monitoring:monitoring": {
        environment: "test",
        influxDb: { deploy: { storage: { size: "1Gi" } } },
        fluentdAggregator: { storage: { size: "1Gi" } },
        archive: { storage: { size: "1Gi" } },
        backup: { storage: { size: "1Gi" } },
        alertmanager: {
          deploy: {
            email: {
              smarthost: "smtp.example.com:587",
              from: "monitoring@example.com",
              to: ["team@example.com"],
            },
          },
        },
      },
    },
  });
  succeeded(await engine.up());
  // As managed disks have it.
  const standard = "/apis/storage.k8s.io/v1/storageclasses/standard";
  await fixture.api.apply(standard, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: "standard",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kubernetes.io/host-path",
    allowVolumeExpansion: true,
  });
});
after(() => fixture.stop());

/** Run the commands of a section's only block. */
async function documented(section: string): Promise<OperationResult> {
  const text = readFileSync(join(repositoryRoot, "docs", "operations.md"), "utf8");
  const content = text.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  const [block, ...more] = [...content.matchAll(/^```sh\n([^]*?)^```$/gm)].map((match) => match[1]);
  assert.ok(block !== undefined && more.length === 0, `"${section}" has one block of commands`);
  return succeeded(await shell(engine, block, "operations", kubectl));
}

function succeeded(result: OperationResult): OperationResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}

/** What a run did, as `operation Kind name`, each resource once. */
function done(result: OperationResult): string[] {
  const steps = changingSteps(result)
    .filter(
      ({ op, type }) =>
        op !== "create-replacement" && op !== "delete-replaced" && !type.includes(":index:Mon"),
    )
    .map(({ op, type, name }) => `${op} ${type.split(":").at(-1)} ${name}`);
  return [...new Set(steps)].sort();
}

const object = async (path: string): Promise<Workload> => {
  const found = await fixture.api.get<Workload>(path);
  assert.ok(found, path);
  return found;
};
const pod = (name: string) => object(`/api/v1/namespaces/monitoring/pods/${name}`);
const claim = (name: string) => object(`/api/v1/namespaces/monitoring/persistentvolumeclaims/${name}`);
const statefulSet = (name: string) => object(`/apis/apps/v1/namespaces/monitoring/statefulsets/${name}`);
const uids = async (...objects: Promise<Workload>[]) =>
  (await Promise.all(objects)).map(({ metadata }) => metadata.uid);

async function passwordUrn(name: string): Promise<string> {
  const { resources = [] } = (await engine.state()).deployment;
  const urn = resources
    .map((resource) => resource.urn)
    .find((one) => one.endsWith(`RandomPassword::monitoring-${name}`));
  assert.ok(urn, name);
  return urn;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition()) return;
    await sleep(100);
  }
  assert.fail(`${what}: not within a minute`);
}

test(
  "a password is rotated: a new Secret, a new reconcile Job, new pods, and nothing that holds data",
  limit,
  async () => {
    const earlier = await uids(pod("fluentd-aggregator-0"), claim("buffer-fluentd-aggregator-0"));
    assert.deepEqual(done(await documented("Passwords and tokens")), [
      "replace Job monitoring-influxdb-reconcile",
      "replace RandomPassword monitoring-influxdb-fluentd",
      "replace Secret monitoring-fluentd-aggregator-credentials",
      "replace Secret monitoring-influxdb-reconcile-credentials",
      "update StatefulSet monitoring-fluentd-aggregator",
    ]);
    const [podUid, claimUid] = await uids(pod("fluentd-aggregator-0"), claim("buffer-fluentd-aggregator-0"));
    assert.notEqual(podUid, earlier[0]);
    assert.equal(claimUid, earlier[1]);
  },
);

test("the other passwords are rotated the same way, and roll the pods that know them", limit, async () => {
  const urns = await Promise.all(
    ["fluentd-aggregator-shared-key", "grafana-admin-password", "influxdb-telegraf"].map(passwordUrn),
  );
  const result = succeeded(await engine.up({ replace: urns }));
  assert.deepEqual(done(result), [
    "replace Job monitoring-influxdb-reconcile",
    "replace RandomPassword monitoring-fluentd-aggregator-shared-key",
    "replace RandomPassword monitoring-grafana-admin-password",
    "replace RandomPassword monitoring-influxdb-telegraf",
    "replace Secret monitoring-fluentd-aggregator-credentials",
    "replace Secret monitoring-grafana-credentials",
    "replace Secret monitoring-influxdb-reconcile-credentials",
    "replace Secret monitoring-telegraf-credentials",
    "update Deployment monitoring-grafana",
    "update Deployment monitoring-telegraf",
    "update StatefulSet monitoring-fluentd-aggregator",
  ]);
});

test("InfluxDB's own password and token are not rotated: the engine refuses", limit, async () => {
  const result = await engine.up({ replace: [await passwordUrn("influxdb-operator-token")] });
  assert.notEqual(result.code, 0);
  assert.match(
    result.stdout + result.stderr,
    /unable to replace resource "[^"]*monitoring-influxdb-operator-token"\s+as it is currently marked for protection/,
  );
});

test("a volume is grown: the same pod on the same claim, and a program that agrees", limit, async () => {
  const earlier = await uids(pod("influxdb-0"), claim("data-influxdb-0"));
  assert.deepEqual(done(await documented("Growing a volume")), ["create StatefulSet monitoring-influxdb"]);
  assert.deepEqual(await uids(pod("influxdb-0"), claim("data-influxdb-0")), earlier);
  const { spec } = await claim("data-influxdb-0");
  assert.equal(spec.resources?.requests?.storage, "100Gi");
  assert.ok(
    isOwned(await pod("influxdb-0"), await statefulSet("influxdb")),
    "the new StatefulSet has adopted the pod",
  );
});

test(
  "the aggregator is scaled: another pod with a claim of its own, and the first keeps its own",
  limit,
  async () => {
    const earlier = await claim("buffer-fluentd-aggregator-0");
    assert.deepEqual(done(await documented("Scaling")), [
      "create PodDisruptionBudget monitoring-fluentd-aggregator",
      "create Service monitoring-fluentd-aggregator-0",
      "create Service monitoring-fluentd-aggregator-1",
      "replace ConfigMap monitoring-telegraf-config",
      "update Deployment monitoring-telegraf",
      "update StatefulSet monitoring-fluentd-aggregator",
    ]);
    assert.equal((await statefulSet("fluentd-aggregator")).status.readyReplicas, 2);
    const [first, second] = await uids(
      claim("buffer-fluentd-aggregator-0"),
      claim("buffer-fluentd-aggregator-1"),
    );
    assert.equal(first, earlier.metadata.uid);
    assert.ok(second);
    // Each pod's Service leads to that pod alone.
    for (const name of ["fluentd-aggregator-0", "fluentd-aggregator-1"]) {
      const slices = await fixture.api.list<
        KubernetesObject & { endpoints: { targetRef: { name: string } }[] }
      >(
        `/apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`,
      );
      assert.deepEqual(
        slices.flatMap(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef.name)),
        [name],
      );
    }
  },
);

test("the archive is run by hand, and its volume grows in place", limit, async () => {
  const result = await documented("Archive of raw events");
  assert.match(result.stdout, /^influxdb-archive +30 3 \* \* \* +Etc\/UTC/m);
  assert.deepEqual(done(result), ["update PersistentVolumeClaim monitoring-influxdb-archive"]);
  await object("/apis/batch/v1/namespaces/monitoring/jobs/archive-now");
  const { spec } = await claim("influxdb-archive");
  assert.equal(spec.resources?.requests?.storage, "100Gi");
});

test(
  "a backup and a restore are run by hand, the restore of the newest or of one that is named",
  limit,
  async () => {
    await documented("Backup and restore");
    const variables = async (name: string) => {
      const { spec } = await object(`/apis/batch/v1/namespaces/monitoring/jobs/${name}`);
      return spec.template?.spec.containers[0].env.find((variable) => variable.name === "BACKUP_NAME")?.value;
    };
    assert.equal(await variables("backup-now"), undefined);
    assert.equal(await variables("restore-newest"), undefined);
    assert.equal(await variables("restore-one"), "2026-11-24T02-30-00Z");
  },
);

test("a lost volume of InfluxDB: an empty one with a pod, set up by a new reconcile Job", limit, async () => {
  const earlier = await uids(pod("influxdb-0"), claim("data-influxdb-0"));
  assert.deepEqual(done(await documented("A lost volume")), ["replace Job monitoring-influxdb-reconcile"]);
  await until("a new pod on a new claim", async () => {
    const now = await fixture.api.get<Workload>("/api/v1/namespaces/monitoring/pods/influxdb-0");
    return now?.status.phase === "Running" && now.metadata.uid !== earlier[0];
  });
  assert.notEqual((await claim("data-influxdb-0")).metadata.uid, earlier[1]);
});

function isOwned(object: KubernetesObject, owner: KubernetesObject): boolean {
  const { ownerReferences = [] } = object.metadata as { ownerReferences?: { uid: string }[] };
  return ownerReferences.some(({ uid }) => uid === owner.metadata.uid);
}
