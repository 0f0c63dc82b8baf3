import { row } from "./buildDashboard";
import { colouredCell, hidden, linkOf, linkTo, renamed, unitOf, unitsOf, wrapped } from "./fieldOptions";
import { fieldMatrix, fieldTable } from "./fieldQueries";
import { equals, field, matchesVariable, select, startsWithVariable, tag, type Expression } from "./influxql";
import { runOf, asCandidate, itsRun, ofVersion } from "./links";
import {
  candidate,
  classes,
  confusion,
  decisions,
  drift,
  driftThresholds,
  eitherVersion,
  metrics,
  model,
  onSplit,
  outliers,
  score,
} from "./modelEvents";
import { barChart, table } from "./panels";
import { finishedRuns } from "./runPanels";
import { columns, highestFirst, mergeTables, withoutTime } from "./transformations";
import { decisionColours, driftVerdicts } from "./verdicts";

/** How many rows of each actual class were predicted as which. */
const confusionMatrix = fieldMatrix({
  from: confusion,
  where: [...candidate, onSplit],
  row: "actual",
  column: "predicted",
  value: "count",
  heading: "Actual",
});
const classShares = fieldMatrix({
  from: classes,
  where: candidate,
  row: "class",
  column: "split",
  value: "share",
  heading: "Class",
});

/**
 * The PSI that two samples of one distribution stay below in 95 of 100 cases: χ²₀.₉₅(bins − 1) · (1/n_ref + 1/n_cur).
 * InfluxQL has no χ² quantile: Wilson and Hilferty's cube (1931) is within 0.6 % of it from 3 degrees of freedom on.
 */
function noiseLevel(): Expression {
  const normalQuantile95 = 1.6448536;
  const freedom = field("bins").minus(1);
  const spread = field("bins").minus(1).times(4.5).power(-1);
  const cube = spread.times(-1).plus(1).plus(spread.squareRoot().times(normalQuantile95)).power(3);
  return freedom.times(cube).times(field("n_ref").power(-1).plus(field("n_cur").power(-1)));
}

const scores = row("Detail: scores and confusion of ${candidate}", [
  table("Scores by class: candidate and champion", {
    description:
      "Each class with n, its number of rows in the chosen split; _all is the score over all classes.",
    size: [12, 8],
    targets: [
      {
        query: select(
          ...["precision", "recall", "f1", "accuracy", "roc_auc"].map((score) =>
            field(score).last().as(score),
          ),
        )
          .from(metrics)
          .where(...model, onSplit, eitherVersion)
          .groupBy(tag("class"), tag("model_version")),
      },
      {
        query: select(field("count").last().as("n"))
          .from(classes)
          .where(...model, onSplit, eitherVersion)
          .groupBy(tag("class"), tag("model_version")),
      },
    ],
    transformations: [
      withoutTime(),
      mergeTables(),
      columns({
        class: "Class",
        model_version: "Version",
        n: "n",
        f1: "F1",
        recall: "Recall",
        precision: "Precision",
        accuracy: "Accuracy",
        roc_auc: "ROC AUC",
      }),
    ],
    overrides: {
      ...unitsOf("none", ["Precision", "Recall", "F1", "Accuracy", "ROC AUC"], 3),
      n: unitOf("none", 0),
      Class: renamed({ _all: "all classes" }),
      Version: linkOf(asCandidate("${__value.text:percentencode}")),
    },
  }),
  table("Confusion of the candidate", {
    description:
      "Rows: the actual class; columns: the predicted one; cells: number of rows of the chosen split; n: all of the actual class.",
    unit: "none",
    decimals: 0,
    size: [6, 8],
    query: confusionMatrix.query,
    matrix: { ...confusionMatrix.matrix, total: "n" },
    overrides: { n: linkOf(itsRun) },
  }),
  barChart("Confusion by share", {
    link: itsRun,
    description:
      "Of the rows of each actual class, the share predicted as each class: a bar of one colour is a class without mistakes. The counts are on the left.",
    unit: "none",
    decimals: 0,
    min: 0,
    stack: "shares",
    size: [6, 8],
    ...confusionMatrix,
  }),
]);

