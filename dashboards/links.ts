import { dashboardUids } from "../contract/dashboardUids";

/** A link of a figure. */
export interface FigureLink {
  /** What it leads to, for people. */
  readonly title: string;
  /** Its address, for example of `dashboardPath`; `${__field.labels.service}` is filled in by Grafana. */
  readonly url: string;
}

/**
 * Path and query of a dashboard that keeps the environment and the time range of the one it is linked from.
 *
 * @param variables names of the dashboard's variables and their values, which may be Grafana's macros such as
 * `${__data.fields.Model}`
 * @param carried variables that both dashboards have, whose chosen values go along
 */
export function dashboardPath(
  uid: string,
  variables: Readonly<Record<string, string>> = {},
  carried: readonly string[] = [],
): string {
  const query = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  const chosen = ["environment", ...carried].map((name) => `\${${name}:queryparam}`);
  return `/d/${uid}?${[...query, ...chosen, "${__url_time_range}"].join("&")}`;
}

/**
 * Path and query of the log lines of the time range of the dashboard that one comes from.
 *
 * @param variables of Logs, for example `{ service: "${__field.labels.service:percentencode}" }`
 */
export const linesPath = (
  variables: Readonly<Record<string, string>> = {},
  carried: readonly string[] = [],
): string => dashboardPath(dashboardUids.logs, variables, carried);

/** The lines of the service that a series is of. */
export const linesOfSeries: FigureLink = {
  title: "Its lines",
  url: linesPath({ service: "${__field.labels.service:percentencode}" }),
};

/** The lines of the services that are chosen. */
export const linesOfChosen: FigureLink = {
  title: "Lines of the chosen services",
  url: linesPath({}, ["service"]),
};

/** The alerts that fire. */
export const whatFires: FigureLink = { title: "What fires now", url: dashboardPath(dashboardUids.home) };

/** Path and query of the last run of a pipeline. @param pipeline a macro of Grafana */
export const runsOf = (pipeline: string): string =>
  `/d/${dashboardUids.run}?var-runPipeline=${pipeline}&\${environment:queryparam}`;

/** Path and query of the dashboard of a run; of any time, its own is not known. */
export const runOf = (pipeline: string, run: string): string =>
  `/d/${dashboardUids.run}?var-runPipeline=${pipeline}&var-runId=${run}&\${environment:queryparam}`;

/** Path and query of the dashboard of a run: columns `Pipeline` and `Run` of its row, and the time from `From` to `To`. */
export const runPath =
  `/d/${dashboardUids.run}?var-runPipeline=\${__data.fields.Pipeline:percentencode}` +
  "&var-runId=${__data.fields.Run:percentencode}&${environment:queryparam}" +
  "&from=${__data.fields.From}&to=${__data.fields.To}";

/** Path and query of the lines of the trace that a cell has, from the time in column `From` to that in `To` of its row. */
export const tracePath =
  `/d/${dashboardUids.logs}?var-trace=\${__value.text:percentencode}&\${environment:queryparam}` +
  "&from=${__data.fields.From}&to=${__data.fields.To}";

/** Where models are approved. */
export const approvals: FigureLink = {
  title: "Approval of models",
  url: dashboardPath(dashboardUids.modelApproval),
};

/** The run that made the candidate, from any of its figures. */
export const itsRun: FigureLink = {
  title: "The run that made it",
  url: runOf("${candidatePipeline}", "${candidateRun}"),
};

/** The same dashboard with another version as the candidate. @param version a macro of Grafana */
export const asCandidate = (version: string): FigureLink => ({
  title: "This version as the candidate",
  url: dashboardPath(dashboardUids.modelApproval, {
    candidateModel: "${candidateModel}",
    candidate: version,
  }),
});

/** The version of a bar. */
export const ofVersion = asCandidate("${__data.fields.Version:percentencode}");
