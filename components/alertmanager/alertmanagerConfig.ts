import { stringify } from "yaml";
import { patterns } from "../../contract/patterns";
import { type AlertRule, routings } from "../alerts/rule";
import { alertRules } from "../alerts/rules";

/** The mail server that alerts are sent through, and who gets them. */
export interface AlertEmailOptions {
  /** Host and port of the mail server, e.g. `smtp.example.com:587`. */
  smarthost: string;
  /** Sender, e.g. `monitoring@example.com`. */
  from: string;
  /** Recipients; at least one. */
  to: readonly string[];
  /**
   * Recipients of critical alerts.
   * @default those of all alerts
   */
  criticalTo?: readonly string[];
  /**
   * Whether the mail server must offer STARTTLS.
   * @default true
   */
  requireTls?: boolean;
  /** User name at the mail server; needs `passwordFile`. */
  username?: string;
  /** File with the password; its content never shows up in Alertmanager's own status page. */
  passwordFile?: string;
}

/** Options of {@link renderAlertmanagerConfig}. */
export interface AlertmanagerConfigOptions {
  email: AlertEmailOptions;
  /** Base URL of the dashboards, named in the mails' footer. */
  grafanaUrl: string;
  /**
   * URL that gets a POST each minute while the alerting pipeline is working; a service there alerts when they stop.
   * Rules that are routed to the watchdog are not sent without it.
   */
  watchdogUrl?: string;
  /**
   * Rules whose routing and inhibitions it has.
   * @default the platform's
   */
  rules?: readonly AlertRule[];
}

const subject =
  '{{ if eq .Status "firing" }}[{{ .CommonLabels.severity | toUpper }}]{{ else if .CommonAnnotations.expired }}[NO LONGER REPORTED]{{ else }}[RESOLVED]{{ end }} ' +
  "{{ if eq (len .Alerts) 1 }}{{ (index .Alerts 0).Annotations.summary }}" +
  "{{ else }}{{ .GroupLabels.alertname }} ({{ .Alerts.Firing | len }} firing, {{ .Alerts.Resolved | len }} resolved)" +
  "{{ end }}{{ with .CommonLabels.environment }} – {{ . }}{{ end }}";

const text = `{{ range .Alerts }}{{ if eq .Status "firing" }}FIRING{{ else if .Annotations.expired }}NO LONGER REPORTED{{ else }}RESOLVED{{ end }}: {{ .Annotations.summary }}

{{ .Annotations.description }}{{ with .Annotations.expired }}

{{ . }}{{ end }}

Dashboard: {{ .Annotations.dashboard_url }}
What to do: {{ .Annotations.runbook_url }}

Since:    {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ if eq .Status "resolved" }}Until:    {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ end }}{{ range .Labels.SortedPairs }}{{ .Name }}: {{ .Value }}
{{ end }}
----
{{ end }}`;

const html = `<!DOCTYPE html>
<html lang="en"><body style="font-family: sans-serif; max-width: 40em; color: #222">
{{ range .Alerts }}
<h2 style="border-left: 6px solid {{ if .Annotations.expired }}#555555{{ else if eq .Status "resolved" }}#2e7d32{{ else if eq .Labels.severity "critical" }}#c62828{{ else }}#ef6c00{{ end }}; padding-left: 10px">{{ if .Annotations.expired }}No longer reported: {{ else if eq .Status "resolved" }}Resolved: {{ end }}{{ .Annotations.summary }}</h2>
<p>{{ .Annotations.description }}</p>{{ with .Annotations.expired }}<p>{{ . }}</p>{{ end }}
<p><a href="{{ .Annotations.dashboard_url }}">Dashboard</a> · <a href="{{ .Annotations.runbook_url }}">What to do</a></p>
<table style="color: #555; font-size: 90%">
<tr><td>since</td><td>{{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}</td></tr>
{{ if eq .Status "resolved" }}<tr><td>until</td><td>{{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}</td></tr>{{ end }}
{{ range .Labels.SortedPairs }}<tr><td>{{ .Name }}</td><td>{{ .Value }}</td></tr>
{{ end }}</table>
{{ end }}
`;

/**
 * Alertmanager's configuration (YAML): how alerts are grouped, which inhibit which, and who gets which mail.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/
 *
 * @throws RangeError that names the option and the fix
 */
