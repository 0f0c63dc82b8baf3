import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sleep } from "../../local/processes";
import { startTelegrafOn } from "./support/telegraf";
import { hour, minute, type RuleEvaluator, second, startRuleEvaluator } from "./support/ruleEvaluator";

type Fields = Record<string, unknown>;
const start = Date.now();
const ago = (milliseconds: number): string => `${new Date(start - milliseconds).toISOString().slice(0, 19)}Z`;

const ourLabels = (name: string): Fields => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/part-of": "ds-monitoring",
});

/** An object of the Kubernetes API that is part of ds-monitoring, its service as its name says. */
function object(name: string, of: Fields = {}, metadata: Fields = {}): Fields {
  const labels = ourLabels(name);
  const common = { name, namespace: "apps", creationTimestamp: ago(20 * 24 * hour), labels };
  return { metadata: { ...common, ...metadata }, spec: {}, ...of };
}
const withCondition = (type: string, status: string, reason: string, age: number): Fields => ({
  conditions: [{ type, status, reason, message: `message of ${reason}`, lastTransitionTime: ago(age) }],
});
const pod = (name: string, status: Fields, metadata: Fields = {}): Fields =>
  object(name, { spec: { nodeName: "node-1", containers: [{ name: "app" }] }, status }, metadata);
const waiting = (reason: string): Fields => ({
  phase: "Pending",
  containerStatuses: [{ name: "app", restartCount: 1, state: { waiting: { reason, message: "why" } } }],
});
const killed = (where: "state" | "lastState", age: number): Fields => ({
  containerStatuses: [
    { name: "app", restartCount: 1, [where]: { terminated: { reason: "OOMKilled", finishedAt: ago(age) } } },
  ],
});
const young = { creationTimestamp: ago(2 * minute) };
const ownedBy = (kind: string, name: string, labels: Fields = {}): Fields => ({
  labels,
  ownerReferences: [{ kind, name, controller: true }],
});
const running = {
  phase: "Running",
  containerStatuses: [{ name: "app", restartCount: 0, state: { running: {} } }],
};

/** The text of a kubelet's own metrics: https://kubernetes.io/docs/reference/instrumenting/metrics/ */
const kubeletText = `# HELP kubelet_volume_stats_inodes [ALPHA] Maximum number of inodes in the volume
# TYPE kubelet_volume_stats_inodes gauge
kubelet_volume_stats_inodes{namespace="apps",persistentvolumeclaim="store-0"} 6.5536e+06
kubelet_volume_stats_inodes{namespace="apps",persistentvolumeclaim="nobodys"} 100
# HELP kubelet_volume_stats_inodes_free [ALPHA] Number of free inodes in the volume
# TYPE kubelet_volume_stats_inodes_free gauge
kubelet_volume_stats_inodes_free{namespace="apps",persistentvolumeclaim="store-0"} 6.553589e+06
# HELP kubelet_volume_stats_inodes_used [ALPHA] Number of used inodes in the volume
# TYPE kubelet_volume_stats_inodes_used gauge
kubelet_volume_stats_inodes_used{namespace="apps",persistentvolumeclaim="store-0"} 11
kubelet_volume_stats_inodes_used{namespace="apps",persistentvolumeclaim="nobodys"} 99
kubelet_running_pods 12
`;

/** A pod with a claim. */
const store = object("store-0", {
  spec: {
    nodeName: "node-1",
    containers: [{ name: "app" }],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: "store-0" } },
      { name: "tmp", emptyDir: {} },
    ],
  },
  status: running,
});

/** Pods whose owner no label of ours says, by the owner. */
const owned: Record<string, Fields> = {
  api: pod(
    "api-5d8f9c7b6-x2x4z",
    running,
    ownedBy("ReplicaSet", "api-5d8f9c7b6", { "pod-template-hash": "5d8f9c7b6" }),
  ),
  "batch-scoring": pod("batch-scoring-7xk2p", running, ownedBy("Job", "batch-scoring")),
  "nightly-report": pod("nightly-report-29384756-abcde", running, ownedBy("Job", "nightly-report-29384756")),
  "queue-2": pod("queue-2-0", running, ownedBy("StatefulSet", "queue-2")),
  "kube-proxy": pod("kube-proxy-node-1", running, ownedBy("Node", "node-1")),
  "by-hand-12345": pod("by-hand-12345", running, { labels: {} }),
};

