import table from "../prices/prices.json";

/** Hours that Azure's own calculator counts as one month. */
export const hoursPerMonth = 730;

/** What a price is for. */
export type PriceKind =
  | "vm"
  | "disk"
  | "cluster"
  | "publicIp"
  | "publicIpPrefix"
  | "loadBalancer"
  | "loadBalancerRule"
  | "loadBalancerData"
  | "natGateway"
  | "natGatewayData"
  | "blob"
  | "file"
  | "registry"
  | "registryData"
  | "keyVaultOperations"
  | "logs"
  | "logRetention"
  | "eventHub"
  | "eventHubKafka"
  | "eventHubEvents"
  | "privateEndpoint"
  | "privateEndpointData"
  | "dnsZone"
  | "dnsQueries";

/** Units of prices, as the Azure Retail Prices API writes them, and how many of each a month has of what runs all the time. */
export const unitsPerMonth = {
  "1 Hour": hoursPerMonth,
  "1/Hour": hoursPerMonth,
  "1/Day": hoursPerMonth / 24,
  "1/Month": 1,
  "1": 1,
  "1 GB": 1,
  "1 GB/Month": 1,
  "10K": 1,
  "1M": 1,
} as const;

export type PriceUnit = keyof typeof unitsPerMonth;

/** Region of prices that are the same in all regions of the public cloud. */
export const everyRegion = "Global";

/** One row of the price table. */
export interface Price {
  /** Azure region, for example `eastus`; `Global` for load balancers, NAT gateways and what else costs the same in all. */
  region: string;
  /**
   * `armRegionName` under which the Retail Prices API has the price, where it is another one: `Zone 1` of DNS.
   * @default `region`
   */
  publishedFor?: string;
  kind: PriceKind;
  /** What is bought: `Standard_D2s_v5`, `P10`, `Hot LRS`. */
  sku: string;
  /** `productName` of the Retail Prices API. */
  product: string;
  /** `meterName` of the Retail Prices API. */
  meter: string;
  unit: PriceUnit;
  /** ISO 4217. */
  currency: string;
  /** Price of one unit, pay as you go, before tax and discounts. */
  price: number;
  /** Day on which the price was read at its source, `YYYY-MM-DD`. */
  asOf: string;
  /**
   * Day from which the source says that it is valid, `YYYY-MM-DD`.
   * @default not told
   */
  validFrom?: string;
  /** Where the price was read. */
  source: string;
}

/** The checked-in price table; `npm run prices` refreshes it. */
export const prices: readonly Price[] = table.rows as Price[];

/** The row for a SKU in a region, or in all of them; undefined where there is none. Clouds of governments have prices of their own. */
export function findPrice(
  rows: readonly Price[],
  region: string,
  kind: PriceKind,
  sku: string,
): Price | undefined {
  const isPublic = !/^(usgov|usdod|china)/.test(region);
  return rows.find(
    (row) =>
      (row.region === region || (isPublic && row.region === everyRegion)) &&
      row.kind === kind &&
      row.sku === sku,
  );
}

/** The row that was read longest ago; undefined where there is none. */
export function oldestPrice(rows: readonly Price[]): Price | undefined {
  return [...rows].sort((a, b) => a.asOf.localeCompare(b.asOf))[0];
}
