import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { dashboards } from "../../dashboards";
import { readSeries } from "../../local/services/influxQuery";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { queryDashboard } from "../../viewer/frames/queryDashboard";
import { type PodEndpoints, startPodEndpoints } from "./support/podEndpoints";
import { every, hour, minute, type RuleEvaluator, services } from "./support/ruleEvaluator";
import { withTables } from "./support/tables";
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

/**
 * As NVIDIA's exporter serves it: https://docs.nvidia.com/datacenter/dcgm/latest/gpu-telemetry/dcgm-exporter.html. Of the
 * second GPU, that no pod holds, DCGM does not know the power: the value is its DCGM_FP64_BLANK.
 */
const gpu = [
  ["0", "GPU-604ac76c", ',container="train",namespace="apps",pod="training-1"'],
  ["1", "GPU-5d2b1d2e", ""],
  ["2", "GPU-77777777", ',container="x",namespace="apps",pod="not-listed-yet"'],
] as const;
const dcgmMetric = (name: string, help: string, values: readonly (number | string)[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${gpu
    .map(
      ([index, uuid, attributes], of) =>
        `${name}{gpu="${index}",UUID="${uuid}",pci_bus_id="00000000:0${index}:00.0",device="nvidia${index}",modelName="NVIDIA A100-SXM4-40GB",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.161.08"${attributes}} ${values[of]}\n`,
    )
    .join("")}`;
const dcgm = [
  dcgmMetric("DCGM_FI_DEV_SM_CLOCK", "SM clock frequency (in MHz).", [1410, 210, 210]),
  dcgmMetric("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", [87, 0, 5]),
  dcgmMetric("DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB).", [31337, 4, 5]),
  dcgmMetric("DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB).", [8193, 39526, 5]),
  dcgmMetric("DCGM_FI_DEV_POWER_USAGE", "Power draw (in W).", [312.5, "140737488355328.000000", 5]),
].join("");

const many = `# TYPE jobs gauge\n${Array.from({ length: 25 }, (_, id) => `jobs{id="${id}"} 1`).join("\n")}
# TYPE log gauge
log{severity="FATAL"} 1
# TYPE other gauge
other 1
`;

const texts: Record<string, string> = { "/metrics": vllm, "/dcgm": dcgm, "/many": many };

describe("metrics of pods: Telegraf and InfluxDB are real, endpoints answer as their documentation shows", () => {
  let pods: PodEndpoints;
  let evaluator: RuleEvaluator;
  const asked: string[] = [];

  before(async () => {
    pods = await startPodEndpoints(
      (influxPort) => ({
        "llm-1": { service: "llm" },
        "dcgm-exporter-x": { service: "dcgm-exporter", path: "/dcgm" },
        "many-1": { service: "many", path: "/many", names: "jobs,log" },
        "training-1": { service: "training", path: "/never", isRead: false },
        // A real program: InfluxDB itself.
        "store-0": { service: "store", port: influxPort, names: "http_api_requests_total,go_*" },
      }),
      (request, response) => {
        asked.push(request.url ?? "");
        response.setHeader("content-type", "text/plain; version=0.0.4");
        response.end(texts[request.url ?? ""]);
      },
      20,
    );
    evaluator = pods.evaluator;
  });
  after(() => pods.stop());

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

  const gpuFields = ["gpus", "utilization", "memory_used_bytes", "memory_free_bytes", "power_watts"];
  const gpuTags = ["service", "namespace", "pod_name", "container_name", "gpu", "gpu_model", "node_name"];
  const gpus = () =>
    waitFor("both GPUs", 30_000, async () => {
      const found = await evaluator.database.client.influxql(
        `SELECT ${gpuFields.map((name) => `last("${name}") AS "${name}"`).join(", ")} FROM "events"."hw.gpu" GROUP BY "${gpuTags.join('", "')}"`,
      );
      return found.length >= 2 ? found : undefined;
    });

  it("gives a GPU to the app whose pod holds it, else to the exporter", { timeout: 60_000 }, async () => {
    const found = (await gpus())
      .map(({ time: _time, ...row }) => row)
      .sort((a, b) => Number(a.gpu) - Number(b.gpu));
    const both = { gpus: 1, gpu_model: "NVIDIA A100-SXM4-40GB", node_name: "node-1" };
    assert.deepEqual(found, [
      {
        ...{
          ...both,
          service: "training",
          namespace: "apps",
          pod_name: "training-1",
          container_name: "train",
        },
        ...{ gpu: "0", utilization: 0.87, power_watts: 312.5 },
        ...{ memory_used_bytes: 31337 * 1024 ** 2, memory_free_bytes: 8193 * 1024 ** 2 },
      },
      {
        ...{ ...both, service: "dcgm-exporter", namespace: "apps", pod_name: "", container_name: "" },
        ...{ gpu: "1", utilization: 0, power_watts: null },
        ...{ memory_used_bytes: 4 * 1024 ** 2, memory_free_bytes: 39526 * 1024 ** 2 },
      },
    ]);
    const clocks = await rows("DCGM_FI_DEV_SM_CLOCK", "gauge", '"service"');
    assert.deepEqual(clocks.map(({ service, value }) => [service, value]).sort(), [
      ["dcgm-exporter", 210],
      ["training", 1410],
    ]);
  });

  it("shows them on the dashboard, over a day and over a month", { timeout: 120_000 }, async () => {
    await gpus();
    const desired = influxDesiredState();
    // The minutes and hours in which they were seen are over.
    const end = Math.ceil(Date.now() / hour) * hour + hour;
    for (const name of ["rollup minutely late hw.gpu", "rollup hourly hw.gpu"]) {
      const task = desired.tasks.find((one) => one.name === name);
      assert.ok(task, name);
      await evaluator.database.client.flux(task.flux, new Date(end));
    }
    const model = dashboards().find(({ uid }) => uid === "resources-and-cost");
    assert.ok(model);
    const { url, token } = evaluator.database.influxd;
    for (const from of ["now-24h", "now-30d"]) {
      const { panels } = await queryDashboard(JSON.parse(model.json) as DashboardModel, {
        run: async (text) => {
          const parameters = new URLSearchParams({ db: "monitoring", epoch: "ms", q: text });
          const headers = { authorization: `Token ${token}` };
          return readSeries(text, await fetch(`${url}/query?${parameters.toString()}`, { headers }));
        },
        nowMs: end,
        from,
      });
      const table = panels.find(({ panel }) => panel.title === "GPUs by service");
      assert.ok(table);
      const [frame] = withTables(table).frames;
      const shown = Object.fromEntries(
        (frame?.rows ?? []).map((row) => [
          row[frame?.columns.indexOf("Service") ?? -1],
          row[frame?.columns.indexOf("Utilisation") ?? -1],
        ]),
      );
      assert.deepEqual(Object.keys(shown).sort(), ["dcgm-exporter", "training"], from);
      assert.ok(Math.abs(Number(shown.training) - 0.87) < 1e-9, `${from}: ${String(shown.training)}`);
      assert.equal(shown["dcgm-exporter"], 0, from);
    }
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

  it("reports a ready pod's endpoint that is not read, for as long as the pod is there", async () => {
    await first("prometheus_request", "content_length", '"pod_name"');
    await first("prometheus_request", "expected", '"pod_name"');
    assert.deepEqual(services(await evaluator.evaluate("PodMetricsUnreadable", Date.now())), []);
    const later = Date.now() + 6 * minute;
    const seen = (pod: string, field: string, ago: number): string =>
      `prometheus_request,service=${pod},environment=test,namespace=apps,pod_name=${pod} ${field} ${later - ago}000000`;
    const each = (pod: string, field: string, from: number, until = 0): string[] =>
      every(until, from, 30_000).map((ago) => seen(pod, field, ago));
    await evaluator.write([
      `kubernetes_list,environment=test,kind=Pod items=1i ${later - 1000}000000`,
      ...each("broken", "expected=1", 90 * minute),
      ...each("broken", "content_length=10i", 90 * minute, 80 * minute),
      ...each("never-read", "expected=1", 6 * minute),
      ...each("new", "expected=1", 4 * minute),
      ...each("works", "expected=1", 90 * minute),
      ...each("works", "content_length=10i", 90 * minute),
      ...each("mended", "expected=1", 90 * minute),
      ...each("mended", "content_length=10i", 2 * minute),
      ...each("removed", "expected=1", 90 * minute, 5 * minute),
    ]);
    const alerts = await evaluator.evaluate("PodMetricsUnreadable", later);
    assert.deepEqual(services(alerts), ["broken", "never-read"]);
    assert.equal(alerts.get("broken")?.labels.pod_name, "broken");
    assert.doesNotMatch(await readFile(pods.telegraf.logFile, "utf8"), /E! .*starlark/);
  });
});