const wrong: Record<string, Fields[]> = {
  "/apis/batch/v1/jobs": [
    object("given-up", { status: withCondition("Failed", "True", "BackoffLimitExceeded", hour) }),
    object("too-slow", { status: withCondition("Failed", "True", "DeadlineExceeded", hour) }),
    object("made", { status: withCondition("Complete", "True", "CompletionsReached", hour) }),
    object("last-week", { status: withCondition("Failed", "True", "BackoffLimitExceeded", 7 * hour) }),
    object(
      "replaced",
      { status: withCondition("Failed", "True", "BackoffLimitExceeded", 2 * hour) },
      { ownerReferences: [{ kind: "CronJob", name: "recovered", controller: true }] },
    ),
    object("nightly-report-29384756", {}, ownedBy("CronJob", "nightly-report")),
  ],
  "/apis/batch/v1/cronjobs": [
    object("recovered", {
      spec: { schedule: "@hourly" },
      status: { lastScheduleTime: ago(minute), lastSuccessfulTime: ago(hour) },
    }),
    object("missed", { spec: { schedule: "*/5 * * * *" }, status: { lastScheduleTime: ago(hour) } }),
    object("on-time", { spec: { schedule: "0 * * * *" }, status: { lastScheduleTime: ago(minute) } }),
    object("busy", {
      spec: { schedule: "*/5 * * * *" },
      status: { active: [{}], lastScheduleTime: ago(hour) },
    }),
    object(
      "changed",
      { spec: { schedule: "*/5 * * * *" }, status: { lastScheduleTime: ago(hour) } },
      { managedFields: [{ time: ago(minute) }, { time: ago(1), subresource: "status" }] },
    ),
    object("stopped", {
      spec: { schedule: "*/5 * * * *", suspend: true },
      status: { lastScheduleTime: ago(hour) },
    }),
    object(
      "on-purpose",
      { spec: { schedule: "*/5 * * * *", suspend: true }, status: {} },
      { annotations: { "ds-monitoring/suspended": "true" } },
    ),
  ],
  "/api/v1/pods": [
    pod("no-image", waiting("ImagePullBackOff")),
    pod("new-image", waiting("ErrImagePull"), young),
    pod("no-secret", waiting("CreateContainerConfigError")),
    object("no-room", { status: withCondition("PodScheduled", "False", "Unschedulable", 10 * minute) }),
    object("just-now", { status: withCondition("PodScheduled", "False", "Unschedulable", minute) }),
    pod("killed-api", killed("lastState", 10 * minute)),
    pod("killed-run", { phase: "Failed", ...killed("state", 10 * minute) }),
    pod("killed-yesterday", killed("lastState", 25 * hour)),
    pod("evicted", {
      phase: "Failed",
      reason: "Evicted",
      message: "low on memory",
      startTime: ago(30 * minute),
    }),
    pod("unready", { phase: "Running", ...withCondition("Ready", "False", "ContainersNotReady", hour) }),
    pod("ready", { phase: "Running", ...withCondition("Ready", "True", "", hour) }),
    pod(
      "step",
      { phase: "Running", ...withCondition("Ready", "False", "ContainersNotInitialized", hour) },
      {
        ownerReferences: [{ kind: "Job", name: "x", controller: true }],
      },
    ),
    pod("lost", { phase: "Running" }, { deletionTimestamp: ago(hour) }),
    { ...pod("foreign", waiting("ImagePullBackOff"), { labels: {} }) },
    ...Object.values(owned),
    store,
  ],
  "/api/v1/nodes": [
    {
      metadata: { name: "dead" },
      status: withCondition("Ready", "Unknown", "NodeStatusUnknown", 10 * minute),
    },
    { metadata: { name: "alive" }, status: withCondition("Ready", "True", "KubeletReady", hour) },
    {
      metadata: { name: "full" },
      status: {
        conditions: [
          ...(withCondition("Ready", "True", "KubeletReady", hour).conditions as Fields[]),
          ...(withCondition("DiskPressure", "True", "KubeletHasDiskPressure", 10 * minute)
            .conditions as Fields[]),
        ],
      },
    },
  ].map((node) => ({ ...node, metadata: { ...node.metadata, creationTimestamp: ago(24 * hour) } })),
  "/api/v1/resourcequotas": [
    object("used-up", { status: { hard: { "requests.cpu": "2" }, used: { "requests.cpu": "2000m" } } }),
    object("half", { status: { hard: { "requests.memory": "2Gi" }, used: { "requests.memory": "1Gi" } } }),
  ],
  "/api/v1/persistentvolumeclaims": [
    object(
      "stuck",
      { status: { phase: "Pending" } },
      { annotations: { "volume.kubernetes.io/selected-node": "n" } },
    ),
    object("first-consumer", { status: { phase: "Pending" } }),
    object("bound", { status: { phase: "Bound" } }),
  ],
  "/apis/autoscaling/v2/horizontalpodautoscalers": [
    object("at-maximum", { status: withCondition("ScalingLimited", "True", "TooManyReplicas", hour) }),
    object("peak", { status: withCondition("ScalingLimited", "True", "TooManyReplicas", minute) }),
    object("at-minimum", { status: withCondition("ScalingLimited", "True", "TooFewReplicas", hour) }),
  ],
  "/apis/apps/v1/deployments": [
    object(
      "rolled-back",
      { status: withCondition("Progressing", "False", "ProgressDeadlineExceeded", minute) },
      { labels: { ...ourLabels("rolled-back"), "ds-monitoring/owner": "risk" } },
    ),
    object("rolled-out", { status: withCondition("Progressing", "True", "NewReplicaSetAvailable", minute) }),
  ],
};

