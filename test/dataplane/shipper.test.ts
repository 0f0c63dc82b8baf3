import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { renderAggregatorConfig } from "../../components/fluentd/aggregatorConfig";
import { type ConfigFiles, fluentdArguments } from "../../components/fluentd/contractFiles";
import { runFluentdFile, sidecarArguments } from "../../components/fluentd/runFluentd";
import { renderSidecarConfig } from "../../components/fluentd/sidecarConfig";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import type { LogSource } from "../../contract/formats";
import { repositoryRoot } from "../../local/paths";
import { freePorts } from "../../local/ports";
import { sleep } from "../../local/processes";
import { answers, type Service, startService } from "../../local/services/service";
import { formatSamples } from "../unit/contract/formatSamples";
import { passwords, startTestDatabase, type TestDatabase } from "./support/database";
import { LogPathFixture, requestLine, scopeOf, service } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

// The stand-in for Fluentd in the embedded cluster's images, beside the real one: both read the same files.

const sharedKey = "shared-key-of-the-test";
const sources: LogSource[] = [
  {
    path: "own/*.log",
    format: {
      regexp: "^(?<time>\\S+ \\S+) \\b(?<level>[A-Z]+)\\b: (?<body>[\\s\\S]*)$",
      multilineStart: "^\\d{2}\\.\\d{2}\\.",
      timeFormat: "%d.%m.%Y %H:%M:%S,%L",
      samples: ["07.03.2026 10:15:32,123 INFO: ok"],
    },
  },
  { routes: ["/users/{name}/orders"] },
];

/** Start the shipper as a container of the image does. */
async function startShipper(
  directory: string,
  files: ConfigFiles,
  env: NodeJS.ProcessEnv,
  isReady: () => Promise<boolean>,
): Promise<Service> {
  const etc = join(directory, "etc");
  await mkdir(etc, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(etc, name), text);
  return startService({
    command: process.execPath,
    args: [
      join(repositoryRoot, "dist", "shipper.js"),
      ...(runFluentdFile in files ? ["sh", ...sidecarArguments(etc)] : ["fluentd", ...fluentdArguments(etc)]),
    ],
    logFile: join(directory, "shipper.log"),
    env: { PATH: process.env.PATH, FLUENTD_SHARED_KEY: sharedKey, ...env },
    isReady,
  });
}

describe("the stand-in for Fluentd stores what Fluentd stores of the same lines", async () => {
  const skip = await missingFluentd();
  let real: LogPathFixture;
  let database: TestDatabase;
  const started: Service[] = [];

  before(async () => {
    if (skip !== false) return;
    real = await LogPathFixture.start(scope, { sources });
    database = await startTestDatabase();
    // The samples are of years ago.
    const platform = influxDesiredState();
    const buckets = platform.buckets.map((bucket) => ({ ...bucket, retentionSeconds: 0 }));
    for (const one of [real.database, database]) await one.reconcile({ ...platform, buckets });
    const [port = 0, monitorPort = 0] = await freePorts(2);
    const aggregator = renderAggregatorConfig({
      influxDbUrl: database.influxd.url,
      environment: "test",
      bind: "127.0.0.1",
      port,
      monitorPort,
    });
    const login = {
      INFLUXDB_USERNAME: "fluentd",
      INFLUXDB_PASSWORD: passwords.INFLUXDB_FLUENTD_PASSWORD,
    };
    started.push(
      await startShipper(join(real.directory, "stand-in-aggregator"), aggregator, login, () =>
        answers(`http://127.0.0.1:${monitorPort}/api/plugins.json`),
      ),
    );
    const sidecar = renderSidecarConfig({
      service: { name: service, environment: "test" },
      aggregator: { host: "127.0.0.1", port },
      sources,
      logPath: real.logPath,
    });
    const directory = join(real.directory, "stand-in-sidecar");
    started.push(
      await startShipper(directory, sidecar, { POD_NAME: "pod-0" }, async () =>
        (await readFile(join(directory, "shipper.log"), "utf8")).includes("STAND-IN"),
      ),
    );
  });
  after(async () => {
    for (const one of started.reverse()) await one.stop();
    await database?.remove();
  });
  // After the shippers, whose folders are in its own.
  const scope = scopeOf(after);

  const count = async (of: TestDatabase, measurement: string): Promise<number> => {
    const rows = await of.client.influxql(`SELECT count(/.*/) FROM "events"."${measurement}"`);
    return Math.max(0, ...Object.values(rows[0] ?? {}).filter((value) => typeof value === "number"));
  };
  /** The points of a measurement as texts. Lines without a time have that at which they were read. */
  const points = async (of: TestDatabase, measurement: string): Promise<string[]> => {
    const rows = await of.client.influxql(`SELECT * FROM "events"."${measurement}"`);
    return rows
      .map((row) => {
        const time = String(row.time).startsWith(today) ? "now" : row.time;
        return JSON.stringify(Object.entries({ ...row, time }).sort());
      })
      .sort();
  };
  const today = new Date().toISOString().slice(0, 10);

  it(
    "of every format, of several lines, of a format of one's own, and of a file that was moved",
    { skip },
    async () => {
      const records = Object.values(formatSamples).flat();
      assert.ok(records.length >= Object.keys(formatSamples).length, "there are samples of each format");
      const samples = records.map(({ record }) => `${record}\n`).join("");
      await writeFile(join(real.logPath, "samples.log"), samples);
      await mkdir(join(real.logPath, "own"));
      await writeFile(
        join(real.logPath, "own", "a.log"),
        '07.03.2026 10:15:32,123 INFO: one\n  and more\n07.03.2026 10:15:32,123 ERROR: two, "quoted" \\ and = é\n',
      );
      const startedAt = Date.parse("2026-03-07T10:00:00Z");
      const requests = Array.from({ length: 400 }, (_, index) => requestLine(index, startedAt));
      const events = join(real.logPath, "app.events.log");
      await writeFile(events, requests.slice(0, 300).join(""));
      await sleep(1_500);
      await appendFile(events, requests.slice(300, 350).join(""));
      await rename(events, `${events}.1`);
      await writeFile(events, requests.slice(350).join(""));
      await writeFile(
        join(real.logPath, "app.log"),
        `10.0.0.1 - - [07/Mar/2026:10:15:32 +0000] "GET /users/ann/orders HTTP/1.1" 200 12\nnothing that is known\n`,
      );

      for (const measurement of ["http.server.request", "log", "log.unparsed"]) {
        await waitFor(`as many points of ${measurement}`, 60_000, async () => {
          const [there, here] = [await count(real.database, measurement), await count(database, measurement)];
          return there > 0 && here === there && (await real.settle(), true) ? true : undefined;
        });
        assert.deepEqual(
          await points(database, measurement),
          await points(real.database, measurement),
          measurement,
        );
      }
      assert.ok((await count(database, "http.server.request")) >= requests.length);
    },
  );
});
