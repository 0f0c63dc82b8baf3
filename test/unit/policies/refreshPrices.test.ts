import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { pickItem, queryOf, refresh, type RetailItem } from "../../../policies/prices/refresh";
import { type Price, prices } from "../../../policies/estimate/prices";

const row: Price = {
  ...{ region: "eastus", kind: "vm", sku: "Standard_D4s_v5", product: "Virtual Machines Dsv5 Series" },
  ...{ meter: "D4s v5", unit: "1 Hour", currency: "USD", price: 1, asOf: "2020-01-01", source: "before" },
};

/** An item in the shape that Microsoft documents for the API. */
function item(change: Partial<RetailItem> = {}): RetailItem {
  return {
    ...{ currencyCode: "USD", tierMinimumUnits: 0, retailPrice: 0.192, armRegionName: "eastus" },
    ...{ effectiveStartDate: "2023-04-01T00:00:00Z", meterName: "D4s v5", skuName: "D4s v5" },
    ...{ productName: "Virtual Machines DSv5 Series", unitOfMeasure: "1 Hour", type: "Consumption" },
    armSkuName: "Standard_D4s_v5",
    ...change,
  };
}

const others = [
  item({ productName: "Virtual Machines Dsv5 Series Windows", retailPrice: 0.376 }),
  item({ meterName: "D4s v5 Spot", skuName: "D4s v5 Spot", retailPrice: 0.04 }),
  item({ meterName: "D4s v5 Low Priority", retailPrice: 0.05 }),
  item({ type: "Reservation", retailPrice: 900 }),
  item({ type: "DevTestConsumption", retailPrice: 0.1 }),
  item({ armRegionName: "westeurope", retailPrice: 0.23 }),
];

test("the price of Linux, pay as you go, is picked among all that the API returns", () => {
  assert.equal(pickItem(row, [...others, item()]).retailPrice, 0.192);
});

test("no price, or two, is an error that says which row and what the API offers", () => {
  assert.throws(() => pickItem(row, others), /no price for vm «Standard_D4s_v5» in eastus.*Spot/);
  assert.throws(() => pickItem(row, [item(), item({ retailPrice: 0.2 })]), /several prices for vm/);
});

test("all pages are read, and the row says what was read when", async () => {
  const asked: string[] = [];
  const fetchPage = (url: string) => {
    asked.push(url);
    return Promise.resolve(
      url === "next" ? { Items: [item()], NextPageLink: null } : { Items: others, NextPageLink: "next" },
    );
  };
  const [refreshed] = await refresh([row], fetchPage, "2026-11-24");
  assert.deepEqual(asked, [queryOf(row), "next"]);
  assert.equal(refreshed?.price, 0.192);
  assert.equal(refreshed?.asOf, "2026-11-24");
  assert.match(refreshed?.source ?? "", /Azure Retail Prices API/);
});

test("tiers come in any order, and the first that is not free counts", () => {
  const logs: Price = {
    ...{ ...row, kind: "logs", sku: "Standard", product: "Log Analytics" },
    ...{ meter: "Analytics Logs Data Ingestion", unit: "1 GB" },
  };
  const tier = (tierMinimumUnits: number, retailPrice: number) =>
    item({
      ...{ productName: logs.product, meterName: logs.meter, unitOfMeasure: "1 GB" },
      ...{ tierMinimumUnits, retailPrice },
    });
  assert.equal(pickItem(logs, [tier(5, 2.3), tier(0, 0)]).retailPrice, 2.3);
  assert.equal(pickItem(logs, [tier(4000, 0.4), tier(1500, 0.9), tier(0, 5), tier(250, 2.5)]).retailPrice, 5);
});

test("the table says of each row where the API has it: nothing of a region is asked for elsewhere", () => {
  const elsewhere = prices.filter((price) => price.publishedFor !== undefined);
  assert.deepEqual([...new Set(elsewhere.map(({ publishedFor }) => publishedFor))], ["Zone 1"]);
  assert.ok(elsewhere.every(({ region, product }) => region === "Global" && product === "Azure DNS"));
  // https://learn.microsoft.com/azure/storage/blobs/access-tiers-overview: three zones only in this product.
  const blobs = prices.filter(({ kind, sku }) => kind === "blob" && sku !== "Premium LRS");
  assert.ok(blobs.every(({ product }) => product === "General Block Blob v2"));
});

test("the query asks for one region and one SKU", () => {
  const filter = new URL(queryOf(row)).searchParams.get("$filter");
  assert.equal(
    filter,
    "armRegionName eq 'eastus' and priceType eq 'Consumption' and armSkuName eq 'Standard_D4s_v5'",
  );
  const disk = { ...row, kind: "disk" as const, sku: "P10", meter: "P10 LRS Disk" };
  assert.match(new URL(queryOf(disk)).searchParams.get("$filter") ?? "", /meterName eq 'P10 LRS Disk'/);
});

