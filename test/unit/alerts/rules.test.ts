import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { alertTask, firingSeconds } from "../../../components/alerts/alertTasks";
import { influxDbUnreachable } from "../../../components/alerts/influxDbUnreachable";
import { alertRules } from "../../../components/alerts/rules";
import { thresholds } from "../../../contract/thresholds";
import { dashboards } from "../../../dashboards";
import { repositoryRoot } from "../../../local/paths";

const options = {
  alertmanagerUrls: ["http://alertmanager:9093/"],
  grafanaUrl: "https://grafana.example.com/",
  runbookBaseUrl: "https://docs.example.com/runbooks",
};
const runbooks = join(repositoryRoot, "docs", "runbooks");

describe("alertRules", () => {
  const rules = alertRules();
  const named = (name: string) => {
    const rule = rules.find((candidate) => candidate.name === name);
    assert.ok(rule, `no rule ${name}`);
    return rule;
  };

  it("has the whole library", () => {
    assert.deepEqual(rules.map(({ name }) => name).sort(), [
      "ApiErrorRateHigh",
      "ApiLatencyHigh",
      "ApiUnreachable",
      "AutoscalerAtMaximum",
      "CertificateExpiring",
      "ClaimNotBound",
      "ContainerOutOfMemory",
      "ContainerRestarting",
      "CronJobMissed",
      "DataDriftDetected",
      "DeadLetters",
      "DeploymentStuck",
      "ErrorBudgetBurnsFast",
      "ErrorBudgetBurnsSlowly",
      "JobFailed",
      "LogBufferBacklog",
      "LogsStalled",
      "MemoryNearLimit",
      "MetricsMissing",
      "NodeNotReady",
      "NodePressure",
      "NotificationsFailing",
      "PipelineRunOverdue",
      "PodEvicted",
      "PodMetricsDropped",
      "PodMetricsUnreadable",
      "PodNotReady",
      "PodNotStarting",
      "ProductionDriftDetected",
      "QuotaFull",
      "SeriesCardinalityHigh",
      "TaskFailures",
      "TrainingRunFailed",
      "UnparsedLogs",
      "VolumeFillingUp",
      "VolumeFullSoon",
      "VolumeInodesFillingUp",
      "Watchdog",
    ]);
  });

  it("has a runbook for each rule and none without a rule", () => {
    const names = [influxDbUnreachable, ...rules.map(({ name }) => name)];
    assert.deepEqual(readdirSync(runbooks).sort(), names.map((name) => `${name}.md`).sort());
    for (const name of names) {
      const text = readFileSync(join(runbooks, `${name}.md`), "utf8");
      assert.ok(text.startsWith(`# ${name}\n`), name);
      for (const heading of ["Symptom", "Meaning", "First checks", "Fix", "Threshold"]) {
        assert.match(text, new RegExp(`^## ${heading}\\n\\n\\S`, "m"), `${name}: ${heading}`);
      }
    }
  });

  it("describes each alert by labels that it has", () => {
    for (const rule of rules) assert.doesNotThrow(() => alertTask(rule, options), rule.name);
  });

  it("puts the thresholds that dashboards draw into the rules", () => {
    assert.equal(named("ApiErrorRateHigh").threshold, thresholds.apiErrorRatio);
    assert.equal(named("ApiLatencyHigh").threshold, thresholds.apiLatencyP95Seconds);
    assert.equal(named("MemoryNearLimit").threshold, thresholds.memoryUseRatio);
  });

  it("gives one app another threshold and the rest the common one", () => {
    const own = alertRules({
      apps: [
        { service: "churn", errorRatio: 0.2 },
        { service: "fraud", latencyP95Seconds: 3 },
      ],
    });
    const flux = (name: string): string =>
      alertTask(own.find((rule) => rule.name === name) as (typeof own)[number], options).flux;
    assert.match(
      flux("ApiErrorRateHigh"),
      /threshold = \(r\) => if \(r\["service"\] == "churn"\) then 0\.2 else 0\.05\n/,
    );
    assert.match(
      flux("ApiLatencyHigh"),
      /threshold = \(r\) => if \(r\["service"\] == "fraud"\) then 3\.0 else 1\.0\n/,
    );
    assert.match(flux("UnparsedLogs"), /threshold = \(r\) => 0\.05\n/);
  });

  it("leaves disabled rules out, and refuses names that don't exist", () => {
    assert.ok(alertRules({ disabled: ["Watchdog"] }).every(({ name }) => name !== "Watchdog"));
    assert.throws(
      () => alertRules({ disabled: ["WatchDog"] }),
      /there is no alert rule "WatchDog"; rules are ApiUnreachable, /,
    );
  });

  it("is inhibited only by rules that exist", () => {
    const names = rules.map(({ name }) => name);
    for (const { name, inhibitedBy } of rules) {
      for (const source of inhibitedBy)
        assert.ok(names.includes(source) && source !== name, `${name}: ${source}`);
    }
  });

  it("is not silenced by a warning where it is critical, nor by what it silences itself", () => {
    const causesOf = (name: string): readonly string[] =>
      rules.find((rule) => rule.name === name)?.inhibitedBy ?? [];
    const allCausesOf = (name: string): string[] =>
      causesOf(name).flatMap((cause) => [cause, ...allCausesOf(cause)]);
    for (const { name, severity } of rules) {
      assert.ok(!allCausesOf(name).includes(name), name);
      for (const cause of causesOf(name))
        if (severity === "critical")
          assert.equal(rules.find((rule) => rule.name === cause)?.severity, "critical", `${name}: ${cause}`);
    }
  });

  it("is a warning that ends by its age where its end is not sent", () => {
    const events = rules.filter(({ sendsEnd }) => sendsEnd === false);
    assert.deepEqual(
      events.map(({ name }) => name),
      ["DataDriftDetected", "ProductionDriftDetected", "ContainerOutOfMemory", "PodEvicted"],
    );
    for (const { name, severity, reportedSeconds } of events)
      assert.ok(severity === "warning" && reportedSeconds !== undefined, name);
  });

  it("refuses thresholds that can't be, and names the app and the key", () => {
    assert.throws(
      () => alertRules({ apps: [{ service: "churn", errorRatio: 5 }] }),
      /churn: errorRatio must be from 0 to below 1/,
    );
    assert.throws(
      () => alertRules({ apps: [{ service: "churn", latencyP95Seconds: Number.NaN }] }),
      /churn: latencyP95Seconds must be a number from 0/,
    );
  });

  it("reports an unreachable API within two minutes: probe, wait, evaluation and grouping", () => {
    const { forSeconds, sampleSeconds, everySeconds } = named("ApiUnreachable");
    const probeTimeout = 5;
    const flush = 5;
    const groupWait = 5;
    const worst =
      sampleSeconds + probeTimeout + forSeconds + sampleSeconds + flush + everySeconds + groupWait;
    assert.ok(worst <= 120, `${worst} s`);
  });
});

