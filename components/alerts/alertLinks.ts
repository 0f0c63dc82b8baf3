import { dashboardUids } from "../../contract/dashboardUids";
import { withoutEndSlashes } from "../../contract/patterns";
import { fluxString } from "../influxdb/flux";
import type { AlertRule } from "./rule";

/**
 * Flux of the address of the rule's dashboard.
 *
 * @throws RangeError naming a variable that no label of the rule fills in
 */
export function dashboardUrl(rule: AlertRule, grafanaUrl: string): string {
  for (const [variable, label] of Object.entries(rule.dashboardVariables)) {
    if (!rule.labels.includes(label)) {
      throw new RangeError(
        `${rule.name}: dashboardVariables.${variable} names ${label}, which is no label of the rule`,
      );
    }
  }
  return pageUrl(grafanaUrl, dashboardUids[rule.dashboard], rule.dashboardVariables);
}

/** Annotation with the log lines of the service that an alert is about; messages add the time. Empty for other alerts. */
export function linesUrl({ labels }: AlertRule, grafanaUrl: string): string {
  if (!labels.includes("service")) return "";
  const known = ["service", "environment"].filter((label) => labels.includes(label));
  const url = pageUrl(
    grafanaUrl,
    dashboardUids.logs,
    Object.fromEntries(known.map((label) => [label, label])),
  );
  return `\n                    lines_url: ${url},`;
}

/** Flux of the address of a dashboard. @param variables each with the label that it is chosen by */
function pageUrl(grafanaUrl: string, uid: string, variables: Readonly<Record<string, string>>): string {
  const base = fluxString(`${withoutEndSlashes(grafanaUrl)}/d/${uid}`);
  const chosen = Object.entries(variables).map(
    ([variable, label], index) =>
      `${fluxString(`${index === 0 ? "?" : "&"}var-${variable}=`)} + http.pathEscape(inputString: r[${fluxString(label)}])`,
  );
  return [base, ...chosen].join(" + ");
}
