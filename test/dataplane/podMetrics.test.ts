import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import type { Service } from "../../local/services/service";
import { minute, type RuleEvaluator, services, startRuleEvaluator } from "./support/ruleEvaluator";
import { startTelegraf } from "./support/telegraf";
import { waitFor } from "./support/waitFor";

/** As vLLM serves it: https://docs.vllm.ai/en/latest/usage/metrics.html */
const vllm = `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="llama-3"} 8.0
# HELP vllm:generation_tokens_total Number of generation tokens processed.
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{engine="0",model_name="llama-3"} 27453.0
# HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="llama-3"} 12.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="llama-3"} 14.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="llama-3"} 3.5
vllm:time_to_first_token_seconds_count{engine="0",model_name="llama-3"} 14.0
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{generation="0"} 9703.0
`;

/** As NVIDIA's exporter serves it: https://docs.nvidia.com/datacenter/dcgm/latest/gpu-telemetry/dcgm-exporter.html */
const dcgm = `# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-604ac76c",device="nvidia0",modelName="NVIDIA A100",Hostname="node-1",container="train",namespace="apps",pod="training-1"} 87
DCGM_FI_DEV_GPU_UTIL{gpu="1",UUID="GPU-5d2b1d2e",device="nvidia1",modelName="NVIDIA A100",Hostname="node-1",container="",namespace="",pod=""} 0
# HELP DCGM_FI_DEV_FB_USED Framebuffer memory used (in MiB).
# TYPE DCGM_FI_DEV_FB_USED gauge
DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-604ac76c",device="nvidia0",modelName="NVIDIA A100",Hostname="node-1",container="train",namespace="apps",pod="training-1"} 31337
`;

const many = `# TYPE jobs gauge\n${Array.from({ length: 25 }, (_, id) => `jobs{id="${id}"} 1`).join("\n")}
# TYPE log gauge
log{severity="FATAL"} 1
# TYPE other gauge
other 1
`;

const texts: Record<string, string> = { "/metrics": vllm, "/dcgm": dcgm, "/many": many };

