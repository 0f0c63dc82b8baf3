import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import {
  type AlertEmailOptions,
  type AlertmanagerConfigOptions,
  renderAlertmanagerConfig,
} from "../../../components/alertmanager/alertmanagerConfig";
import { alertRules } from "../../../components/alerts/rules";

const email: AlertEmailOptions = {
  smarthost: "smtp.example.com:587",
  from: "monitoring@example.com",
  to: ["team@example.com", "second@example.com"],
};
const grafanaUrl = "https://grafana.example.com";

interface Route {
  receiver: string;
  matchers?: string[];
  group_by: string[];
  group_wait: string;
  group_interval: string;
  repeat_interval: string;
  routes?: (Partial<Route> & { receiver: string })[];
  mute_time_intervals?: string[];
}

interface Config {
  global: Record<string, unknown>;
  route: Route;
  inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal?: string[] }[];
  time_intervals: { name: string; time_intervals: unknown[] }[];
  receivers: {
    name: string;
    email_configs?: { to: string; send_resolved: boolean }[];
    webhook_configs?: { url_file: string }[];
  }[];
}
const rendered = (
  options: Partial<AlertEmailOptions> = {},
  others: Partial<AlertmanagerConfigOptions> = {},
): Config =>
  parse(
    renderAlertmanagerConfig({
      email: { ...email, ...options },
      grafanaUrl,
      secretsFolder: "/secrets",
      ...others,
    }),
  ) as Config;