describe("alertTask", () => {
  it("gives the platform's environment to alerts whose samples name none", () => {
    const watchdog = alertRules().find(({ name }) => name === "Watchdog");
    assert.ok(watchdog);
    assert.match(
      alertTask(watchdog, { ...options, environment: "prod" }).flux,
      /"environment": if exists r\["environment"\] and r\["environment"\] != "" then r\["environment"\] else "prod"/,
    );
  });

  const rule = alertRules().find(({ name }) => name === "TrainingRunFailed") as ReturnType<
    typeof alertRules
  >[number];

  it("runs as often as its rule says, and posts an end a few evaluations ahead", () => {
    const { name, flux } = alertTask(rule, options);
    assert.equal(name, "alert TrainingRunFailed");
    assert.match(flux, /option task = \{name: "alert TrainingRunFailed", every: 15s\}/);
    assert.match(flux, /endsAt: string\(v: if r\.expired then now\(\) else date\.add\(d: 120s/);
    assert.equal(firingSeconds({ everySeconds: 15 }), 120);
    assert.equal(firingSeconds({ everySeconds: 60 }), 240);
  });

  it("posts to each Alertmanager by itself, not through a load balancer", () => {
    const { flux } = alertTask(rule, {
      ...options,
      alertmanagerUrls: ["http://a-0:9093", "http://a-1:9093"],
    });
    assert.deepEqual(flux.match(/"http:\/\/a-\d:9093\/api\/v2\/alerts"/g), [
      '"http://a-0:9093/api/v2/alerts"',
      '"http://a-1:9093/api/v2/alerts"',
    ]);
  });

  it("refuses rules that couldn't be what was meant", () => {
    assert.throws(() => alertTask(rule, { ...options, alertmanagerUrls: [] }), /alertmanagerUrls is empty/);
    assert.throws(() => alertTask({ ...rule, labels: [] }, options), /labels is empty/);
    assert.throws(
      () => alertTask({ ...rule, summary: "{nobody}" }, options),
      /"\{nobody\}" in .* is no label/,
    );
    assert.throws(
      () => alertTask({ ...rule, overrides: [{ labels: { pod: "x" }, threshold: 1 }] }, options),
      /names the label pod, which the rule lacks/,
    );
    assert.throws(
      () => alertTask({ ...rule, overrides: [{ labels: {}, threshold: 1 }] }, options),
      /without labels/,
    );
    assert.throws(
      () => alertTask({ ...rule, dashboardVariables: { x: "pod" } }, options),
      /dashboardVariables\.x names pod/,
    );
  });
});

describe("links of alerts", () => {
  it("lead to dashboards that exist, and set variables that they have", () => {
    const byUid = new Map(dashboards().map(({ uid, json }) => [uid, variablesOf(json)]));
    for (const rule of alertRules()) {
      const { name, dashboardVariables } = rule;
      const dashboardUid = /\/d\/([a-z-]+)["?]/.exec(alertTask(rule, options).flux)?.[1] ?? "none";
      const variables = byUid.get(dashboardUid);
      assert.ok(variables, `${name}: there is no dashboard ${dashboardUid}`);
      for (const variable of Object.keys(dashboardVariables)) {
        assert.ok(
          variables.includes(variable),
          `${name}: ${dashboardUid} has ${variables.join(", ")}, not ${variable}`,
        );
      }
    }
  });
});

function variablesOf(json: unknown): string[] {
  const { templating } = (typeof json === "string" ? JSON.parse(json) : json) as {
    templating: { list: { name: string }[] };
  };
  return templating.list.map(({ name }) => name);
}
