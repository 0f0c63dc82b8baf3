import { stackPolicy } from "../core/define";
import { oldestPrice, prices } from "../estimate/prices";

interface Config {
  maximumAgeDays: number;
}

const millisecondsPerDay = 86_400_000;

/** Warns, and never blocks: an estimate with old prices is still the best there is. */
export const priceAge = stackPolicy<Config>({
  name: "price-age",
  description: "The prices behind the estimate are not old.",
  settings: {
    maximumAgeDays: {
      type: "integer",
      minimum: 1,
      description: "Most days since a row of the price table was read.",
      default: 180,
    },
  },
  enforcementLevel: "advisory",
  validate: (_resources, { maximumAgeDays }) => {
    const { asOf, sku, region } = oldestPrice(prices);
    const days = Math.floor((Date.now() - Date.parse(asOf)) / millisecondsPerDay);
    if (days <= maximumAgeDays) return [];
    const message = `The price of «${sku}» in ${region} is of ${asOf}, ${days} days ago, the limit is ${maximumAgeDays}: run npm run prices.`;
    return [{ message }];
  },
});
