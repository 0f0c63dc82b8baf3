import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { freePort } from "../../../local/ports";
import { answers, startService } from "../../../local/services/service";

/** A Grafana to test against. */
export interface RunningGrafana {
  /** Base URL. */
  readonly url: string;
  /** Token, or `user:password`. */
  readonly auth: string;
  /** Ends it when it was started here. */
  stop(): Promise<void>;
}

const password = "tests-only";

/**
 * The Grafana at GRAFANA_URL (with GRAFANA_AUTH), else one of PATH, started on a free port with a temporary folder.
 *
 * @returns undefined when there is neither
 * @throws Error when GRAFANA_URL is set without GRAFANA_AUTH, or the one of PATH does not start
 */
export async function findGrafana(env: NodeJS.ProcessEnv = process.env): Promise<RunningGrafana | undefined> {
  const { GRAFANA_URL: url, GRAFANA_AUTH: auth } = env;
  if (url !== undefined && url !== "") {
    if (auth === undefined || auth === "") {
      throw new Error("GRAFANA_URL is set, GRAFANA_AUTH is not: set it to a token, or user:password");
    }
    return { url, auth, stop: () => Promise.resolve() };
  }
  const command = ["grafana", "grafana-server"]
    .flatMap((name) => (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
    .find(isExecutable);
  return command === undefined ? undefined : startGrafana(command);
}

async function startGrafana(command: string): Promise<RunningGrafana> {
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-grafana-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  try {
    const service = await startService({
      command,
      args: [...(basename(command) === "grafana" ? ["server"] : []), "--homepath", homeOf(command)],
      env: {
        ...process.env,
        GF_PATHS_DATA: directory,
        GF_PATHS_LOGS: directory,
        GF_PATHS_PLUGINS: join(directory, "plugins"),
        GF_SERVER_HTTP_ADDR: "127.0.0.1",
        GF_SERVER_HTTP_PORT: String(port),
        GF_SECURITY_ADMIN_PASSWORD: password,
        GF_ANALYTICS_REPORTING_ENABLED: "false",
        GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      },
      logFile: join(directory, "grafana.log"),
      isReady: () => answers(`${url}/api/health`),
    });
    return {
      url,
      auth: `admin:${password}`,
      stop: async () => {
        await service.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Where its web pages and defaults are: beside `bin` in an archive, /usr/share/grafana in a Linux package. */
function homeOf(command: string): string {
  const beside = dirname(dirname(realpathSync(command)));
  return existsSync(join(beside, "conf", "defaults.ini")) ? beside : "/usr/share/grafana";
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
