import { dashboardUids } from "../contract/dashboardUids";
import { row } from "./buildDashboard";
import { colouredCell, hidden, linkTo, unitOf, unitsOf } from "./fieldOptions";
import { fieldTable } from "./fieldQueries";
import { equals, field, select, tag } from "./influxql";
import { drift, driftThresholds } from "./modelEvents";
import { approvals, dashboardPath } from "./links";
import { barChart, table } from "./panels";
import { chosenOfLast, day } from "./requestQueries";
import { driftVerdicts } from "./verdicts";

const comparisons = [...chosenOfLast("30d"), equals("comparison", "production_vs_training")];

/** Row of the API's dashboard: is the model asked about what it has learned? */
export const productionDrift = row("Detail: drift of what the API is asked against the training", [
  barChart("Drift (PSI) of served features", {
    link: approvals,
    description:
      "Population stability index of each feature, of a sample of the requests against the training of the model; the lines are the limits of a warning and of drift. Of each day of the last 30 on which a pipeline compared them.",
    unit: "none",
    decimals: 3,
    min: 0,
    thresholds: driftThresholds,
    noValue: "no comparison in 30 days: docs/drift.md says how served data is compared",
    size: [10, 8],
    days: true,
    query: select(field("psi").max().as("psi"))
      .from(drift)
      .where(...comparisons)
      .groupBy(day, tag("feature"))
      .fill("none"),
    matrix: { row: "Time", column: "feature", value: "psi", heading: "Day" },
  }),
  table("Comparisons of served features with the training", {
    description:
      "Of the last 30 days, the newest first. A verdict needs a PSI above the limit that chance does not explain; it also judges the share of missing values.",
    size: [14, 8],
    sortBy: { column: "Time", descending: true },
    ...fieldTable({
      from: drift,
      where: comparisons,
      headings: {
        Time: "Time",
        feature: "Feature",
        verdict: "Verdict",
        psi: "PSI",
        n_ref: "n training",
        n_cur: "n served",
        missing_rate_ref: "Missing in training",
        missing_rate: "Missing",
        model_version: "Version",
        model: "Model",
      },
      newest: 200,
    }),
    overrides: {
      Version: linkTo(
        "Approval of ${__value.text}",
        dashboardPath(dashboardUids.modelApproval, {
          candidateModel: "${__data.fields.Model:percentencode}",
          candidate: "${__value.text:percentencode}",
        }),
      ),
      Model: hidden,
      Verdict: colouredCell({ mappings: driftVerdicts }),
      PSI: [...unitOf("none", 3), ...colouredCell({ thresholds: driftThresholds })],
      ...unitsOf("short", ["n training", "n served"]),
      ...unitsOf("percentunit", ["Missing in training", "Missing"], 1),
    },
  }),
]);