const expected: Record<string, string[]> = {
  JobFailed: ["given-up", "too-slow"],
  CronJobMissed: ["missed", "stopped"],
  PodNotStarting: ["no-image", "no-room", "no-secret"],
  PodNotReady: ["lost", "unready"],
  ContainerOutOfMemory: ["killed-api", "killed-run"],
  PodEvicted: ["evicted"],
  DeploymentStuck: ["rolled-back"],
  AutoscalerAtMaximum: ["at-maximum"],
  ClaimNotBound: ["stuck"],
  NodeNotReady: ["dead"],
  NodePressure: ["full"],
  QuotaFull: ["used-up"],
};

describe("alerts about what Kubernetes says: Telegraf and InfluxDB are real, the API's answers are written here", () => {
  let evaluator: RuleEvaluator;
  let directory: string;
  let answers = wrong;
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/metrics") {
      response.statusCode = request.headers.authorization === "Bearer the-token" ? 200 : 401;
      response.end(kubeletText);
      return;
    }
    const kind = {
      jobs: "Job",
      cronjobs: "CronJob",
      pods: "Pod",
      nodes: "Node",
      resourcequotas: "ResourceQuota",
    }[path.split("/").pop() ?? ""];
    const kinds: Record<string, string> = {
      persistentvolumeclaims: "PersistentVolumeClaim",
      horizontalpodautoscalers: "HorizontalPodAutoscaler",
      deployments: "Deployment",
    };
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        kind: `${kind ?? kinds[path.split("/").pop() ?? ""] ?? "Unknown"}List`,
        items: answers[path],
      }),
    );
  });

  /** Telegraf looks for some seconds, each second, and writes what it saw. */
  async function look(): Promise<void> {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const telegraf = await startTelegrafOn(directory, evaluator.database.influxd.url, url);
    await sleep(4000);
    await telegraf.stop();
    assert.doesNotMatch(await readFile(telegraf.logFile, "utf8"), /E! .*starlark/);
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-cluster-alerts-"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    evaluator = await startRuleEvaluator();
    await look();
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await evaluator.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Names of the objects that a rule reports. */
  const reported = async (rule: string, at: number): Promise<string[]> => {
    await evaluator.evaluate(rule, at);
    return evaluator.catcher.posted.map(({ labels }) => labels.run ?? labels.name ?? "").sort();
  };

  for (const [rule, names] of Object.entries(expected)) {
    it(`${rule}: what is wrong, and nothing else`, async () => {
      assert.deepEqual(await reported(rule, Date.now()), names);
    });
  }

  it("says why", async () => {
    await evaluator.evaluate("PodNotStarting", Date.now());
    const alert = evaluator.catcher.posted.find(({ labels }) => labels.name === "no-secret");
    assert.deepEqual([alert?.labels.service, alert?.labels.environment], ["no-secret", "test"]);
    assert.equal(alert?.annotations.summary, "no-secret: a pod cannot start: CreateContainerConfigError");
    assert.match(alert?.annotations.description ?? "", /CreateContainerConfigError\. app: why$/);
  });

  it("names the team that an app belongs to, where one is known", async () => {
    await evaluator.evaluate("DeploymentStuck", Date.now());
    assert.deepEqual(
      evaluator.catcher.posted.map(({ labels }) => [labels.service, labels.owner]),
      [["rolled-back", "risk"]],
    );
    await evaluator.evaluate("AutoscalerAtMaximum", Date.now());
    assert.deepEqual(
      evaluator.catcher.posted.map(({ labels }) => [labels.service, labels.owner]),
      [["at-maximum", ""]],
    );
  });

  it("names the app of a pod by its labels, its owner, and its owner's owner", async () => {
    const rows = await evaluator.database.client.influxql(
      'SELECT last("restarts_total") FROM "events"."kubernetes_pod_container" GROUP BY "service", "pod_name"',
    );
    const services = Object.fromEntries(rows.map(({ pod_name, service }) => [pod_name, service]));
    for (const [service, { metadata }] of Object.entries(owned)) {
      assert.equal(services[(metadata as { name: string }).name], service);
    }
  });

  it("knows the inodes of claimed volumes, by the pod that has the claim", async () => {
    const rows = await evaluator.database.client.influxql(
      'SELECT last("inodes") AS inodes, last("inodes_used") AS used FROM "events"."kubernetes_pod_volume" GROUP BY "service", "environment", "namespace", "pod_name", "volume_name", "node_name"',
    );
    const told = rows.map(({ time: _time, ...row }) => row);
    assert.deepEqual(told, [
      {
        ...{ service: "store-0", environment: "test", namespace: "apps", pod_name: "store-0" },
        ...{ volume_name: "data", node_name: "node-1", inodes: 6_553_600, used: 11 },
      },
    ]);
  });

  it("while Telegraf is silent, alerts neither begin nor end; after that they end", async () => {
    const later = Date.now() + 10 * minute;
    assert.deepEqual(await reported("NodeNotReady", later), ["dead"]);
    assert.deepEqual(await reported("PodNotStarting", later), expected.PodNotStarting);
    answers = {};
    await look();
    const afterwards = Date.now() + 80 * second;
    for (const rule of Object.keys(expected)) assert.deepEqual(await reported(rule, afterwards), [], rule);
  });
});
