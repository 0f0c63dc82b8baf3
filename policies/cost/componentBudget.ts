import { stackPolicy } from "../core/define";
import type { Resource, Violation } from "../core/resource";
import { overLimit, unpricedProblem } from "../estimate/describe";
import type { Estimate } from "../estimate/estimate";
import { estimateProperties, estimateWith, type EstimateConfig } from "./settings";

interface Config extends EstimateConfig {
  limits: Record<string, number>;
}

export const componentBudget = stackPolicy<Config>({
  name: "component-budget",
  description: "Each component, with all that it is made of, stays within the monthly limit of its type.",
  settings: {
    limits: {
      type: "object",
      description: "Monthly limit of one component by its type token, e.g. ds-monitoring:index:InfluxDb.",
      additionalProperties: { type: "number", minimum: 0 },
      default: {},
    },
    ...estimateProperties,
  },
  validate: (resources, config) => {
    const estimated = estimateWith(resources, config);
    const parents = new Map(resources.map(({ urn, parent }) => [urn, parent]));
    return resources.flatMap((component): Violation[] => {
      const limit = config.limits[component.type];
      if (limit === undefined) return [];
      const isInside = ({ resource }: { resource: Resource }) =>
        descendsFrom(resource.urn, component.urn, parents);
      return problems(component, limit, {
        ...estimated,
        lines: estimated.lines.filter(isInside),
        unpriced: estimated.unpriced.filter(isInside),
      });
    });
  },
});

function problems(component: Resource, limit: number, estimated: Estimate): Violation[] {
  const { lines, currency } = estimated;
  const total = lines.reduce((amount, { cost }) => amount + cost.maximum, 0);
  const over = overLimit({
    subject: `The component «${component.name}»`,
    total,
    limit,
    lines,
    currency,
    setting: `component-budget.limits["${component.type}"]`,
  });
  return [...over, ...unpricedProblem(estimated)].map((message) => ({ message, resource: component }));
}

function descendsFrom(
  urn: string,
  ancestor: string,
  parents: ReadonlyMap<string, string | undefined>,
): boolean {
  for (let current: string | undefined = urn; current !== undefined; current = parents.get(current)) {
    if (current === ancestor) return true;
  }
  return false;
}
