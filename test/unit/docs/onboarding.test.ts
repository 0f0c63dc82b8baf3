import assert from "node:assert/strict";
import { before, test } from "node:test";
import { alertRules } from "../../../components/alerts/rules";
import { renderTelegrafConfig } from "../../../components/telegraf/telegrafConfig";
import { dashboards } from "../../../dashboards";
import { repositoryRoot } from "../../../local/paths";
import { deploy, find, type RequestedResource } from "../support/deploy";
import { podOf, variableOf, workloadsOf } from "../support/pods";
import { inLanguage } from "./blocks";
import { runBlock } from "./runBlock";

// The README's two components alone, and what of the platform picks them up: nothing there names an app.

let resources: RequestedResource[];
before(async () => {
  const [block] = inLanguage("ts").filter(({ where }) => where.startsWith("README.md"));
  ({ resources } = await deploy(() => runBlock(block?.text ?? "", repositoryRoot)));
});

const workloads = { "Deployment churn-api": "churn-api", "CronJob churn-training": "churn-training" };

test("logs: a sidecar in every pod forwards them to the aggregator, under the app's name", () => {
  for (const [title, service] of Object.entries(workloads)) {
    const { initContainers, containers, volumes } = podOf(resources, title);
    const names = initContainers?.map(({ name, restartPolicy }) => `${name} ${restartPolicy ?? "once"}`);
    assert.equal(names?.[0], "logging Always", title);
    const logged = [...(initContainers ?? []).slice(1), ...containers];
    assert.equal(logged.length, service === "churn-training" ? 2 : 1);
    for (const container of logged) {
      assert.ok(
        container.volumeMounts?.some(({ name }) => name === "logs"),
        container.name,
      );
      assert.equal(variableOf(container, "LOG_DIR"), "/var/log/app");
      assert.equal(variableOf(container, "OTEL_SERVICE_NAME"), service);
    }
    assert.ok(volumes?.some(({ name }) => name === "logging-config"));
    const config = JSON.stringify(find(resources, "ConfigMap", `${service}-logging`).inputs["data"]);
    assert.match(config, /host fluentd-aggregator\.monitoring\.svc/);
    assert.ok(config.includes(service), `lines that name no service get ${service}`);
  }
});

test("metrics: the kubelets' figures of its pods carry the app's name, and its readiness is asked for", () => {
  const config = renderTelegrafConfig({
    influxDbUrl: "http://influxdb:8086",
    environment: "test",
    kubernetes: {},
  });
  // The label that Telegraf takes with each pod's figures.
  const [, label = ""] = /label_include = \["([^"]+)"\]/.exec(config) ?? [];
  for (const [title, service] of Object.entries(workloads)) {
    const { labels } = workloadsOf(resources).find((workload) => workload.title === title) ?? {};
    assert.equal(labels?.[label], service, title);
  }
  const [, selector = ""] = /labelSelector=([^"]+)"/.exec(config) ?? [];
  const { labels } = find(resources, "Deployment", "churn-api").inputs["metadata"] as {
    labels: Record<string, string>;
  };
  for (const label of decodeURIComponent(selector).split(",")) {
    const [key = "", value] = label.split("=");
    assert.equal(labels[key], value, key);
  }
});

interface Model {
  templating: { list: { name: string; query?: string }[] };
}

test("dashboards: an app is a value of a variable that is read from the data, and no query names one", () => {
  for (const { uid, json } of dashboards()) {
    const { templating } = JSON.parse(json) as Model;
    for (const { name, query } of templating.list) {
      if (!["service", "pipeline", "model"].includes(name)) continue;
      assert.match(query ?? "", /^(SHOW TAG VALUES FROM|SELECT distinct\()/, `${uid}: ${name}`);
    }
    const conditions = [...json.matchAll(/\\"(service|pipeline|model)\\" (=~|!~|=|!=|<>) (\/\S+|'[^']*')/g)];
    for (const [text, , operator, value] of conditions) {
      assert.ok(operator === "=~" && value?.includes("${"), `${uid}: ${text}`);
    }
  }
  const chosen = (uid: string) => dashboards().find((one) => one.uid === uid)?.json ?? "";
  assert.match(chosen("model-api-usage"), /\\"service\\" =~ \/\^\$\{service:regex\}/);
  assert.match(chosen("model-approval"), /\\"pipeline\\" =~ \/\^\$\{pipeline:regex\}/);
});

test("alerts: each rule watches every app by its labels, and none names one", () => {
  const rules = alertRules();
  for (const name of [
    "ApiUnreachable",
    "ApiErrorRateHigh",
    "ApiLatencyHigh",
    "LogsStalled",
    "MemoryNearLimit",
  ]) {
    assert.ok(rules.find((rule) => rule.name === name)?.labels.includes("service"), name);
  }
  for (const name of ["TrainingRunFailed", "PipelineRunOverdue", "DataDriftDetected"]) {
    assert.ok(rules.find((rule) => rule.name === name)?.labels.includes("pipeline"), name);
  }
  for (const { name, query } of rules) {
    assert.doesNotMatch(query, /(r\.|r\[")(service|pipeline|model)("\])? *(==|!=|=~|!~) *["/]/, name);
  }
});

test("cost: every container of it asks for CPU and memory, and its lines are grouped by the app", () => {
  for (const title of Object.keys(workloads)) {
    const { initContainers = [], containers } = podOf(resources, title);
    for (const { name, resources: compute } of [...initContainers, ...containers]) {
      assert.deepEqual(Object.keys(compute?.requests ?? {}).sort(), ["cpu", "memory"], `${title} ${name}`);
    }
  }
  const { panels } = JSON.parse(dashboards().find(({ uid }) => uid === "resources-and-cost")?.json ?? "") as {
    panels: Panel[];
  };
  const [panel, ...others] = panels
    .flatMap((row) => [row, ...(row.panels ?? [])])
    .filter(({ title }) => title === "Cost by service");
  assert.ok(panel !== undefined && others.length === 0);
  for (const { query } of panel.targets ?? []) {
    assert.match(query, /resource_requests_millicpu_units.* FROM "\w+"\."kubernetes_pod_container" /);
    assert.match(query, / GROUP BY "service"$/);
  }
  assert.equal(panel.targets?.length, 1);
});

interface Panel {
  title?: string;
  targets?: { query: string }[];
  panels?: Panel[];
}
