import { measurements } from "../contract/measurements";
import { thresholds } from "../contract/thresholds";
import { row } from "./buildDashboard";
import { field, matchesVariable, ofLast, select, tag } from "./influxql";
import { linesOfChosen } from "./links";
import { stat, timeSeries } from "./panels";
import { overTime } from "./rollupQueries";
import { ofChosenServices, source } from "./sources";

const errorBudget = source("minutely", measurements.errorBudget);

/** Red where nothing is left. */
const leftThresholds = [
  { value: null, color: "red" },
  { value: 0, color: "green" },
];

const description = `Share of the error budget of the last ${thresholds.budgetDays} days that is left, of each objective (slo) of the API; below 0 the objective is missed.`;

/** Row of the API's dashboard: are its service level objectives kept? */
export const objectives = row("Verdict: are the objectives (SLOs) kept?", [
  stat("Error budget left", {
    link: linesOfChosen,
    description: `${description} Nothing is shown where the figure is older than 15 minutes.`,
    unit: "percentunit",
    decimals: 1,
    thresholds: leftThresholds,
    noValue: "no objective",
    size: [8, 5],
    query: select(field("left").last().as("left"))
      .from(errorBudget)
      .where(
        matchesVariable("environment", "environment"),
        matchesVariable("service", "service"),
        ofLast("15m"),
      )
      .groupBy(tag("service"), tag("slo")),
    alias: "$tag_service $tag_slo",
  }),
  timeSeries("Error budget left over time", {
    link: linesOfChosen,
    description: `${description} A steep fall is an outage; ErrorBudgetBurnsFast and ErrorBudgetBurnsSlowly fire by how steep it is.`,
    unit: "percentunit",
    max: 1,
    noValue: "no objective: docs/alerts.md says how an API gets one",
    size: [16, 5],
    ...overTime(
      select(field("left").mean().as("left"))
        .from(errorBudget)
        .where(...ofChosenServices),
      "service",
      "slo",
    ),
  }),
]);
