import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freePort } from "../../local/ports";
import {
  every,
  hour,
  minute,
  now,
  type PostedAlert,
  second,
  services,
  useRuleEvaluator,
} from "./support/ruleEvaluator";

describe("alert rules in a real InfluxDB", () => {
  const evaluator = useRuleEvaluator();
  const { evaluate, write } = evaluator;

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
    assert.equal(
      alert.annotations.lines_url,
      "https://grafana.example.com/d/log-lines?var-service=down&var-environment=test",
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
    // Probed, too: what is new, or scaled to zero, need not answer.
    await write(
      every(now - 2 * minute, now, 10 * second).flatMap((time) =>
        ["starting", "on-purpose"].map(
          (service) =>
            `http_response,service=${service},environment=test,server=http://x,result=timeout result_code=3i ${time}000000`,
        ),
      ),
    );
    assert.deepEqual(
      services(await evaluate("ApiUnreachable")).filter((service) => known.includes(service)),
      ["not-ready"],
    );
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

  it("ApiErrorRateHigh: at low traffic, of a version, and while nobody asks", async () => {
    const of = (service: string, time: number, status: string, version = "1"): string =>
      `http.server.request,service=${service},environment=test,status_class=${status},route=/predict,model_version=${version} http.response.status_code=500 ${time}000000`;
    const counted = (service: string, time: number, status: string, count: number): string =>
      `http.server.request,service=${service},environment=test,status_class=${status},route=/predict count=${count} ${time}000000`;
    await write([
      ...every(now - 9 * minute, now - 3 * minute, 24 * second).map((time) => of("all-of-15", time, "5xx")),
      of("one-error", now - 3 * minute, "5xx"),
      // A canary of one request in fifty, which always fails.
      ...every(now - 9 * minute, now, second).map((time, index) =>
        of("canary", time, index % 50 === 0 ? "5xx" : "2xx", index % 50 === 0 ? "2" : "1"),
      ),
      of("recovered", now - 9 * minute, "2xx"),
      ...every(now - 5 * minute, now, 5 * second).map((time) => of("recovered", time, "2xx")),
      ...every(now - 9 * minute, now, 5 * second).map((time) => of("rolled-back", time, "2xx")),
    ]);
    await evaluator.database.client.write(
      [
        ...every(now - 5 * 60 * minute, now - 4 * 60 * minute, 10 * minute).flatMap((time) => [
          counted("fails-at-night", time, "5xx", 5),
          counted("fails-at-night", time + 1, "2xx", 1),
          counted("idle", time, "2xx", 5),
        ]),
        ...every(now - 60 * minute, now - 10 * minute, 10 * minute).flatMap((time) => [
          counted("recovered", time, "5xx", 10),
          `http.server.request,service=rolled-back,environment=test,status_class=5xx,route=/predict,model_version=0 count=10 ${time}000000`,
        ]),
      ],
      "minutely",
    );
    const known = ["all-of-15", "one-error", "canary", "recovered", "rolled-back", "fails-at-night", "idle"];
    const alerts = await evaluate("ApiErrorRateHigh");
    assert.deepEqual(
      services(alerts).filter((service) => known.includes(service)),
      ["all-of-15", "canary", "fails-at-night"],
    );
    assert.equal(alerts.get("canary")?.labels.model_version, "2");
    assert.equal(alerts.get("all-of-15")?.annotations.summary, "all-of-15: 100 % of the requests fail");
    const hours = await evaluate("ApiErrorRateHigh", now + 2 * 60 * minute + 10 * minute);
    assert.ok(!hours.has("fails-at-night"), "six hours after its last request");
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

  it("VolumeInodesFillingUp: files by the inodes that there are, for minutes; not where there are none; it ends", async () => {
    const inodes = (service: string, total: number, used: number, time: number): string =>
      `kubernetes_pod_volume,service=${service},environment=test,namespace=n,pod_name=${service}-0,volume_name=files inodes=${total},inodes_used=${used} ${time}000000`;
    await write(
      every(now - 20 * minute, now, 30 * second).flatMap((time) => [
        inodes("many-files", 1000, 900, time),
        inodes("few-files", 1000, 840, time),
        inodes("file-share", 0, 0, time),
        inodes("short-peak", 1000, time === now - 30 * second ? 990 : 100, time),
        inodes("cleaned", 1000, time < now - 5 * minute ? 900 : 100, time),
      ]),
    );
    const before = await evaluate("VolumeInodesFillingUp", now - 6 * minute);
    assert.deepEqual(services(before), ["cleaned", "many-files"]);
    const alerts = await evaluate("VolumeInodesFillingUp");
    assert.deepEqual(services(alerts), ["many-files"]);
    assert.equal(
      alerts.get("many-files")?.annotations.summary,
      "Volume files of many-files-0 has used 90 % of its inodes",
    );
  });

  it("ContainerRestarting: more than two restarts of a container in an hour, at any back-off", async () => {
    const restarts = (service: string, time: number, total: number): string =>
      `kubernetes_pod_container,service=${service},environment=test,namespace=n,pod_name=${service}-0,container_name=api restarts_total=${total}i ${time}000000`;
    await write(
      every(now - 120 * minute, now, minute).flatMap((time, index) => [
        restarts("crashes", time, Math.floor(index / 4)),
        // At the longest back-off, of five minutes, with two minutes of life before each crash.
        restarts("backs-off", time, Math.floor(index / 7)),
        restarts("crashed-once", time, index < 90 ? 0 : 1),
        restarts("crashed-long-ago", time, Math.min(index, 10)),
      ]),
    );
    for (const before of [0, 1, 2, 3, 4, 5, 6]) {
      const alerts = await evaluate("ContainerRestarting", now - before * minute);
      assert.deepEqual(services(alerts), ["backs-off", "crashes"], `${before} minutes ago`);
    }
    const alerts = await evaluate("ContainerRestarting");
    assert.equal(alerts.get("crashes")?.annotations.summary, "crashes: api has restarted 14 times");
  });

  it("VolumeFullSoon: by the growth of six hours", async () => {
    const volume = (service: string, time: number, used: number): string =>
      `kubernetes_pod_volume,service=${service},environment=test,namespace=n,pod_name=${service}-0,volume_name=data used_bytes=${Math.round(used)}i,capacity_bytes=1000000i ${time}000000`;
    // Full in 80, and in 120 hours.
    const growing = (hours: number, time: number) =>
      600_000 + (400_000 / hours) * ((time - now) / (60 * minute));
    await write(
      every(now - 6 * 60 * minute, now, 5 * minute).flatMap((time, index) => [
        volume("soon", time, growing(80, time) + (index % 2 === 0 ? 500 : -500)),
        volume("later", time, growing(120, time)),
        volume("steady", time, 700_000 + (index % 3) * 100),
        volume("shrinks", time, 900_000 - index * 1000),
        volume("half-empty", time, growing(10, time) - 300_000),
        ...(index > 60 ? [volume("new", time, growing(1, time))] : []),
      ]),
    );
    const alerts = await evaluate("VolumeFullSoon");
    assert.deepEqual(
      services(alerts).filter((service) =>
        ["soon", "later", "steady", "shrinks", "half-empty", "new"].includes(service),
      ),
      ["soon"],
    );
    assert.match(alerts.get("soon")?.annotations.description ?? "", /is (59|60)(\.\d)? % full/);
  });

  const probe = (service: string, at: number): string =>
    `http_response,service=${service},environment=test,server=s,result=success result_code=0i ${at - 30 * second}000000`;
  const day = 24 * hour;
  /** Lines in each hour in which a service logs. */
  const hoursOf = (
    service: string,
    from: number,
    until: number,
    logs: (time: number) => boolean = () => true,
    count = 60,
  ): string[] =>
    every(from, until, hour)
      .filter(logs)
      .map((time) => `log,service=${service},environment=test,severity=INFO count=${count} ${time}000000`);

  it("LogsStalled: an app that answers and has gone silent", async () => {
    const silent = ["silent", "silent-pods", "no-pods", "gone"];
    const today = Math.floor(now / hour) * hour;
    await evaluator.database.client.write(
      [...silent, "talks"].flatMap((service) => hoursOf(service, today - 30 * hour, today - hour)),
      "hourly",
    );
    await write([
      ...silent.map((service) => request(service, now - 45 * minute, "2xx", 0.1)),
      request("talks", now - 5 * minute, "2xx", 0.1),
      probe("silent", now),
      probe("talks", now),
      deployment("silent-pods", now - 30 * second, { available: 1 }),
      deployment("no-pods", now - 30 * second, { desired: 0 }),
    ]);
    const alerts = await evaluate("LogsStalled");
    assert.deepEqual(services(alerts), ["silent", "silent-pods"]);
    assert.equal(alerts.get("silent")?.annotations.summary, "silent has logged nothing for 45 min");
  });

  it("LogsStalled: an app that is younger than a week, by day and night, and one that never logged", async () => {
    const made = now - 5 * day;
    await evaluator.database.client.write(
      hoursOf("office-hours", made, made + 2 * day, (time) => new Date(time).getUTCHours() >= 12),
      "hourly",
    );
    const stalled = async (at: number): Promise<string[]> => {
      await write([
        probe("office-hours", at),
        deployment("mute", at - 30 * second, { available: 1, age: (now - made) / 1000 }),
      ]);
      const alerts = await evaluate("LogsStalled", at);
      return ["office-hours", "mute"].flatMap((service) => alerts.get(service)?.annotations.summary ?? []);
    };
    assert.deepEqual(await stalled(made + 2 * day + 14 * hour), [], "its nights are not known");
    assert.deepEqual(await stalled(made + 74 * hour), ["mute has logged nothing for 74 h"]);
    assert.deepEqual(
      (await stalled(made + 15 * day)).filter((one) => one.startsWith("mute")),
      [],
      "it is old",
    );
    const [first] = await stalled(made + 2 * day + 75 * hour);
    assert.match(first ?? "", /^office-hours has logged nothing for [78]\d(\.\d)? h$/);
  });

  it("LogsStalled: not at night for an API that nobody uses then, and for as long as logs are lost", async () => {
    const midnight = Math.floor(now / day) * day - 2 * day;
    const byDay = (time: number): boolean => (time % day) / hour >= 8 && (time % day) / hour < 18;
    const names = ["office", "resting", "few-lines", "clocks-back"];
    await evaluator.database.client.write(
      [
        // Until ten o'clock, then its logs are lost.
        ...hoursOf("office", midnight - 28 * day, midnight + 10 * hour, byDay, 600),
        // It has a day of rest each week: this one.
        ...hoursOf(
          "resting",
          midnight - 28 * day,
          midnight,
          (time) => byDay(time) && (midnight - Math.floor(time / day) * day) % (7 * day) !== 0,
          600,
        ),
        // Two an hour: none for a quarter of an hour, or a holiday, is nothing.
        ...hoursOf("few-lines", midnight - 28 * day, midnight, byDay, 2),
        // Today everything comes an hour later.
        ...hoursOf("clocks-back", midnight - 28 * day, midnight, byDay, 600),
      ],
      "hourly",
    );
    await evaluator.database.client.write(
      [
        ...names.map((service) => [service, -6 * hour] as const),
        ["office", 9 * hour] as const,
        ["office", 9 * hour + 40 * minute] as const,
        ["office", 10 * hour + minute] as const,
      ].map(
        ([service, until]) =>
          `log,service=${service},environment=test,severity=INFO count=1 ${midnight + until - minute}000000`,
      ),
      "minutely",
    );
    const last = midnight + 10 * hour;
    await write([`log,service=office,environment=test,severity=INFO body="the last line" ${last}000000`]);
    const stalled = async (at: number): Promise<string[]> => {
      await write(names.map((service) => probe(service, at)));
      const alerts = await evaluate("LogsStalled", at);
      return names.flatMap((service) => alerts.get(service)?.annotations.summary ?? []);
    };
    assert.deepEqual(await stalled(midnight + 3 * hour), [], "at night");
    assert.deepEqual(await stalled(midnight + 9 * hour), [], "on its day of rest, and an hour late");
    assert.deepEqual(
      await stalled(midnight + 9 * hour + 40 * minute),
      ["clocks-back has logged nothing for 40 min"],
      "no longer late",
    );
    const office = async (at: number): Promise<string[]> =>
      (await stalled(at)).filter((summary) => summary.startsWith("office"));
    assert.deepEqual(await office(last + 25 * minute), []);
    assert.deepEqual(await office(last + 35 * minute), ["office has logged nothing for 35 min"]);
    assert.deepEqual(
      await office(last + 17 * hour),
      ["office has logged nothing for 7 h"],
      "at night the alert stays: of its usual hours, 10 to 17 o'clock",
    );
    assert.deepEqual(await office(last + 25 * hour), ["office has logged nothing for 9 h"]);
    await write([
      `log,service=office,environment=test,severity=INFO body="again" ${last + 25 * hour + minute}000000`,
    ]);
    assert.deepEqual(await office(last + 25 * hour + 2 * minute), [], "it ends with the next line");
  });

  it("MetricsMissing: Telegraf that is silent, and an input that fails while the rest is alive", async () => {
    const gathered = (alias: string, time: number, errors: number): string =>
      `internal_gather,service=telegraf,environment=test,input=http,alias=${alias} errors=${errors}i,gather_timeouts=0i ${time}000000`;
    await write(
      every(now - 20 * minute, now, 30 * second).flatMap((time, index) => [
        gathered("cluster", time, Math.max(0, index - 20)),
        gathered("kubelets", time, 7),
        // Once in five minutes.
        gathered("alerts", time, Math.floor(index / 10)),
        gathered("restarted", time, index < 30 ? index : 0),
      ]),
    );
    const inputs = async (at: number): Promise<(string | undefined)[]> => {
      await evaluate("MetricsMissing", at);
      return evaluator.catcher.posted.map(({ labels }) => labels.input);
    };
    assert.deepEqual(await inputs(now), ["cluster"]);
    assert.match(
      evaluator.catcher.posted[0]?.annotations.summary ?? "",
      /^No metrics of cluster for 9\.5 min$/,
    );
    assert.ok((await inputs(now + 9 * minute)).includes("Telegraf"));
  });

  it("NotificationsFailing, and the Watchdog that is held back meanwhile; CertificateExpiring", async () => {
    const at = now - 30 * minute;
    const failed = (integration: string, time: number, count: number): string =>
      `alertmanager_notifications_failed_total,service=alertmanager,environment=test,integration=${integration},reason=other counter=${count} ${time}000000`;
    await write([
      ...every(at - 12 * minute, at, minute).flatMap((time, index) => [
        failed("email", time, index < 9 ? 3 : 5),
        failed("slack", time, 4),
      ]),
      ...[5, 13, 15].map(
        (days) =>
          `x509_cert,service=days-${days},environment=test,source=https://days-${days}:443 expiry=${days * 86_400 + 60}i ${now - minute}000000`,
      ),
    ]);
    await evaluate("NotificationsFailing", at);
    assert.deepEqual(
      evaluator.catcher.posted.map(({ labels, annotations }) => [labels.integration, annotations.summary]),
      [["email", "2 notifications by email failed"]],
    );
    assert.deepEqual(services(await evaluate("Watchdog", at)), []);
    assert.deepEqual(services(await evaluate("Watchdog", now)), ["monitoring"]);
    assert.deepEqual(services(await evaluate("NotificationsFailing", now)), []);
    const certificates = await evaluate("CertificateExpiring");
    assert.deepEqual(services(certificates), ["days-13", "days-5"]);
    assert.match(certificates.get("days-5")?.annotations.summary ?? "", /expires in 5 days$/);
  });

  it("ApiUnreachable: does not end because Telegraf, or its look at the Deployments, is silent", async () => {
    const at = now - 3 * 60 * minute;
    const gone = (service: string, time: number): string =>
      `kubernetes_deployment,service=${service},environment=test,namespace=apps replicas_desired=1i,replicas_available=0i,created_at="2026-01-01T00:00:00Z" ${time}000000`;
    await write([
      ...every(at - 2 * minute, at, 10 * second).flatMap((time) => [
        gone("unseen", time),
        `kubernetes_list,environment=test,kind=Deployment items=1i ${time}000000`,
      ]),
      ...every(at - 2 * minute, at + 20 * minute, 30 * second).map(
        (time) =>
          `internal_gather,service=telegraf,environment=test,input=http,alias=x errors=0i ${time}000000`,
      ),
    ]);
    for (const later of [0, 10, 30]) {
      assert.ok(
        (await evaluate("ApiUnreachable", at + later * minute)).has("unseen"),
        `${later} minutes later`,
      );
    }
    // The list is read again, and the API is not in it any more.
    await write([`kubernetes_list,environment=test,kind=Deployment items=0i ${at + 40 * minute}000000`]);
    assert.ok(!(await evaluate("ApiUnreachable", at + 40 * minute + second)).has("unseen"));
  });

  it("does not begin while an alert that inhibits it fires, nor just after; what was posted before goes on", async () => {
    const at = now - 5 * hour;
    const unready = (service: string, time: number): string =>
      `kubernetes_problem,service=${service},environment=test,kind=Pod,namespace=apps,name=${service}-0,reason=NotReady seconds=1000,message="why" ${time - second}000000`;
    const reported = async (time: number, ...names: string[]): Promise<string[]> => {
      await write(names.map((service) => unready(service, time)));
      return services(await evaluate("PodNotReady", time)).filter((service) => names.includes(service));
    };
    assert.deepEqual(await reported(at - 90 * second, "known"), ["known"]);
    await write(
      every(at - 2 * minute, at, 10 * second).flatMap((time) =>
        ["known", "new"].map((service) => deployment(service, time, { age: 24 * 3600 })),
      ),
    );
    const causes = services(await evaluate("ApiUnreachable", at));
    assert.ok(causes.includes("known") && causes.includes("new"), causes.join());
    assert.deepEqual(await reported(at + minute, "known", "new", "other"), ["known", "other"]);
    assert.deepEqual(await reported(at + 4 * minute, "new"), []);
    assert.deepEqual(await reported(at + 6 * minute, "new"), ["new"], "it is not over with its cause");
  });

  it("of one outage, what follows from its cause does not begin: pods that cannot start, and their roll-out", async () => {
    const at = now - 9 * hour;
    const problem = (service: string, [kind, reason]: readonly string[]): string =>
      `kubernetes_problem,service=${service},environment=test,kind=${kind},namespace=apps,name=${service}-${kind?.toLowerCase()},reason=${reason} seconds=1000,message="why" ${at - second}000000`;
    const consequences = {
      DeploymentStuck: ["Deployment", "ProgressDeadlineExceeded"],
      PodNotReady: ["Pod", "NotReady"],
      ClaimNotBound: ["PersistentVolumeClaim", "ClaimPending"],
    };
    await write([
      problem("rolled", ["Pod", "ImagePullBackOff"]),
      ...Object.values(consequences).flatMap((of) => [problem("rolled", of), problem("alone", of)]),
    ]);
    const fired: Record<string, string[]> = {};
    // One after the other: what begins in the same moment, Alertmanager holds back.
    for (const [index, rule] of ["PodNotStarting", ...Object.keys(consequences)].entries())
      fired[rule] = services(await evaluate(rule, at + index * second));
    assert.deepEqual(fired, {
      PodNotStarting: ["rolled"],
      DeploymentStuck: ["alone"],
      // "alone" has its stuck roll-out for a cause.
      PodNotReady: [],
      ClaimNotBound: ["alone"],
    });
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
