import { thresholds } from "../contract/thresholds";
import { buildDashboard } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import {
  equals,
  field,
  matchesEitherVariable,
  matchesVariable,
  startsWithVariable,
  notEquals,
  select,
  tag,
  timeFilter,
  type Condition,
  type Expression,
  type Source,
} from "./influxql";
import {
  barChart,
  colouredCell,
  columns,
  higherIsWorse,
  highestFirst,
  matrix,
  mergeTables,
  renamed,
  rowTotal,
  stat,
  table,
  unitOf,
  withoutTime,
} from "./panels";
import { source, type Measurement } from "./sources";
import { chained, fieldVariable, textVariable } from "./variables";
import { decisionColours, driftColours, driftVerdicts, resultColours } from "./verdicts";

/** The machine-learning events are few and compared over years: they are kept as they are. */
const kept = (measurement: Measurement): Source => source("weekly", measurement);

const summaries = kept("ml.run.summary");
const metrics = kept("ml.metric");
const classes = kept("ml.class");
const outliers = kept("ml.outliers");
const drift = kept("ml.drift");
const confusion = kept("ml.confusion");
const decisions = kept("ml.decision");
const runs = kept("pipeline.run.end");

/** Every version of the chosen model. */
const model: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("pipeline", "pipeline"),
  matchesVariable("model", "model"),
  timeFilter,
];
const candidate: readonly Condition[] = [...model, matchesVariable("model_version", "version")];
const champion: readonly Condition[] = [...model, matchesVariable("model_version", "champion")];
const eitherVersion = matchesEitherVariable("model_version", "version", "champion");
const onSplit = matchesVariable("split", "split");
/** How many rows of each actual class were predicted as which. */
const confusionCells = {
  query: select(field("actual"), field("predicted"), field("count"))
    .from(confusion)
    .where(...candidate, onSplit),
  format: "table",
} as const;
const overall = equals("class", "_all");
const singleClass = notEquals("class", "_all");

const driftThresholds = higherIsWorse(thresholds.driftPsiWarn, thresholds.driftPsiDrift);

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

