import { BatchV1Api, CoreV1Api, type KubeConfig, type V1Job } from "@kubernetes/client-node";
import { type Route, urlOf } from "../forward/routes";
import { sleep } from "../processes";
import { UserError } from "../userError";
import { planRequests, sendRequest, totalsOf } from "./traffic";

const namespace = "penguins";
const cronJob = "penguins-training";
/** The run that fails on purpose; also its id on the dashboards. */
const failingRun = `${cronJob}-fails`;
const failingStep = "evaluate";
const requests = 240;
const trafficSeconds = 60;
const trainingSeconds = 300;
const mailSeconds = 180;

/**
 * Let the sample do what there is something to see of: the pipeline's first run, a minute of requests to the API, some of
 * them wrong, and a run that fails on purpose, with its mail. Once: nothing is done when it was done before.
 *
 * @throws UserError with the reason, when the training fails or a mail does not come
 */
export async function runSample(
  config: KubeConfig,
  routes: readonly Route[],
  say: (line: string) => void,
): Promise<void> {
  const batch = config.makeApiClient(BatchV1Api);
  const { items } = await batch.listNamespacedCronJob({ namespace });
  const pipeline = items.find(({ metadata }) => metadata?.name === cronJob);
  const { items: jobs } = await batch.listNamespacedJob({ namespace });
  if (pipeline === undefined || jobs.some(({ metadata }) => metadata?.name === failingRun)) return;

  say(`the sample: waiting for the first run of ${cronJob}`);
  await waitFor(`the first run of ${cronJob}`, trainingSeconds, async () => {
    const runs = (await batch.listNamespacedJob({ namespace })).items;
    const failed = runs.find(hasFailed);
    if (failed !== undefined)
      throw new UserError(`run ${failed.metadata?.name} failed: ${await endOf(config, failed)}`);
    return runs.some(({ status }) => (status?.succeeded ?? 0) > 0);
  });

  const { metadata, spec } = pipeline;
  const job: V1Job = {
    metadata: {
      name: failingRun,
      namespace,
      labels: spec?.jobTemplate.metadata?.labels,
      annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
      // It goes with its pipeline, as those that the schedule starts.
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          name: cronJob,
          uid: metadata?.uid ?? "",
          controller: true,
        },
      ],
    },
    spec: failing(spec?.jobTemplate.spec),
  };
  await batch.createNamespacedJob({ namespace, body: job });
  say(`the sample: run ${failingRun} fails on purpose in the step ${failingStep}`);

  const api = routes.find(({ service }) => service === "penguins-api");
  if (api !== undefined) await sendTraffic(urlOf({ ...api, path: "" }), say);
  const mails = routes.find(({ title }) => title === "Mails");
  if (mails !== undefined) await waitForMail(urlOf({ ...mails, path: "/api/v1/messages" }), say);
}

/** The spec of a run, with the variable that makes a step fail. */
export function failing(spec: V1Job["spec"]): V1Job["spec"] {
  const copy = structuredClone(spec);
  const pod = copy?.template.spec;
  const steps = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
  for (const step of steps) {
    if (step.name === failingStep)
      step.env = [...(step.env ?? []), { name: "FAIL_STEP", value: failingStep }];
  }
  return copy;
}

function hasFailed({ status }: V1Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Failed" && is === "True") ?? false;
}

/** The last lines of the containers of a run that failed. */
async function endOf(config: KubeConfig, { metadata }: V1Job): Promise<string> {
  const core = config.makeApiClient(CoreV1Api);
  const labelSelector = `batch.kubernetes.io/job-name=${metadata?.name}`;
  const [pod] = (await core.listNamespacedPod({ namespace, labelSelector })).items;
  const { initContainerStatuses = [], containerStatuses = [] } = pod?.status ?? {};
  const failed = [...initContainerStatuses, ...containerStatuses].find(
    ({ state }) => (state?.terminated?.exitCode ?? 0) !== 0,
  );
  if (pod?.metadata?.name === undefined || failed === undefined) return "no container ended with an error";
  const { name } = pod.metadata;
  const lines = await core
    .readNamespacedPodLog({ name, namespace, container: failed.name, tailLines: 5 })
    .catch(() => "its output is gone");
  return `${failed.name} ended with exit code ${failed.state?.terminated?.exitCode}\n${lines}`;
}

async function sendTraffic(url: string, say: (line: string) => void): Promise<void> {
  const plan = planRequests({ requests });
  const { badRequests } = totalsOf(plan);
  say(
    `the sample: sending ${requests} requests to the API in ${trafficSeconds} s, ${badRequests} of them wrong`,
  );
  const started = Date.now();
  for (const [index, planned] of plan.entries()) {
    await sendRequest(url, planned);
    await sleep(Math.max(0, started + ((index + 1) / requests) * trafficSeconds * 1000 - Date.now()));
  }
}

async function waitForMail(url: string, say: (line: string) => void): Promise<void> {
  const started = Date.now();
  say("the sample: waiting for the mail about the run that failed");
  await waitFor(`the mail about ${failingRun}`, mailSeconds, async () => {
    // The way through the API server may break for a moment.
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok !== true) return false;
    const { messages } = (await answer.json()) as { messages: { Subject: string }[] };
    return messages.some(({ Subject }) => Subject.includes(failingRun));
  });
  say(`  it came after ${Math.round((Date.now() - started) / 1000)} s`);
}

/** @throws UserError when it has not come in time */
async function waitFor(what: string, seconds: number, isThere: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; !(await isThere()); await sleep(1_000)) {
    if (Date.now() > deadline) throw new UserError(`${what} has not come in ${seconds} s`);
  }
}
