/** Text for docs/ that is derived from the alert rules and the buckets. */
import { routings, type AlertRule, type Unit } from "../components/alerts/rule";
import { type buckets, defaultRetentionDays, secondsPerDay, shardGroupSeconds } from "../contract/buckets";
import { dashboardIdentities } from "../dashboards";

/** `90 s`, `3 min`, `30 min`, `6 h`. */
export function duration(seconds: number): string {
  if (seconds <= 90) return `${seconds} s`;
  return seconds < 7200 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}

/** A value of a rule: `5 %`, `30 min`, `500,000`. */
export function readable(value: number, unit: Unit): string {
  if (unit === "ratio") return `${Math.round(1000 * value) / 10} %`;
  return unit === "seconds" ? duration(value) : value.toLocaleString("en");
}

function routingOf({ routing, severity }: AlertRule): string {
  return routing ?? (severity === "info" ? "not sent" : severity);
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The rules in one table. */
export function ruleTable(rules: readonly AlertRule[]): string {
  return table(
    [
      "rule and runbook",
      "reports",
      "severity",
      "fires above",
      "for",
      "evaluated",
      "routing",
      "inhibited by",
      "dashboard",
    ],
    rules.map((rule) => [
      `[${rule.name}](runbooks/${rule.name}.md)`,
      rule.summary.replaceAll("|", "\\|"),
      rule.severity,
      readable(rule.threshold, rule.unit) + (rule.appThreshold ? ` (\`${rule.appThreshold}\`)` : ""),
      rule.forSeconds === 0 ? "" : duration(rule.forSeconds),
      duration(rule.everySeconds),
      routingOf(rule),
      rule.inhibitedBy.join(", "),
      dashboardIdentities[rule.dashboard].title,
    ]),
  );
}

/** How alerts are grouped and how often they are sent. */
export function routingTable(): string {
  return table(
    ["routing", "grouped by", "waits", "changes after", "repeated after"],
    Object.entries(routings).map(([name, { groupBy, groupWait, groupInterval, repeatInterval }]) => [
      name,
      groupBy.join(", "),
      groupWait,
      groupInterval,
      repeatInterval,
    ]),
  );
}

/** A rule's limit, for its runbook. */
export function ruleLimit(rule: AlertRule): string {
  const holds = rule.forSeconds === 0 ? "" : `, for ${duration(rule.forSeconds)}`;
  const own = rule.appThreshold
    ? ` An app sets its own with \`${rule.appThreshold}\` of its alert options.`
    : "";
  return `Fires above ${readable(rule.threshold, rule.unit)}${holds}; evaluated each ${duration(rule.everySeconds)}. Severity: ${rule.severity}; routing: ${routingOf(rule)}.${own}`;
}

const contents: Readonly<Record<keyof typeof buckets, string>> = {
  events: "raw events and Telegraf's samples",
  minutely: "rollups of whole minutes",
  hourly: "rollups of whole hours",
  daily: "rollups of whole days (UTC), unique values",
  weekly: "rollups of weeks from Monday, and kept events",
};

/** The buckets with their default retention. */
export function bucketTable(): string {
  return table(
    ["bucket", "holds", "kept (days)", "shard group (days)"],
    Object.entries(contents).map(([name, content]) => {
      const days = defaultRetentionDays[name as keyof typeof buckets];
      return [`\`${name}\``, content, String(days), String(shardGroupSeconds(days) / secondsPerDay)];
    }),
  );
}