/** May this model go to production? */
export function modelApproval(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.modelApproval,
      description: "May this version of the model go to production, compared with the one that is there?",
      from: "now-1y",
      variables: [
        ...chained({ source: summaries, field: "cicd.pipeline.run.id" }, [
          {
            name: "environment",
            label: "Environment",
            description: "Where the training ran",
            tag: "environment",
          },
          { name: "pipeline", label: "Pipeline", description: "The training pipeline", tag: "pipeline" },
          { name: "model", label: "Model", description: "The model", tag: "model", choose: "one" },
          {
            name: "version",
            label: "Candidate",
            description: "The version to decide on, the newest first",
            tag: "model_version",
            choose: "one",
            newestFirst: true,
          },
        ]),
        fieldVariable({
          name: "champion",
          label: "Champion",
          description: "The version in production when the candidate was trained, as its run reported",
          query: select(field("champion_version").last())
            .from(summaries)
            .where(...candidate.filter((condition) => condition !== timeFilter))
            .render(),
        }),
        ...chained(
          { source: metrics, field: "cicd.pipeline.run.id" },
          [
            {
              name: "split",
              label: "Split",
              description: "The part of the data that the scores are of",
              tag: "split",
              choose: "one",
            },
          ],
          candidate.filter((condition) => condition !== timeFilter),
        ),
        textVariable({
          name: "run",
          label: "Run",
          description: "Id of a training run, or its beginning; empty for all",
        }),
      ],
      rows: [
        {
          title: "Verdict: may ${model} ${version} go to production?",
          panels: [
            stat({
              title: "Decision",
              description: "The last decision on the candidate; its reason is in the decisions below.",
              unit: "string",
              fill: true,
              fields: "/^decision$/",
              mappings: decisionColours,
              noValue: "none yet",
              width: 3,
              height: 5,
              targets: [
                {
                  query: select(field("decision"), field("reason"))
                    .from(decisions)
                    .where(...candidate)
                    .newestFirst()
                    .limit(1),
                  format: "table",
                },
              ],
            }),
            stat({
              title: "Failed checks",
              description: "The checks of the pipeline that the candidate failed.",
              unit: "string",
              fields: "/^failed checks$/",
              noValue: "none reported",
              width: 5,
              height: 5,
              targets: [
                {
                  query: select(field("failed_checks").last().as("failed checks"))
                    .from(summaries)
                    .where(...candidate),
                  format: "table",
                },
              ],
            }),
            stat({
              title: "F1: candidate and champion",
              description: "F1 over all classes on the chosen split, of the candidate and of the champion.",
              unit: "none",
              decimals: 3,
              width: 5,
              height: 5,
              targets: [
                {
                  query: select(field("f1").last().as("f1"))
                    .from(metrics)
                    .where(...candidate, onSplit, overall),
                  alias: "candidate",
                },
                {
                  query: select(field("f1").last().as("f1"))
                    .from(metrics)
                    .where(...champion, onSplit, overall),
                  alias: "champion",
                },
              ],
            }),
            stat({
              title: "n behind the scores",
              description:
                "Rows of the chosen split that the candidate's scores are computed from: few rows, weak scores.",
              unit: "short",
              width: 3,
              height: 5,
              targets: [
                {
                  query: select(field("count").sum().as("n"))
                    .from(classes)
                    .where(...candidate, onSplit),
                },
              ],
            }),
            stat({
              title: "Features by drift verdict",
              description:
                "Features of the candidate's data against the data of the version before, by verdict.",
              unit: "short",
              width: 5,
              height: 5,
              targets: [
                {
                  query: select(field("n_cur").count().as("features"))
                    .from(drift)
                    .where(...candidate, equals("comparison", "new_vs_old"))
                    .groupBy(tag("verdict")),
                  alias: "$tag_verdict",
                },
              ],
              overrides: Object.fromEntries(
                Object.entries(driftColours).map(([verdict, color]) => [
                  verdict,
                  [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
                ]),
              ),
            }),
            stat({
              title: "Class imbalance",
              description: "Rows of the largest class by rows of the smallest: 1 is balanced.",
              unit: "none",
              decimals: 2,
              width: 3,
              height: 5,
              targets: [
                {
                  query: select(field("imbalance_ratio").last().as("imbalance"))
                    .from(summaries)
                    .where(...candidate),
                },
              ],
            }),
          ],
        },
        {
          title: "Trend: versions of ${model}, oldest first",
          panels: [
            barChart({
              title: "Scores by version",
              description: "Scores over all classes on the chosen split; higher is better.",
              unit: "none",
              decimals: 3,
              min: 0,
              max: 1,
              xField: "model_version",
              width: 10,
              height: 9,
              targets: [
                {
                  query: select(
                    field("model_version"),
                    field("accuracy"),
                    field("precision"),
                    field("recall"),
                    field("f1"),
                    field("roc_auc"),
                  )
                    .from(metrics)
                    .where(...model, onSplit, overall),
                  format: "table",
                },
              ],
              transformations: [withoutTime()],
            }),
            barChart({
              title: "Calibration by version",
              description:
                "Brier score and log loss over all classes on the chosen split: how far the predicted probabilities are from what happened; lower is better.",
              unit: "none",
              decimals: 3,
              min: 0,
              xField: "model_version",
              width: 7,
              height: 9,
              targets: [
                {
                  query: select(field("model_version"), field("brier"), field("log_loss").as("log loss"))
                    .from(metrics)
                    .where(...model, onSplit, overall),
                  format: "table",
                },
              ],
              transformations: [withoutTime()],
            }),
            barChart({
              title: "F1 by class and version",
              description: "A model can gain on the whole and lose a class.",
              unit: "none",
              decimals: 3,
              min: 0,
              max: 1,
              xField: "model_version\\class",
              width: 7,
              height: 9,
              targets: [
                {
                  query: select(field("model_version"), field("class"), field("f1"))
                    .from(metrics)
                    .where(...model, onSplit, singleClass),
                  format: "table",
                },
              ],
              transformations: [matrix({ row: "model_version", column: "class", value: "f1" })],
            }),
          ],
        },
        {
          title: "Detail: scores and confusion of ${version}",
          panels: [
            table({
              title: "Scores by class: candidate and champion",
              description:
                "Each class with n, its number of rows in the chosen split; _all is the score over all classes.",
              unit: "none",
              decimals: 3,
              width: 12,
              height: 8,
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
                  format: "table",
                },
                {
                  query: select(field("count").last().as("n"))
                    .from(classes)
                    .where(...model, onSplit, eitherVersion)
                    .groupBy(tag("class"), tag("model_version")),
                  format: "table",
                },
              ],
              transformations: [
                withoutTime(),
                mergeTables(),
                columns({
                  class: "Class",
                  model_version: "Version",
                  n: "n",
                  precision: "Precision",
                  recall: "Recall",
                  f1: "F1",
                  accuracy: "Accuracy",
                  roc_auc: "ROC AUC",
                }),
              ],
              overrides: { n: unitOf("none", 0), Class: renamed({ _all: "all classes" }) },
            }),
            table({
              title: "Confusion of the candidate",
              description:
                "Rows: the actual class; columns: the predicted one; cells: number of rows of the chosen split; n: all of the actual class.",
              unit: "none",
              decimals: 0,
              width: 6,
              height: 8,
              targets: [confusionCells],
              transformations: [
                matrix({ row: "actual", column: "predicted", value: "count" }),
                rowTotal("n"),
              ],
            }),
            barChart({
              title: "Confusion by share",
              description:
                "Of the rows of each actual class, the share predicted as each class: a bar of one colour is a class without mistakes. The counts are on the left.",
              unit: "none",
              decimals: 0,
              min: 0,
              shares: true,
              xField: "actual\\predicted",
              width: 6,
              height: 8,
              targets: [confusionCells],
              transformations: [matrix({ row: "actual", column: "predicted", value: "count" })],
            }),
          ],
        },
        {
          title: "Detail: the data of ${version}",
          panels: [
            table({
              title: "Drift by feature",
              description:
                "Population stability index of each feature: training against validation, and new data against old. A verdict needs a PSI above the limit and above the noise level of samples of this size.",
              unit: "none",
              decimals: 3,
              thresholds: driftThresholds,
              width: 24,
              height: 9,
              sortBy: { column: "PSI", descending: true },
              targets: [
                {
                  query: select(
                    field("feature"),
                    field("comparison"),
                    field("verdict"),
                    field("psi"),
                    noiseLevel().as("noise"),
                    field("n_ref"),
                    field("n_cur"),
                    field("bins"),
                    field("js"),
                    field("ks"),
                    field("p_value"),
                    field("wasserstein_norm"),
                    field("missing_rate"),
                  )
                    .from(drift)
                    .where(...candidate),
                  format: "table",
                },
              ],
              transformations: [
                columns({
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
                }),
              ],
              overrides: {
                Verdict: colouredCell({ mappings: driftVerdicts }),
                PSI: colouredCell({ thresholds: driftThresholds }),
                "n before": unitOf("short", 0),
                "n now": unitOf("short", 0),
                Bins: unitOf("short", 0),
                Missing: unitOf("percentunit", 1),
              },
            }),
            barChart({
              title: "Drift (PSI) by feature and version",
              description:
                "New data against old, for each version: a slow shift shows here before a single run trips a limit.",
              unit: "none",
              decimals: 3,
              min: 0,
              thresholds: driftThresholds,
              xField: "model_version\\feature",
              width: 12,
              height: 9,
              targets: [
                {
                  query: select(field("model_version"), field("feature"), field("psi"))
                    .from(drift)
                    .where(...model, equals("comparison", "new_vs_old")),
                  format: "table",
                },
              ],
              transformations: [matrix({ row: "model_version", column: "feature", value: "psi" })],
            }),
            barChart({
              title: "Outliers removed, by feature and version",
              description:
                "Share of the rows removed because of each feature: a jump means other data or a broken source.",
              unit: "percentunit",
              decimals: 1,
              min: 0,
              xField: "model_version\\feature",
              width: 12,
              height: 9,
              targets: [
                {
                  query: select(field("model_version"), field("feature"), field("removed_ratio"))
                    .from(outliers)
                    .where(...model),
                  format: "table",
                },
              ],
              transformations: [matrix({ row: "model_version", column: "feature", value: "removed_ratio" })],
            }),
            barChart({
              title: "Class balance of the candidate",
              description: "Share of each class in each split.",
              unit: "percentunit",
              decimals: 1,
              min: 0,
              max: 1,
              xField: "class\\split",
              width: 10,
              height: 8,
              targets: [
                {
                  query: select(field("class"), field("split"), field("share"))
                    .from(classes)
                    .where(...candidate),
                  format: "table",
                },
              ],
              transformations: [
                highestFirst("share"),
                matrix({ row: "class", column: "split", value: "share" }),
              ],
            }),
            table({
              title: "Outliers of the candidate",
              description: "Rows before and removed by each method and feature.",
              unit: "short",
              width: 14,
              height: 8,
              sortBy: { column: "Removed", descending: true },
              targets: [
                {
                  query: select(
                    field("feature"),
                    field("method"),
                    field("rows_before"),
                    field("rows_removed"),
                    field("removed_ratio"),
                  )
                    .from(outliers)
                    .where(...candidate),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  feature: "Feature",
                  method: "Method",
                  rows_before: "n before",
                  rows_removed: "n removed",
                  removed_ratio: "Removed",
                }),
              ],
              overrides: { Removed: unitOf("percentunit", 1) },
            }),
          ],
        },
        {
          title: "Detail: decisions and runs",
          panels: [
            table({
              title: "Decisions",
              description: "Who decided what on which version, and why.",
              unit: "string",
              width: 12,
              height: 8,
              sortBy: { column: "Time", descending: true },
              targets: [
                {
                  query: select(
                    field("model_version"),
                    field("decision"),
                    field("reason"),
                    field("approver"),
                    field("cicd.pipeline.run.id"),
                  )
                    .from(decisions)
                    .where(...model),
                  format: "table",
                },
              ],
              transformations: [
                columns({
                  Time: "Time",
                  model_version: "Version",
                  decision: "Decision",
                  reason: "Reason",
                  approver: "By",
                  "cicd.pipeline.run.id": "Run",
                }),
              ],
              overrides: { Decision: colouredCell({ mappings: decisionColours }) },
            }),
            table({
              title: "Training runs",
              description: "Finished runs of the chosen pipelines, failed ones with their error.",
              unit: "string",
              width: 12,
              height: 8,
              sortBy: { column: "Time", descending: true },
              targets: [
                {
                  query: select(
                    field("pipeline"),
                    field("result"),
                    field("duration_s"),
                    field("cicd.pipeline.run.id"),
                    field("exception.message"),
                  )
                    .from(runs)
                    .where(
                      matchesVariable("environment", "environment"),
                      matchesVariable("pipeline", "pipeline"),
                      startsWithVariable("cicd.pipeline.run.id", "run"),
                      timeFilter,
                    ),
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
                  "exception.message": "Error",
                }),
              ],
              overrides: { Result: colouredCell({ mappings: resultColours }), Duration: unitOf("s") },
            }),
          ],
        },
      ],
    },
    options,
  );
}
