import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../local/ports";
import {
  every,
  minute,
  now,
  type PostedAlert,
  type RuleEvaluator,
  second,
  services,
  startRuleEvaluator,
} from "./support/ruleEvaluator";

describe("alert rules in a real InfluxDB", () => {
  let evaluator: RuleEvaluator;

  before(async () => {
    evaluator = await startRuleEvaluator();
  });
  after(() => evaluator.stop());

  const evaluate: RuleEvaluator["evaluate"] = (...of) => evaluator.evaluate(...of);
  const write = (lines: string[]) => evaluator.write(lines);

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
      evaluator.catcher.posted
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
      evaluate("Watchdog", now, {}, [dead, evaluator.catcher.url]),
      /posting Watchdog failed: .*refused/,
    );
    assert.equal(evaluator.catcher.posted.length, 1);
    evaluator.catcher.status = 500;
    await assert.rejects(evaluate("Watchdog"), /HTTP status 500/);
    evaluator.catcher.status = 200;
  });
});
