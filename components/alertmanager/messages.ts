/**
 * What the messages say, as Alertmanager's templates.
 *
 * Source: https://prometheus.io/docs/alerting/latest/notifications/
 */

/** `FIRING: ` of an alert or its counterparts, in capitals. */
const alertStatus = `{{ if eq .Status "firing" }}FIRING{{ else if .Annotations.expired }}NO LONGER REPORTED{{ else }}RESOLVED{{ end }}`;

/** The status of a group: its severity while it fires. */
const groupStatus =
  '{{ if eq .Status "firing" }}[{{ .CommonLabels.severity | toUpper }}]{{ else if .CommonAnnotations.expired }}[NO LONGER REPORTED]{{ else }}[RESOLVED]{{ end }}';

/** What a group is about, in one line. */
const about =
  "{{ if eq (len .Alerts) 1 }}{{ (index .Alerts 0).Annotations.summary }}" +
  "{{ else }}{{ .GroupLabels.alertname }} ({{ .Alerts.Firing | len }} firing, {{ .Alerts.Resolved | len }} resolved)" +
  "{{ end }}{{ with .CommonLabels.environment }} – {{ . }}{{ end }}";

/** Subject of a mail, title of a message. */
export const subject = `${groupStatus} ${about}`;

/** Subject without a status, for services that show one of their own. */
export const summary = about;

/** Link to the dashboard of the first alert. */
export const dashboardUrl = "{{ (index .Alerts 0).Annotations.dashboard_url }}";

/** Link to the runbook of the first alert. */
export const runbookUrl = "{{ (index .Alerts 0).Annotations.runbook_url }}";

/** Log lines of ten minutes before and after an alert began, where it is about a service. */
const linesUrl = [
  "{{ .Annotations.lines_url }}",
  "&from={{ (.StartsAt.Add -600000000000).UnixMilli }}",
  "&to={{ (.StartsAt.Add 600000000000).UnixMilli }}",
].join("");
const whereLines = (text: string): string => `{{ if .Annotations.lines_url }}${text}{{ end }}`;

/** The alerts as text with links, as a service writes those. */
function linkedText(link: (text: string, url: string) => string, bold: string): string {
  const links = [
    link("Dashboard", "{{ .Annotations.dashboard_url }}"),
    link("What to do", "{{ .Annotations.runbook_url }}"),
  ];
  return `{{ range .Alerts }}${bold}${alertStatus}: {{ .Annotations.summary }}${bold}

{{ .Annotations.description }}{{ with .Annotations.expired }}

{{ . }}{{ end }}

${links.join(" · ")}${whereLines(` · ${link("Log lines", linesUrl)}`)}

{{ end }}`;
}

/** Slack's own markup. */
export const slackText = linkedText((text, url) => `<${url}|${text}>`, "*");

/** Markdown. */
export const markdown = linkedText((text, url) => `[${text}](${url})`, "**");

/** Plain text of a mail. */
export const plainText = (
  grafanaUrl: string,
): string => `{{ range .Alerts }}${alertStatus}: {{ .Annotations.summary }}

{{ .Annotations.description }}{{ with .Annotations.expired }}

{{ . }}{{ end }}

Dashboard: {{ .Annotations.dashboard_url }}
${whereLines(`Log lines: ${linesUrl}\n`)}What to do: {{ .Annotations.runbook_url }}

Since:    {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ if eq .Status "resolved" }}Until:    {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ end }}{{ range .Labels.SortedPairs }}{{ .Name }}: {{ .Value }}
{{ end }}
----
{{ end }}All dashboards: ${grafanaUrl}
`;

/** HTML of a mail. */
export const html = (grafanaUrl: string): string => `<!DOCTYPE html>
<html lang="en"><body style="font-family: sans-serif; max-width: 40em; color: #222">
{{ range .Alerts }}
<h2 style="border-left: 6px solid {{ if .Annotations.expired }}#555555{{ else if eq .Status "resolved" }}#2e7d32{{ else if eq .Labels.severity "critical" }}#c62828{{ else }}#ef6c00{{ end }}; padding-left: 10px">{{ if .Annotations.expired }}No longer reported: {{ else if eq .Status "resolved" }}Resolved: {{ end }}{{ .Annotations.summary }}</h2>
<p>{{ .Annotations.description }}</p>{{ with .Annotations.expired }}<p>{{ . }}</p>{{ end }}
<p><a href="{{ .Annotations.dashboard_url }}">Dashboard</a> · ${whereLines(`<a href="${linesUrl}">Log lines</a> · `)}<a href="{{ .Annotations.runbook_url }}">What to do</a></p>
<table style="color: #555; font-size: 90%">
<tr><td>since</td><td>{{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}</td></tr>
{{ if eq .Status "resolved" }}<tr><td>until</td><td>{{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}</td></tr>{{ end }}
{{ range .Labels.SortedPairs }}<tr><td>{{ .Name }}</td><td>{{ .Value }}</td></tr>
{{ end }}</table>
{{ end }}
<p style="color: #555; font-size: 90%">All dashboards: <a href="${grafanaUrl}">${grafanaUrl}</a></p></body></html>
`;
