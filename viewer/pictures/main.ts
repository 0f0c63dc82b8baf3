import { parseArgs } from "node:util";

import { dashboards } from "../../dashboards";
import { resolveTool } from "../../local/tools/resolve";
import type { InfluxConnection } from "../../local/services/influxQuery";
import { sampleNow } from "../sample/sampleData";
import { fillWithSampleData, startTemporaryInfluxDb } from "../sample/sampleInfluxDb";
import { startViewer } from "./startViewer";
import { findChromium, takePictures } from "./takePictures";

const usage = `Takes pictures of the dashboards in the viewer, a stand-in for Grafana.

  npm run dashboards:pictures -- --out DIR [--query from=now-30d&theme=light] [--influxdb-url URL]

Without --influxdb-url an InfluxDB with sample data is started for it. With it, the data of that one is shown, read as
INFLUXDB_USERNAME with INFLUXDB_PASSWORD.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { out: { type: "string" }, query: { type: "string" }, "influxdb-url": { type: "string" } },
  });
  const { out, query, "influxdb-url": url } = values;
  if (out === undefined) {
    console.error(usage);
    return 2;
  }
  if (url !== undefined) {
    const { INFLUXDB_USERNAME: username = "", INFLUXDB_PASSWORD: password = "" } = process.env;
    return picture({ url, username, password }, Date.now, { folder: out, query });
  }
  const influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
  try {
    await fillWithSampleData(influxDb);
    return await picture(influxDb.grafana, () => sampleNow, { folder: out, query });
  } finally {
    await influxDb.stop();
  }
}

async function picture(
  influxDb: InfluxConnection,
  nowMs: () => number,
  options: { folder: string; query?: string },
): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.error("chromium is not on PATH: install it (Debian: apt-get install chromium)");
    return 1;
  }
  const shown = dashboards();
  const viewer = await startViewer(influxDb, shown, nowMs);
  try {
    const uids = shown.map(({ uid }) => uid);
    const pictures = await takePictures({ ...viewer, ...options, uids, executablePath });
    for (const { file, errors } of pictures) console.log([file, ...errors].join("\n  "));
    return pictures.some(({ errors }) => errors.length > 0) ? 1 : 0;
  } finally {
    await viewer.stop();
  }
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
