import { thresholds } from "../contract/thresholds";
import { buildDashboard } from "./buildDashboard";
import { dashboardIdentities, dashboardPath } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { firingAlerts } from "./firingAlerts";
import { equals, field, matchesVariable, select, tag, timeFilter, type Condition } from "./influxql";
import { alertGroups, colouredCell, linkTo, markdown, columns, redFrom, table, unitOf } from "./panels";
import { overRollups, ratioOfCounts, totalCount } from "./rollupQueries";
import { rollups, source } from "./sources";
import { chained } from "./variables";
import { decisionColours, resultColours } from "./verdicts";

const requests = rollups("http.server.request");
const runs = source("weekly", "pipeline.run.end");
const decisions = source("weekly", "ml.decision");

const inEnvironment: readonly Condition[] = [matchesVariable("environment", "environment"), timeFilter];
const environment = "${environment:queryparam}";

const questions = `
| Question | Dashboard |
| --- | --- |
| May this model go to production? | [${dashboardIdentities.modelApproval.title}](/d/${dashboardIdentities.modelApproval.uid}?${environment}) |
| Is the model's API used, is it well? | [${dashboardIdentities.modelApiUsage.title}](/d/${dashboardIdentities.modelApiUsage.uid}?${environment}&\${__url_time_range}) |
| Is anything too small, too large, idle? | [${dashboardIdentities.resourcesAndCost.title}](/d/${dashboardIdentities.resourcesAndCost.uid}?${environment}&\${__url_time_range}) |
| Can these figures be believed? | [${dashboardIdentities.platformHealth.title}](/d/${dashboardIdentities.platformHealth.uid}?${environment}&\${__url_time_range}) |
`.trim();

/** Where to start: what fires, how the APIs and pipelines are, and the way to the answers. */
export function home(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.home,
      description: "What needs attention now, and where to look?",
      from: "now-24h",
      variables: chained({ measurement: "http.server.request" }, [
        { name: "environment", label: "Environment", description: "Where the apps run", tag: "environment" },
      ]),
      rows: [
        {
          title: "Verdict: does anything need attention?",
          panels: [
            firingAlerts({ where: inEnvironment, width: 4, height: 7 }),
            alertGroups({
              title: "What fires now",
              description: "Alerts from Alertmanager, with their summary, silences and runbook.",
              alertmanagerName: options.alertmanagerName,
              width: 12,
              height: 7,
            }),
            markdown({
              title: "Where to look",
              description: "Each dashboard answers one question; the links keep environment and time.",
              width: 8,
              height: 7,
              content: questions,
            }),
          ],
        },
        {
          title: "The APIs",
          panels: [
            table({
              title: "Requests by service",
              description: "Each API with its requests in the time range; the name leads to its usage.",
              unit: "short",
              width: 12,
              height: 6,
              sortBy: { column: "Requests", descending: true },
              targets: [
                {
                  query: overRollups({
                    of: requests,
                    columns: [totalCount("requests")],
                    where: inEnvironment,
                    groupBy: [tag("service"), tag("model")],
                  }),
                  format: "table",
                },
              ],
              transformations: [columns({ service: "Service", model: "Model", requests: "Requests" })],
              overrides: {
                Service: linkTo(
                  "Usage of ${__value.text}",
                  dashboardPath(dashboardIdentities.modelApiUsage.uid, {
                    service: "${__value.text:percentencode}",
                  }),
                ),
              },
            }),
            table({
              title: "Error ratio by service",
              description: "Share of requests answered with 500 to 599. Red where ApiErrorRateHigh fires.",
              unit: "percentunit",
              decimals: 2,
              width: 12,
              height: 6,
              sortBy: { column: "Error ratio", descending: true },
              targets: [
                {
                  query: ratioOfCounts({
                    of: requests,
                    where: inEnvironment,
                    part: equals("status_class", "5xx"),
                    groupBy: [tag("service")],
                    alias: "Error ratio",
                  }),
                  format: "table",
                },
              ],
              transformations: [columns({ service: "Service" })],
              overrides: { "Error ratio": colouredCell({ thresholds: redFrom(thresholds.apiErrorRatio) }) },
            }),
          ],
        },
        {
          title: "The models",
          panels: [
            table({
              title: "Last training runs",
              description: "Finished runs of the last 30 days; the pipeline leads to its approval.",
              unit: "string",
              width: 12,
              height: 7,
              timeFrom: "30d",
              targets: [
                {
                  query: select(
                    field("pipeline"),
                    field("result"),
                    field("duration_s"),
                    field("cicd.pipeline.run.id"),
                  )
                    .from(runs)
                    .where(...inEnvironment)
                    .newestFirst()
                    .limit(20),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  Time: "Time",
                  pipeline: "Pipeline",
                  result: "Result",
                  duration_s: "Duration",
                  "cicd.pipeline.run.id": "Run",
                }),
              ],
              overrides: {
                Result: colouredCell({ mappings: resultColours }),
                Duration: unitOf("s"),
                Pipeline: linkTo(
                  "Approval of ${__value.text}",
                  dashboardPath(dashboardIdentities.modelApproval.uid, {
                    pipeline: "${__value.text:percentencode}",
                  }),
                ),
              },
            }),
            table({
              title: "Last decisions",
              description: "Decisions on models in the last 30 days; the version leads to its approval.",
              unit: "string",
              width: 12,
              height: 7,
              timeFrom: "30d",
              targets: [
                {
                  query: select(field("model"), field("model_version"), field("decision"), field("reason"))
                    .from(decisions)
                    .where(...inEnvironment)
                    .newestFirst()
                    .limit(20),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  Time: "Time",
                  model: "Model",
                  model_version: "Version",
                  decision: "Decision",
                  reason: "Reason",
                }),
              ],
              overrides: {
                Decision: colouredCell({ mappings: decisionColours }),
                Version: linkTo(
                  "Approval of ${__value.text}",
                  dashboardPath(dashboardIdentities.modelApproval.uid, {
                    model: "${__data.fields.Model:percentencode}",
                    version: "${__value.text:percentencode}",
                  }),
                ),
              },
            }),
          ],
        },
      ],
    },
    options,
  );
}
