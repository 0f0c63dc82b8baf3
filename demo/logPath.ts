import { join } from "node:path";
import { resolveTool, ToolUnavailableError } from "../local/tools/resolve";
import { type Aggregator, type Fluentd, startAggregator, startSidecar } from "./services/fluentd";

/** Fluentd's part of the demo: one aggregator, and a sidecar for each app. */
export interface LogPath {
  aggregator: Aggregator;
  sidecars: Fluentd[];
  stop(): Promise<void>;
}

/** Why the log path is not running. */
export interface SkippedLogPath {
  skipped: string;
}

/** How the log path is started. */
export interface LogPathOptions {
  /** Folder of configurations, buffers and logs. */
  directory: string;
  /** Apps by their `service.name`, with the folder that each writes its logs to. */
  apps: Readonly<Record<string, string>>;
  /** Deployment environment of the apps. */
  environment: string;
  influxDb: { url: string; username: string; password: string };
  /** Shared key of sidecars and aggregator. */
  sharedKey: string;
}

/** Start aggregator and sidecars with their rendered configurations, where fluentd is on PATH. */
export async function startLogPath(options: LogPathOptions): Promise<LogPath | SkippedLogPath> {
  const { directory, apps, environment, influxDb, sharedKey } = options;
  const command = await fluentdPath();
  if (typeof command !== "string") return command;
  const started: Fluentd[] = [];
  // Sidecars first: they send their buffers while the aggregator still runs.
  const stop = async (): Promise<void> => {
    for (let next = started.pop(); next !== undefined; next = started.pop()) await next.stop();
  };
  try {
    const aggregator = await startAggregator({
      command,
      directory: join(directory, "aggregator"),
      influxDbUrl: influxDb.url,
      environment,
      sharedKey,
      influxDb,
    });
    started.push(aggregator);
    const sidecars: Fluentd[] = [];
    for (const [name, logPath] of Object.entries(apps)) {
      const sidecar = await startSidecar({
        command,
        directory: join(directory, name),
        logPath,
        service: { name, environment },
        aggregator: { host: "127.0.0.1", port: aggregator.port },
        sharedKey,
        podName: `${name}-demo`,
      });
      started.push(sidecar);
      sidecars.push(sidecar);
    }
    return { aggregator, sidecars, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fluentdPath(): Promise<string | SkippedLogPath> {
  try {
    return (await resolveTool("fluentd")).path;
  } catch (error) {
    if (!(error instanceof ToolUnavailableError)) throw error;
    return { skipped: `THE LOG PATH IS SKIPPED, no event reaches InfluxDB: ${error.message}` };
  }
}
