import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { alertTask } from "../../components/alerts/alertTasks";
import { type AlertRulesOptions, alertRules } from "../../components/alerts/rules";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { freePort } from "../../local/ports";
import { startTestDatabase, type TestDatabase } from "./support/database";

const second = 1000;
const minute = 60 * second;

interface PostedAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  endsAt: string;
  generatorURL: string;
}

/** Takes alerts as an Alertmanager does, and remembers them. */
async function startCatcher(): Promise<{
  url: string;
  posted: PostedAlert[];
  status: number;
  stop(): Promise<void>;
}> {
  const catcher = { url: "", posted: [] as PostedAlert[], status: 200, stop: async () => {} };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      assert.equal(request.url, "/api/v2/alerts");
      assert.equal(request.headers["content-type"], "application/json");
      catcher.posted.push(...(JSON.parse(Buffer.concat(pieces).toString()) as PostedAlert[]));
      response.statusCode = catcher.status;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  catcher.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  catcher.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return catcher;
}

const links = {
  grafanaUrl: "https://grafana.example.com",
  runbookBaseUrl: "https://docs.example.com/runbooks",
};

describe("alert rules in a real InfluxDB", () => {
  let database: TestDatabase;
  let catcher: Awaited<ReturnType<typeof startCatcher>>;
  // A whole minute: the windows of the tasks end there.
  const now = Math.floor(Date.now() / minute) * minute;

  before(async () => {
    database = await startTestDatabase();
    catcher = await startCatcher();
    await database.reconcile({ ...influxDesiredState(), tasks: [] });
  });
  after(async () => {
    await catcher.stop();
    await database.remove();
  });

  /** What a rule posts when it is evaluated at a time, by the label `service`. */
  async function evaluate(
    name: string,
    at = now,
    options: AlertRulesOptions = {},
    alertmanagerUrls = [catcher.url],
  ): Promise<Map<string, PostedAlert>> {
    const rule = alertRules(options).find((candidate) => candidate.name === name);
    assert.ok(rule, `no rule ${name}`);
    catcher.posted.length = 0;
    await database.client.flux(alertTask(rule, { alertmanagerUrls, ...links }).flux, new Date(at));
    return new Map(catcher.posted.map((alert) => [alert.labels.service ?? "", alert]));
  }

  const services = (alerts: Map<string, PostedAlert>): string[] => [...alerts.keys()].sort();
  const every = (from: number, until: number, step: number): number[] =>
    Array.from({ length: Math.ceil((until - from) / step) }, (_, index) => from + index * step);
  const write = (lines: string[]) => database.client.write(lines);

  it("ApiUnreachable: each probe failed, for the whole time", async () => {
    const probe = (service: string, time: number, code: number): string =>
      `http_response,service=${service},environment=test,server=http://${service},method=GET,result=${code === 0 ? "success" : "timeout"} result_code=${code}i,response_time=0.1 ${time}000000`;
    await write(
      every(now - 2 * minute, now, 10 * second).flatMap((time) => [
        probe("healthy", time, 0),
        probe("down", time, time < now - minute ? 0 : 3),
        ...(time < now - minute ? [probe("telegraf-silent", time, 3)] : []),
        probe("flaky", time, time === now - 20 * second ? 0 : 3),
        // Fails only since 20 s: not long enough yet.
        probe("new-failure", time, time < now - 20 * second ? 0 : 3),
      ]),
    );
    const alerts = await evaluate("ApiUnreachable");
    assert.deepEqual(services(alerts), ["down", "telegraf-silent"]);
    assert.deepEqual(
      services(await evaluate("ApiUnreachable", now + 3 * minute)),
      [],
      "what is not probed any more is forgotten",
    );
    const alert = alerts.get("down") as PostedAlert;
    assert.equal(alert.labels.alertname, "ApiUnreachable");
    assert.equal(alert.labels.severity, "critical");
    assert.equal(alert.labels.environment, "test");
    assert.equal(alert.annotations.summary, "down does not answer");
    assert.equal(alert.annotations.runbook_url, "https://docs.example.com/runbooks/ApiUnreachable.md");
    assert.equal(
      alert.annotations.dashboard_url,
      "https://grafana.example.com/d/model-api-usage?var-service=down&var-environment=test",
    );
    assert.equal(Date.parse(alert.endsAt), now + 120 * second);
  });

  const deployment = (
    service: string,
    time: number,
    { available = 0, desired = 1, age = 3600 }: { available?: number; desired?: number; age?: number } = {},
  ): string =>
    `kubernetes_deployment,service=${service},environment=test,namespace=apps replicas_desired=${desired}i,` +
    `replicas_available=${available}i,created_at="${new Date(now - age * second).toISOString()}" ${time}000000`;

  it("ApiUnreachable: a model API without a pod that is ready", async () => {
    await write(
      every(now - 2 * minute, now, 10 * second).flatMap((time) => [
        deployment("ready", time, { available: 1 }),
        deployment("one-of-three", time, { available: 1, desired: 3 }),
        deployment("not-ready", time),
        deployment("on-purpose", time, { desired: 0 }),
        deployment("starting", time, { age: 240 }),
        deployment("restarted", time, { available: time < now - 40 * second ? 1 : 0 }),
      ]),
    );
    const alerts = await evaluate("ApiUnreachable");
    const known = ["ready", "one-of-three", "not-ready", "on-purpose", "starting", "restarted"];
    assert.deepEqual(
      services(alerts).filter((service) => known.includes(service)),
      ["not-ready"],
    );
    assert.equal(alerts.get("not-ready")?.labels.server, "Deployment apps/not-ready");
    // A service that is probed too: one outage, one alert.
    await write(
      every(now - 2 * minute, now, 10 * second).flatMap((time) => [
        deployment("watched-twice", time),
        `http_response,service=watched-twice,environment=test,server=http://twice,result=timeout result_code=3i ${time}000000`,
      ]),
    );
    await evaluate("ApiUnreachable");
    assert.deepEqual(
      catcher.posted
        .filter(({ labels }) => labels.service === "watched-twice")
        .map(({ labels }) => labels.server),
      ["http://twice"],
    );
  });

  const request = (service: string, time: number, status: string, duration: number): string =>
    `http.server.request,service=${service},environment=test,status_class=${status},route=/predict duration_s=${duration},http.response.status_code=${status[0]}00 ${time}000000`;

  it("ApiErrorRateHigh: share of server errors over five minutes, with enough requests to tell", async () => {
    const times = every(now - 12 * minute, now, 2 * second);
    await write([
      ...times.map((time, index) => request("errors", time, index % 10 === 0 ? "5xx" : "2xx", 0.1)),
      ...times.map((time, index) => request("users-errors", time + 1, index % 10 === 0 ? "4xx" : "2xx", 0.1)),
      ...every(now - 12 * minute, now, minute).map((time) => request("seldom", time + 2, "5xx", 0.1)),
    ]);
    const alerts = await evaluate("ApiErrorRateHigh");
    assert.deepEqual(services(alerts), ["errors"]);
    assert.equal(alerts.get("errors")?.annotations.summary, "errors: 10 % of the requests fail");
    assert.match(alerts.get("errors")?.annotations.description ?? "", /the limit is 5 %/);
    const lenient = await evaluate("ApiErrorRateHigh", now, {
      apps: [{ service: "errors", errorRatio: 0.2 }],
    });
    assert.deepEqual(services(lenient), []);
    const strict = await evaluate("ApiErrorRateHigh", now, { apps: [{ service: "other", errorRatio: 0.2 }] });
    assert.deepEqual(services(strict), ["errors"], "thresholds of others don't matter");
  });

  it("ApiLatencyHigh: 95th percentile over five minutes", async () => {
    await write(
      every(now - 12 * minute, now, 2 * second).flatMap((time, index) => [
        request("slow", time + 3, "2xx", index % 10 === 0 ? 2.5 : 0.1),
        request("outliers", time + 4, "2xx", index % 50 === 0 ? 30 : 0.1),
      ]),
    );
    const alerts = await evaluate("ApiLatencyHigh");
    assert.deepEqual(services(alerts), ["slow"]);
    assert.match(alerts.get("slow")?.annotations.summary ?? "", /^slow is slow: p95 2\.\d+ s$/);
    const own = {
      apps: [
        { service: "outliers", latencyP95Seconds: 0.05 },
        { service: "slow", latencyP95Seconds: 3 },
      ],
    };
    assert.deepEqual(services(await evaluate("ApiLatencyHigh", now, own)), ["outliers"]);
  });

  const run = (
    event: string,
    service: string,
    time: number,
    id: string,
    more: { tags?: string; fields?: string } = {},
  ) =>
    `pipeline.run.${event},service=${service},environment=test,pipeline=${service}${more.tags ?? ""} cicd.pipeline.run.id="${id}"${more.fields ?? ""} ${time}000000`;

  it("TrainingRunFailed: the last run, until a later one succeeds", async () => {
    await write([
      run("end", "fails", now - 30 * minute, "run-1", { tags: ",result=success" }),
      run("end", "fails", now - 10 * minute, 'run "2"', { tags: ",result=failure" }),
      run("end", "recovers", now - 30 * minute, "run-1", { tags: ",result=error" }),
      run("end", "recovers", now - 10 * minute, "run-2", { tags: ",result=success" }),
      run("end", "long-ago", now - 7 * 60 * minute, "run-1", { tags: ",result=failure" }),
      run("end", "times-out", now - 5 * minute, "run-9", { tags: ",result=timeout" }),
    ]);
    const alerts = await evaluate("TrainingRunFailed");
    assert.deepEqual(services(alerts), ["fails", "times-out"]);
    assert.equal(alerts.get("fails")?.labels.run, 'run "2"');
    assert.equal(alerts.get("fails")?.annotations.summary, 'Run run "2" of fails failed');
    assert.match(alerts.get("fails")?.annotations.dashboard_url ?? "", /var-run=run%20%222%22$/);
  });

  it("PipelineRunOverdue: a start without an end", async () => {
    const hour = 60 * minute;
    await write([
      run("start", "killed", now - 2 * hour, "k-1", { fields: ",expected_max_s=3600" }),
      run("start", "running", now - 30 * minute, "r-1", { fields: ",expected_max_s=3600" }),
      run("start", "finished", now - 2 * hour, "f-1", { fields: ",expected_max_s=3600" }),
      run("end", "finished", now - hour, "f-1", { tags: ",result=success" }),
      run("start", "no-expectation", now - 7 * hour, "n-1"),
      run("start", "history", now - 30 * hour, "h-1", { fields: ",expected_max_s=3600" }),
    ]);
    const alerts = await evaluate("PipelineRunOverdue");
    assert.deepEqual(services(alerts), ["killed", "no-expectation"]);
    assert.equal(alerts.get("killed")?.labels.run, "k-1");
    assert.equal(
      alerts.get("killed")?.annotations.summary,
      "Run k-1 of killed has not ended: 60 min overdue",
    );
  });

  it("DataDriftDetected: features of the last run", async () => {
    const drift = (service: string, id: string, time: number, feature: string, verdict: string): string =>
      `ml.drift,service=${service},environment=test,pipeline=${service},feature=${feature},comparison=new_vs_old,verdict=${verdict} psi=0.3,cicd.pipeline.run.id="${id}" ${time}000000`;
    await write([
      drift("drifts", "d-1", now - 20 * minute, "a", "none"),
      drift("drifts", "d-2", now - 10 * minute, "a", "drift"),
      drift("drifts", "d-2", now - 10 * minute, "b", "drift"),
      drift("drifts", "d-2", now - 10 * minute, "c", "warn"),
      drift("better", "b-1", now - 20 * minute, "a", "drift"),
      drift("better", "b-2", now - 10 * minute, "a", "none"),
    ]);
    const alerts = await evaluate("DataDriftDetected");
    assert.deepEqual(services(alerts), ["drifts"]);
    assert.equal(alerts.get("drifts")?.annotations.summary, "drifts: the data has drifted in 2 comparisons");
    assert.equal(alerts.get("drifts")?.labels.run, "d-2");
    const tolerant = { apps: [{ service: "drifts", driftedFeatures: 2 }] };
    assert.deepEqual(services(await evaluate("DataDriftDetected", now, tolerant)), []);
  });

  it("ProductionDriftDetected: what an API serves, in the last comparison", async () => {
    const drift = (
      service: string,
      id: string,
      comparison: string,
      feature: string,
      verdict: string,
    ): string =>
      `ml.drift,service=${service},environment=test,pipeline=check,feature=${feature},comparison=${comparison},verdict=${verdict} psi=0.3,cicd.pipeline.run.id="${id}" ${now - (id === "p-1" ? 20 : 10) * minute}000000`;
    await write([
      drift("api", "p-1", "production_vs_training", "a", "none"),
      drift("api", "p-2", "production_vs_training", "a", "drift"),
      drift("api", "p-2", "production_vs_training", "b", "warn"),
      drift("api-better", "p-1", "production_vs_training", "a", "drift"),
      drift("api-better", "p-2", "production_vs_training", "a", "none"),
      drift("trains", "p-2", "new_vs_old", "a", "drift"),
    ]);
    const alerts = await evaluate("ProductionDriftDetected");
    assert.deepEqual(services(alerts), ["api"]);
    const alert = alerts.get("api") as PostedAlert;
    assert.equal(alert.annotations.summary, "api: 1 of the features that it serves have drifted");
    assert.equal(
      alert.annotations.dashboard_url,
      "https://grafana.example.com/d/model-api-usage?var-service=api&var-environment=test",
    );
    const training = await evaluate("DataDriftDetected");
    assert.ok(training.has("trains") && !training.has("api"), "each comparison has one alert");
  });

  it("MemoryNearLimit and VolumeFillingUp: use by what there is, for minutes", async () => {
    const lines = every(now - 10 * minute, now, 30 * second).flatMap((time) =>
      [
        { service: "tight", used: 950 },
        { service: "roomy", used: 500 },
        { service: "spike", used: time === now - 30 * second ? 990 : 500 },
        { service: "limited", used: 100 },
      ].flatMap(({ service, used }) => {
        const tags = `environment=test,namespace=n,pod_name=${service}-0`;
        const container = `kubernetes_pod_container,${tags},container_name=api`;
        return [
          `${container},service=${service},node_name=x memory_working_set_bytes=${used}i ${time}000000`,
          `${container},service=${service} resource_limits_memory_bytes=1000i ${time}000000`,
          ...(service === "limited"
            ? [
                `kubernetes_pod_volume,${tags},service=limited,volume_name=data limit_bytes=110i ${time}000000`,
              ]
            : []),
          `kubernetes_pod_volume,${tags},service=${service},volume_name=data used_bytes=${used}i,capacity_bytes=1000i ${time}000000`,
        ];
      }),
    );
    await write(lines);
    const memory = await evaluate("MemoryNearLimit");
    assert.deepEqual(services(memory), ["tight"]);
    assert.equal(memory.get("tight")?.annotations.summary, "tight: api uses 95 % of its memory limit");
    const volume = await evaluate("VolumeFillingUp");
    assert.deepEqual(services(volume), ["limited", "tight"]);
    assert.equal(volume.get("limited")?.annotations.summary, "Volume data of limited-0 is 90.9 % full");
    assert.equal(volume.get("tight")?.annotations.summary, "Volume data of tight-0 is 95 % full");
  });

  it("ContainerRestarting: more than two restarts of a container in a quarter of an hour", async () => {
    const restarts = (service: string, time: number, total: number): string =>
      `kubernetes_pod_container,service=${service},environment=test,namespace=n,pod_name=${service}-0,container_name=api restarts_total=${total}i ${time}000000`;
    await write(
      every(now - 30 * minute, now, minute).flatMap((time, index) => [
        restarts("crashes", time, Math.floor(index / 4)),
        restarts("crashed-once", time, index < 20 ? 0 : 1),
        restarts("crashed-long-ago", time, Math.min(index, 10)),
      ]),
    );
    const alerts = await evaluate("ContainerRestarting");
    assert.deepEqual(services(alerts), ["crashes"]);
    assert.equal(alerts.get("crashes")?.annotations.summary, "crashes: api has restarted 4 times");
  });

  it("LogsStalled: an app that answers and has gone silent", async () => {
    const probe = (service: string): string =>
      `http_response,service=${service},environment=test,server=s,result=success result_code=0i ${now - 30 * second}000000`;
    await write([
      request("silent", now - 45 * minute, "2xx", 0.1),
      request("talks", now - 5 * minute, "2xx", 0.1),
      request("gone", now - 45 * minute, "2xx", 0.1),
      probe("silent"),
      probe("talks"),
      ...["silent-pods", "no-pods"].map((service) => request(service, now - 45 * minute, "2xx", 0.1)),
      deployment("silent-pods", now - 30 * second, { available: 1 }),
      deployment("no-pods", now - 30 * second, { desired: 0 }),
    ]);
    const alerts = await evaluate("LogsStalled");
    assert.deepEqual(services(alerts), ["silent", "silent-pods"]);
    assert.equal(alerts.get("silent")?.annotations.summary, "silent has logged nothing for 45 min");
  });

  it("LogBufferBacklog: what each replica of the aggregator says of itself", async () => {
    await write(
      every(now - 12 * minute, now, 30 * second).flatMap((time) => [
        `fluentd,service=fluentd-aggregator-1,environment=test,plugin_id=to_influxdb,plugin_category=output,plugin_type=http buffer_available_buffer_space_ratios=20 ${time}000000`,
        `fluentd,service=fluentd-aggregator-0,environment=test,plugin_id=to_influxdb,plugin_category=output,plugin_type=http buffer_available_buffer_space_ratios=99 ${time}000000`,
      ]),
    );
    const backlog = await evaluate("LogBufferBacklog");
    assert.deepEqual(services(backlog), ["fluentd-aggregator-1"]);
    assert.equal(
      backlog.get("fluentd-aggregator-1")?.annotations.summary,
      "The log buffer of fluentd-aggregator-1 is 80 % full",
    );
  });

  it("DeadLetters: points that InfluxDB refused for good", async () => {
    await write(
      every(now - 20 * minute, now, minute).map(
        (time) => `log.dead_letter,service=odd-types,environment=test dead_letter.line="x y=1" ${time}000000`,
      ),
    );
    const alerts = await evaluate("DeadLetters");
    assert.deepEqual(services(alerts), ["odd-types"]);
    assert.equal(alerts.get("odd-types")?.annotations.summary, "10 dead letters of odd-types");
  });

  it("UnparsedLogs: share of the lines that match no format", async () => {
    const log = (service: string, measurement: string, time: number): string =>
      `${measurement},service=${service},environment=test body="x" ${time}000000`;
    await write(
      every(now - 10 * minute, now, 10 * second).flatMap((time, index) => [
        log("odd", index % 10 === 0 ? "log.unparsed" : "log", time),
        log("tidy", "log", time + 1),
      ]),
    );
    const alerts = await evaluate("UnparsedLogs");
    assert.deepEqual(services(alerts), ["odd"]);
    assert.equal(alerts.get("odd")?.annotations.summary, "odd: 10 % of the log lines match no format");
  });

  it("TaskFailures and SeriesCardinalityHigh: what InfluxDB says of itself", async () => {
    const tags = "service=influxdb,environment=test";
    await write([
      ...every(now - 9 * minute, now, minute).flatMap((time, index) => [
        `task_executor_errors_counter,${tags},errorType=runtime,task_type=system counter=${10 + index} ${time}000000`,
        `storage_bucket_series_num,${tags},bucket=a gauge=400000 ${time}000000`,
        `storage_bucket_series_num,${tags},bucket=b gauge=200000 ${time}000000`,
      ]),
    ]);
    const failures = await evaluate("TaskFailures");
    assert.equal(failures.get("influxdb")?.annotations.summary, "8 task runs of influxdb failed");
    assert.deepEqual(services(await evaluate("MetricsMissing")), [], "a sample is a minute old");
    const missing = await evaluate("MetricsMissing", now + 9 * minute);
    assert.match(missing.get("influxdb")?.annotations.summary ?? "", /^No metrics for 10 min: /);
    const series = await evaluate("SeriesCardinalityHigh");
    assert.equal(series.get("influxdb")?.annotations.summary, "influxdb holds 600000 series");
  });

  it("Watchdog: always", async () => {
    assert.deepEqual(services(await evaluate("Watchdog")), ["monitoring"]);
  });

  it("posts to every Alertmanager; one that fails fails the run after the others have the alert", async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    await assert.rejects(
      evaluate("Watchdog", now, {}, [dead, catcher.url]),
      /posting Watchdog failed: .*refused/,
    );
    assert.equal(catcher.posted.length, 1);
    catcher.status = 500;
    await assert.rejects(evaluate("Watchdog"), /HTTP status 500/);
    catcher.status = 200;
  });
});
