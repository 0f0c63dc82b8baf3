import { join } from "node:path";
import { defaultOrganization } from "../../contract/buckets";
import { freePort } from "../ports";
import { answers, type Service, startService } from "./service";

/** How an InfluxDB for tests and pictures is started. */
export interface InfluxdOptions {
  /** The program, e.g. from `resolveTool("influxd")`. */
  command: string;
  /** Folder of its data and log; one with data of an earlier start continues it. */
  directory: string;
  /** @default a free one */
  port?: number;
  /** Operator token. Set on the first start; has to be the same on later ones. */
  token: string;
}

/** An InfluxDB that runs. */
export interface Influxd extends Service {
  /** Base URL. */
  readonly url: string;
  readonly port: number;
  /** Operator token. */
  readonly token: string;
}

/** Start influxd on 127.0.0.1 and, on an empty folder, set it up as the image's DOCKER_INFLUXDB_INIT_* do. */
export async function startInfluxd(options: InfluxdOptions): Promise<Influxd> {
  const { command, directory, token } = options;
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const service = await startService({
    command,
    args: [
      `--http-bind-address=127.0.0.1:${port}`,
      `--bolt-path=${join(directory, "influxd.bolt")}`,
      `--sqlite-path=${join(directory, "influxd.sqlite")}`,
      `--engine-path=${join(directory, "engine")}`,
      "--reporting-disabled",
      "--log-level=warn",
    ],
    logFile: join(directory, "influxd.log"),
    isReady: () => answers(`${url}/health`),
  });
  try {
    await setUp(url, token);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return { ...service, url, port, token };
}

async function setUp(url: string, token: string): Promise<void> {
  const state = await fetch(`${url}/api/v2/setup`);
  const { allowed } = (await state.json()) as { allowed: boolean };
  if (!allowed) return;
  const response = await fetch(`${url}/api/v2/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      username: "admin",
      password: `${token}-password`,
      org: defaultOrganization,
      bucket: "events",
      token,
    }),
  });
  if (!response.ok) {
    throw new Error(`setting up InfluxDB: status ${response.status}: ${await response.text()}`);
  }
}