const apiOf = (server: Server) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/retail/prices`;

describe("npm run prices, against answers that are served on this machine", () => {
  let directory: string;
  let file: string;
  let api: string;
  const offered = new Map<string, RetailItem[]>();
  // A stand-in of the API: the same parameters, fields and pages.
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", api);
    const filter = url.searchParams.get("$filter") ?? "";
    const region = /armRegionName eq '(\w+)'/.exec(filter)?.[1] ?? "";
    const items = offered.get(region) ?? [];
    const second = url.searchParams.get("$skip") !== null;
    url.searchParams.set("$skip", "1000");
    const page = second
      ? { Items: items, NextPageLink: null }
      : { Items: others.filter(({ armRegionName }) => armRegionName === region), NextPageLink: url.href };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ BillingCurrency: "USD", Count: page.Items.length, ...page }));
  });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-prices-"));
    file = join(directory, "prices.json");
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    api = apiOf(server);
  });
  after(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function refreshTable(...args: string[]) {
    await writeFile(file, JSON.stringify({ rows: [row] }));
    const script = join(repositoryRoot, "policies", "prices", "main.ts");
    const command = ["--import", "tsx", script, "--api", api, "--file", file, ...args];
    const result = await run(process.execPath, command, { cwd: repositoryRoot });
    return { result, rows: (JSON.parse(await readFile(file, "utf8")) as { rows: Price[] }).rows };
  }

  test("the table gets today's price, and with --region the rows of another region too", async () => {
    offered.set("eastus", [item()]);
    offered.set("westeurope", [item({ armRegionName: "westeurope", retailPrice: 0.23 })]);
    const { result, rows } = await refreshTable("--region", "westeurope");
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(
      rows.map(({ region, price }) => [region, price]),
      [
        ["eastus", 0.192],
        ["westeurope", 0.23],
      ],
    );
    assert.ok(rows.every(({ asOf }) => asOf >= "2026-01-01"));
  });

  test("every row of the table is found in answers of 100 items a page, tiers in disorder, and one asked to wait", async () => {
    const busy = new Set<string>();
    const served = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://127.0.0.1");
      const filter = url.searchParams.get("$filter") ?? "";
      // The API gives 429 where it was asked too often: here once, for the first question.
      if (busy.size === 0 && busy.add(filter)) {
        response.writeHead(429, { "retry-after": "0" }).end();
        return;
      }
      const asked = (name: string) => new RegExp(`${name} eq '([^']+)'`).exec(filter)?.[1];
      const matching = prices.filter(
        (price) =>
          (price.publishedFor ?? price.region) === asked("armRegionName") &&
          (asked("armSkuName") === price.sku || asked("meterName") === price.meter),
      );
      const noise = Array.from({ length: 150 }, () => item({ productName: "Another", meterName: "Another" }));
      const items = [
        ...noise,
        ...matching.flatMap(({ product, meter, unit, price, region, publishedFor }) =>
          [9, 0].map((tierMinimumUnits) =>
            item({
              ...{ productName: product, meterName: meter, unitOfMeasure: unit, tierMinimumUnits },
              ...{
                armRegionName: publishedFor ?? region,
                retailPrice: tierMinimumUnits === 0 ? price * 2 : price,
              },
            }),
          ),
        ),
      ];
      const skip = Number(url.searchParams.get("$skip") ?? 0);
      url.searchParams.set("$skip", String(skip + 100));
      const next = skip + 100 < items.length ? `${apiOf(served)}${url.search}` : null;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ Items: items.slice(skip, skip + 100), NextPageLink: next }));
    });
    await new Promise<void>((resolve) => served.listen(0, "127.0.0.1", resolve));
    try {
      await writeFile(file, JSON.stringify({ rows: prices }));
      const script = join(repositoryRoot, "policies", "prices", "main.ts");
      const command = ["--import", "tsx", script, "--api", apiOf(served), "--file", file];
      const result = await run(process.execPath, command, { cwd: repositoryRoot });
      assert.equal(result.code, 0, result.stderr);
      const { rows } = JSON.parse(await readFile(file, "utf8")) as { rows: Price[] };
      const of = (table: readonly Price[], factor: number) =>
        table.map(({ region, kind, sku, price }) => [region, kind, sku, price * factor]);
      assert.deepEqual(of(rows, 1), of(prices, 2));
      assert.equal(busy.size, 1);
    } finally {
      served.close();
    }
  });

  test("what a new region does not sell is left out and named; the rest is written", async () => {
    offered.set("eastus", [item()]);
    offered.set("polandcentral", []);
    offered.set("westeurope", [item({ armRegionName: "westeurope", retailPrice: 0.23 })]);
    const { result, rows } = await refreshTable("--region", "polandcentral", "--region", "westeurope");
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /left out: the API has no price for vm «Standard_D4s_v5» in polandcentral/);
    assert.deepEqual(
      rows.map(({ region }) => region),
      ["eastus", "westeurope"],
    );
  });

  test("a price that is no longer offered is named, and the table stays as it was", async () => {
    offered.set("eastus", []);
    const { result, rows } = await refreshTable();
    assert.equal(result.code, 1);
    assert.match(result.stderr, /the API has no price for vm «Standard_D4s_v5» in eastus/);
    assert.deepEqual(rows, [row]);
  });
});
