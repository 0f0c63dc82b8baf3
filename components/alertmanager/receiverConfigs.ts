import * as messages from "./messages";
import { defaultUrls, type Receiver, secretFile } from "./receivers";

/** What every receiver's messages refer to. */
export interface MessageOptions {
  /** Base URL of the dashboards. */
  grafanaUrl: string;
  /** Folder of the files with the secrets. */
  secretsFolder: string;
}

/**
 * A receiver as Alertmanager's configuration has it. Its secrets are read from files, whose content never shows up in
 * Alertmanager's own status page.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#general-receiver-related-settings
 *
 * @param tellsEnds whether people are told that an alert is over; services that keep incidents always are
 */
export function receiverConfig(
  name: string,
  receiver: Receiver,
  options: MessageOptions,
  tellsEnds = true,
): Record<string, unknown> {
  const { email, slack, msTeams, pagerDuty, opsgenie, webhook } = receiver;
  const { grafanaUrl } = options;
  const file = (...[way, key]: [Parameters<typeof secretFile>[1], string]): string =>
    `${options.secretsFolder}/${secretFile(name, way, key)}`;
  const ended = { send_resolved: true };
  const told = { send_resolved: tellsEnds };
  return {
    name,
    ...(email && {
      email_configs: [
        {
          to: email.to.join(", "),
          ...told,
          headers: { Subject: messages.subject },
          text: messages.plainText(grafanaUrl),
          html: messages.html(grafanaUrl),
        },
      ],
    }),
    ...(slack && {
      slack_configs: [
        {
          api_url_file: file("slack", "url"),
          ...(slack.channel !== undefined && { channel: slack.channel }),
          ...told,
          title: messages.subject,
          title_link: messages.dashboardUrl,
          text: messages.slackText,
          fallback: messages.subject,
          color:
            '{{ if eq .Status "resolved" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}',
        },
      ],
    }),
    ...(msTeams && {
      msteamsv2_configs: [
        {
          webhook_url_file: file("msTeams", "url"),
          ...told,
          title: messages.subject,
          text: messages.markdown,
        },
      ],
    }),
    ...(pagerDuty && {
      pagerduty_configs: [
        {
          routing_key_file: file("pagerDuty", "integrationKey"),
          url: pagerDuty.url ?? defaultUrls.pagerDuty,
          ...ended,
          description: messages.summary,
          severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
          source: "{{ .CommonLabels.service }}",
          component: "{{ .CommonLabels.service }}",
          group: "{{ .CommonLabels.environment }}",
          class: "{{ .CommonLabels.alertname }}",
          client: "ds-monitoring",
          client_url: messages.dashboardUrl,
          details: { description: messages.markdown },
          links: [
            { href: messages.dashboardUrl, text: "Dashboard" },
            { href: messages.runbookUrl, text: "What to do" },
          ],
        },
      ],
    }),
    ...(opsgenie && {
      opsgenie_configs: [
        {
          api_key_file: file("opsgenie", "apiKey"),
          api_url: opsgenie.url ?? defaultUrls.opsgenie,
          ...ended,
          message: messages.summary,
          description: messages.markdown,
          source: grafanaUrl,
          entity: "{{ .CommonLabels.service }}",
          tags: "{{ .CommonLabels.alertname }},{{ .CommonLabels.environment }}",
          priority: '{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}',
        },
      ],
    }),
    ...(webhook && {
      webhook_configs: [
        {
          url_file: file("webhook", "url"),
          ...ended,
          ...(webhook.token !== undefined && {
            http_config: { authorization: { credentials_file: file("webhook", "token") } },
          }),
        },
      ],
    }),
  };
}
