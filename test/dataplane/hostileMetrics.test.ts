import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { sleep } from "../../local/processes";
import { type ListedPod, type PodEndpoints, startPodEndpoints } from "./support/podEndpoints";
import { minute, services } from "./support/ruleEvaluator";
import { waitFor } from "./support/waitFor";

/** The limit of Telegraf's container, in bytes. */
const memoryLimit = 256 * 1024 ** 2;
const seriesPerApp = 50;
const seriesLines = (count: number): string =>
  `# TYPE many gauge\n${Array.from({ length: count }, (_, id) => `many{id="${id}",path="/api/v1/objects/${id}"} 1\n`).join("")}`;

/** 20 MB of one line that repeats, in 20 KB. */
const bomb = gzipSync(seriesLines(1) + "# nothing\n".repeat(2_000_000));
const millionSeries = seriesLines(1_000_000);
/** As much as is read. */
const largest = seriesLines(13_000).slice(0, 511_000).replace(/\n.*$/, "\n");

const text = "text/plain; version=0.0.4";
const answers: Record<string, { type?: string; body: string | Buffer; encoding?: string } | RequestListener> =
  {
    well: { body: "# TYPE jobs gauge\njobs 7\n" },
    million: { body: millionSeries },
    largest: { body: largest },
    bomb: { body: bomb, encoding: "gzip" },
    html: { type: "text/html", body: "<html><body>Not the metrics</body></html>" },
    json: { type: "application/json", body: '{"jobs": 7}' },
    protobuf: {
      type: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
      body: "jobs 7\n",
    },
    values: {
      body: `# TYPE jobs gauge\njobs{value="nan"} NaN\njobs{value="inf"} +Inf\njobs{value="one"} 1\njobs{value="late"} 2 ${Date.now() + 86_400_000}\n`,
    },
    // The text format has no such thing: one of the values is stored.
    twice: { body: '# TYPE jobs gauge\njobs{a="1"} 1\njobs{a="1"} 2\n' },
    names: {
      body:
        ["log", "kubernetes_list_text", "kubernetes_pod_container", "prometheus_request", "text_jobs"]
          .map((name) => `${name}{service="well",pod_name="well-0",namespace="apps",pod="well-0"} 99\n`)
          .join("") + 'kubelet_volume_stats_inodes{namespace="apps",persistentvolumeclaim="data"} 1\n',
    },
    endless: (_, response) => {
      response.setHeader("content-type", text);
      const timer = setInterval(() => response.write("# more\n".repeat(100)), 50);
      response.on("close", () => clearInterval(timer));
    },
    huge: (_, response) => {
      response.setHeader("content-type", text);
      const write = (): void => {
        while (response.writable && response.write("# more\n".repeat(10_000)));
      };
      response.on("drain", write);
      write();
    },
    silent: () => {},
    error: (_, response) => {
      response.statusCode = 500;
      response.end("jobs 7\n");
    },
  };

/** Apps whose endpoint is one that can be read. */
const readable = ["largest", "names", "twice", "values", "well"];

describe("endpoints that do not keep to the rules: Telegraf and InfluxDB are real", () => {
  let pods: PodEndpoints;
  const answer: RequestListener = (request, response) => {
    const found = answers[(request.url ?? "").slice(1)];
    if (typeof found === "function") return found(request, response);
    response.setHeader("content-type", found?.type ?? text);
    if (found?.encoding !== undefined) response.setHeader("content-encoding", found.encoding);
    response.end(found?.body);
  };
  const client = () => pods.evaluator.database.client;
  const rows = (measurement: string, field: string, by: string) =>
    client().influxql(`SELECT last("${field}") AS value FROM "events"."${measurement}" GROUP BY ${by}`);

  before(async () => {
    const all = Object.keys(answers).map((name): [string, ListedPod] => [
      `${name}-0`,
      { service: name, path: `/${name}`, names: "*" },
    ]);
    // Nobody listens.
    const closed: ListedPod = { service: "closed", port: 1, names: "*" };
    pods = await startPodEndpoints(
      () => ({ ...Object.fromEntries(all), "closed-0": closed }),
      answer,
      seriesPerApp,
    );
    await waitFor(
      "the well-behaved app",
      30_000,
      async () => (await rows("jobs", "gauge", '"service"')).length > 0 || undefined,
    );
    await sleep(20_000);
  });
  after(() => pods.stop());

  it("Telegraf stays below its memory limit, and goes on reading the others", async () => {
    const status = await readFile(`/proc/${pods.telegraf.pid}/status`, "utf8");
    const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    assert.ok(peak > 0 && peak < memoryLimit, `peak of ${Math.round(peak / 1024 ** 2)} MiB`);
    const [last] = await client().influxql(
      `SELECT last("gauge") AS value FROM "events"."jobs" WHERE "service" = 'well' AND time > now() - 10s`,
    );
    assert.equal(last?.value, 7);
    assert.doesNotMatch(await readFile(pods.telegraf.logFile, "utf8"), /E! .*starlark/);
  });

  it("stores no more series of an app than the bound, and nothing of an answer that is too long", async () => {
    const counts = await client().flux(`from(bucket: "events")
    |> range(start: -1h)
    |> filter(fn: (r) => r._measurement == "many")
    |> last()
    |> group(columns: ["service"])
    |> count()`);
    assert.deepEqual(
      counts.map(({ service, _value }) => [service, _value]),
      [["largest", String(seriesPerApp)]],
    );
  });

  it("stores what is a number, at the time of the look, and nothing under a name of the platform's own", async () => {
    const found = await rows("jobs", "gauge", '"service", "value"');
    const told = found.map(({ service, value, time }) => [
      service,
      value,
      Date.parse(String(time)) <= Date.now(),
    ]);
    assert.deepEqual(
      told.filter(([service]) => service !== "twice"),
      [
        ["values", 2, true],
        ["values", 1, true],
        ["well", 7, true],
      ],
    );
    for (const measurement of ["log", "kubernetes_list_text"]) {
      assert.deepEqual(await rows(measurement, "value", '"pod_name"'), [], measurement);
    }
    assert.deepEqual(await rows("kubernetes_pod_volume", "inodes", '"pod_name"'), []);
    const jobs = await rows("text_jobs", "value", '"service"');
    assert.deepEqual(
      jobs.map(({ service }) => service),
      ["names"],
      "an app writes in its own name only",
    );
  });

  it("reports each endpoint that cannot be read", async () => {
    const read = (await rows("prometheus_request", "content_length", '"service"')).map(
      ({ service }) => service,
    );
    assert.deepEqual(read.sort(), readable);
    const late = Date.now() + 6 * minute;
    await pods.evaluator.write([`kubernetes_list,environment=test,kind=Pod items=1i ${late - 1000}000000`]);
    const names = [...Object.keys(answers), "closed"];
    await pods.evaluator.write(
      names.map(
        (name) =>
          `prometheus_request,service=${name},environment=test,namespace=apps,pod_name=${name}-0 expected=1 ${late - 10_000}000000`,
      ),
    );
    await pods.evaluator.write(
      readable.map(
        (name) =>
          `prometheus_request,service=${name},environment=test,namespace=apps,pod_name=${name}-0 content_length=1i ${late - 10_000}000000`,
      ),
    );
    const alerts = services(await pods.evaluator.evaluate("PodMetricsUnreadable", late));
    assert.deepEqual(alerts, names.filter((name) => !read.includes(name)).sort());
  });
});