describe("renderAlertmanagerConfig", () => {
  it("reads the password from a file and demands TLS", () => {
    const { global } = rendered({ username: "monitoring" });
    assert.deepEqual(global, {
      smtp_smarthost: "smtp.example.com:587",
      smtp_from: "monitoring@example.com",
      smtp_require_tls: true,
      smtp_auth_username: "monitoring",
      smtp_auth_password_file: "/secrets/smtpPassword",
    });
    assert.equal(rendered({ requireTls: false }).global.smtp_require_tls, false);
  });

  it("mails all recipients, critical alerts to their own, and resolved alerts too, but of events", () => {
    const { receivers } = rendered({ criticalTo: ["on-call@example.com"] });
    const mailed = receivers.flatMap(({ name, email_configs = [] }) =>
      email_configs.map(({ to, send_resolved }) => [name, to, send_resolved]),
    );
    assert.deepEqual(mailed, [
      ["email", "team@example.com, second@example.com", true],
      ["email/begins", "team@example.com, second@example.com", false],
      ["email-critical", "on-call@example.com", true],
    ]);
  });

  it("tells services that keep incidents of every end, people not of an event's", () => {
    const { receivers } = rendered(
      {},
      {
        receivers: {
          duty: {
            pagerDuty: { integrationKey: "k" },
            slack: { url: "https://hooks.slack.com/x" },
            opsgenie: { apiKey: "k" },
            webhook: { url: "https://tickets.example.com" },
            msTeams: { url: "https://x.webhook.office.com/y" },
          },
        },
      },
    );
    const told = (name: string) => {
      const found = receivers.find((one) => one.name === name) ?? {};
      return Object.entries(found).flatMap(([way, configs]) =>
        Array.isArray(configs) && (configs as { send_resolved: boolean }[])[0]?.send_resolved ? [way] : [],
      );
    };
    const machines = ["pagerduty_configs", "opsgenie_configs", "webhook_configs"];
    assert.deepEqual(told("duty/begins"), machines);
    assert.deepEqual(told("duty").sort(), [...machines, "slack_configs", "msteamsv2_configs"].sort());
  });

  it("groups and repeats each alert as its rule asks", () => {
    const app = ["alertname", "service", "environment"];
    const run = [...app, "pipeline", "run"];
    // Who gets it, amtool says, in test/dataplane/configs.test.ts.
    const routed = (alertname: string, severity: string): unknown[] => {
      const { routes = [], ...root } = rendered().route;
      const labels = { alertname, severity };
      const match = routes.find(({ matchers = [] }) =>
        matchers.every((matcher) => {
          const [, label, operator, value] = /^(\w+)(=~?)"(.*)"$/.exec(matcher) ?? [];
          const actual = labels[label as keyof typeof labels];
          return operator === "=" ? actual === value : new RegExp(`^(?:${value})$`).test(actual);
        }),
      );
      const { group_by, group_wait, group_interval, repeat_interval } = { ...root, ...match };
      return [group_by, group_wait, group_interval, repeat_interval];
    };
    assert.deepEqual(routed("Watchdog", "info"), [app, "0s", "30s", "50s"]);
    for (const name of ["TrainingRunFailed", "PipelineRunOverdue"]) {
      assert.deepEqual(routed(name, "critical"), [run, "5s", "1m", "48h"], name);
    }
    assert.deepEqual(routed("DataDriftDetected", "warning"), [run, "5s", "1m", "48h"]);
    assert.deepEqual(routed("ApiUnreachable", "critical"), [app, "5s", "1m", "4h"]);
    assert.deepEqual(routed("LogsStalled", "warning"), [app, "30s", "5m", "12h"]);
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
          'alertname=~"ApiErrorRateHigh|ApiLatencyHigh|ErrorBudgetBurnsFast|ContainerRestarting|PodNotStarting|PodNotReady|DeploymentStuck|LogsStalled"',
        ],
        ['alertname="ApiErrorRateHigh"', 'alertname=~"ApiLatencyHigh|ErrorBudgetBurnsFast"'],
        ['alertname="ErrorBudgetBurnsFast"', 'alertname="ApiLatencyHigh"'],
        // Of the same objective only.
        ['alertname="ErrorBudgetBurnsFast"', 'alertname="ErrorBudgetBurnsSlowly"'],
        ['alertname="TrainingRunFailed"', 'alertname="JobFailed"'],
        ['alertname="ContainerRestarting"', 'alertname=~"PodNotReady|DeploymentStuck"'],
        ['alertname="VolumeFillingUp"', 'alertname="VolumeFullSoon"'],
        ['alertname="JobFailed"', 'alertname="PipelineRunOverdue"'],
        ['alertname="PodNotStarting"', 'alertname=~"PodNotReady|DeploymentStuck|ClaimNotBound"'],
        ['alertname="DeploymentStuck"', 'alertname="PodNotReady"'],
        // What InfluxDB posted before ends meanwhile, and is not known to be over.
        [
          'alertname="InfluxDbUnreachable"',
          `alertname=~"${alertRules()
            .map(({ name }) => name)
            .join("|")}"`,
        ],
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
    // A Deployment does not have the name of its pod, nor is it stuck for the same reason.
    assert.deepEqual(equalOf("PodNotStarting"), ["service", "environment", "namespace"]);
  });

  it("inhibits only where the labels that have to be equal are there", () => {
    const { inhibit_rules } = rendered();
    assert.ok(inhibit_rules.length > 0);
    for (const { source_matchers, target_matchers, equal = [] } of inhibit_rules) {
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
    for (const { receiver, repeat_interval, group_interval } of rendered().route.routes ?? []) {
      if (repeat_interval === undefined || group_interval === undefined) continue;
      const [repeated, interval] = [seconds(repeat_interval), seconds(group_interval)];
      if (receiver === "watchdog") assert.equal(Math.ceil(repeated / interval) * interval, 60);
      else assert.equal(repeated % interval, 0);
    }
  });

  it("sends the Watchdog to a service of its own, or nowhere", () => {
    const watchdog = (config: Config) => config.receivers.find(({ name }) => name === "watchdog");
    assert.deepEqual(
      watchdog(rendered({}, { watchdog: true }))?.webhook_configs?.map(({ url_file }) => url_file),
      ["/secrets/watchdogUrl"],
    );
    assert.equal(watchdog(rendered())?.webhook_configs, undefined);
  });

  it("leaves a receiver in peace at its quiet times, also over midnight and in its time zone", () => {
    const quietTimes = [
      {
        begin: "20:00",
        end: "07:00",
        days: ["friday" as const, "saturday" as const],
        timeZone: "Europe/Berlin",
      },
      { days: ["sunday" as const], severities: ["critical" as const, "warning" as const] },
    ];
    const { time_intervals, route } = rendered(
      {},
      { receivers: { team: { email: { to: ["a@b"] }, quietTimes } } },
    );
    const whole = {
      times: [{ start_time: "00:00", end_time: "24:00" }],
      weekdays: ["sunday"],
      location: "UTC",
    };
    const location = "Europe/Berlin";
    assert.deepEqual(time_intervals, [
      { name: "team-critical", time_intervals: [whole] },
      {
        name: "team-warning",
        time_intervals: [
          { times: [{ start_time: "20:00", end_time: "24:00" }], weekdays: ["friday", "saturday"], location },
          { times: [{ start_time: "00:00", end_time: "07:00" }], weekdays: ["saturday", "sunday"], location },
          whole,
        ],
      },
    ]);
    const muted = (route.routes ?? []).filter(({ mute_time_intervals }) => mute_time_intervals !== undefined);
    assert.deepEqual(
      muted.map(({ receiver, mute_time_intervals }) => [receiver, mute_time_intervals]),
      [["team", ["team-warning"]]],
    );
  });

  it("refuses receivers that can't be, and names the key", () => {
    const team = { email: { to: ["a@b"] } };
    const cases: [AlertmanagerConfigOptions["receivers"], RegExp][] = [
      [{ Team: team }, /receivers\.Team: the name must be lower-case/],
      [{ none: team }, /receivers\.none: the name must be .* none of watchdog, none/],
      [{ email: team }, /receivers\.email: the name is that of email\.to/],
      [{ team: {} }, /receivers\.team leads nowhere: give it one of email, slack, msTeams/],
      [{ team: { email: { to: ["x, y@z"] } } }, /receivers\.team\.email\.to needs plain addresses/],
      [{ team: { ...team, services: ["a"], owners: ["b"] } }, /services and owners exclude each other/],
      [{ team: { ...team, services: ["a"], all: true } }, /receivers\.team\.all is for a receiver without/],
      [{ team: { ...team, owners: [] } }, /receivers\.team\.owners is empty/],
      [
        { team: { slack: { url: "hush" } } },
        /^RangeError: .*receivers\.team\.slack\.url is no URL: give(?!.*hush)/,
      ],
      [{ team: { ...team, quietTimes: [{ begin: "8:00" }] } }, /quietTimes\[0\]\.begin must be a time/],
      [{ team: { ...team, quietTimes: [{ begin: "08:00", end: "08:00" }] } }, /begin and end are both 08:00/],
      [
        { team: { ...team, quietTimes: [{ timeZone: "Berlin" }] } },
        /timeZone must be a name of the tz database/,
      ],
    ];
    for (const [receivers, message] of cases) {
      assert.throws(() => rendered({}, { receivers }), message);
    }
    const withoutMail = (receivers: AlertmanagerConfigOptions["receivers"]) =>
      rendered({}, { email: undefined, receivers });
    assert.throws(() => withoutMail({ team }), /receivers\.team\.email needs a mail server: set .*smarthost/);
    const slack = { url: "https://hooks.example.com/x" };
    assert.throws(
      () => withoutMail({ team: { slack, severities: ["critical"] }, churn: { slack, owners: ["churn"] } }),
      /nobody gets a warning alert of an app that no receiver names: .* hold "warning"/,
    );
    assert.throws(
      () => rendered({ to: undefined, criticalTo: ["a@b"] }),
      /email\.criticalTo needs email\.to/,
    );
  });

  it("refuses addresses and servers that can't be, and names the option", () => {
    assert.throws(() => rendered({ smarthost: "smtp.example.com" }), /email\.smarthost must be host:port/);
    assert.throws(() => rendered({ to: [] }), /email\.to needs plain addresses/);
    assert.throws(
      () => rendered({ from: "Monitoring" }),
      /email\.from needs plain addresses .* got "Monitoring"/,
    );
    assert.throws(() => rendered({ criticalTo: ["a@b", "x, y@z"] }), /email\.criticalTo/);
  });
});
