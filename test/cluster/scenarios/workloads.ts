import assert from "node:assert/strict";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { waitFor } from "../../dataplane/support/waitFor";
import { mergePatch, type Platform } from "../support/platform";
import { Writer } from "../support/writer";
import { scenario, type Suite } from "./suite";

const namespace = "penguins";
const pipeline = "penguins-training";

/** What happens to single pods of apps, beside other faults, since most of its time is waiting. */
export interface WorkloadFaults {
  /** Begin all of it. */
  begin(platform: Platform): void;
  /** Wait until the lines of the evicted pod have arrived, or that has failed. */
  evictionEnded(): Promise<void>;
  /** The tests that wait for the outcomes. */
  outcomes(): void;
}

export function workloadFaults(suite: Suite): WorkloadFaults {
  let begun: Record<"evicted" | "outOfMemory" | "scheduled", Promise<void>> | undefined;
  const outcome = (title: string, of: keyof NonNullable<typeof begun>): void =>
    scenario(suite, title, 400, async () => {
      assert.ok(begun !== undefined, "it was not begun");
      await begun[of];
    });
  return {
    begin: (platform) => {
      const failed = outOfMemory(platform);
      // A run that succeeds ends the alert of the one before.
      const later = failed.catch(() => undefined).then(() => scheduled(platform));
      begun = { evicted: evicted(platform), outOfMemory: failed, scheduled: later };
      // Its test says why one was rejected.
      for (const one of Object.values(begun)) one.catch(() => undefined);
    },
    evictionEnded: () => begun?.evicted.catch(() => undefined) ?? Promise.resolve(),
    outcomes: () => {
      outcome(
        "a pod that is evicted for its log volume loses no line but of its last seconds, and none is counted twice",
        "evicted",
      );
      outcome("a step that the kernel kills for its memory fails the run, which is mailed", "outOfMemory");
      outcome(
        "the schedule of a pipeline starts a run, which completes with its native sidecar",
        "scheduled",
      );
    },
  };
}

async function evicted(platform: Platform): Promise<void> {
  // Slowly: where much else runs, the sidecar needs half a minute before it reads.
  const linesPerSecond = 60;
  const writer = await Writer.start(platform, "evicted", {
    logVolume: "8Mi",
    bytes: 2000,
    linesPerSecond,
    lastLines: 0,
  });
  const pod = await waitFor("the eviction", 180_000, async () => {
    const found = await writer.pod();
    return found.status?.phase === "Failed" ? found : undefined;
  });
  assert.equal(pod.status?.reason, "Evicted");
  assert.match(pod.status?.message ?? "", /volume "logs" exceeds the limit/);
  // The kubelet gives the pod two seconds: what the sidecar has not sent by then goes with it.
  await writer.expectAllArrived(10 * linesPerSecond);
}

async function outOfMemory(platform: Platform): Promise<void> {
  const name = `${pipeline}-out-of-memory`;
  await platform.startJob({ namespace, name: pipeline }, name, (spec) => {
    const step = spec.template.spec?.initContainers?.find((one) => one.name === "clean");
    assert.ok(step !== undefined);
    step.command = ["python", "-c", "memory = b'x' * 10**9"];
    step.resources = { requests: { memory: "64Mi" }, limits: { memory: "128Mi" } };
  });
  await ended(platform, name, "Failed");
  const statuses = (await podOf(platform, name)).status?.initContainerStatuses ?? [];
  const reasons = Object.fromEntries(statuses.map(({ name, state }) => [name, state?.terminated?.reason]));
  assert.equal(reasons.clean, "OOMKilled");
  assert.equal(reasons.outliers, undefined, "the next step has not begun");
  assert.equal(reasons.logging, "Completed", "the sidecar has sent what there was, and ended");
  // The step could not report its end itself.
  await waitFor("the mail about the run", 180_000, async () =>
    (await platform.mails()).find(
      (subject) => subject === `[CRITICAL] Job ${name} of ${pipeline} failed – local`,
    ),
  );
}

async function scheduled(platform: Platform): Promise<void> {
  const plan = (schedule: string) =>
    platform.batch.patchNamespacedCronJob(
      { namespace, name: pipeline, body: { spec: { schedule } } },
      mergePatch,
    );
  const { spec } = await platform.batch.readNamespacedCronJob({ namespace, name: pipeline });
  const before = await jobs(platform);
  await plan("* * * * *");
  const run = await waitFor("the run", 90_000, async () =>
    (await jobs(platform)).find(
      ({ metadata }) =>
        metadata?.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"] !== undefined &&
        !before.some((job) => job.metadata?.name === metadata.name),
    ),
  ).finally(() => plan(spec?.schedule ?? ""));
  const name = run.metadata?.name ?? "";
  await ended(platform, name, "Complete");
  assert.equal((await podOf(platform, name)).status?.phase, "Succeeded");
}

async function jobs(platform: Platform): Promise<V1Job[]> {
  return (await platform.batch.listNamespacedJob({ namespace })).items;
}

async function podOf(platform: Platform, job: string): Promise<V1Pod> {
  const [pod] = await platform.pods(namespace, `batch.kubernetes.io/job-name=${job}`);
  assert.ok(pod !== undefined, `the pod of ${job}`);
  return pod;
}

/** Wait until the Job has ended, and expect that it did so as `expected` says. */
async function ended(platform: Platform, name: string, expected: "Complete" | "Failed"): Promise<void> {
  const end = await waitFor(`the end of ${name}`, 180_000, async () => {
    const { status } = await platform.batch.readNamespacedJob({ namespace, name });
    return status?.conditions?.find(
      ({ type, status: is }) => is === "True" && /^(Complete|Failed)$/.test(type),
    );
  });
  assert.equal(end.type, expected, end.message);
}
