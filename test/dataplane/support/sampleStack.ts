import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertTask } from "../../../components/alerts/alertTasks";
import { alertRules } from "../../../components/alerts/rules";
import { credentials, influxDesiredState } from "../../../components/influxdb/desiredState";
import { workloadPython } from "../../../local/python";
import {
  type InfluxConnection,
  influxQl,
  influxQlNumber,
  type InfluxRow,
} from "../../../local/services/influxQuery";
import { resolveTool } from "../../../local/tools/resolve";
import { passwords, startTestDatabase } from "./database";
import { startAggregator, startSidecar } from "./fluentd";
import { links, type ReceivedMail, startMailingAlertmanager } from "./mailingAlertmanager";
import { waitFor } from "./waitFor";
import {
  type Api,
  logDirectoryOf,
  type PipelineResult,
  type PipelineRun,
  runPipeline,
  startApi,
  workloadNames,
  type WorkloadSettings,
} from "./workloads";

const environment = "test";
const sharedKey = "shared-key-of-the-test";
/** How long an event may take from its file into InfluxDB. */
const lostAfterMs = 120_000;
const mailTimeoutMs = 300_000;

/**
 * The example's programs as processes, and what their events go through: a Fluentd beside each, the aggregator, InfluxDB
 * with every alert task, Alertmanager and a mail server.
 */
export interface SampleStack {
  readonly workloads: WorkloadSettings;
  /** InfluxQL as the dashboards ask it: reads every bucket, writes none. */
  readonly reader: InfluxConnection;
  /** As apps ask it: reads raw events only. */
  readonly appsReader: InfluxConnection;
  query(text: string): Promise<InfluxRow[]>;
  number(text: string, column: string): Promise<number>;
  train(run: PipelineRun): Promise<PipelineResult>;
  /** Start the example API; needs a model that a run has approved. */
  startApi(): Promise<Api>;
  waitForRequests(requests: number): Promise<void>;
  waitForRunEnds(runs: number): Promise<void>;
  waitForMail(what: string, matches: (mail: ReceivedMail) => boolean): Promise<ReceivedMail>;
  /** End all its processes, also APIs, and remove its folder. */
  stop(): Promise<void>;
}

export async function startSampleStack(): Promise<SampleStack> {
  const { path: fluentd } = await resolveTool("fluentd");
  const python = await workloadPython((line) => process.stderr.write(`${line}\n`));
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-sample-"));
  // To be stopped in reverse order of starting.
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  try {
    const alertmanager = await startMailingAlertmanager({ directory: join(directory, "alertmanager") });
    stops.push(() => alertmanager.stop());
    const database = await startTestDatabase();
    stops.push(() => database.remove());
    const tasks = alertRules().map((rule) =>
      alertTask(rule, { ...links, alertmanagerUrls: [alertmanager.url] }),
    );
    await database.reconcile(influxDesiredState({ tasks }));

    const workloads: WorkloadSettings = {
      python,
      logDirectory: join(directory, "logs"),
      dataDirectory: join(directory, "data"),
      environment,
    };
    const login = (user: "apps" | "fluentd" | "grafana") => ({
      username: credentials[user].username,
      password: passwords[credentials[user].passwordVariable as keyof typeof passwords],
    });
    const aggregator = await startAggregator({
      command: fluentd,
      directory: join(directory, "aggregator"),
      influxDbUrl: database.influxd.url,
      environment,
      sharedKey,
      influxDb: login("fluentd"),
    });
    stops.push(() => aggregator.stop());
    for (const name of [workloadNames.pipeline, workloadNames.api]) {
      const logPath = logDirectoryOf(workloads, name);
      await mkdir(logPath, { recursive: true });
      const sidecar = await startSidecar({
        command: fluentd,
        directory: join(directory, `${name}-sidecar`),
        logPath,
        service: { name, environment },
        aggregator: { host: "127.0.0.1", port: aggregator.port },
        sharedKey,
      });
      stops.push(() => sidecar.stop());
    }

    const reader = { url: database.influxd.url, ...login("grafana") };
    const countAtLeast = (what: string, query: string, least: number) =>
      waitFor(what, lostAfterMs, async () =>
        (await influxQlNumber(reader, query, "count")) >= least ? true : undefined,
      );
    return {
      workloads,
      reader,
      appsReader: { url: database.influxd.url, ...login("apps") },
      query: (text) => influxQl(reader, text),
      number: (text, column) => influxQlNumber(reader, text, column),
      train: (run) => runPipeline(workloads, run),
      startApi: async () => {
        const api = await startApi(workloads, { logFile: join(directory, "api.log") });
        stops.push(() => api.stop());
        return api;
      },
      waitForRequests: async (requests) => {
        const query = 'SELECT count("duration_s") FROM "events"."http.server.request"';
        await countAtLeast(`${requests} requests in InfluxDB`, query, requests);
      },
      waitForRunEnds: async (runs) => {
        const query = 'SELECT count("cicd.pipeline.run.id") FROM "events"."pipeline.run.end"';
        await countAtLeast(`the ends of ${runs} runs in InfluxDB`, query, runs);
      },
      waitForMail: (what, matches) =>
        waitFor(`the mail: ${what}`, mailTimeoutMs, () => alertmanager.mails.find(matches)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
