import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../local/ports";
import { answers, type Service, startService } from "../../../local/services/service";

/** How an Alertmanager for tests is started. */
export interface AlertmanagerProcessOptions {
  /** The program, e.g. from `resolveTool("alertmanager")`. */
  command: string;
  /** Folder of its configuration, data and log. */
  directory: string;
  /** Content of its configuration file. */
  config: string;
  /** @default a free one */
  port?: number;
  /**
   * The only user that it lets in, and a bcrypt hash of the password.
   * @default everybody
   */
  login?: { username: string; password: string; bcrypt: string };
}

/** An Alertmanager that runs. */
export interface AlertmanagerProcess extends Service {
  /** Base URL. */
  readonly url: string;
  /** Value of the header `Authorization` where it asks for a login. */
  readonly authorization?: string;
}

/** Start one Alertmanager on 127.0.0.1 with a rendered configuration. */
export async function startAlertmanager(options: AlertmanagerProcessOptions): Promise<AlertmanagerProcess> {
  const { command, directory, config } = options;
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(directory, "alertmanager.yml");
  await mkdir(directory, { recursive: true });
  await writeFile(configFile, config);
  const { login } = options;
  const webConfigFile = join(directory, "web.yml");
  if (login !== undefined) {
    await writeFile(webConfigFile, JSON.stringify({ basic_auth_users: { [login.username]: login.bcrypt } }));
  }
  const authorization =
    login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const service = await startService({
    command,
    args: [
      `--config.file=${configFile}`,
      `--storage.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--enable-feature=receiver-name-in-metrics",
      ...(login === undefined ? [] : [`--web.config.file=${webConfigFile}`]),
    ],
    logFile: join(directory, "alertmanager.log"),
    isReady: () => answers(`${url}/-/ready`, authorization),
  });
  return { ...service, url, authorization };
}
