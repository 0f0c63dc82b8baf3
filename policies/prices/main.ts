import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Price } from "../estimate/prices";
import { refresh, retailPricesApi, type RetailPage } from "./refresh";

/**
 * `npm run prices`: put today's prices into prices.json. With `--region westeurope` the rows of the first region are
 * also written for that one. `--api` and `--file` name another API and another table; nothing is written unless every row
 * has its price.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      region: { type: "string" },
      api: { type: "string", default: retailPricesApi },
      file: { type: "string", default: join(__dirname, "prices.json") },
    },
  });
  const { api, file } = values;
  const { rows } = JSON.parse(await readFile(file, "utf8")) as { rows: Price[] };
  const [first] = rows;
  const copies =
    values.region === undefined || rows.some(({ region }) => region === values.region)
      ? []
      : rows
          .filter(({ region }) => region === first?.region)
          .map((row) => ({ ...row, region: values.region ?? "" }));
  const today = new Date().toISOString().slice(0, 10);
  const refreshed = await refresh([...rows, ...copies], fetchPage, today, api);
  await writeFile(file, `${JSON.stringify({ rows: refreshed }, undefined, 2)}\n`);
  process.stdout.write(`${refreshed.length} prices of ${today} written to ${file}\n`);
}

async function fetchPage(url: string): Promise<RetailPage> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return (await response.json()) as RetailPage;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
