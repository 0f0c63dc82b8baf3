import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";
import { parseArgs } from "node:util";

import { dashboards, type DashboardDefinition } from "../../dashboards";
import { openPages } from "../../local/commands/open";
import { repositoryRoot } from "../../local/paths";
import type { InfluxConnection } from "../../local/services/influxQuery";
import { resolveTool } from "../../local/tools/resolve";
import type { DashboardModel } from "../frames/dashboardModel";
import { sampleNow } from "../sample/sampleData";
import { fillWithSampleData, startTemporaryInfluxDb } from "../sample/sampleInfluxDb";
import { startViewer } from "./startViewer";
import { findChromium, takePictures, type PageAddress } from "./takePictures";

const usage = `Takes pictures of the dashboards in the viewer, a stand-in for Grafana.

  npm run dashboards:pictures -- --out DIR [--query from=now-30d&theme=light] [--width PIXELS]

of the tests' sample data, in an InfluxDB that is started for it, or

  --influxdb-url URL   of the data of that one, read as INFLUXDB_USERNAME with INFLUXDB_PASSWORD
  --up                 of the pages of a running \`make up\`: dashboards, alerts, mails
  --dashboards FILE    of the dashboards in a JSON file (a list), for example of an earlier version
  --docs               those of docs/pictures/, in place of --out and --query
`;

/** What docs/pictures/ has of each dashboard: by the end of the file's name, what is put into the address. */
const docsQueries = {
  "24h": "from=now-24h&theme=dark",
  "15m-light": "from=now-15m&theme=light",
  "90d": "from=now-90d&theme=dark",
  "empty-light": "var-environment=none&theme=light",
};
/** In the last 15 minutes no run went on: of Run those of one. */
const minutesOfRun = `var-runId=run-3&from=${Date.UTC(2026, 2, 16, 11, 50)}&to=${Date.UTC(2026, 2, 16, 12, 5)}&theme=light`;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      query: { type: "string", default: "" },
      width: { type: "string", default: "1600" },
      "influxdb-url": { type: "string" },
      dashboards: { type: "string" },
      up: { type: "boolean", default: false },
      docs: { type: "boolean", default: false },
    },
  });
  return values;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.out === undefined && !options.docs) {
    console.error(usage);
    return 2;
  }
  const { "influxdb-url": url } = options;
  if (options.up) return picturesOfUp(options);
  if (url !== undefined) {
    const { INFLUXDB_USERNAME: username = "", INFLUXDB_PASSWORD: password = "" } = process.env;
    return picturesOf({ url, username, password }, Date.now, options);
  }
  const influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
  try {
    await fillWithSampleData(influxDb);
    // "5 minutes ago" is of the sample's time.
    mock.timers.enable({ apis: ["Date"], now: sampleNow });
    return await picturesOf(influxDb.grafana, () => sampleNow, options);
  } finally {
    await influxDb.stop();
  }
}

/** The dashboards that are shown: today's, or those of a file. */
function shownDashboards(file: string | undefined): readonly DashboardDefinition[] {
  if (file === undefined) return dashboards();
  const models = JSON.parse(readFileSync(file, "utf8")) as DashboardModel[];
  return models.map((model) => ({
    uid: model.uid,
    title: model.title,
    folder: "Dashboards",
    json: JSON.stringify(model),
  }));
}

async function picturesOf(
  influxDb: InfluxConnection,
  nowMs: () => number,
  options: Options,
): Promise<number> {
  const shown = shownDashboards(options.dashboards);
  const viewer = await startViewer(influxDb, shown, nowMs);
  const address = (uid: string, query: string): string => `${viewer.url}/d/${uid}?${query}`;
  try {
    const pages = shown.flatMap((one): PageAddress[] => {
      if (!options.docs) return [{ name: one.uid, url: address(one.uid, options.query) }];
      const isTimeless = (JSON.parse(one.json) as DashboardModel).timepicker?.hidden === true;
      return Object.entries(docsQueries)
        .filter(([name]) => !isTimeless || name === "24h" || name === "empty-light")
        .map(([name, query]) => ({
          name: `${one.uid}-${name}`,
          url: address(one.uid, one.uid === "training-run" && name === "15m-light" ? minutesOfRun : query),
        }));
    });
    return await report(pages, options, viewer.password);
  } finally {
    await viewer.stop();
  }
}

async function picturesOfUp(options: Options): Promise<number> {
  const found = await openPages();
  const grafana = found.find(({ service }) => service === "grafana");
  if (grafana === undefined) throw new Error("`make up` shows no dashboards");
  const others = found.filter(({ service }) => service !== "grafana" && service !== "influxdb");
  const pages = [
    ...dashboards().map(({ uid }) => ({ name: uid, url: `${grafana.url}d/${uid}?${options.query}` })),
    ...others.map(({ service, url }) => ({ name: service, url })),
  ];
  return report(
    pages.map(({ name, url }) => ({ name: `up-${name}`, url })),
    options,
    grafana.password,
  );
}

async function report(
  pages: readonly PageAddress[],
  { out, width }: Options,
  password: string | undefined,
): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.error("chromium is not on PATH: install it (Debian: apt-get install chromium)");
    return 1;
  }
  const folder = out ?? join(repositoryRoot, "docs", "pictures");
  const pictures = await takePictures({ pages, folder, password, width: Number(width), executablePath });
  for (const { file, errors } of pictures) console.log([file, ...errors].join("\n  "));
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
