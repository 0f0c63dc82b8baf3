import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { after, before, describe, it } from "node:test";
import { renderAlertmanagerConfig } from "../../components/alertmanager/alertmanagerConfig";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { answers, startService } from "../../local/services/service";
import { type Finished, run, sleep } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { deploy } from "../unit/support/deploy";
import { platform } from "../unit/support/fixtures";
import { mountedFiles, podOf } from "../unit/support/pods";
import { missingMountNamespace, writeMountingScript } from "./support/mountNamespace";
import { writeTelegrafFiles } from "./support/telegraf";

describe("Alertmanager's configuration, checked by amtool", () => {
  let directory: string;
  let file: string;
  let amtool: string;
  before(async () => {
    amtool = (await resolveTool("amtool")).path;
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-amtool-"));
    file = join(directory, "alertmanager.yml");
    const slack = { url: "https://hooks.slack.com/services/x" };
    await writeFile(
      file,
      renderAlertmanagerConfig({
        email: {
          smarthost: "smtp.example.com:587",
          from: "monitoring@example.com",
          to: ["team@example.com"],
          criticalTo: ["on-call@example.com"],
          username: "monitoring",
        },
        receivers: {
          "churn-slack": { slack, services: ["churn", "churn.training"] },
          "risk-duty": { pagerDuty: { integrationKey: "k" }, owners: ["risk"], severities: ["critical"] },
          "risk-teams": {
            msTeams: slack,
            owners: ["risk", "fraud"],
            quietTimes: [{ begin: "20:00", end: "06:00" }],
          },
          genie: { opsgenie: { apiKey: "k" }, severities: ["critical"] },
          archive: { webhook: { url: "https://tickets.example.com", token: "t" }, all: true },
        },
        secretsFolder: directory,
        grafanaUrl: "https://grafana.example.com",
        watchdog: true,
      }),
    );
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it("is valid", async () => {
    const { code, stdout, stderr } = await run(amtool, ["check-config", file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /SUCCESS/);
    assert.match(stdout, /- 11 inhibit rules/);
    assert.match(stdout, /- 13 receivers/);
  });

  const receiverOf = async (labels: string[]): Promise<string> => {
    const { stdout } = await run(amtool, ["config", "routes", "test", `--config.file=${file}`, ...labels]);
    return stdout.trim();
  };
  for (const [what, labels, receiver] of [
    [
      "critical alerts",
      ["alertname=ApiUnreachable", "severity=critical", "service=fraud-api"],
      "email-critical,genie,archive",
    ],
    ["failed runs", ["alertname=TrainingRunFailed", "severity=critical"], "email-critical,genie,archive"],
    [
      "drift, which nothing ends",
      ["alertname=DataDriftDetected", "severity=warning", "run=r-1"],
      "email/begins,archive/begins",
    ],
    [
      "a container out of memory, of a team",
      ["alertname=ContainerOutOfMemory", "severity=warning", "owner=risk"],
      "risk-teams/begins,archive/begins",
    ],
    ["warnings", ["alertname=MemoryNearLimit", "severity=warning"], "email,archive"],
    [
      "a warning of an app",
      ["alertname=LogsStalled", "severity=warning", "service=churn"],
      "churn-slack,archive",
    ],
    [
      "a failed run of an app",
      ["alertname=TrainingRunFailed", "severity=critical", "service=churn.training"],
      "churn-slack,archive",
    ],
    [
      "what is only like an app",
      ["alertname=X", "severity=warning", "service=churn-training"],
      "email,archive",
    ],
    ["a team's warning", ["alertname=LogsStalled", "severity=warning", "owner=risk"], "risk-teams,archive"],
    [
      "a team's critical alert",
      ["alertname=ApiUnreachable", "severity=critical", "service=score", "owner=risk"],
      "risk-duty,risk-teams,archive",
    ],
    [
      "an alert by app and by team to both",
      ["alertname=ApiUnreachable", "severity=critical", "service=churn", "owner=risk"],
      "churn-slack,risk-duty,risk-teams,archive",
    ],
    [
      "mails that fail",
      ["alertname=NotificationsFailing", "severity=critical", "integration=email"],
      "genie,archive",
    ],
    [
      "failures of Slack",
      ["alertname=NotificationsFailing", "severity=critical", "integration=slack"],
      "email-critical,genie,archive",
    ],
    ["the Watchdog", ["alertname=Watchdog", "severity=info"], "watchdog"],
    ["information", ["alertname=Other", "severity=info"], "none"],
    ["alerts without severity", ["alertname=Foreign"], "email,archive"],
  ] as const) {
    it(`sends ${what} to ${receiver}`, async () => {
      assert.equal(await receiverOf([...labels]), receiver);
    });
  }
});

/** Answers of a kubelet and of the Kubernetes API for one API pod with one volume. */
const kubernetesAnswers: Record<string, unknown> = {
  "/apis/apps/v1/deployments": {
    kind: "DeploymentList",
    apiVersion: "apps/v1",
    metadata: {},
    items: [
      {
        name: "churn",
        replicas: 2,
        status: { readyReplicas: 1 },
        slo: '{"availability": 0.995, "latency": {"p": 0.95, "seconds": 1}}',
      },
      // What is no objective is none, and the rest of the list is read.
      { name: "fraud", replicas: 1, status: {}, slo: '{"availability": "high", "latency": 3' },
    ].map(({ name, replicas, status, slo }) => ({
      metadata: {
        name,
        namespace: "apps",
        creationTimestamp: "2026-01-01T00:00:00Z",
        labels: { ...ourLabels(name), "app.kubernetes.io/component": "model-api" },
        annotations: { "ds-monitoring/slo": slo },
      },
      spec: { replicas },
      status,
    })),
  },
  ...Object.fromEntries(
    Object.entries({
      "/apis/batch/v1/jobs": "Job",
      "/apis/batch/v1/cronjobs": "CronJob",
      "/apis/autoscaling/v2/horizontalpodautoscalers": "HorizontalPodAutoscaler",
      "/api/v1/nodes": "Node",
      "/api/v1/resourcequotas": "ResourceQuota",
      "/api/v1/persistentvolumeclaims": "PersistentVolumeClaim",
    }).map(([path, kind]) => [path, { kind: `${kind}List`, items: [] }]),
  ),
  "/stats/summary": {
    node: { nodeName: "node-1" },
    pods: [
      {
        podRef: { name: "churn-5d8f9c7b6-x2x4z", namespace: "churn" },
        containers: [
          {
            name: "api",
            cpu: { usageNanoCores: 250_000_000, usageCoreNanoSeconds: 1 },
            memory: { usageBytes: 400, workingSetBytes: 300, rssBytes: 200 },
          },
        ],
        volume: ["logs", "kube-api-access-x7k2p"].map((name) => ({
          ...{ name, availableBytes: 60, capacityBytes: 100, usedBytes: 40 },
        })),
      },
      {
        podRef: { name: "first-x2x4z", namespace: "churn" },
        containers: [{ name: "train", memory: { workingSetBytes: 700 } }],
      },
    ],
  },
  "/pods": {
    items: [
      { metadata: { name: "first-x2x4z", namespace: "churn", labels: ourLabels("churn-training") } },
      { metadata: { name: "churn-5d8f9c7b6-x2x4z", namespace: "churn", labels: ourLabels("churn") } },
    ],
  },
  "/api/v1/pods": {
    kind: "PodList",
    apiVersion: "v1",
    metadata: {},
    items: [
      pod("churn-5d8f9c7b6-x2x4z", {
        labels: { "pod-template-hash": "5d8f9c7b6" },
        ownerReferences: [{ kind: "ReplicaSet", name: "churn-5d8f9c7b6", controller: true }],
        containers: [container("api", { cpu: "100m", memory: "256Mi" }, { cpu: "1", memory: "512Mi" })],
        status: { phase: "Running", containerStatuses: [state("api", { running: {} }, 2)] },
        volumes: [
          { name: "logs", emptyDir: { sizeLimit: "1Gi" } },
          { name: "unlimited", emptyDir: {} },
        ],
      }),
      // A pipeline that was started by hand: the first step has ended, the second runs, the last has not begun.
      pod("first-x2x4z", {
        labels: ourLabels("churn-training"),
        initContainers: [
          container("logging", { cpu: "25m", memory: "96Mi" }),
          container("load", { cpu: "1", memory: "1Gi" }),
          container("train", { cpu: "1.5", memory: "2G" }),
        ],
        containers: [container("decide", { cpu: "2", memory: "4Gi" })],
        status: {
          phase: "Pending",
          initContainerStatuses: [
            state("logging", { running: {} }, 1),
            state("load", { terminated: { exitCode: 0 } }),
            state("train", { running: {} }, 0),
          ],
          containerStatuses: [state("decide", { waiting: { reason: "PodInitializing" } })],
        },
      }),
      pod("finished-29384756-abcde", {
        containers: [container("decide", { cpu: "2", memory: "4Gi" })],
        status: { phase: "Succeeded", containerStatuses: [state("decide", { terminated: { exitCode: 0 } })] },
      }),
      pod("killed-0", {
        containers: [container("app", { cpu: "2", memory: "4Gi" })],
        status: {
          phase: "Running",
          containerStatuses: [state("app", { waiting: { reason: "CrashLoopBackOff" } }, 7)],
        },
      }),
      pod("unscheduled-0", {
        nodeName: undefined,
        containers: [container("app", { cpu: "2", memory: "4Gi" })],
        status: { phase: "Pending" },
      }),
    ],
  },
};

function ourLabels(name: string) {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "ds-monitoring", other: "label" };
}

function container(name: string, requests: object, limits = requests) {
  return { name, image: `registry.example.com/${name}:1.0`, resources: { requests, limits } };
}

function state(name: string, now: object, restartCount = 0) {
  return { name, restartCount, state: now, image: "x", imageID: "x" };
}

function pod(
  name: string,
  of: Record<string, unknown> & { labels?: object; ownerReferences?: object[]; status: object },
) {
  const { labels, ownerReferences, status, ...spec } = of;
  const creationTimestamp = "2026-01-01T00:00:00Z";
  const metadata = { name, namespace: "churn", labels, ownerReferences, creationTimestamp };
  return { metadata, spec: { nodeName: "node-1", ...spec }, status };
}

/** A point of line protocol, taken apart as far as this test needs it. */
function parseLine(line: string): {
  measurement: string;
  tags: Record<string, string>;
  fields: Record<string, string>;
} {
  const [key = "", values = ""] = line.split(" ");
  const [measurement = "", ...tags] = key.split(",");
  const pairs = (texts: string[]) =>
    Object.fromEntries(texts.map((text) => text.split("=") as [string, string]));
  return { measurement, tags: pairs(tags), fields: pairs(values.split(",")) };
}

describe("Telegraf's configuration, run by telegraf", () => {
  let directory: string;
  let result: Finished;
  let points: ReturnType<typeof parseLine>[];
  const tokens: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/metrics") {
      response.end(
        '# TYPE storage_bucket_series_num gauge\nstorage_bucket_series_num{bucket="b"} 7\nother_metric 1\n',
      );
      return;
    }
    if (path === "/api/plugins.json") {
      const plugin = {
        plugin_id: "influxdb",
        plugin_category: "output",
        type: "http",
        retry_count: 0,
        buffer_available_buffer_space_ratios: 97.5,
      };
      response.end(JSON.stringify({ plugins: [plugin] }));
      return;
    }
    if (path === "/api/v2/alerts") {
      const labels = { alertname: "TrainingRunFailed", severity: "critical", service: "churn" };
      const annotations = { summary: "Run 1 of churn failed" };
      response.end(JSON.stringify([{ fingerprint: "1a2b3c4d5e6f7a8b", labels, annotations }]));
      return;
    }
    const answer = kubernetesAnswers[path];
    if (answer !== undefined) tokens.push(request.headers.authorization);
    response.statusCode = answer === undefined ? 404 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer ?? {}));
  });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-telegraf-"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const tokenFile = join(directory, "token");
    await writeFile(tokenFile, "the-token");
    const config = await writeTelegrafFiles(
      directory,
      renderTelegrafConfig({
        influxDbUrl: url,
        environment: "test",
        probes: [
          { url: `${url}/stats/summary`, service: "churn" },
          { url: `${url}/absent`, service: "fraud" },
        ],
        alertmanagerUrl: url,
        fluentdUrls: [url],
        kubernetes: { kubeletUrl: url, apiUrl: url, tokenFile },
      }),
    );
    const { path } = await resolveTool("telegraf");
    result = await run(path, ["--strict-env-handling", "--config", config, "--test"], {
      env: { ...process.env, INFLUXDB_USERNAME: "u", INFLUXDB_PASSWORD: "p" },
      timeoutMs: 60_000,
    });
    points = result.stdout
      .split("\n")
      .filter((line) => line.startsWith("> "))
      .map((line) => parseLine(line.slice(2)));
  });
  after(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await rm(directory, { recursive: true, force: true });
  });

  const named = (measurement: string) => points.filter((point) => point.measurement === measurement);

  it("is accepted without a complaint", () => {
    assert.equal(result.code, 0, result.stderr);
    assert.doesNotMatch(result.stderr, / E! | W! (?!Outputs are not used in testing mode)/);
  });

  it("marks a healthy and an unhealthy API", () => {
    const codes = Object.fromEntries(
      named("http_response").map(({ tags, fields }) => [tags.service, fields.result_code]),
    );
    assert.equal(codes.churn, "0i");
    assert.notEqual(codes.fraud, "0i");
    assert.ok(
      named("http_response").every(({ tags }) => tags.environment === "test" && !("status_code" in tags)),
    );
  });

  const fieldsOf = (measurement: string, wanted: Record<string, string>): Record<string, string> =>
    Object.assign(
      {},
      ...named(measurement)
        .filter(({ tags }) => Object.entries(wanted).every(([key, value]) => tags[key] === value))
        .map(({ fields }) => fields),
    ) as Record<string, string>;
  const container = (name: string) => fieldsOf("kubernetes_pod_container", { container_name: name });

  it("names the app in usage and in limits alike, so that they can be compared", () => {
    const containers = named("kubernetes_pod_container");
    for (const { tags } of containers) {
      assert.equal(tags.namespace, "churn");
      assert.ok(!("image" in tags) && !("version" in tags) && !("host" in tags), Object.keys(tags).join());
    }
    const api = containers.filter(({ tags }) => tags.container_name === "api");
    assert.deepEqual(
      api.map(({ tags }) => tags.service),
      ["churn", "churn"],
    );
    assert.deepEqual(new Set(api.map(({ tags }) => tags.node_name)).size, 1);
    const fields = container("api");
    assert.equal(fields.memory_working_set_bytes, "300i");
    assert.equal(fields.resource_limits_memory_bytes, `${512 * 1024 * 1024}i`);
    assert.equal(fields.resource_limits_millicpu_units, "1000i");
    assert.equal(fields.resource_requests_millicpu_units, "100i");
    assert.equal(fields.restarts_total, "2i");
  });

  it("sees sidecars and the steps of a pipeline, under the pipeline's name though a person started it", () => {
    assert.equal(container("logging").resource_requests_memory_bytes, `${96 * 1024 * 1024}i`);
    assert.equal(container("logging").restarts_total, "1i");
    assert.equal(container("train").resource_requests_millicpu_units, "1500i");
    assert.equal(container("train").resource_requests_memory_bytes, "2000000000i");
    assert.equal(container("train").memory_working_set_bytes, "700i", "the kubelet's");
    const services = named("kubernetes_pod_container").filter(({ tags }) => tags.pod_name === "first-x2x4z");
    assert.ok(services.length >= 5);
    assert.ok(services.every(({ tags }) => tags.service === "churn-training"));
  });

  it("charges nothing that has ended, has not begun or has no node, and everything that waits for a restart", () => {
    for (const pod of ["finished-29384756-abcde", "unscheduled-0"]) {
      assert.deepEqual(fieldsOf("kubernetes_pod_container", { pod_name: pod }), {}, pod);
    }
    assert.deepEqual(container("load"), { restarts_total: "0i" });
    assert.deepEqual(fieldsOf("kubernetes_pod_container", { container_name: "decide" }), {
      restarts_total: "0i",
    });
    assert.equal(container("app").resource_requests_millicpu_units, "2000i");
    assert.equal(container("app").restarts_total, "7i");
  });

  it("knows the size limits of volumes, and has no series for each pod's token", () => {
    const logs = fieldsOf("kubernetes_pod_volume", { volume_name: "logs", service: "churn" });
    assert.equal(logs.used_bytes, "40i");
    assert.equal(logs.capacity_bytes, "100i");
    assert.equal(logs.limit_bytes, `${1024 ** 3}i`);
    assert.deepEqual(
      [...new Set(named("kubernetes_pod_volume").map(({ tags }) => tags.volume_name))],
      ["logs"],
    );
  });

  it("reports how many replicas each model API shall have and how many are ready, and its objectives", () => {
    const objectives = { slo_availability: "0.995", slo_latency_p: "0.95", slo_latency_seconds: "1" };
    assert.deepEqual(
      named("kubernetes_deployment").map(({ tags, fields }) => [tags, fields]),
      (
        [
          ["churn", "2i", "1i", objectives],
          ["fraud", "1i", "0i", {}],
        ] as const
      ).map(([service, desired, available, declared]) => [
        { service, namespace: "apps", environment: "test" },
        {
          created_at: '"2026-01-01T00:00:00Z"',
          replicas_desired: desired,
          replicas_available: available,
          ...declared,
        },
      ]),
    );
  });

  it("sends the service account's token to the kubelet and the Kubernetes API", () => {
    assert.ok(tokens.includes("Bearer the-token"));
  });

  it("takes the platform's own metrics, and of those only the ones that are used", () => {
    assert.equal(named("storage_bucket_series_num")[0]?.fields.gauge, "7");
    assert.equal(named("other_metric").length, 0);
    assert.equal(named("fluentd")[0]?.fields.buffer_available_buffer_space_ratios, "97.5");
  });

  it("is what it says: no password in the file", async () => {
    const text = await readFile(join(directory, "telegraf.conf"), "utf8");
    assert.doesNotMatch(text, /password = "(?!\$\{INFLUXDB_PASSWORD\})/);
  });
});

