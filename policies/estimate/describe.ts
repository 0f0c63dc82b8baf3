import type { CostLine, Estimate } from "./estimate";
import { money } from "./money";
import type { PriceKind } from "./prices";

/** The lines that cost most at their maximum, the most expensive first. */
export function largestLines(lines: readonly CostLine[], count: number): CostLine[] {
  return [...lines].sort((a, b) => b.cost.maximum - a.cost.maximum).slice(0, count);
}

/** One line with its arithmetic, for example `pool: 2–5 nodes Standard_D2s_v5 × 730 h × 0.096 USD = 140.16–350.40`. */
export function describeLine({ resource, arithmetic, cost }: CostLine): string {
  const result =
    cost.minimum === cost.maximum ? money(cost.maximum) : `${money(cost.minimum)}–${money(cost.maximum)}`;
  return `«${resource.name}» ${arithmetic} = ${result}`;
}

/** What is wrong with a total that is over its limit: both figures, the largest drivers with their arithmetic, the fix. */
export function overLimit(options: {
  /** What costs it, for example `The stack, with every node pool at its maximum,`. */
  subject: string;
  total: number;
  limit: number;
  lines: readonly CostLine[];
  currency: string;
  /** Name of the setting that holds the limit. */
  setting: string;
}): string[] {
  const { subject, total, limit, lines, currency, setting } = options;
  // To the cent: sums of prices are not exact in binary.
  if (Math.round(total * 100) <= Math.round(limit * 100)) return [];
  const largest = largestLines(lines, 3);
  const drivers = largest.map((line, index) => `${index + 1}. ${describeLine(line)}`).join("; ");
  const first = largest[0];
  const fix = first === undefined ? "" : `${remedy(first)}, or `;
  return [
    `${subject} costs ${money(total)} ${currency} a month, ${money(total - limit)} over the limit of ` +
      `${money(limit)}. Largest drivers: ${drivers}. Fix: ${fix}raise ${setting} in the policy config of this stack.`,
  ];
}

/** Resources whose cost is not known: a total without them is no total. */
export function unpricedProblem({ unpriced }: Pick<Estimate, "unpriced">): string[] {
  if (unpriced.length === 0) return [];
  const list = unpriced.map(({ resource, reason }) => `«${resource.name}»: ${reason}`).join("; ");
  const fixes = [...new Set(unpriced.flatMap(({ fix }) => fix ?? []))];
  return [
    `The cost is not known, so it is not within the limit. ${list}.` +
      (fixes.length === 0 ? "" : ` Fix: ${fixes.join("; ")}.`),
  ];
}

/** What makes a line cheaper; what is bought by a node pool or a cluster has other settings than a volume or a Service. */
const remedies: Partial<Record<PriceKind, (name: string, isCluster: boolean) => string>> = {
  vm: (name) => `give «${name}» fewer nodes or a smaller vmSize`,
  disk: (name, isCluster) =>
    isCluster
      ? `give the nodes of «${name}» a smaller osDiskSizeGB`
      : `make the volumes of «${name}» smaller or fewer`,
  cluster: (name) => `give «${name}» the tier Free`,
  publicIp: (name, isCluster) =>
    isCluster ? `lower the count of outbound addresses of «${name}»` : `do without the address of «${name}»`,
  publicIpPrefix: (name) => `give «${name}» a longer prefix, which has fewer addresses`,
  loadBalancerRule: (name) => `give «${name}» fewer ports`,
  loadBalancerData: () => "correct usage.loadBalancerGB if less is used",
  natGatewayData: () => "correct usage.natGatewayGB if less is used",
  blob: () => "correct usage.blobGB if less is used",
};

function remedy({ resource: { name, type }, price }: CostLine): string {
  const isCluster = type.startsWith("azure-native:containerservice:");
  return (price && remedies[price.kind]?.(name, isCluster)) ?? `do without «${name}»`;
}
