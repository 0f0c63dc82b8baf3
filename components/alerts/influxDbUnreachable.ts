import { dashboardUids } from "../../contract/dashboardUids";
import { withoutEndSlashes } from "../../contract/patterns";
import { parts } from "../platform/parts";
import type { AlertTaskOptions } from "./alertTasks";

/** The alert that no rule gives: Telegraf posts it while InfluxDB, which evaluates the rules, does not answer. */
export const influxDbUnreachable = "InfluxDbUnreachable";

/** Labels and annotations of it. */
export function influxDbAlert({
  environment = "",
  grafanaUrl,
  runbookBaseUrl,
}: Pick<AlertTaskOptions, "environment" | "grafanaUrl" | "runbookBaseUrl">) {
  return {
    labels: {
      alertname: influxDbUnreachable,
      severity: "critical",
      service: parts.influxDb.name,
      environment,
    },
    annotations: {
      summary: "InfluxDB does not answer",
      description:
        "For a minute InfluxDB has not answered Telegraf. No alert is evaluated: none begins, and those that fired are not known to be over. Logs and samples wait in the buffers.",
      runbook_url: `${withoutEndSlashes(runbookBaseUrl)}/${influxDbUnreachable}.md`,
      dashboard_url: `${withoutEndSlashes(grafanaUrl)}/d/${dashboardUids.platformHealth}`,
    },
  };
}
