import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderAlertmanagerConfig } from "../components/alertmanager/alertmanagerConfig";
import { alertTask } from "../components/alerts/alertTasks";
import { alertRules } from "../components/alerts/rules";
import { credentials, influxDesiredState } from "../components/influxdb/desiredState";
import { InfluxApi } from "../components/influxdb/influxApi";
import { reconcile } from "../components/influxdb/reconcile/reconcile";
import { renderTelegrafConfig } from "../components/telegraf/telegrafConfig";
import { resolveTools } from "../local/tools/resolve";
import { workloadPython } from "../local/python";
import { type AlertmanagerProcess, startAlertmanager } from "./services/alertmanager";
import { type Influxd, startInfluxd } from "./services/influxd";
import type { InfluxConnection } from "./services/influxQuery";
import { freePort } from "./services/service";
import { type SmtpSink, startSmtpSink } from "./services/smtpSink";
import { startTelegraf } from "./services/telegraf";
import { type LogPath, type SkippedLogPath, startLogPath } from "./logPath";
import { type Api, logDirectoryOf, startApi, workloadNames, type WorkloadSettings } from "./workloads";

/** How a demo is started. */
export interface DemoOptions {
  /** Progress, a line each. @default standard error */
  log?: (line: string) => void;
}

/** The whole data flow, as processes of this machine on free ports of 127.0.0.1. */
export interface Demo {
  /** Folder of all its files; gone after `stop`. */
  readonly directory: string;
  readonly influxd: Influxd;
  /** InfluxQL as the dashboards ask it: reads every bucket, writes none. */
  readonly reader: InfluxConnection;
  readonly alertmanager: AlertmanagerProcess;
  /** The e-mails that Alertmanager sent. */
  readonly mails: SmtpSink["mails"];
  /** Where the example workloads run. */
  readonly workloads: WorkloadSettings;
  /** Fluentd, or why it is not running; without it no event of a workload reaches InfluxDB. */
  readonly logPath: LogPath | SkippedLogPath;
  /** Port of the API; Telegraf probes it. */
  readonly apiPort: number;
  /** Start the example API on its port; needs a model that a run has approved. */
  startApi(): Promise<Api>;
  /** End all its processes, also APIs, and remove its folder. */
  stop(): Promise<void>;
}

/** Deployment environment of the demo's apps. */
export const demoEnvironment = "demo";

/** Links in the demo's e-mails; they lead nowhere. */
const links = {
  grafanaUrl: "http://grafana.demo.example",
  runbookBaseUrl: "http://docs.demo.example/runbooks",
};

/** Sender and recipients of the demo's e-mails. */
const mailAddresses = { from: "monitoring@demo.example", to: ["team@demo.example"] };

/**
 * Start InfluxDB, Alertmanager, Telegraf, Fluentd (where on PATH) and a mail sink with the configurations that the
 * components render.
 *
 * @throws ToolUnavailableError or PythonUnavailableError that says what to install
 */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const python = await workloadPython(log);
  const tools = await resolveTools(["influxd", "alertmanager", "telegraf"], { log });
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-demo-"));
  const folder = (name: string): string => join(directory, name);
  // To be stopped in reverse order of starting.
  const stops: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  try {
    for (const name of ["influxd", "data", "api"]) await mkdir(folder(name));
    const [apiPort, mailSink] = [await freePort(), await startSmtpSink()];
    stops.push(() => mailSink.stop());

    const influxd = await startInfluxd({
      command: tools.influxd.path,
      directory: folder("influxd"),
      token: secret(),
    });
    stops.push(() => influxd.stop());

    const alertmanager = await startAlertmanager({
      command: tools.alertmanager.path,
      directory: folder("alertmanager"),
      config: renderAlertmanagerConfig({
        email: { ...mailAddresses, smarthost: mailSink.smarthost, requireTls: false },
        grafanaUrl: links.grafanaUrl,
      }),
    });
    stops.push(() => alertmanager.stop());

    const passwords = await setUpDatabase(influxd, alertmanager.url);
    const passwordOf = (user: keyof typeof credentials): string =>
      passwords[credentials[user].passwordVariable] as string;

    const workloads: WorkloadSettings = {
      python,
      logDirectory: folder("logs"),
      dataDirectory: folder("data"),
      environment: demoEnvironment,
    };
    const apps = Object.fromEntries(
      [workloadNames.pipeline, workloadNames.api].map((name) => [name, logDirectoryOf(workloads, name)]),
    );
    for (const logDirectory of Object.values(apps)) await mkdir(logDirectory, { recursive: true });
    const logPath = await startLogPath({
      directory: folder("fluentd"),
      apps,
      environment: demoEnvironment,
      influxDb: {
        url: influxd.url,
        username: credentials.fluentd.username,
        password: passwordOf("fluentd"),
      },
      sharedKey: secret(),
    });
    if ("skipped" in logPath) log(logPath.skipped);
    else stops.push(() => logPath.stop());

    const telegraf = await startTelegraf({
      command: tools.telegraf.path,
      directory: folder("telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: influxd.url,
        environment: demoEnvironment,
        probes: [{ url: `http://127.0.0.1:${apiPort}/healthz`, service: workloadNames.api }],
        kubernetes: false,
        alertmanagerUrl: alertmanager.url,
        fluentdUrls: "skipped" in logPath ? [] : [logPath.aggregator.monitorUrl],
      }),
      login: { username: credentials.telegraf.username, password: passwordOf("telegraf") },
    });
    stops.push(() => telegraf.stop());

    return {
      directory,
      influxd,
      reader: {
        url: influxd.url,
        username: credentials.grafana.username,
        password: passwordOf("grafana"),
      },
      alertmanager,
      mails: mailSink.mails,
      workloads,
      logPath,
      apiPort,
      startApi: async () => {
        const api = await startApi(workloads, {
          port: apiPort,
          logFile: join(folder("api"), "api.log"),
        });
        stops.push(() => api.stop());
        return api;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Bring InfluxDB to the platform's desired state, alert tasks included; returns the generated passwords. */
async function setUpDatabase(influxd: Influxd, alertmanagerUrl: string): Promise<Record<string, string>> {
  const tasks = alertRules().map((rule) =>
    alertTask(rule, { ...links, alertmanagerUrls: [alertmanagerUrl] }),
  );
  const passwords = Object.fromEntries(
    Object.values(credentials).map(({ passwordVariable }) => [passwordVariable, secret()]),
  );
  const api = new InfluxApi({ url: influxd.url, token: influxd.token });
  await reconcile({ api, desired: influxDesiredState({ tasks }), passwords });
  return passwords;
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
