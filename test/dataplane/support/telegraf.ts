import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Service, startService } from "../../../local/services/service";

/** How a Telegraf for tests is started. */
export interface TelegrafProcessOptions {
  /** The program, e.g. from `resolveTool("telegraf")`. */
  command: string;
  /** Folder of its configuration and log. */
  directory: string;
  /** Content of its configuration file. */
  config: string;
  /** User name and password at InfluxDB. */
  login: { username: string; password: string };
  /**
   * Value of the header `Authorization` at Alertmanager.
   * @default it asks for no login
   */
  alertmanagerAuthorization?: string;
}

/** Start Telegraf with a rendered configuration. */
export async function startTelegraf(options: TelegrafProcessOptions): Promise<Service> {
  const { command, directory, config, login, alertmanagerAuthorization } = options;
  await mkdir(directory, { recursive: true });
  const configFile = join(directory, "telegraf.conf");
  const logFile = join(directory, "telegraf.log");
  await writeFile(configFile, config);
  return startService({
    command,
    args: ["--strict-env-handling", "--config", configFile],
    env: {
      ...process.env,
      INFLUXDB_USERNAME: login.username,
      INFLUXDB_PASSWORD: login.password,
      ...(alertmanagerAuthorization && { ALERTMANAGER_AUTHORIZATION: alertmanagerAuthorization }),
    },
    logFile,
    isReady: async () => (await readFile(logFile, "utf8")).includes("[agent] Config:"),
  });
}