export function renderAlertmanagerConfig(options: AlertmanagerConfigOptions): string {
  const { email, grafanaUrl, watchdogUrl, rules = alertRules() } = options;
  checkEmail(email);
  const footer = `<p style="color: #555; font-size: 90%">All dashboards: <a href="${grafanaUrl}">${grafanaUrl}</a></p></body></html>`;
  const mail = (to: readonly string[]): unknown => ({
    to: to.join(", "),
    send_resolved: true,
    headers: { Subject: subject },
    text: `${text}All dashboards: ${grafanaUrl}\n`,
    html: `${html}${footer}\n`,
  });
  return stringify(
    {
      global: {
        smtp_smarthost: email.smarthost,
        smtp_from: email.from,
        smtp_require_tls: email.requireTls ?? true,
        ...(email.username !== undefined && {
          smtp_auth_username: email.username,
          smtp_auth_password_file: email.passwordFile,
        }),
      },
      route: { receiver: "email", ...timing("warning"), routes: routes(rules) },
      inhibit_rules: inhibitions(rules),
      receivers: [
        { name: "email", email_configs: [mail(email.to)] },
        { name: "email-critical", email_configs: [mail(email.criticalTo ?? email.to)] },
        {
          name: "watchdog",
          ...(watchdogUrl !== undefined && {
            webhook_configs: [{ url: watchdogUrl, send_resolved: false }],
          }),
        },
        { name: "none" },
      ],
    },
    { lineWidth: 0 },
  );
}

/** A routing as Alertmanager writes it. */
function timing(name: keyof typeof routings) {
  const { groupBy, groupWait, groupInterval, repeatInterval } = routings[name];
  return {
    group_by: [...groupBy],
    group_wait: groupWait,
    group_interval: groupInterval,
    repeat_interval: repeatInterval,
  };
}

/** Routes in the order in which they are tried; warnings are left to the root. */
function routes(rules: readonly AlertRule[]): unknown[] {
  const routed = (routing: AlertRule["routing"]): string[] => {
    const names = rules.filter((rule) => rule.routing === routing).map(({ name }) => name);
    return names.length === 0 ? [] : [named(names)];
  };
  const critical = 'severity="critical"';
  return [
    ...routed("watchdog").map((rule) => ({ receiver: "watchdog", matchers: [rule], ...timing("watchdog") })),
    { receiver: "none", matchers: ['severity="info"'] },
    ...routed("run").flatMap((rule) => [
      { receiver: "email-critical", matchers: [critical, rule], ...timing("run") },
      { receiver: "email", matchers: [rule], ...timing("run") },
    ]),
    { receiver: "email-critical", matchers: [critical], ...timing("critical") },
  ];
}

/**
 * One alert silences those that name it, where all labels are equal that both rules have. A label that both alerts lack
 * counts as equal, so each is also required to be there.
 */
function inhibitions(rules: readonly AlertRule[]): unknown[] {
  return rules.flatMap((source) => {
    const targets = rules.filter(({ inhibitedBy }) => inhibitedBy.includes(source.name));
    const common = ({ labels }: AlertRule): string =>
      labels.filter((label) => source.labels.includes(label)).join();
    return [...new Set(targets.map(common))].map((labels) => {
      const equal = labels.split(",");
      const present = equal.map((label) => `${label}!=""`);
      const names = targets.filter((target) => common(target) === labels).map(({ name }) => name);
      return {
        source_matchers: [named([source.name]), ...present],
        target_matchers: [named(names), ...present],
        equal,
      };
    });
  });
}

/** Matches alerts of these rules. */
function named(rules: readonly string[]): string {
  return rules.length === 1 ? `alertname="${rules[0]}"` : `alertname=~"${rules.join("|")}"`;
}

/** @throws RangeError with an example when it has no port */
export function mailServerPort(smarthost: string): number {
  const port = patterns.hostAndPort.exec(smarthost)?.[1];
  if (port !== undefined) return Number(port);
  throw new RangeError(
    `Alertmanager: email.smarthost must be host:port, e.g. "smtp.example.com:587", got ${JSON.stringify(smarthost)}`,
  );
}

function checkEmail(email: AlertEmailOptions): void {
  mailServerPort(email.smarthost);
  for (const [option, addresses] of [
    ["to", email.to],
    ["criticalTo", email.criticalTo ?? email.to],
    ["from", [email.from]],
  ] as const) {
    const wrong = addresses.find((address) => !patterns.emailAddress.test(address));
    if (addresses.length === 0 || wrong !== undefined) {
      throw new RangeError(
        `email.${option} needs plain addresses such as "team@example.com", got ${JSON.stringify(wrong ?? [])}`,
      );
    }
  }
  if ((email.username === undefined) !== (email.passwordFile === undefined)) {
    throw new RangeError("email.username and email.passwordFile go together: give both or neither");
  }
}
