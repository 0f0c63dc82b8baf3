import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import {
  type AlertEmailOptions,
  renderAlertmanagerConfig,
} from "../../../components/alertmanager/alertmanagerConfig";

const email: AlertEmailOptions = {
  smarthost: "smtp.example.com:587",
  from: "monitoring@example.com",
  to: ["team@example.com", "second@example.com"],
};
const grafanaUrl = "https://grafana.example.com";

interface Route {
  receiver: string;
  group_by: string[];
  group_wait: string;
  group_interval: string;
  repeat_interval: string;
}

interface Config {
  global: Record<string, unknown>;
  route: Route & { routes: (Partial<Route> & { receiver: string; matchers: string[] })[] };
  inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal: string[] }[];
  receivers: {
    name: string;
    email_configs?: { to: string; send_resolved: boolean }[];
    webhook_configs?: { url: string }[];
  }[];
}
const rendered = (options: Partial<AlertEmailOptions> = {}, watchdogUrl?: string): Config =>
  parse(renderAlertmanagerConfig({ email: { ...email, ...options }, grafanaUrl, watchdogUrl })) as Config;

describe("renderAlertmanagerConfig", () => {
  it("reads the password from a file and demands TLS", () => {
    const { global } = rendered({ username: "monitoring", passwordFile: "/secrets/smtp" });
    assert.deepEqual(global, {
      smtp_smarthost: "smtp.example.com:587",
      smtp_from: "monitoring@example.com",
      smtp_require_tls: true,
      smtp_auth_username: "monitoring",
      smtp_auth_password_file: "/secrets/smtp",
    });
    assert.equal(rendered({ requireTls: false }).global.smtp_require_tls, false);
  });

  it("mails all recipients, critical alerts to their own, and resolved alerts too", () => {
    const { receivers } = rendered({ criticalTo: ["on-call@example.com"] });
    const mailed = receivers.flatMap(({ name, email_configs = [] }) =>
      email_configs.map(({ to, send_resolved }) => [name, to, send_resolved]),
    );
    assert.deepEqual(mailed, [
      ["email", "team@example.com, second@example.com", true],
      ["email-critical", "on-call@example.com", true],
    ]);
  });

  it("routes each alert as its rule asks: by run, to the watchdog, or by severity", () => {
    const app = ["alertname", "service", "environment"];
    const run = [...app, "pipeline", "run"];
    // As Alertmanager documents it: the first child that matches, with what it leaves out from its parent.
    const routed = (alertname: string, severity: string): unknown[] => {
      const { routes, ...root } = rendered().route;
      const labels = { alertname, severity };
      const match = routes.find(({ matchers }) =>
        matchers.every((matcher) => {
          const [, label, operator, value] = /^(\w+)(=~?)"(.*)"$/.exec(matcher) ?? [];
          const actual = labels[label as keyof typeof labels];
          return operator === "=" ? actual === value : new RegExp(`^(?:${value})$`).test(actual);
        }),
      );
      const { receiver, group_by, group_wait, group_interval, repeat_interval } = { ...root, ...match };
      return [receiver, group_by, group_wait, group_interval, repeat_interval];
    };
    assert.deepEqual(routed("Watchdog", "info"), ["watchdog", app, "0s", "30s", "50s"]);
    assert.equal(routed("Other", "info")[0], "none");
    for (const name of ["TrainingRunFailed", "PipelineRunOverdue"]) {
      assert.deepEqual(routed(name, "critical"), ["email-critical", run, "5s", "1m", "48h"], name);
    }
    assert.deepEqual(routed("DataDriftDetected", "warning"), ["email", run, "5s", "1m", "48h"]);
    assert.deepEqual(routed("ApiUnreachable", "critical"), ["email-critical", app, "5s", "1m", "4h"]);
    assert.deepEqual(routed("LogsStalled", "warning"), ["email", app, "30s", "5m", "12h"]);
  });

  it("inhibits what follows from an unreachable API, or from its errors", () => {
    assert.deepEqual(
      rendered().inhibit_rules.map(({ source_matchers, target_matchers }) => [
        source_matchers[0],
        target_matchers[0],
      ]),
      [
        [
          'alertname="ApiUnreachable"',
          'alertname=~"ApiErrorRateHigh|ApiLatencyHigh|PodNotReady|LogsStalled"',
        ],
        ['alertname="ApiErrorRateHigh"', 'alertname="ApiLatencyHigh"'],
        ['alertname="TrainingRunFailed"', 'alertname="JobFailed"'],
        ['alertname="VolumeFillingUp"', 'alertname="VolumeFullSoon"'],
        ['alertname="JobFailed"', 'alertname="PipelineRunOverdue"'],
      ],
    );
  });

  it("inhibits alerts of the same run, or the same volume, only", () => {
    const equalOf = (source: string) =>
      rendered().inhibit_rules.find(({ source_matchers }) => source_matchers[0] === `alertname="${source}"`)
        ?.equal;
    assert.deepEqual(equalOf("ApiUnreachable"), ["service", "environment"]);
    assert.deepEqual(equalOf("TrainingRunFailed"), ["service", "environment", "run"]);
    assert.ok(equalOf("VolumeFillingUp")?.includes("volume_name"));
  });

  it("inhibits only where the labels that have to be equal are there", () => {
    const { inhibit_rules } = rendered();
    assert.ok(inhibit_rules.length > 0);
    for (const { source_matchers, target_matchers, equal } of inhibit_rules) {
      for (const label of equal) {
        assert.ok(
          source_matchers.includes(`${label}!=""`) && target_matchers.includes(`${label}!=""`),
          label,
        );
      }
    }
  });

  it("repeats at multiples of the group's interval, the Watchdog a little before one", () => {
    const seconds = (duration: string): number => {
      const [, amount, unit] = /^(\d+)([smh])$/.exec(duration) ?? [];
      return Number(amount) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"];
    };
    for (const { receiver, repeat_interval, group_interval } of rendered().route.routes) {
      if (repeat_interval === undefined || group_interval === undefined) continue;
      const [repeated, interval] = [seconds(repeat_interval), seconds(group_interval)];
      if (receiver === "watchdog") assert.equal(Math.ceil(repeated / interval) * interval, 60);
      else assert.equal(repeated % interval, 0);
    }
  });

  it("sends the Watchdog to a service of its own, or nowhere", () => {
    const watchdog = (config: Config) => config.receivers.find(({ name }) => name === "watchdog");
    assert.deepEqual(
      watchdog(rendered({}, "https://watch.example.com/x"))?.webhook_configs?.map(({ url }) => url),
      ["https://watch.example.com/x"],
    );
    assert.equal(watchdog(rendered())?.webhook_configs, undefined);
  });

  it("refuses addresses and servers that can't be, and names the option", () => {
    assert.throws(() => rendered({ smarthost: "smtp.example.com" }), /email\.smarthost must be host:port/);
    assert.throws(() => rendered({ to: [] }), /email\.to needs plain addresses/);
    assert.throws(
      () => rendered({ from: "Monitoring" }),
      /email\.from needs plain addresses .* got "Monitoring"/,
    );
    assert.throws(() => rendered({ criticalTo: ["a@b", "x, y@z"] }), /email\.criticalTo/);
    assert.throws(() => rendered({ username: "u" }), /go together/);
  });
});
