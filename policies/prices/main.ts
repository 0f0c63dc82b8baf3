import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Price } from "../estimate/prices";
import { refresh, retailPricesApi, type RetailPage } from "./refresh";

/**
 * `npm run prices`: put today's prices into prices.json. With `--region westeurope`, once or more, the rows of the first
 * region are also written for that one, but those that the region does not sell. `--api` and `--file` name another API and
 * another table; nothing is written unless every row that was there has its price.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      region: { type: "string", multiple: true },
      api: { type: "string", default: retailPricesApi },
      file: { type: "string", default: join(__dirname, "prices.json") },
    },
  });
  const { api, file } = values;
  const { rows } = JSON.parse(await readFile(file, "utf8")) as { rows: Price[] };
  const [first] = rows;
  const known = new Set(rows.map(({ region }) => region));
  const copies = (values.region ?? [])
    .filter((region) => !known.has(region))
    .flatMap((region) =>
      rows.filter((row) => row.region === first?.region).map((row) => ({ ...row, region })),
    );
  const today = new Date().toISOString().slice(0, 10);
  const isNew = ({ region }: Price) => !known.has(region);
  const warn = (reason: string) => process.stderr.write(`left out: ${reason}\n`);
  const refreshed = await refresh([...rows, ...copies], (url) => fetchPage(url), today, api, isNew, warn);
  const lines = refreshed.map((row) => `    ${JSON.stringify(row)}`);
  await writeFile(file, `{\n  "rows": [\n${lines.join(",\n")}\n  ]\n}\n`);
  process.stdout.write(`${refreshed.length} prices of ${today} written to ${file}\n`);
}

/** @param retries how often to ask again where the API answers that it was asked too often */
async function fetchPage(url: string, retries = 6): Promise<RetailPage> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (response.status === 429 && retries > 0) {
    await setTimeout(1000 * Number(response.headers.get("retry-after") ?? 2 ** (8 - retries)));
    return fetchPage(url, retries - 1);
  }
  if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return (await response.json()) as RetailPage;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
