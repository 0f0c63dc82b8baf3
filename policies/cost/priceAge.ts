import { stackPolicy } from "../core/define";
import { oldestPrice } from "../estimate/prices";
import { estimateProperties, estimateWith, type EstimateConfig } from "./settings";

interface Config extends EstimateConfig {
  maximumAgeDays: number;
}

const millisecondsPerDay = 86_400_000;

/** Warns, and never blocks: an estimate with old prices is still the best there is. */
export const priceAge = stackPolicy<Config>({
  name: "price-age",
  description: "The prices of what the stack has are not old.",
  settings: {
    maximumAgeDays: {
      type: "integer",
      minimum: 1,
      description: "Most days since a row of the price table was read.",
      default: 180,
    },
    ...estimateProperties,
  },
  enforcementLevel: "advisory",
  validate: (resources, config) => {
    const used = estimateWith(resources, config).lines.flatMap(({ price }) => price ?? []);
    const oldest = oldestPrice(used);
    if (oldest === undefined) return [];
    const { asOf, sku, region } = oldest;
    const { maximumAgeDays } = config;
    const days = Math.floor((Date.now() - Date.parse(asOf)) / millisecondsPerDay);
    if (days <= maximumAgeDays) return [];
    const message = `The price of «${sku}» in ${region} is of ${asOf}, ${days} days ago, the limit is ${maximumAgeDays}: run npm run prices.`;
    return [{ message }];
  },
});
