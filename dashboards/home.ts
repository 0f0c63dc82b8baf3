import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { colouredCell, linkTo, redFrom, toItsLines, unitOf, wrapped } from "./fieldOptions";
import { fieldTable } from "./fieldQueries";
import { firingAlerts, firingNow } from "./firingAlerts";
import { equals, matchesVariable, ofLast, tag } from "./influxql";
import { dashboardPath } from "./links";
import { markdown, table } from "./panels";
import { overRollups, ratioOfCounts, totalCount } from "./rollupQueries";
import { finishedRuns } from "./runPanels";
import { inEnvironment, rollups, source } from "./sources";
import { columns } from "./transformations";
import { chained } from "./variables";
import { decisionColours } from "./verdicts";

const requests = rollups(measurements.httpRequest);
const decisions = source("weekly", measurements.decision);

/** Events of the last month, whatever the time range is. */
const ofLastMonth = [matchesVariable("environment", "environment"), ofLast("30d")];

const lastRuns = finishedRuns({ where: ofLastMonth, newest: 20 });

const environment = "${environment:queryparam}";

const alertGroups = (alertmanagerName: string): string =>
  `/alerting/groups?alertmanager=${encodeURIComponent(alertmanagerName)}`;

const questions = (alertmanagerName: string): string =>
  `
| Question | Dashboard |
| --- | --- |
| May this model go to production? | [${dashboardIdentities.modelApproval.title}](/d/${dashboardIdentities.modelApproval.uid}?${environment}) |
| What became of a training run? | [${dashboardIdentities.run.title}](/d/${dashboardIdentities.run.uid}?${environment}) |
| Is the model's API used, is it well? | [${dashboardIdentities.modelApiUsage.title}](/d/${dashboardIdentities.modelApiUsage.uid}?${environment}&\${__url_time_range}) |
| Is anything too small, too large, idle? | [${dashboardIdentities.resourcesAndCost.title}](/d/${dashboardIdentities.resourcesAndCost.uid}?${environment}&\${__url_time_range}) |
| Can these figures be believed? | [${dashboardIdentities.platformHealth.title}](/d/${dashboardIdentities.platformHealth.uid}?${environment}&\${__url_time_range}) |
| Which lines are behind it? | [${dashboardIdentities.logs.title}](/d/${dashboardIdentities.logs.uid}?${environment}&\${__url_time_range}) |
| Who knows of an alert, what is silenced? | [Alert groups](${alertGroups(alertmanagerName)}) |
`.trim();

/** Where to start: what fires, how the APIs and pipelines are, and the way to the answers. */
export function home(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.home,
      description: "What needs attention now, and where to look?",
      from: "now-24h",
      variables: chained({ measurement: measurements.httpRequest }, [
        { name: "environment", description: "Where the apps run" },
      ]),
      rows: [
        row("Verdict: does anything need attention?", [
          firingAlerts({
            where: inEnvironment,
            size: [4, 7],
            link: { title: "Alert groups", url: alertGroups(options.alertmanagerName) },
          }),
          firingNow([12, 7]),
          markdown("Where to look", {
            description: "Each dashboard answers one question; the links keep environment and time.",
            size: [8, 7],
            content: questions(options.alertmanagerName),
          }),
        ]),
        row("The APIs", [
          table("Requests by service", {
            description: "Each API with its requests in the time range; the name leads to its usage.",
            size: [12, 6],
            noValue: "no request yet: docs/instrumenting.md says how an API reports them",
            sortBy: { column: "Requests", descending: true },
            query: overRollups({
              of: requests,
              columns: [totalCount("requests")],
              where: inEnvironment,
              groupBy: [tag("service"), tag("model")],
            }),
            transformations: [columns({ service: "Service", model: "Model", requests: "Requests" })],
            overrides: {
              Requests: unitOf("short"),
              Service: linkTo(
                "Usage of ${__value.text}",
                dashboardPath(dashboardIdentities.modelApiUsage.uid, {
                  service: "${__value.text:percentencode}",
                }),
              ),
            },
          }),
          table("Error ratio by service", {
            description: "Share of requests answered with 500 to 599. Red where ApiErrorRateHigh fires.",
            size: [12, 6],
            sortBy: { column: "Error ratio", descending: true },
            query: ratioOfCounts({
              of: requests,
              where: inEnvironment,
              part: equals("status_class", "5xx"),
              groupBy: [tag("service")],
              alias: "Error ratio",
            }),
            transformations: [columns({ service: "Service" })],
            overrides: {
              Service: toItsLines,
              "Error ratio": [
                ...unitOf("percentunit", 2),
                ...colouredCell({ thresholds: redFrom(thresholds.apiErrorRatio) }),
              ],
            },
          }),
        ]),
        row("The models", [
          table("Last training runs", {
            description:
              "Finished runs of the last 30 days; the run leads to its steps, the pipeline to its approval.",
            noValue: "no run in 30 days: docs/instrumenting.md says how a pipeline reports them",
            size: [12, 7],
            ...lastRuns,
            overrides: {
              ...lastRuns.overrides,
              Pipeline: linkTo(
                "Approval of ${__value.text}",
                dashboardPath(dashboardIdentities.modelApproval.uid, {
                  pipeline: "${__value.text:percentencode}",
                }),
              ),
            },
          }),
          table("Last decisions", {
            description: "Decisions on models in the last 30 days; the version leads to its approval.",
            size: [12, 7],
            ...fieldTable({
              from: decisions,
              where: ofLastMonth,
              newest: 20,
              headings: {
                Time: "Time",
                model: "Model",
                model_version: "Version",
                decision: "Decision",
                reason: "Reason",
              },
            }),
            overrides: {
              Decision: colouredCell({ mappings: decisionColours }),
              Reason: wrapped,
              Version: linkTo(
                "Approval of ${__value.text}",
                dashboardPath(dashboardIdentities.modelApproval.uid, {
                  candidateModel: "${__data.fields.Model:percentencode}",
                  candidate: "${__value.text:percentencode}",
                }),
              ),
            },
          }),
        ]),
      ],
    },
    options,
  );
}
