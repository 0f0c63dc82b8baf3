import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { influxDbAlert } from "../../../components/alerts/influxDbUnreachable";
import { influxDbWatchFiles, influxDbWatchScript } from "../../../components/telegraf/influxDbWatch";
import { inodesScript, inodesScriptName } from "../../../components/telegraf/inodesScript";
import { configFolder, type KubernetesScrape } from "../../../components/telegraf/kubernetesInputs";
import { renderTelegrafConfig } from "../../../components/telegraf/telegrafConfig";
import { freePort } from "../../../local/ports";
import { type Service, startService } from "../../../local/services/service";
import { resolveTool } from "../../../local/tools/resolve";
import { passwords } from "./database";
import { links } from "./mailingAlertmanager";

/** How a Telegraf for tests is started. */
export interface TelegrafProcessOptions {
  /**
   * The program.
   * @default that of `resolveTool`
   */
  command?: string;
  /** Folder of its configuration and log. */
  directory: string;
  /** Content of its configuration file. */
  config: string;
  /**
   * Value of the header `Authorization` at Alertmanager.
   * @default it asks for no login
   */
  alertmanagerAuthorization?: string;
}

/** Write the files that Telegraf's pod has in `/etc/telegraf` to another folder. @returns path of the configuration */
export async function writeTelegrafFiles(directory: string, config: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const configFile = join(directory, "telegraf.conf");
  await writeFile(configFile, config.replaceAll(configFolder, directory));
  await writeFile(join(directory, inodesScriptName), inodesScript);
  await writeFile(join(directory, influxDbWatchFiles.script), influxDbWatchScript);
  await writeFile(
    join(directory, influxDbWatchFiles.alert),
    JSON.stringify(influxDbAlert({ environment: "test", ...links })),
  );
  return configFile;
}

/** Start Telegraf with a rendered configuration, as its user at the InfluxDB of the tests. */
export async function startTelegraf(options: TelegrafProcessOptions): Promise<Service> {
  const { directory, config, alertmanagerAuthorization } = options;
  const command = options.command ?? (await resolveTool("telegraf")).path;
  const configFile = await writeTelegrafFiles(directory, config);
  const logFile = join(directory, "telegraf.log");
  return startService({
    command,
    args: ["--strict-env-handling", "--config", configFile],
    env: {
      ...process.env,
      INFLUXDB_USERNAME: "telegraf",
      INFLUXDB_PASSWORD: passwords.INFLUXDB_TELEGRAF_PASSWORD,
      ...(alertmanagerAuthorization && { ALERTMANAGER_AUTHORIZATION: alertmanagerAuthorization }),
    },
    logFile,
    isReady: async () => (await readFile(logFile, "utf8")).includes("[agent] Config:"),
  });
}

/**
 * Start Telegraf, which looks each second, on a Kubernetes API that the test serves.
 *
 * @param directory for its files
 * @param url of the API server and the kubelets
 * @param more of the cluster
 */
export async function startTelegrafOn(
  directory: string,
  influxDbUrl: string,
  url: string,
  more: Pick<KubernetesScrape, "kubeConfig" | "podMetrics"> = {},
): Promise<Service> {
  const tokenFile = join(directory, "token");
  await writeFile(tokenFile, "the-token");
  return startTelegraf({
    directory: join(directory, "telegraf"),
    config: renderTelegrafConfig({
      influxDbUrl,
      influxDbMetrics: false,
      environment: "test",
      kubernetes: { kubeletUrl: url, apiUrl: url, tokenFile, ...more },
      healthPort: await freePort(),
      intervalSeconds: 1,
      probeIntervalSeconds: 1,
    }),
  });
}