describe("metrics of pods: Telegraf and InfluxDB are real, endpoints answer as their documentation shows", () => {
  let directory: string;
  let evaluator: RuleEvaluator;
  let telegraf: Service;
  let endpoint: Server;
  const asked: string[] = [];
  const watching = new Set<ServerResponse>();
  let pods: object[] = [];

  const kubernetes = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    response.setHeader("content-type", "application/json");
    if (url.searchParams.get("watch") === "true") {
      watching.add(response.on("close", () => watching.delete(response)));
      // A list as a stream: https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
      const event = (type: string, object: object): string =>
        `${JSON.stringify({ type, object: { kind: "Pod", apiVersion: "v1", ...object } })}\n`;
      const annotations = { "k8s.io/initial-events-end": "true" };
      response.write(pods.map((pod) => event("ADDED", pod)).join(""));
      response.write(event("BOOKMARK", { metadata: { resourceVersion: "1", annotations } }));
      return;
    }
    const isPods = url.pathname === "/api/v1/pods";
    response.end(
      JSON.stringify({
        kind: isPods ? "PodList" : "List",
        apiVersion: "v1",
        metadata: { resourceVersion: "1" },
        items: isPods ? pods : [],
      }),
    );
  });
  const listen = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const close = (server: Server): void => {
    server.close();
    server.closeAllConnections();
  };
  const startEndpoint = (): Server =>
    createServer((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(texts[request.url ?? ""]);
    });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-pod-metrics-"));
    evaluator = await startRuleEvaluator();
    endpoint = startEndpoint();
    const port = await listen(endpoint);
    const pod = (name: string, service: string, annotations: object, labels: object, podPort = port) => ({
      metadata: {
        ...{
          name,
          namespace: "apps",
          uid: name,
          resourceVersion: "1",
          creationTimestamp: "2026-01-01T00:00:00Z",
        },
        labels: { "app.kubernetes.io/name": service, ...labels },
        annotations: { "prometheus.io/port": String(podPort), ...annotations },
      },
      spec: { nodeName: "node-1", containers: [{ name: "app" }] },
      status: {
        ...{ phase: "Running", podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
        containerStatuses: [{ name: "app", restartCount: 0, state: { running: {} } }],
      },
    });
    const read = { "ds-monitoring/metrics": "true" };
    const influxPort = Number(new URL(evaluator.database.influxd.url).port);
    pods = [
      pod("llm-1", "llm", {}, read),
      pod("dcgm-exporter-x", "dcgm-exporter", { "prometheus.io/path": "/dcgm" }, read),
      pod(
        "many-1",
        "many",
        { "prometheus.io/path": "/many", "ds-monitoring/metric-names": "jobs,log" },
        read,
      ),
      pod("training-1", "training", { "prometheus.io/path": "/never" }, {}),
      // A real program: InfluxDB itself.
      pod(
        "store-0",
        "store",
        { "ds-monitoring/metric-names": "http_api_requests_total,go_*" },
        read,
        influxPort,
      ),
    ];
    const url = `http://127.0.0.1:${await listen(kubernetes)}`;
    const kubeConfig = join(directory, "kubeconfig");
    const named = (kind: string, value: object) => [{ name: "test", [kind]: value }];
    await writeFile(
      kubeConfig,
      stringify({
        ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
        clusters: named("cluster", { server: url }),
        users: named("user", { token: "t" }),
        contexts: named("context", { cluster: "test", user: "test" }),
      }),
    );
    const tokenFile = join(directory, "token");
    await writeFile(tokenFile, "the-token");
    telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: evaluator.database.influxd.url,
        influxDbMetrics: false,
        environment: "test",
        kubernetes: { kubeletUrl: url, apiUrl: url, tokenFile, kubeConfig, podMetrics: { seriesPerApp: 20 } },
        healthPort: await freePort(),
        intervalSeconds: 1,
        probeIntervalSeconds: 1,
      }),
    });
  });
  after(async () => {
    await telegraf?.stop();
    for (const response of watching) response.destroy();
    close(kubernetes);
    close(endpoint);
    await evaluator.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const rows = (measurement: string, field: string, by: string) =>
    evaluator.database.client.influxql(
      `SELECT last("${field}") AS value FROM "events"."${measurement}" GROUP BY ${by}`,
    );
  const first = (measurement: string, field: string, by: string) =>
    waitFor(`${measurement} in InfluxDB`, 30_000, async () => {
      const found = await rows(measurement, field, by);
      return found.length > 0 ? found : undefined;
    });

  it("stores what vLLM says, and nothing that nobody asked for", { timeout: 60_000 }, async () => {
    const [running] = await first(
      "vllm:num_requests_running",
      "gauge",
      '"service", "pod_name", "model_name", "environment"',
    );
    assert.deepEqual(
      [running?.value, running?.service, running?.pod_name, running?.model_name, running?.environment],
      [8, "llm", "llm-1", "llama-3", "test"],
    );
    const [tokens] = await first("vllm:generation_tokens_total", "counter", '"service"');
    assert.equal(tokens?.value, 27453);
    const histogram = "vllm:time_to_first_token_seconds";
    for (const [field, value] of Object.entries({ "0.1": 12, count: 14, sum: 3.5 })) {
      assert.equal((await first(histogram, field, '"service"'))[0]?.value, value, field);
    }
    assert.deepEqual(await rows("python_gc_objects_collected_total", "counter", '"service"'), []);
    assert.ok(!asked.includes("/never"), "a pod without the label is not asked");
  });

  it("gives the samples of a GPU to the app that uses it", { timeout: 60_000 }, async () => {
    const use = await waitFor("both GPUs", 30_000, async () => {
      const found = await rows("DCGM_FI_DEV_GPU_UTIL", "gauge", '"service", "gpu", "pod_name"');
      return found.some(({ service }) => service === "training") ? found : undefined;
    });
    const told = use.map(({ service, gpu, value }) => [service, gpu, value]);
    assert.ok(
      told.some((one) => JSON.stringify(one) === '["training","0",87]'),
      JSON.stringify(told),
    );
    assert.ok(
      told.some((one) => JSON.stringify(one) === '["dcgm-exporter","1",0]'),
      JSON.stringify(told),
    );
  });

  it("reads a real program's endpoint, the metrics that its pod names", { timeout: 60_000 }, async () => {
    const [goroutines] = await first("go_goroutines", "gauge", '"service"');
    assert.equal(goroutines?.service, "store");
    assert.ok(Number(goroutines?.value) > 10);
    assert.deepEqual(await rows("storage_bucket_series_num", "gauge", '"service"'), []);
  });

  it(
    "stores no more series of an app than the bound, and reports the rest",
    { timeout: 60_000 },
    async () => {
      await first("pod_metrics_dropped", "samples", '"service"');
      assert.equal((await rows("jobs", "gauge", '"id"')).length, 20);
      // Names of the platform's own measurements are never taken.
      assert.deepEqual(await rows("log", "gauge", '"service"'), []);
      const alerts = await evaluator.evaluate("PodMetricsDropped", Date.now());
      assert.ok(alerts.has("many") && !alerts.has("llm"), services(alerts).join());
      assert.equal((await evaluator.evaluate("PodMetricsDropped", Date.now() + 12 * minute)).size, 0);
    },
  );

  it(
    "reports an endpoint that is no longer readable while its pod is there",
    { timeout: 60_000 },
    async () => {
      await first("prometheus_request", "content_length", '"pod_name"');
      assert.deepEqual(services(await evaluator.evaluate("PodMetricsUnreadable", Date.now())), []);
      // Ten minutes ago; its pod is there now.
      const old = Date.now() - 10 * minute;
      await evaluator.write([
        `prometheus_request,service=gone,environment=test,namespace=apps,pod_name=training-1 content_length=10i ${old}000000`,
        `prometheus_request,service=removed,environment=test,namespace=apps,pod_name=removed-1 content_length=10i ${old}000000`,
      ]);
      const alerts = await evaluator.evaluate("PodMetricsUnreadable", Date.now());
      assert.deepEqual(services(alerts), ["gone"]);
      assert.equal(alerts.get("gone")?.labels.pod_name, "training-1");
      assert.doesNotMatch(await readFile(telegraf.logFile, "utf8"), /E! .*starlark/);
    },
  );
});