const data = row("Detail: the data of ${candidate}", [
  table("Drift by feature", {
    description:
      "Population stability index of each feature: training against validation, and new data against old. A verdict needs a PSI above the limit and above the noise level of samples of this size.",
    size: [24, 9],
    sortBy: { column: "PSI", descending: true },
    ...fieldTable({
      from: drift,
      where: candidate,
      headings: {
        feature: "Feature",
        comparison: "Comparison",
        verdict: "Verdict",
        psi: "PSI",
        noise: "Noise level",
        n_ref: "n before",
        n_cur: "n now",
        bins: "Bins",
        js: "Jensen-Shannon",
        ks: "KS",
        p_value: "p",
        wasserstein_norm: "Wasserstein / σ",
        missing_rate: "Missing",
      },
      computed: { noise: noiseLevel() },
    }),
    overrides: {
      Feature: linkOf(itsRun),
      Verdict: colouredCell({ mappings: driftVerdicts }),
      ...unitsOf("none", ["Noise level", "Jensen-Shannon", "KS", "p", "Wasserstein / σ"], 3),
      ...unitsOf("short", ["n before", "n now", "Bins"]),
      PSI: [...unitOf("none", 3), ...colouredCell({ thresholds: driftThresholds })],
      Missing: unitOf("percentunit", 1),
    },
  }),
  barChart("Drift (PSI) by feature and version", {
    link: ofVersion,
    description:
      "New data against old, for each version: a slow shift shows here before a single run trips a limit.",
    ...score,
    thresholds: driftThresholds,
    size: [12, 9],
    ...fieldMatrix({
      from: drift,
      where: [...model, equals("comparison", "new_vs_old")],
      row: "model_version",
      column: "feature",
      value: "psi",
      heading: "Version",
    }),
  }),
  barChart("Outliers removed, by feature and version", {
    link: ofVersion,
    description:
      "Share of the rows removed because of each feature: a jump means other data or a broken source.",
    unit: "percentunit",
    decimals: 1,
    min: 0,
    size: [12, 9],
    ...fieldMatrix({
      from: outliers,
      where: [...model],
      row: "model_version",
      column: "feature",
      value: "removed_ratio",
      heading: "Version",
    }),
  }),
  barChart("Class balance of the candidate", {
    link: itsRun,
    description: "Share of each class in each split.",
    unit: "percentunit",
    decimals: 1,
    min: 0,
    max: 1,
    size: [10, 8],
    ...classShares,
    transformations: [highestFirst("share")],
  }),
  table("Outliers of the candidate", {
    description: "Rows before and removed by each method and feature.",
    size: [14, 8],
    sortBy: { column: "Removed", descending: true },
    ...fieldTable({
      from: outliers,
      where: candidate,
      headings: {
        feature: "Feature",
        method: "Method",
        rows_before: "n before",
        rows_removed: "n removed",
        removed_ratio: "Removed",
      },
    }),
    overrides: {
      Feature: linkOf(itsRun),
      ...unitsOf("short", ["n before", "n removed"]),
      Removed: unitOf("percentunit", 1),
    },
  }),
]);

const decisionsAndRuns = row("Detail: decisions and runs", [
  table("Decisions", {
    description: "Who decided what on which version, and why.",
    size: [12, 8],
    sortBy: { column: "Time", descending: true },
    ...fieldTable({
      from: decisions,
      where: model,
      headings: {
        Time: "Time",
        model_version: "Version",
        decision: "Decision",
        reason: "Reason",
        approver: "By",
        "cicd.pipeline.run.id": "Run",
        pipeline: "Pipeline",
      },
    }),
    overrides: {
      Version: linkOf(asCandidate("${__value.text:percentencode}")),
      Decision: colouredCell({ mappings: decisionColours }),
      Reason: wrapped,
      Run: [
        ...linkTo(
          "Run ${__value.text}",
          runOf("${__data.fields.Pipeline:percentencode}", "${__value.text:percentencode}"),
        ),
        ...wrapped,
      ],
      Pipeline: hidden,
    },
  }),
  table("Training runs", {
    description:
      "Finished runs of the chosen pipelines, failed ones with their error; the run leads to its steps.",
    size: [12, 8],
    sortBy: { column: "Time", descending: true },
    ...finishedRuns({
      where: [
        matchesVariable("environment", "environment"),
        matchesVariable("pipeline", "pipeline"),
        startsWithVariable("cicd.pipeline.run.id", "run"),
      ],
      newest: 100,
      more: { "exception.message": "Error" },
    }),
  }),
]);

/** The rows below verdict and trend. */
export const modelApprovalDetails = [scores, data, decisionsAndRuns];
