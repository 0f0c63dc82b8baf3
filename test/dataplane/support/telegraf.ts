import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Service, startService } from "../../../local/services/service";
import { resolveTool } from "../../../local/tools/resolve";
import { passwords } from "./database";

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

/** Start Telegraf with a rendered configuration, as its user at the InfluxDB of the tests. */
export async function startTelegraf(options: TelegrafProcessOptions): Promise<Service> {
  const { directory, config, alertmanagerAuthorization } = options;
  const command = options.command ?? (await resolveTool("telegraf")).path;
  await mkdir(directory, { recursive: true });
  const configFile = join(directory, "telegraf.conf");
  const logFile = join(directory, "telegraf.log");
  await writeFile(configFile, config);
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
