import { stackPolicy } from "../core/define";
import { overLimit, unpricedProblem } from "../estimate/describe";
import { estimateProperties, estimateWith, type EstimateConfig } from "./settings";

interface Config extends EstimateConfig {
  maximumMonthly?: number;
  minimumMonthly?: number;
}

// Not `required` in the schema: the engine would ask for it even where the policy is disabled.
const noLimit =
  'This stack has no budget: set stack-budget.maximumMonthly in its policy config, e.g. {"stack-budget": {"maximumMonthly": 500}}.';

/** Judged at preview: in an update, stack policies run only once everything has been created. */
export const stackBudget = stackPolicy<Config>({
  name: "stack-budget",
  description:
    "The whole stack stays within its monthly budget, with node pools at their minimum and maximum.",
  settings: {
    maximumMonthly: {
      type: "number",
      minimum: 0,
      description:
        "Limit of a month with every node pool at its maximum, in the currency of the price table.",
    },
    minimumMonthly: {
      type: "number",
      minimum: 0,
      description: "Limit of a month with every node pool at its minimum: what an idle stack may cost.",
    },
    ...estimateProperties,
  },
  validate: (resources, config) => {
    if (config.maximumMonthly === undefined) return [{ message: noLimit }];
    const estimated = estimateWith(resources, config);
    const { lines, currency, total } = estimated;
    const limits = [
      {
        subject: "The stack, with every node pool at its maximum,",
        total: total.maximum,
        limit: config.maximumMonthly,
        setting: "stack-budget.maximumMonthly",
      },
      {
        subject: "The stack, with every node pool at its minimum,",
        total: total.minimum,
        limit: config.minimumMonthly ?? Infinity,
        setting: "stack-budget.minimumMonthly",
      },
    ];
    const messages = limits.flatMap((entry) => overLimit({ ...entry, lines, currency }));
    return [...messages, ...unpricedProblem(estimated)].map((message) => ({ message }));
  },
});
