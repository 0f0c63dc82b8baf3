import { stackPolicy } from "../core/define";
import { nodePools } from "../core/nodePools";
import type { Violation } from "../core/resource";
import { nodeCount } from "../estimate/azure";

interface Config {
  perPool: number;
  perStack: number;
}

export const nodeCeiling = stackPolicy<Config>({
  name: "node-ceiling",
  description: "No node pool, and not all of them together, can grow beyond a number of nodes.",
  settings: {
    perPool: { type: "integer", minimum: 1, description: "Most nodes of one pool.", default: 5 },
    perStack: {
      type: "integer",
      minimum: 1,
      description: "Most nodes of all pools together.",
      default: 10,
    },
  },
  validate: (resources, { perPool, perStack }) => {
    const largest: { name: string; maximum: number }[] = [];
    const violations = resources.flatMap((resource): Violation[] => {
      const pools = nodePools(resource);
      if (typeof pools === "string") return [{ message: `The nodes can't be counted: ${pools}.`, resource }];
      return pools.flatMap(({ name, value }) => {
        const nodes = nodeCount(value);
        if (typeof nodes === "string") {
          const message = `Node pool «${name}» has no known ceiling (${nodes}): set maxCount, or count without autoscaling, to at most ${perPool}.`;
          return [{ message, resource }];
        }
        largest.push({ name, maximum: nodes.maximum });
        if (nodes.maximum <= perPool) return [];
        const message = `Node pool «${name}» can grow to ${nodes.maximum} nodes, the limit is ${perPool}: lower maxCount, or raise node-ceiling.perPool.`;
        return [{ message, resource }];
      });
    });
    const total = largest.reduce((sum, { maximum }) => sum + maximum, 0);
    if (total <= perStack) return violations;
    const parts = largest.map(({ name, maximum }) => `«${name}» ${maximum}`).join(" + ");
    const message = `The stack can grow to ${total} nodes (${parts}), the limit is ${perStack}: lower maxCount, or raise node-ceiling.perStack.`;
    return [...violations, { message }];
  },
});
