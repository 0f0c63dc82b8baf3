import { row } from "./buildDashboard";
import { colouredCell, unitOf } from "./fieldOptions";
import { fieldTable } from "./fieldQueries";
import { equals, field, select, tag } from "./influxql";
import { drift, driftThresholds } from "./modelEvents";
import { table, timeSeries } from "./panels";
import { chosen, day } from "./requestQueries";
import { driftVerdicts } from "./verdicts";

/** Row of the API's dashboard: is the model asked about what it has learned? */
export const productionDrift = row("Detail: drift of what the API is asked against the training", [
  timeSeries("Drift (PSI) of served features", {
    description:
      "Population stability index of each feature, of a sample of the requests against the training of the model; the lines are the limits of a warning and of drift. A point for each comparison that a pipeline made.",
    unit: "none",
    decimals: 3,
    min: 0,
    thresholds: driftThresholds,
    noValue: "no comparison in 30 days",
    size: [10, 8],
    timeFrom: "30d",
    query: select(field("psi").max().as("psi"))
      .from(drift)
      .where(...chosen, equals("comparison", "production_vs_training"))
      .groupBy(day, tag("feature"))
      .fill("none"),
    alias: "$tag_feature",
  }),
  table("Comparisons of served features with the training", {
    description:
      "The newest first. A verdict needs a PSI above the limit that chance does not explain; it also judges the share of missing values.",
    unit: "none",
    decimals: 3,
    thresholds: driftThresholds,
    size: [14, 8],
    timeFrom: "30d",
    sortBy: { column: "Time", descending: true },
    ...fieldTable({
      from: drift,
      where: [...chosen, equals("comparison", "production_vs_training")],
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
      },
      newest: 200,
    }),
    overrides: {
      Verdict: colouredCell({ mappings: driftVerdicts }),
      PSI: colouredCell({ thresholds: driftThresholds }),
      "n training": unitOf("short", 0),
      "n served": unitOf("short", 0),
      "Missing in training": unitOf("percentunit", 1),
      Missing: unitOf("percentunit", 1),
    },
  }),
]);
