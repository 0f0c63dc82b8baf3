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

interface Config {
  global: Record<string, unknown>;
  route: { routes: { matchers: string[]; repeat_interval?: string; group_interval?: string }[] };
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

  it("mails everybody, critical alerts to their own recipients, and ends too", () => {
    const { receivers } = rendered({ criticalTo: ["on-call@example.com"] });
    const mailed = receivers.flatMap(({ name, email_configs = [] }) =>
      email_configs.map(({ to, send_resolved }) => [name, to, send_resolved]),
    );
    assert.deepEqual(mailed, [
      ["email", "team@example.com, second@example.com", true],
      ["email-critical", "on-call@example.com", true],
    ]);
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

  it("repeats at multiples of the group's interval", () => {
    const seconds = (duration: string): number => {
      const [, amount, unit] = /^(\d+)([smh])$/.exec(duration) ?? [];
      return Number(amount) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"];
    };
    for (const { repeat_interval, group_interval } of rendered().route.routes) {
      if (repeat_interval === undefined || group_interval === undefined) continue;
      assert.equal(seconds(repeat_interval) % seconds(group_interval), 0);
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
