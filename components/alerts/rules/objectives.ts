import { thresholds } from "../../../contract/thresholds";
import { burning, errorBudgets } from "../errorBudgets";
import type { RuleDefinition } from "./define";

const fastWindows = ["5m", "30m", "1h", "6h"];
const slowWindows = ["6h", "3d"];

const ofObjective = {
  labels: ["service", "environment", "slo"],
  details: ["burn", "span"],
  threshold: 1,
  unit: "count",
  dashboard: "modelApiUsage",
} as const;

const description = `In the last {span}, {burn} times as many requests to {service} as its objective ({slo}) allows failed it. At that rate its error budget of ${thresholds.budgetDays} days would last ${thresholds.budgetDays} / {burn} days.`;

/** Do the model APIs keep their service level objectives? */
export const objectiveRules: readonly RuleDefinition[] = [
  {
    ...ofObjective,
    name: "ErrorBudgetBurnsFast",
    severity: "critical",
    inhibitedBy: ["ApiUnreachable", "ApiErrorRateHigh"],
    // Its longest short window still holds what was reported.
    heldSeconds: 1800,
    query: `${errorBudgets(fastWindows)}
${burning(fastWindows, thresholds.burnRates.fast)}`,
    summary: "{service}: the error budget ({slo}) burns {burn} times as fast as it lasts",
    description,
  },
  {
    ...ofObjective,
    name: "ErrorBudgetBurnsSlowly",
    severity: "warning",
    inhibitedBy: ["ErrorBudgetBurnsFast"],
    everySeconds: 300,
    query: `${errorBudgets(slowWindows)}
${burning(slowWindows, thresholds.burnRates.slow)}`,
    summary: "{service}: the error budget ({slo}) will not last",
    description,
  },
];
