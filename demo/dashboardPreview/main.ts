import { parseArgs } from "node:util";

import { dashboards } from "../../dashboards";
import { resolveTool } from "../../local/tools/resolve";
import { influxClient, type InfluxConnection } from "../services/influxQuery";
import type { DashboardModel } from "./dashboardModel";
import { queryDashboard } from "./queryDashboard";
import { findChromium, renderDashboards } from "./render";
import { sampleNow } from "./sampleData";
import { fillWithSampleData, startTemporaryInfluxDb } from "./sampleInfluxDb";

const usage = `Draws the dashboards into PNG files: a preview of layout and data, not Grafana.

  npm run dashboards:preview -- --out DIR [--from now-30d] [--influxdb-url URL]

Without --from each dashboard has its own time range. Without --influxdb-url an InfluxDB with sample data is started for it. With it, the data of that one is shown, read as
INFLUXDB_USERNAME with INFLUXDB_PASSWORD.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { out: { type: "string" }, from: { type: "string" }, "influxdb-url": { type: "string" } },
  });
  if (values.out === undefined) {
    console.error(usage);
    return 2;
  }
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error("chromium is not on PATH: install it (Debian: apt-get install chromium)");
    return 1;
  }
  const url = values["influxdb-url"];
  if (url !== undefined) {
    const connection = {
      url,
      username: process.env["INFLUXDB_USERNAME"] ?? "",
      password: process.env["INFLUXDB_PASSWORD"] ?? "",
    };
    return draw(connection, Date.now(), { folder: values.out, chromium, from: values.from });
  }
  const influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
  try {
    await fillWithSampleData(influxDb);
    return await draw(influxDb.grafana, sampleNow, { folder: values.out, chromium, from: values.from });
  } finally {
    await influxDb.stop();
  }
}

async function draw(
  connection: InfluxConnection,
  nowMs: number,
  { folder, chromium, from }: { folder: string; chromium: string; from?: string },
): Promise<number> {
  const run = influxClient(connection);
  const queried = [];
  for (const { json } of dashboards()) {
    queried.push(await queryDashboard(JSON.parse(json) as DashboardModel, { run, nowMs, from }));
  }
  const pictures = await renderDashboards(queried, folder, chromium);
  for (const { title, file, errors } of pictures) console.log([`${file}  ${title}`, ...errors].join("\n  "));
  return pictures.some(({ errors }) => errors.length > 0) ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
