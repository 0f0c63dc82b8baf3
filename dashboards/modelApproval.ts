import { buildDashboard, row } from "./buildDashboard";
import { dashboardIdentities } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { linkOf, unitOf } from "./fieldOptions";
import { fieldMatrix } from "./fieldQueries";
import { equals, everyField, field, select, tag } from "./influxql";
import { asCandidate, itsRun, ofVersion } from "./links";
import { modelApprovalDetails } from "./modelApprovalDetails";
import {
  candidate,
  candidateVersion,
  champion,
  classes,
  decisions,
  drift,
  metrics,
  model,
  onSplit,
  overall,
  score,
  singleClass,
  summaries,
} from "./modelEvents";
import { barChart, stat, table } from "./panels";
import { columns, withoutAggregate } from "./transformations";
import { chained, fieldVariable, textVariable } from "./variables";
import { coloursOf, decisionColours, driftColours } from "./verdicts";

const verdict = row("Verdict: may ${candidateModel} ${candidate} go to production?", [
  stat("Decision", {
    link: itsRun,
    description: "The last decision on the candidate; its reason is in the decisions below.",
    unit: "string",
    fill: true,
    fields: "/^Decision$/",
    mappings: decisionColours,
    noValue: "none yet",
    size: [3, 5],
    query: select(field("decision").as("Decision"), field("reason").as("Reason"))
      .from(decisions)
      .where(...candidateVersion)
      .newestFirst()
      .limit(1),
    format: "table",
  }),
  stat("Failed checks", {
    link: itsRun,
    description: "The checks of the pipeline that the candidate failed.",
    unit: "string",
    fields: "/^Failed checks$/",
    noValue: "none reported",
    size: [5, 5],
    query: select(field("failed_checks").last().as("Failed checks"))
      .from(summaries)
      .where(...candidate),
    format: "table",
  }),
  stat("F1: candidate and champion", {
    link: itsRun,
    description: "F1 over all classes on the chosen split, of the candidate and of the champion.",
    unit: "none",
    decimals: 3,
    size: [5, 5],
    targets: Object.entries({ Candidate: candidate, Champion: champion }).map(([alias, version]) => ({
      query: select(field("f1").last().as("f1"))
        .from(metrics)
        .where(...version, onSplit, overall),
      alias,
    })),
  }),
  stat("n behind the scores", {
    link: itsRun,
    description:
      "Rows of the chosen split that the candidate's scores are computed from: few rows, weak scores.",
    unit: "short",
    size: [3, 5],
    query: select(field("count").sum().as("n"))
      .from(classes)
      .where(...candidate, onSplit),
  }),
  stat("Features by drift verdict", {
    link: itsRun,
    description: "Features of the candidate's data against the data of the version before, by verdict.",
    unit: "short",
    size: [5, 5],
    query: select(field("n_cur").count().as("features"))
      .from(drift)
      .where(...candidate, equals("comparison", "new_vs_old"))
      .groupBy(tag("verdict")),
    alias: "$tag_verdict",
    overrides: coloursOf(...Object.keys(driftColours)),
  }),
  stat("Class imbalance", {
    link: itsRun,
    description: "Rows of the largest class by rows of the smallest: 1 is balanced.",
    unit: "none",
    decimals: 2,
    size: [3, 5],
    query: select(field("imbalance_ratio").last().as("imbalance"))
      .from(summaries)
      .where(...candidate),
  }),
]);