describe("Telegraf, started as its pod starts it", () => {
  it("lives on the folder that its ConfigMap mounts, all files at once, and its probes answer", async (t) => {
    const why = await missingMountNamespace();
    if (why !== false) return t.skip(`THE START OF TELEGRAF'S POD IS NOT TESTED: ${why}`);
    const { resources } = await deploy(() => platform());
    const pod = podOf(resources, "Deployment monitoring-telegraf");
    const [container] = pod.containers;
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-telegraf-pod-"));
    try {
      const write = async (folder: string, files: Record<string, string>) => {
        await mkdir(join(directory, folder), { recursive: true });
        for (const [name, text] of Object.entries(files))
          await writeFile(join(directory, folder, name), text);
      };
      await write("etc/telegraf", mountedFiles(resources, pod));
      const serviceAccount = { token: "the-token", "ca.crt": rootCertificates[0] ?? "" };
      await write("run/secrets/kubernetes.io/serviceaccount", serviceAccount);
      const [program = "", ...args] = container?.args ?? [];
      const mounts = ["etc", "run"].map((folder) => `mount --bind ${directory}/${folder} /${folder}`);
      const command = await writeMountingScript(
        join(directory, "telegraf"),
        mounts.join(" && "),
        (await resolveTool("telegraf")).path,
      );
      assert.equal(program, "telegraf");
      const telegraf = await startService({
        command,
        args,
        env: {
          PATH: process.env.PATH,
          ...Object.fromEntries((container?.env ?? []).map(({ name, value = "p" }) => [name, value])),
          // As the kubelet sets them. Nothing listens there.
          GOMEMLIMIT: String(256 * 1024 ** 2),
          KUBERNETES_SERVICE_HOST: "127.0.0.1",
          KUBERNETES_SERVICE_PORT: "9",
        },
        logFile: join(directory, "telegraf.log"),
        isReady: () => answers("http://127.0.0.1:9273/"),
        readyTimeoutMs: 10_000,
      });
      try {
        // An output that cannot start is tried again after 15 s; then Telegraf ends.
        await sleep(20_000);
        const log = await readFile(telegraf.logFile, "utf8");
        assert.ok(await answers("http://127.0.0.1:9273/"), log);
        assert.doesNotThrow(() => process.kill(telegraf.pid, 0), log);
        assert.doesNotMatch(log, /address already in use/);
      } finally {
        await telegraf.stop();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
