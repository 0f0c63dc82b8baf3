import type { Price } from "../estimate/prices";

/** The fields of an item of the Azure Retail Prices API that are read here. */
export interface RetailItem {
  armRegionName: string;
  armSkuName?: string;
  productName: string;
  skuName: string;
  meterName: string;
  unitOfMeasure: string;
  currencyCode: string;
  retailPrice: number;
  tierMinimumUnits: number;
  type: string;
  effectiveStartDate: string;
}

/** A page of answers of the Azure Retail Prices API. */
export interface RetailPage {
  Items: RetailItem[];
  NextPageLink: string | null;
}

/** Where the API's documentation is. */
export const apiDocumentation =
  "https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices";

/** Address of the API. */
export const retailPricesApi = "https://prices.azure.com/api/retail/prices";

/** Address of the first page of the items that a row of the table may mean. */
export function queryOf(
  row: Pick<Price, "region" | "publishedFor" | "kind" | "sku" | "meter" | "product" | "currency">,
  api = retailPricesApi,
): string {
  const conditions = [`armRegionName eq '${row.publishedFor ?? row.region}'`, "priceType eq 'Consumption'"];
  conditions.push(row.kind === "vm" ? `armSkuName eq '${row.sku}'` : `meterName eq '${row.meter}'`);
  const url = new URL(api);
  url.searchParams.set("currencyCode", `'${row.currency}'`);
  url.searchParams.set("$filter", conditions.join(" and "));
  return url.href;
}

/** The API has no price for a row. */
class NoPriceError extends Error {}

/**
 * The item that a row of the table means: same region, product, meter and unit, pay as you go, the first tier that is not
 * free. The API gives tiers in no order, and some meters have a free one.
 *
 * @throws Error when there is none, or several with different prices
 */
export function pickItem(row: Price, items: readonly RetailItem[]): RetailItem {
  const tiers = items.filter(
    (item) =>
      item.type === "Consumption" &&
      item.armRegionName === (row.publishedFor ?? row.region) &&
      item.productName.toLowerCase() === row.product.toLowerCase() &&
      item.meterName === row.meter &&
      item.unitOfMeasure === row.unit &&
      item.currencyCode === row.currency &&
      item.retailPrice > 0,
  );
  const least = Math.min(...tiers.map(({ tierMinimumUnits }) => tierMinimumUnits));
  const fitting = tiers.filter(({ tierMinimumUnits }) => tierMinimumUnits === least);
  const [first] = fitting;
  const name = `${row.kind} «${row.sku}» in ${row.region} (product «${row.product}», meter «${row.meter}», unit «${row.unit}»)`;
  if (first === undefined) {
    const offered = [
      ...new Set(items.map((item) => `${item.productName} / ${item.meterName} / ${item.unitOfMeasure}`)),
    ];
    throw new NoPriceError(
      `the API has no price for ${name}: correct product, meter or unit of the row; it offers ${offered.slice(0, 5).join("; ") || "nothing"}`,
    );
  }
  if (fitting.some((item) => item.retailPrice !== first.retailPrice)) {
    throw new Error(`the API has several prices for ${name}: make product or meter of the row more exact`);
  }
  return first;
}

/**
 * The table with the prices of today.
 *
 * @param fetchPage gets one page of the API
 * @param today `YYYY-MM-DD`
 * @param api address of the API
 * @param mayLack whether a row may be left out where the API has no price for it: those of a region that is new to the table
 * @param leftOut is told what was left out
 * @throws Error as {@link pickItem} does
 */
export async function refresh(
  rows: readonly Price[],
  fetchPage: (url: string) => Promise<RetailPage>,
  today: string,
  api = retailPricesApi,
  mayLack: (row: Price) => boolean = () => false,
  leftOut: (reason: string) => void = () => undefined,
): Promise<Price[]> {
  const refreshed: Price[] = [];
  for (const row of rows) {
    const items: RetailItem[] = [];
    for (let url: string | null = queryOf(row, api); url !== null;) {
      const page: RetailPage = await fetchPage(url);
      items.push(...page.Items);
      url = page.NextPageLink === "" ? null : page.NextPageLink;
    }
    let item: RetailItem;
    try {
      item = pickItem(row, items);
    } catch (error) {
      if (!(error instanceof NoPriceError) || !mayLack(row)) throw error;
      leftOut(error.message);
      continue;
    }
    refreshed.push({
      ...row,
      price: item.retailPrice,
      asOf: today,
      validFrom: item.effectiveStartDate.slice(0, 10),
      source: `Azure Retail Prices API, ${apiDocumentation}`,
    });
  }
  return refreshed;
}