const trend = row("Trend: versions of ${candidateModel}, oldest first", [
  barChart("Scores by version", {
    link: ofVersion,
    description:
      "Scores over all classes on the chosen split, R² of a regression among them; 1 is best, higher is better.",
    ...score,
    max: 1,
    xField: "Version",
    size: [10, 9],
    query: select(...["model_version", "f1", "recall", "precision", "accuracy", "roc_auc", "r2"].map(field))
      .from(metrics)
      .where(...model, onSplit, overall),
    transformations: [
      columns({
        model_version: "Version",
        f1: "F1",
        recall: "Recall",
        precision: "Precision",
        accuracy: "Accuracy",
        roc_auc: "ROC AUC",
        r2: "R²",
      }),
    ],
    overrides: coloursOf("F1", "Recall", "Precision", "Accuracy", "ROC AUC", "R²"),
  }),
  barChart("Calibration by version", {
    link: ofVersion,
    description:
      "Brier score and log loss over all classes on the chosen split: how far the predicted probabilities are from what happened; lower is better.",
    ...score,
    xField: "Version",
    size: [7, 9],
    query: select(field("model_version"), field("brier"), field("log_loss"))
      .from(metrics)
      .where(...model, onSplit, overall),
    transformations: [columns({ model_version: "Version", brier: "Brier", log_loss: "Log loss" })],
    overrides: coloursOf("Brier", "Log loss"),
  }),
  barChart("F1 by class and version", {
    link: ofVersion,
    description: "A model can gain on the whole and lose a class.",
    ...score,
    max: 1,
    size: [7, 9],
    ...fieldMatrix({
      from: metrics,
      where: [...model, onSplit, singleClass],
      row: "model_version",
      column: "class",
      value: "f1",
      heading: "Version",
    }),
  }),
  barChart("Errors by version", {
    link: ofVersion,
    description:
      "Of a regression or a forecast: root mean squared and mean absolute error on the chosen split, in the target's unit; lower is better.",
    ...score,
    noValue: "no regression has reported its errors",
    xField: "Version",
    size: [10, 8],
    query: select(...["model_version", "rmse", "mae"].map(field))
      .from(metrics)
      .where(...model, onSplit, overall),
    transformations: [columns({ model_version: "Version", rmse: "RMSE", mae: "MAE" })],
    overrides: coloursOf("RMSE", "MAE"),
  }),
  table("Every metric by version", {
    description:
      "All metrics over all classes on the chosen split that the runs reported, those of your own too; of several runs of a version their mean.",
    ...score,
    size: [14, 8],
    sortBy: { column: "Version", descending: true },
    query: select(everyField().mean())
      .from(metrics)
      .where(...model, onSplit, overall)
      .groupBy(tag("model_version")),
    transformations: [withoutAggregate("mean"), columns({ model_version: "Version" })],
    overrides: {
      Version: [...unitOf("string"), ...linkOf(asCandidate("${__value.text:percentencode}"))],
    },
  }),
]);

/** May this model go to production? */
export function modelApproval(options: ResolvedDashboardOptions): DashboardDefinition {
  return buildDashboard(
    {
      ...dashboardIdentities.modelApproval,
      description: "May this version of the model go to production, compared with the one that is there?",
      variables: [
        ...chained({ source: summaries, field: "cicd.pipeline.run.id" }, [
          { name: "environment", description: "Where the training ran" },
          { name: "pipeline", description: "The training pipeline" },
          {
            name: "candidateModel",
            label: "Model",
            description: "The model",
            tag: "model",
            choose: "one",
          },
          {
            name: "candidate",
            label: "Candidate",
            description: "The version to decide on, the newest first",
            tag: "model_version",
            choose: "one",
            newestFirst: true,
          },
        ]),
        fieldVariable({
          name: "candidateRun",
          label: "Its run",
          description: "The last run that made the candidate: its rows are not added to those of runs before",
          query: select(field("cicd.pipeline.run.id").last())
            .from(summaries)
            .where(...candidateVersion)
            .render(),
        }),
        fieldVariable({
          name: "candidatePipeline",
          label: "Its pipeline",
          description: "The pipeline that made the candidate: links to its run need it",
          isHidden: true,
          query: select(field("pipeline"), field("cicd.pipeline.run.id"))
            .from(summaries)
            .where(...candidate)
            .limit(1)
            .render(),
        }),
        fieldVariable({
          name: "champion",
          label: "Champion",
          description: "The version in production when the candidate was trained, as its run reported",
          query: select(field("champion_version").last())
            .from(summaries)
            .where(...candidate)
            .render(),
        }),
        ...chained(
          { source: metrics, field: "cicd.pipeline.run.id" },
          [{ name: "split", description: "The part of the data that the scores are of", choose: "one" }],
          candidate,
        ),
        textVariable({
          name: "run",
          label: "Run",
          description: "Id of a training run, or its beginning; empty for all",
        }),
      ],
      rows: [verdict, trend, ...modelApprovalDetails],
    },
    options,
  );
}
