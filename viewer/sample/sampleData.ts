/**
 * Two weeks of made-up events and samples, the same on every run, for the preview and for the tests of the dashboards:
 * their figures can be computed by hand. Not a model of real traffic.
 */
import { lineOf } from "../../contract/lineProtocol";

/** A point before it is a line. Numbers are floats in InfluxDB, as everywhere in the log contract. */
export interface Point {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number | string>>;
  readonly timeMs: number;
}

/** A request as the sample data has it. */
export interface SampleRequest {
  readonly timeMs: number;
  readonly service: string;
  readonly model: string;
  readonly version: string;
  readonly route: string;
  readonly status: number;
  readonly durationS: number;
  readonly user: string;
  readonly fingerprint: string;
  readonly predictionClass: string;
  readonly score: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The time at which the dashboards are looked at: a Wednesday, at noon. */
export const sampleNow = Date.UTC(2026, 2, 18, 12);
/** The Monday of the week before. */
export const sampleStart = Date.UTC(2026, 2, 9);
/** From here on version 3 of the penguins' model answers. */
export const version3From = Date.UTC(2026, 2, 17, 16);
export const sampleEnvironment = "dev";

/** What fires, the first all the time. */
export const sampleAlerts = [
  { alertname: "Watchdog", severity: "info", summary: "Alerting works", app: "" },
  {
    alertname: "RunFailed",
    severity: "critical",
    summary: "Run run-4 of penguins-training failed: MemoryError",
    app: "penguins-training",
  },
  {
    alertname: "LogsStalled",
    severity: "warning",
    summary: "churn-api has logged nothing for 10 min",
    app: "churn-api",
  },
];

const species = ["Adelie", "Chinstrap", "Gentoo"] as const;
const bytesPerMib = 1024 ** 2;

/**
 * From here on there are requests each minute; before, each ten minutes of the mornings: enough for the days and the
 * week, and one run of the task for late events a day.
 */
export const busyFrom = sampleNow - 26 * hourMs;

/** Requests of a busy API, more of them in the daytime, and of a quiet one. */
export function sampleRequests(): SampleRequest[] {
  const requests: SampleRequest[] = [];
  for (let minute = 0; sampleStart + minute * minuteMs < sampleNow; minute += 1) {
    const startMs = sampleStart + minute * minuteMs;
    const hour = Math.floor(minute / 60) % 24;
    if (startMs < busyFrom && (minute % 10 !== 0 || hour < 6 || hour >= 12)) continue;
    const amount = 1 + (minute % 3) + (hour >= 8 && hour < 18 ? 3 : 0);
    for (let k = 0; k < amount; k += 1) requests.push(penguinRequest(startMs, minute, k, requests.length));
    if (minute % 10 === 0) requests.push(churnRequest(startMs, minute));
  }
  return requests;
}

function penguinRequest(startMs: number, minute: number, k: number, index: number): SampleRequest {
  const version = startMs < version3From ? "2" : "3";
  const isPrediction = index % 5 !== 0;
  return {
    timeMs: startMs + 1_000 + k * 7_000,
    service: "penguins-api",
    model: "penguins",
    version,
    route: isPrediction ? "/predict" : "/species/{name}",
    status: index % 40 === 0 ? 500 : index % 40 === 1 ? 422 : 200,
    // All requests of a route in one minute take the same time: the minute's percentiles are known.
    durationS: 0.08 + (0.06 * (minute % 60)) / 60 + (isPrediction ? 0.05 : 0) + (version === "3" ? 0.02 : 0),
    user: `user-${index % 37}`,
    fingerprint: `request-${index % 211}`,
    predictionClass: species[index % 10 < 5 ? 0 : index % 10 < 7 ? 1 : 2] ?? species[0],
    score: 0.6 + 0.01 * (index % 40),
  };
}

function churnRequest(startMs: number, minute: number): SampleRequest {
  return {
    timeMs: startMs + 30_000,
    service: "churn-api",
    model: "churn",
    version: "1",
    route: "/score",
    status: 200,
    durationS: 0.4,
    user: `customer-${minute % 50}`,
    fingerprint: `score-${minute % 70}`,
    predictionClass: minute % 40 === 0 ? "leaves" : "stays",
    score: 0.7,
  };
}

function requestPoint(request: SampleRequest): Point {
  return {
    measurement: "http.server.request",
    timeMs: request.timeMs,
    tags: {
      service: request.service,
      environment: sampleEnvironment,
      method: request.route === "/species/{name}" ? "GET" : "POST",
      route: request.route,
      status_class: `${Math.floor(request.status / 100)}xx`,
      model: request.model,
      model_version: request.version,
    },
    fields: {
      duration_s: request.durationS,
      "http.response.status_code": request.status,
      "request.fingerprint": request.fingerprint,
      "enduser.pseudo.id": request.user,
      "prediction.class": request.predictionClass,
      "prediction.score": request.score,
      ...(request.status === 500 && { ...requestException, ...traceFields(request.timeMs) }),
    },
  };
}

/** A training run and what it found. */
export interface SampleRun {
  readonly version: string;
  readonly champion?: string;
  readonly endMs: number;
  readonly decision: "approve" | "reject";
  readonly reason: string;
  readonly failedChecks: string;
  readonly f1: number;
  readonly rows: number;
  readonly classCounts: Readonly<Record<(typeof species)[number], number>>;
  readonly psi: Readonly<Record<string, number>>;
}

/** Three yearly batches: the third has a sensor that shifted, and is rejected. */
export const sampleRuns: readonly SampleRun[] = [
  {
    version: "1",
    endMs: sampleNow - 13 * dayMs,
    decision: "approve",
    reason: "first version",
    failedChecks: "",
    f1: 0.93,
    rows: 110,
    classCounts: { Adelie: 50, Chinstrap: 24, Gentoo: 36 },
    psi: { bill_length_mm: 0.03, bill_depth_mm: 0.04, flipper_length_mm: 0.02, body_mass_g: 0.05 },
  },
  {
    version: "2",
    champion: "1",
    endMs: sampleNow - 7 * dayMs,
    decision: "approve",
    reason: "f1 0.960 against 0.930 of version 1",
    failedChecks: "",
    f1: 0.96,
    rows: 224,
    classCounts: { Adelie: 100, Chinstrap: 44, Gentoo: 80 },
    psi: { bill_length_mm: 0.06, bill_depth_mm: 0.05, flipper_length_mm: 0.12, body_mass_g: 0.08 },
  },
  {
    version: "3",
    champion: "2",
    endMs: sampleNow - 2 * dayMs,
    decision: "reject",
    reason: "drift of body_mass_g, recall of Chinstrap 0.81",
    failedChecks: "drift, class_recall",
    f1: 0.91,
    rows: 333,
    classCounts: { Adelie: 146, Chinstrap: 68, Gentoo: 119 },
    psi: { bill_length_mm: 0.07, bill_depth_mm: 0.15, flipper_length_mm: 0.18, body_mass_g: 0.62 },
  },
];

export const splitShares = { test: 0.2, train: 0.8 } as const;
export const samplePipeline = "penguins-training";
export const pipelineTasks = { load: 4, clean: 9, train: 60, evaluate: 12 } as const;

/** The verdict that the example pipeline gives: PSI limits, and a noise level by sample size. */
export function sampleVerdict(psi: number): "drift" | "warn" | "none" {
  return psi >= 0.2 ? "drift" : psi >= 0.1 ? "warn" : "none";
}

/** Scores of a class on a split; made up, but never the same twice. */
export function sampleF1(run: SampleRun, split: keyof typeof splitShares, ofClass: string): number {
  const shift = { _all: 0, Adelie: 0.02, Chinstrap: -0.05, Gentoo: 0.01 }[ofClass] ?? 0;
  return round(run.f1 + shift + (split === "train" ? 0.02 : 0));
}

export function sampleRemoved(run: SampleRun, feature: string): number {
  return Math.round(run.rows * (feature === "body_mass_g" ? 0.03 * Number(run.version) : 0.01));
}

/** Comparisons of served features with the training, two days in a row. */
export function servedDrift(): { timeMs: number; feature: string; psi: number }[] {
  const [, run] = sampleRuns;
  return [2, 1].flatMap((daysAgo) =>
    Object.entries(run?.psi ?? {}).map(([feature, psi]) => ({
      timeMs: sampleNow - daysAgo * dayMs,
      feature,
      psi: round(psi * (3 - daysAgo)),
    })),
  );
}

function servedDriftPoints(): Point[] {
  return servedDrift().map(({ timeMs, feature, psi }) => ({
    measurement: "ml.drift",
    timeMs,
    tags: {
      service: "penguins-api",
      environment: sampleEnvironment,
      model: "penguins",
      model_version: "2",
      feature,
      comparison: "production_vs_training",
      verdict: sampleVerdict(psi),
    },
    fields: { psi, n_ref: 300, n_cur: 1000, missing_rate_ref: 0.01, missing_rate: 0.02 },
  }));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Classes of another run of the same version, an hour before: nobody may add its rows to those of the last run. */
function earlierRunPoints(run: SampleRun): Point[] {
  return runPoints({ ...run, endMs: run.endMs - 60 * minuteMs })
    .filter(({ measurement }) => measurement === "ml.class")
    .map((point) => ({
      ...point,
      fields: { ...point.fields, "cicd.pipeline.run.id": `run-${run.version}-before` },
    }));
}

function runPoints(run: SampleRun): Point[] {
  const points: Point[] = [];
  const common = { service: samplePipeline, environment: sampleEnvironment, pipeline: samplePipeline };
  const model = { ...common, model: "penguins", model_version: run.version };
  const runId = { "cicd.pipeline.run.id": `run-${run.version}` };
  let timeMs = run.endMs - 5 * minuteMs;
  const add = (measurement: string, tags: Point["tags"], fields: Point["fields"]): void => {
    points.push({ measurement, tags, fields: { ...fields, ...runId }, timeMs });
    timeMs += 100;
  };
  const addOfModel = (measurement: string, tags: Point["tags"], fields: Point["fields"]): void =>
    add(measurement, { ...model, ...tags }, fields);
  add("pipeline.run.start", common, { expected_max_s: 600 });
  points.push(...sampleRunLines(run).map((line) => ({ ...line, tags: { ...common, ...line.tags } })));
  for (const [task, seconds] of Object.entries(pipelineTasks)) {
    timeMs += seconds * 1000;
    add(
      "pipeline.task.end",
      { ...common, task, result: "success" },
      {
        duration_s: seconds,
        cpu_s: seconds * 0.5,
        mem_peak_bytes: seconds * 4 * bytesPerMib,
        mem_limit_bytes: 256 * bytesPerMib,
        rows_in: run.rows,
        rows_out: run.rows,
      },
    );
  }
  for (const [split, share] of Object.entries(splitShares)) {
    for (const [ofClass, count] of Object.entries(run.classCounts)) {
      addOfModel(
        "ml.class",
        { class: ofClass, split },
        { count: Math.round(count * share), share: count / run.rows },
      );
    }
    for (const ofClass of ["_all", ...species]) {
      const f1 = sampleF1(run, split as keyof typeof splitShares, ofClass);
      addOfModel(
        "ml.metric",
        { class: ofClass, split },
        {
          accuracy: round(f1 + 0.01),
          precision: round(f1 + 0.005),
          recall: round(f1 - 0.005),
          f1,
          roc_auc: Math.min(0.999, round(f1 + 0.03)),
          log_loss: round(1.2 - f1),
          brier: round((1 - f1) / 2),
          // Of a regression; all metrics are shown, whichever a run has.
          rmse: round(2 - f1),
          mae: round(1.5 - f1),
          r2: round(f1 - 0.1),
        },
      );
    }
  }
  for (const [feature, psi] of Object.entries(run.psi)) {
    const drift = {
      js: psi / 4,
      ks: psi / 3,
      wasserstein_norm: psi,
      p_value: round(Math.exp(-10 * psi)),
      missing_rate: 0.01,
    };
    addOfModel(
      "ml.drift",
      { feature, comparison: "new_vs_old", verdict: sampleVerdict(psi) },
      { ...drift, psi, n_ref: run.rows - 100, n_cur: run.rows, bins: 10 },
    );
    addOfModel(
      "ml.drift",
      { feature, comparison: "train_vs_val", verdict: "none" },
      {
        ...drift,
        psi: psi / 10,
        n_ref: Math.round(run.rows * 0.8),
        n_cur: Math.round(run.rows * 0.2),
        bins: 10,
      },
    );
    const removed = sampleRemoved(run, feature);
    addOfModel(
      "ml.outliers",
      { feature, method: "iqr" },
      {
        rows_before: run.rows + removed,
        rows_removed: removed,
        removed_ratio: removed / (run.rows + removed),
      },
    );
  }
  for (const actual of species) {
    for (const predicted of species) {
      const right = Math.round(run.classCounts[actual] * splitShares.test * run.f1);
      const wrong = actual === "Chinstrap" ? 2 : 1;
      addOfModel(
        "ml.confusion",
        { actual, predicted, split: "test" },
        { count: actual === predicted ? right : wrong },
      );
    }
  }
  addOfModel(
    "ml.run.summary",
    {},
    {
      rows: run.rows,
      features: 4,
      imbalance_ratio: round(run.classCounts.Adelie / run.classCounts.Chinstrap),
      decision: run.decision,
      ...(run.failedChecks === "" ? {} : { failed_checks: run.failedChecks }),
      ...(run.champion === undefined ? {} : { champion_version: run.champion }),
      git_revision: `abc${run.version}`,
      data_version: `batch-${run.version}`,
    },
  );
  addOfModel("ml.decision", { decision: run.decision }, { reason: run.reason, approver: "pipeline" });
  timeMs = run.endMs;
  add("pipeline.run.end", { ...common, result: "success" }, { duration_s: 300 });
  return points;
}

/** Text lines of a run, in the five minutes before its end. */
function sampleRunLines({ endMs, version }: SampleRun): Point[] {
  return ["reading the batch", "a sensor's values are far from the others", "done"].map((body, index) => ({
    measurement: "log",
    tags: { severity: index === 1 ? "WARN" : "INFO" },
    fields: { body, "k8s.pod.name": `run-${version}-x7k2p` },
    timeMs: endMs - (5 - 2 * index) * minuteMs + 500,
  }));
}

const outOfMemory = { "exception.type": "MemoryError", "exception.message": "cannot allocate 512 MiB" };

/** The steps of the run that failed. */
export const failedSteps = {
  load: { endsBeforeMs: 85_000, result: "success", duration_s: 4, mib: 16 },
  clean: { endsBeforeMs: 75_000, result: "success", duration_s: 9, mib: 36 },
  train: { endsBeforeMs: 1_000, result: "error", duration_s: 70, mib: 250, ...outOfMemory },
} as const;

/** A run that died in its training step, five hours ago. */
function failedRun(): Point[] {
  const tags = { service: samplePipeline, environment: sampleEnvironment, pipeline: samplePipeline };
  const runId = { "cicd.pipeline.run.id": "run-4" };
  const endMs = sampleNow - 5 * hourMs;
  return [
    {
      measurement: "pipeline.run.start",
      tags,
      fields: { expected_max_s: 600, ...runId },
      timeMs: endMs - 90_000,
    },
    ...Object.entries(failedSteps).map(([task, { endsBeforeMs, result, duration_s, mib, ...more }]) => ({
      measurement: "pipeline.task.end",
      tags: { ...tags, task, result },
      fields: {
        duration_s,
        cpu_s: duration_s / 2,
        mem_peak_bytes: mib * bytesPerMib,
        mem_limit_bytes: 256 * bytesPerMib,
        ...more,
        ...runId,
      },
      timeMs: endMs - endsBeforeMs,
    })),
    {
      measurement: "pipeline.run.end",
      tags: { ...tags, result: "error" },
      fields: { duration_s: 90, ...outOfMemory, ...runId },
      timeMs: endMs,
    },
  ];
}

/** Use of an API's containers at a minute: a calm sawtooth with a spike every twelve hours. */
export function sampleCpuCores(minute: number): number {
  return minute % 720 === 0 ? 0.9 : 0.2 + (0.1 * (minute % 60)) / 60;
}

export function sampleMemoryBytes(minute: number): number {
  return (300 + (minute % 120)) * bytesPerMib;
}

export const apiPods = ["penguins-api-7d9f8b6c5d-abcde", "penguins-api-7d9f8b6c5d-fghij"] as const;
export const apiRequests = { cores: 0.5, bytes: 512 * bytesPerMib, limitBytes: 640 * bytesPerMib } as const;
export const sidecar = {
  cores: 0.004,
  requestCores: 0.05,
  bytes: 60 * bytesPerMib,
  requestBytes: 64 * bytesPerMib,
  limitBytes: 96 * bytesPerMib,
} as const;
/** Minutes of samples of containers and of the platform itself, one each minute, up to now. */
export const containerMinutes = 2 * 24 * 60;
export const platformMinutes = 6 * 60;

function containerPoints(): Point[] {
  const points: Point[] = [];
  for (let ago = containerMinutes; ago >= 0; ago -= 1) {
    const timeMs = sampleNow - ago * minuteMs;
    const minute = containerMinutes - ago;
    for (const pod of apiPods) {
      const tags = {
        service: "penguins-api",
        environment: sampleEnvironment,
        namespace: "penguins",
        pod_name: pod,
      };
      const restarts = pod === apiPods[0] && ago < 180 ? 1 : 0;
      points.push(
        containerUse(tags, "api", timeMs, sampleCpuCores(minute), sampleMemoryBytes(minute)),
        containerSize(tags, "api", timeMs, apiRequests, apiRequests.limitBytes, restarts),
        containerUse(tags, "fluentd", timeMs, sidecar.cores, sidecar.bytes),
        containerSize(
          tags,
          "fluentd",
          timeMs,
          { cores: sidecar.requestCores, bytes: sidecar.requestBytes },
          sidecar.limitBytes,
          0,
        ),
      );
    }
  }
  return points;
}

/** What Telegraf's input `kubernetes` reports of a container. */
function containerUse(
  tags: Point["tags"],
  container: string,
  timeMs: number,
  cores: number,
  bytes: number,
): Point {
  return {
    measurement: "kubernetes_pod_container",
    tags: { ...tags, container_name: container, node_name: "node-1" },
    fields: { cpu_usage_nanocores: cores * 1e9, memory_working_set_bytes: bytes },
    timeMs,
  };
}

/** What Telegraf reads of it from the Kubernetes API. */
function containerSize(
  tags: Point["tags"],
  container: string,
  timeMs: number,
  request: { cores: number; bytes: number },
  limitBytes: number,
  restarts: number,
): Point {
  return {
    measurement: "kubernetes_pod_container",
    tags: { ...tags, container_name: container },
    fields: {
      resource_requests_millicpu_units: request.cores * 1000,
      resource_limits_millicpu_units: 2 * request.cores * 1000,
      resource_requests_memory_bytes: request.bytes,
      resource_limits_memory_bytes: limitBytes,
      restarts_total: restarts,
    },
    timeMs,
  };
}

/** GPUs, minute by minute: one that the API's first pod uses half the time, and one that no pod holds. */
export const sampleGpus = {
  "penguins-api": {
    utilization: (minute: number) => (minute % 60 < 30 ? 0.8 : 0),
    usedMib: 20_000,
    watts: 250,
  },
  "dcgm-exporter": { utilization: () => 0, usedMib: 4, watts: 50 },
} as const;
export const gpuMib = 40_000;

function gpuPoints(): Point[] {
  return Array.from({ length: containerMinutes + 1 }, (_, minute) =>
    Object.entries(sampleGpus).map(([service, { utilization, usedMib, watts }], gpu) => ({
      measurement: "hw.gpu",
      tags: {
        ...{
          service,
          environment: sampleEnvironment,
          namespace: service === "penguins-api" ? "penguins" : "gpu",
        },
        ...{ gpu: String(gpu), gpu_model: "NVIDIA A100", node_name: "node-1" },
        ...(service === "penguins-api" && { pod_name: apiPods[0], container_name: "api" }),
      },
      fields: {
        ...{ gpus: 1, utilization: utilization(minute), power_watts: watts },
        memory_used_bytes: usedMib * bytesPerMib,
        memory_free_bytes: (gpuMib - usedMib) * bytesPerMib,
      },
      timeMs: sampleNow - (containerMinutes - minute) * minuteMs,
    })),
  ).flat();
}

/** Samples of the platform itself: a backlog in the last two hours, and a few failures in the last hour. */
function platformPoints(): Point[] {
  return Array.from({ length: platformMinutes + 1 }, (_, index) => platformMinutes - index).flatMap((ago) => [
    ...partPoints(ago),
    ...appPoints(ago),
  ]);
}

function platformPoint(ago: number) {
  return (
    measurement: string,
    service: string,
    fields: Point["fields"],
    tags: Point["tags"] = {},
  ): Point => ({
    measurement,
    tags: { environment: sampleEnvironment, service, ...tags },
    fields,
    timeMs: sampleNow - ago * minuteMs,
  });
}

/** What the platform's own parts report at a minute. */
function partPoints(ago: number): Point[] {
  const point = platformPoint(ago);
  const minute = platformMinutes - ago;
  const isRecent = ago < 60;
  const space = "buffer_available_buffer_space_ratios";
  const plugin = { plugin_id: "influxdb", plugin_type: "http" };
  const task = { task_type: "system" };
  const runs = "task_executor_total_runs_complete";
  return [
    point("alertmanager_alerts", "alertmanager", { gauge: isRecent ? 3 : 1 }, { state: "active" }),
    point("alertmanager_alerts", "alertmanager", { gauge: 0 }, { state: "suppressed" }),
    ...(isRecent ? sampleAlerts : sampleAlerts.slice(0, 1)).map(({ summary, app, ...tags }) =>
      point("alertmanager.alert", "alertmanager", { summary, app }, { ...tags, fingerprint: tags.alertname }),
    ),
    point(
      "alertmanager_notifications_failed_total",
      "alertmanager",
      { counter: isRecent ? 2 : 0 },
      { integration: "email", reason: "other" },
    ),
    point("fluentd", "fluentd-aggregator-0", { [space]: ago < 120 ? 88.5 : 99.5 }, plugin),
    point("fluentd", "fluentd-aggregator-1", { [space]: 100 }, plugin),
    // InfluxDB tells buckets apart by their ids.
    ...[900, 700, 500, 400, 350].map((series, index) =>
      point(
        "storage_bucket_series_num",
        "influxdb",
        { gauge: series + minute / 60 },
        { bucket: `3306c55d96f14be${index}` },
      ),
    ),
    point(runs, "influxdb", { counter: 30 * minute }, { ...task, status: "success" }),
    point(runs, "influxdb", { counter: isRecent ? 3 : 0 }, { ...task, status: "failed" }),
    point(
      "task_executor_errors_counter",
      "influxdb",
      { counter: isRecent ? 3 : 0 },
      { ...task, errorType: "internal error" },
    ),
    point(
      "kubernetes_pod_volume",
      "influxdb",
      { used_bytes: (60 + minute / 60) * 1024 ** 3, capacity_bytes: 100 * 1024 ** 3 },
      { namespace: "monitoring", pod_name: "influxdb-0", volume_name: "data" },
    ),
  ];
}

/** How bad the API's line of a minute is. */
export function apiSeverity(ago: number): "ERROR" | "WARN" | "INFO" {
  return ago % 60 === 0 ? "ERROR" : ago % 30 === 0 ? "WARN" : "INFO";
}

/** The trace of what happens in a minute. */
export function sampleTrace(timeMs: number): string {
  return Math.floor(timeMs / minuteMs)
    .toString(16)
    .padStart(32, "0");
}

/** The trace of an exception, as the sidecar writes it. */
const traceFields = (timeMs: number) => ({
  trace_id: sampleTrace(timeMs),
  "exception.trace_id": sampleTrace(timeMs),
});

export const lineException = {
  "exception.type": "ValueError",
  "exception.message": "bill_length_mm is missing",
} as const;
export const requestException = {
  "exception.type": "TimeoutError",
  "exception.message": "the feature store has not answered in 2 s",
} as const;

function apiLine(ago: number): Point["fields"] {
  const common = { body: `line ${ago}`, "k8s.pod.name": apiPods[0], "log.logger": "penguins_api" };
  return apiSeverity(ago) !== "ERROR"
    ? common
    : { ...common, ...lineException, ...traceFields(sampleNow - ago * minuteMs) };
}

/** Service level objectives of churn-api. */
export const sampleObjectives = { availability: 0.995, latency: { p: 0.95, seconds: 0.5 } };

/** What is seen of the apps at a minute: pods, probes and log lines. */
function appPoints(ago: number): Point[] {
  const point = platformPoint(ago);
  const isEvery20 = ago % 20 === 0;
  const letter = { "dead_letter.line": "log,service=penguins-api body=1i" };
  const points = [
    point(
      "kubernetes_deployment",
      "churn-api",
      {
        created_at: "2026-03-01T00:00:00Z",
        replicas_desired: 2,
        replicas_available: ago >= 40 && ago < 45 ? 0 : 2,
        slo_availability: sampleObjectives.availability,
        slo_latency_p: sampleObjectives.latency.p,
        slo_latency_seconds: sampleObjectives.latency.seconds,
      },
      { namespace: "churn" },
    ),
    point(
      "http_response",
      "penguins-api",
      ago === 30 ? { result_code: 2 } : { result_code: 0, response_time: 0.012 },
      {
        server: "http://penguins-api:8080/healthz",
        result: ago === 30 ? "connection_failed" : "success",
      },
    ),
    point("log", "penguins-api", apiLine(ago), { severity: apiSeverity(ago) }),
    point("log", samplePipeline, { body: `line ${ago}` }, { severity: "INFO" }),
  ];
  if (isEvery20) points.push(point("log.unparsed", "penguins-api", { body: "??" }, { source: "app.log" }));
  if (isEvery20 && ago < 60) points.push(point("log.dead_letter", "penguins-api", letter));
  return points;
}

/** Every point of the sample data. */
export function samplePoints(): Point[] {
  return [
    ...sampleRequests().map(requestPoint),
    ...sampleRuns.flatMap(runPoints),
    ...sampleRuns.flatMap(earlierRunPoints),
    ...servedDriftPoints(),
    ...failedRun(),
    ...containerPoints(),
    ...gpuPoints(),
    ...platformPoints(),
  ];
}

/** A point as a line of InfluxDB's line protocol, in milliseconds. */
export function toLine({ measurement, tags, fields, timeMs }: Point): string {
  return lineOf({ measurement, tags: Object.entries(tags), fields: Object.entries(fields), time: timeMs });
}
