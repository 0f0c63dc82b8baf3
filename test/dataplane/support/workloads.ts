import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../local/processes";
import { exampleDirectory, helperDirectory } from "../../../local/python";
import type { InfluxConnection } from "../../../local/services/influxQuery";
import { freePort } from "../../../local/ports";
import { answers, type Service, startService } from "../../../local/services/service";

/** Steps of the example pipeline, in their order. */
export const pipelineSteps = ["load", "clean", "outliers", "drift", "train", "evaluate", "decide"] as const;

/** A step of the example pipeline. */
export type PipelineStep = (typeof pipelineSteps)[number];

/** `service.name` and pipeline of the training, `service.name` of the API, and their model. */
export const workloadNames = {
  pipeline: "penguins-training",
  api: "penguins-api",
  model: "penguins",
} as const;

/** Settings of the workloads. */
export interface WorkloadSettings {
  /** Interpreter that has their packages. */
  python: string;
  /** Folder that holds a folder of log files for each workload, see `logDirectoryOf`. */
  logDirectory: string;
  /** Folder of their data: the files of runs, and approved models. */
  dataDirectory: string;
  /** Their deployment environment. */
  environment: string;
}

/** One run of the example pipeline. */
export interface PipelineRun {
  /** Unique id. */
  id: string;
  /** Batch of data: 2007, 2008 or 2009. */
  year: number;
  /** Step that fails on purpose. */
  failStep?: PipelineStep;
}

/** Result of a run. */
export interface PipelineResult extends PipelineRun {
  /** Steps that ended well. */
  succeeded: PipelineStep[];
  /** Step that failed and ended the run. */
  failed?: PipelineStep;
  /** What the steps printed. */
  output: string;
}

/** Run the steps one after the other, each a process of its own, as `Pipeline` runs them in containers. */
export async function runPipeline(
  settings: WorkloadSettings,
  pipelineRun: PipelineRun,
): Promise<PipelineResult> {
  const workDirectory = join(settings.dataDirectory, "runs", pipelineRun.id);
  const modelDirectory = models(settings);
  await mkdir(workDirectory, { recursive: true });
  await mkdir(modelDirectory, { recursive: true });
  const env = {
    ...workloadEnvironment(settings, workloadNames.pipeline),
    WORK_DIR: workDirectory,
    MODEL_DIR: modelDirectory,
    PIPELINE_RUN_ID: pipelineRun.id,
    YEAR: String(pipelineRun.year),
    ...(pipelineRun.failStep !== undefined && { FAIL_STEP: pipelineRun.failStep }),
  };
  const succeeded: PipelineStep[] = [];
  let output = "";
  for (const step of pipelineSteps) {
    const result = await run(settings.python, ["-m", "penguins", step], {
      cwd: join(exampleDirectory, "pipeline"),
      env,
      timeoutMs: 120_000,
    });
    output += result.stdout + result.stderr;
    if (result.code !== 0) return { ...pipelineRun, succeeded, failed: step, output };
    succeeded.push(step);
  }
  return { ...pipelineRun, succeeded, output };
}

/**
 * Compare what the API was asked in the last day with the training of the model that it serves, as a run of its own.
 *
 * @param reader a login of InfluxDB that may read
 * @returns what it printed: each feature with its verdict
 */
export async function checkProductionDrift(
  settings: WorkloadSettings,
  runId: string,
  reader: InfluxConnection,
): Promise<string> {
  const { api } = workloadNames;
  const { code, stdout, stderr } = await run(settings.python, ["-m", "ds_monitoring.drift_check", api], {
    env: {
      ...workloadEnvironment(settings, workloadNames.pipeline),
      MODEL_DIR: models(settings),
      PIPELINE_RUN_ID: runId,
      INFLUXDB_URL: reader.url,
      INFLUXDB_USERNAME: reader.username,
      INFLUXDB_PASSWORD: reader.password,
    },
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`the check of production drift failed:\n${stderr}`);
  return stdout.trim();
}

/** The running example API. */
export interface Api extends Service {
  /** Base URL. */
  readonly url: string;
  readonly port: number;
}

/** How the example API is started. */
export interface ApiOptions {
  /** @default a free one */
  port?: number;
  /** Worker processes. @default 2 */
  workers?: number;
  /** File for what it prints. */
  logFile: string;
}

/** Start the example API on 127.0.0.1; needs a model that a run has approved. */
export async function startApi(settings: WorkloadSettings, options: ApiOptions): Promise<Api> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const service = await startService({
    command: settings.python,
    args: ["-m", "gunicorn", "penguins_api:create_app()"],
    cwd: join(exampleDirectory, "api"),
    env: {
      ...workloadEnvironment(settings, workloadNames.api),
      MODEL_DIR: models(settings),
      HOST: "127.0.0.1",
      PORT: String(port),
      WORKERS: String(options.workers ?? 2),
      // The same in every start, so that a user or request that comes again counts once.
      PSEUDONYM_KEY: "test",
    },
    logFile: options.logFile,
    isReady: () => answers(`${url}/healthz`),
  });
  return { ...service, url, port };
}

/** Where a workload writes its log files: the volume that it shares with its sidecar. */
export function logDirectoryOf(settings: WorkloadSettings, service: string): string {
  return join(settings.logDirectory, service);
}

function models(settings: WorkloadSettings): string {
  return join(settings.dataDirectory, "models");
}

function workloadEnvironment(settings: WorkloadSettings, service: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PYTHONPATH: helperDirectory,
    PYTHONDONTWRITEBYTECODE: "1",
    LOG_DIR: logDirectoryOf(settings, service),
    OTEL_SERVICE_NAME: service,
    OTEL_RESOURCE_ATTRIBUTES: `deployment.environment.name=${settings.environment}`,
  };
}
