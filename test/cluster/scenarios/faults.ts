import assert from "node:assert/strict";
import { PatchStrategy, setHeaderOptions, type V1Container } from "@kubernetes/client-node";
import { measurements } from "../../../contract/measurements";
import { waitFor } from "../../dataplane/support/waitFor";
import { isReady, type Platform, restarts } from "../support/platform";
import { Writer } from "../support/writer";
import { scenario, type Suite } from "./suite";
import { workloadFaults } from "./workloads";

const api = { namespace: "penguins", name: "penguins-api" };
const outage = "penguins-api does not answer – local";
const brokenImage = "registry.invalid/penguins-api:0";

/** The parts that are killed, in this order, and their containers. */
const parts = {
  telegraf: "telegraf",
  alertmanager: "alertmanager",
  influxdb: "influxdb",
  "fluentd-aggregator": "fluentd",
} as const;

/**
 * Parts that fail one by one during an outage of the sample's API. An app writes lines all the while.
 *
 * The outage begins first and its alert ends last, since both take minutes. What else mostly waits goes on beside it.
 */
export function faults(suite: Suite): void {
  const workloads = workloadFaults(suite);
  let again: Promise<string | Error>;
  let writer: Writer;
  let image: string | undefined;

  scenario(suite, "an image that can't be pulled: the API is down", 300, async (platform) => {
    workloads.begin(platform);
    again = platform.makeUp().catch((error: Error) => error);
    writer = await Writer.start(platform, "writer");
    image = (await platform.apps.readNamespacedDeployment(api)).spec?.template.spec?.containers[0]?.image;
    await changeApi(platform, brokenImage, "Recreate");
    await waitFor("a pod that waits for its image", 180_000, async () => {
      const pods = await platform.pods(api.namespace, `app.kubernetes.io/instance=${api.name}`);
      const waiting = pods
        .flatMap(({ status }) => status?.containerStatuses ?? [])
        .map(({ state }) => state?.waiting);
      return waiting.find(
        (state) => state?.reason === "ErrImagePull" || state?.reason === "ImagePullBackOff",
      );
    });
  });

  for (const [part, container] of Object.entries(parts)) {
    const title = `${part}: its processes are killed, then its pod is deleted, and it comes back`;
    scenario(suite, title, 900, async (platform) => {
      // A pod that ends while the aggregator is away takes what its sidecar holds with it.
      if (part === "fluentd-aggregator") await workloads.evictionEnded();
      const before = await platform.ready(part);
      const killedAt = new Date();
      await platform.kill(before, container);
      const restarted = await platform.ready(part, (pod) => restarts(pod) > restarts(before));
      assert.equal(restarted.metadata?.uid, before.metadata?.uid, "its container was started again");
      const { name = "", namespace = "" } = restarted.metadata ?? {};
      await platform.core.deleteNamespacedPod({ name, namespace });
      await platform.ready(part, (pod) => pod.metadata?.uid !== before.metadata?.uid);
      if (part === "telegraf") await sampleSince(platform, killedAt);
    });
  }

  scenario(suite, "the outage was mailed, though each part was away in its course", 300, async (platform) => {
    await waitFor("the mail", 240_000, async () =>
      (await platform.mails()).find((one) => one.includes(outage)),
    );
  });

  scenario(suite, "with its image the API is back", 300, async (platform) => {
    assert.ok(image !== undefined);
    await changeApi(platform, image, "RollingUpdate");
    await platform.ready(api.name);
  });

  scenario(suite, "a node is drained of the platform and takes it back", 500, drain);

  scenario(
    suite,
    "no line was lost, those of the last moment included, and none is there twice",
    360,
    async () => {
      // One that is far behind when its pod is stopped loses lines (docs/delivery.md).
      await writer.expectAllArrived();
      await writer.stop();
      await writer.expectAllArrived();
    },
  );

  workloads.outcomes();

  scenario(suite, "meanwhile make up changed nothing", 900, async () => {
    const output = await again;
    if (output instanceof Error) throw output;
    assert.match(output, /^0 changes /m);
  });
}

/** The end of the outage's alert, some minutes after {@link faults}. */
export function endOfOutage(suite: Suite): void {
  scenario(suite, "the outage was mailed once, and its end was, too", 330, async (platform) => {
    const about = async () =>
      (await platform.mails()).filter((subject) => subject.includes("penguins-api does not answer"));
    await waitFor("the end of the alert", 300_000, async () =>
      (await about()).length > 1 ? true : undefined,
    );
    assert.deepEqual(await about(), [`[CRITICAL] ${outage}`, `[RESOLVED] ${outage}`]);
  });
}

async function changeApi(
  platform: Platform,
  image: string,
  type: "Recreate" | "RollingUpdate",
): Promise<void> {
  const containers: Partial<V1Container>[] = [{ name: "api", image }];
  const strategy = type === "Recreate" ? { type, rollingUpdate: null } : { type };
  await platform.apps.patchNamespacedDeployment(
    { ...api, body: { spec: { strategy, template: { spec: { containers } } } } },
    setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
  );
}

/** Wait until Telegraf has delivered something anew. */
async function sampleSince(platform: Platform, time: Date): Promise<void> {
  const influxDb = await platform.influxDb();
  await waitFor("a sample of Telegraf", 90_000, async () => {
    const rows = await influxDb.flux(`from(bucket: "events") |> range(start: ${time.toISOString()})
      |> filter(fn: (r) => r._measurement == "${measurements.container}") |> group() |> last()`);
    return rows[0];
  });
}

/** Evict every pod of the platform from the node that InfluxDB is on, as `kubectl drain` does. */
async function drain(platform: Platform): Promise<void> {
  const node = (await platform.ready("influxdb")).spec?.nodeName ?? "";
  const schedulable = (unschedulable: boolean) =>
    platform.core.patchNode(
      { name: node, body: { spec: { unschedulable } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
  const namespace = "monitoring";
  const there = async () =>
    (await platform.pods(namespace)).filter(
      ({ spec, status }) => spec?.nodeName === node && status?.phase === "Running",
    );
  const evicted = await there();
  await schedulable(true);
  try {
    for (const { metadata } of evicted) {
      const name = metadata?.name ?? "";
      await platform.core.createNamespacedPodEviction({
        namespace,
        name,
        body: { metadata: { namespace, name } },
      });
    }
    const uids = evicted.map(({ metadata }) => metadata?.uid);
    await waitFor("an empty node", 120_000, async () =>
      (await there()).every(({ metadata }) => !uids.includes(metadata?.uid)) ? true : undefined,
    );
  } finally {
    await schedulable(false);
  }
  await waitFor("all pods of the platform", 300_000, async () => {
    const pods = (await platform.pods(namespace)).filter(({ status }) => status?.phase !== "Succeeded");
    return pods.length >= evicted.length && pods.every(isReady) ? true : undefined;
  });
}
