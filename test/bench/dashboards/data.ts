/**
 * What 30 days of 1,000,000 requests a day leave in InfluxDB, as line protocol in milliseconds: 12 series of requests,
 * five APIs with two pods of two containers each, their logs and probes, the platform's own samples, and a year of daily
 * training runs. Always the same.
 */

import { histogramBounds, startBucket, totalBucket } from "../../../contract/histograms";

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
export const benchNow = Date.UTC(2026, 2, 18, 12);
export const days = 30;
export const start = benchNow - days * dayMs;
export const fullRequestsPerDay = 1_000_000;

/** Lines for a bucket. */
export interface BucketLines {
  readonly bucket: string;
  readonly lines: Iterable<string>;
}

/** Panels read minutes up to a range of about 10 days, hours beyond. */
const minutesDays = 10;
/** Panels of percentiles read minutes up to a range of about four days. */
const percentileMinutesDays = 2;
/** Telegraf's samples of the platform are kept as raw events only. */
const samplesDays = 14;
const services = ["churn-api", "fraud-api", "price-api", "route-api", "churn-training"];
const pods = [1, 2];
const containers = ["api", "fluentd"];

const requestSeries = ["/predict", "/explain"].flatMap((route) =>
  ["2xx", "4xx", "5xx"].flatMap((status) =>
    ["1", "2"].map(
      (version) =>
        `http.server.request,environment=prod,method=POST,model=churn,model_version=${version},route=${route},service=churn-api,status_class=${status}`,
    ),
  ),
);

/** Fields of a rollup of `count` values around a mean. */
function statistics(field: string, count: number, mean: number): string {
  const of = (statistic: string, value: number): string => `${field}.${statistic}=${value}`;
  return [of("sum", count * mean), of("count", count), of("min", mean / 2), of("max", 2 * mean)].join(",");
}

/** A container's sizes: field, request or use. */
const containerFields: readonly (readonly [field: string, value: number])[] = [
  ["cpu_usage_nanocores", 2e8],
  ["memory_working_set_bytes", 3e8],
  ["resource_requests_millicpu_units", 500],
  ["resource_requests_memory_bytes", 5e8],
  ["resource_limits_millicpu_units", 1000],
  ["resource_limits_memory_bytes", 6e8],
];

const gpuFields = {
  gpus: 1,
  utilization: 0.6,
  memory_used_bytes: 3e10,
  memory_free_bytes: 1e10,
  power_watts: 250,
};

/** Every series of rollups, with its fields in a window of some minutes that begins at a time. */
function rollupSeries(
  minutes: number,
): readonly (readonly [series: string, fields: (window: number) => string])[] {
  const requests = (fullRequestsPerDay * minutes * minuteMs) / dayMs / requestSeries.length;
  return [
    ...requestSeries.map(
      (series, index) =>
        [
          series,
          (window: number) =>
            `count=${requests},${statistics("duration_s", requests, 0.1 + 0.01 * ((window + index) % 30))},${statistics("prediction.score", requests, 0.5)}`,
        ] as const,
    ),
    ...services.flatMap((service) => [
      ...["INFO", "WARN"].map(
        (severity) =>
          [
            `log,environment=prod,service=${service},severity=${severity}`,
            () => `count=${7 * minutes}`,
          ] as const,
      ),
      [`log.unparsed,environment=prod,service=${service},source=app.log`, () => `count=${minutes}`] as const,
      [
        `http_response,environment=prod,service=${service},server=http://${service}:8080/healthz,result=success`,
        () => `count=${6 * minutes},${statistics("response_time", 6 * minutes, 0.01)}`,
      ] as const,
      [
        `kubernetes_deployment,environment=prod,service=${service},namespace=apps`,
        () =>
          `count=${6 * minutes},${statistics("replicas_desired", 6 * minutes, 2)},${statistics("replicas_available", 6 * minutes, 2)}`,
      ] as const,
      ...containers.map(
        (container) =>
          [
            `kubernetes_pod_container,environment=prod,service=${service},namespace=apps,container_name=${container}`,
            () =>
              `count=${4 * minutes},restarts_total.increase=0,${containerFields
                .map(
                  ([field, value]) =>
                    `${statistics(field, 4 * minutes, value)},${field}.minutes=${pods.length * value * minutes}`,
                )
                .join(",")}`,
          ] as const,
      ),
      [
        `kubernetes_pod_volume,environment=prod,service=${service},namespace=apps,volume_name=data`,
        () =>
          `count=${2 * minutes},${statistics("used_bytes", 2 * minutes, 3e9)},${statistics("capacity_bytes", 2 * minutes, 1e10)}`,
      ] as const,
    ]),
    ...["churn-training", "dcgm-exporter"].map(
      (service) =>
        [
          `hw.gpu,environment=prod,service=${service},namespace=apps,gpu_model=A100`,
          () =>
            `count=${8 * minutes},${Object.entries(gpuFields)
              .map(
                ([field, value]) =>
                  `${statistics(field, 8 * minutes, value)},${field}.minutes=${4 * value * minutes}`,
              )
              .join(",")}`,
        ] as const,
    ),
    ...["load", "train"].map(
      (task) =>
        [
          `pipeline.task.end,environment=prod,service=churn-training,pipeline=churn-training,task=${task},result=success`,
          () =>
            `count=1,${statistics("duration_s", 1, 60)},${statistics("cpu_s", 1, 30)},${statistics("mem_peak_bytes", 1, 2e8)},${statistics("mem_limit_bytes", 1, 4e8)}`,
        ] as const,
    ),
  ];
}

/** Histograms of durations and scores of two routes and two versions: each has 30 buckets in every window. */
function* histogramLines(fromMs: number, minutes: number): Generator<string> {
  const count = (fullRequestsPerDay * minutes * minuteMs) / dayMs / 4;
  const buckets = histogramBounds.slice(35, 65).map((bound) => bound.toFixed(6));
  for (let time = fromMs; time < benchNow; time += minutes * minuteMs) {
    for (const route of ["/predict", "/explain"]) {
      for (const version of ["1", "2"]) {
        const series = (bucket: string): string =>
          `http.server.request.histogram,bucket=${bucket},environment=prod,model=churn,model_version=${version},route=${route},service=churn-api`;
        const of = (value: number, suffix = ""): string =>
          ["duration_s", "prediction.score"].map((field) => `${field}${suffix}=${value}`).join(",");
        for (const bucket of buckets) yield `${series(bucket)} ${of(count / buckets.length)} ${time}`;
        yield `${series(startBucket)} ${of(count, ".start")} ${time}`;
        yield `${series(totalBucket)} ${of(count, ".total")} ${time}`;
      }
    }
  }
}

function* rollupLines(fromMs: number, minutes: number): Generator<string> {
  const series = rollupSeries(minutes);
  for (let time = fromMs; time < benchNow; time += minutes * minuteMs) {
    for (const [tags, fields] of series) yield `${tags} ${fields(time / (minutes * minuteMs))} ${time}`;
  }
}

const traceOf = (index: number): string => (index * 2654435761).toString(16).padStart(32, "0");

/** One of a thousand raises. */
const exceptionOf = (index: number): string =>
  index % 1000 === 0
    ? `,exception.type="ValueError",exception.message="no value for ${index % 7}",exception.trace_id="${traceOf(index)}"`
    : "";

function* requestLines(requestsPerDay: number): Generator<string> {
  const lastDay = benchNow - dayMs;
  let index = 0;
  for (let time = start; time < benchNow; index += 1) {
    const series = requestSeries[index % requestSeries.length] ?? "";
    yield `${series} duration_s=${0.05 + 0.001 * (index % 200)},enduser.pseudo.id="user-${index % 5000}",prediction.class="stays",prediction.score=0.7,trace_id="${traceOf(index)}"${exceptionOf(index)} ${Math.floor(time)}`;
    time += dayMs / (time < lastDay ? requestsPerDay : fullRequestsPerDay);
  }
}

/** One line of text for ten requests, in full for as long as raw events are kept: Logs reads them. */
function* logLines(requestsPerDay: number): Generator<string> {
  const keptFrom = benchNow - samplesDays * dayMs;
  let index = 0;
  for (let time = start; time < benchNow; index += 1) {
    yield `log,environment=prod,service=${services[index % services.length] ?? ""},severity=${index % 50 === 0 ? "WARN" : "INFO"} body="model loaded, cache holds ${index % 900} entries of the last hour",k8s.pod.name="api-7d9f8b6c5d-${index % 2}",log.logger="api",trace_id="${traceOf(index)}"${exceptionOf(index)} ${Math.floor(time)}`;
    time += (10 * dayMs) / (time < keptFrom ? requestsPerDay : fullRequestsPerDay);
  }
}

/** Samples of containers and probes, as dense as the requests: each 30 s and 10 s at 1,000,000 requests a day. */
function* appSamples(requestsPerDay: number): Generator<string> {
  const sparser = fullRequestsPerDay / requestsPerDay;
  const [use, size] = [containerFields.slice(0, 2), containerFields.slice(2)].map((fields) =>
    fields.map(([field, value]) => `${field}=${value}`).join(","),
  );
  for (let time = start; time < benchNow; time += 30_000 * sparser) {
    for (const service of services) {
      for (const pod of pods) {
        for (const container of containers) {
          const tags = `kubernetes_pod_container,environment=prod,service=${service},namespace=apps,pod_name=${service}-${pod},container_name=${container}`;
          yield `${tags},node_name=node-${pod} ${use ?? ""} ${Math.floor(time)}`;
          yield `${tags} ${size ?? ""},restarts_total=0 ${Math.floor(time)}`;
        }
      }
      for (const seconds of [0, 10, 20]) {
        yield `http_response,environment=prod,service=${service},server=http://${service}:8080/healthz,result=success result_code=0,response_time=0.01 ${Math.floor(time + seconds * 1000 * sparser)}`;
      }
    }
  }
}

function* platformSamples(): Generator<string> {
  const tags = "environment=prod,service=platform";
  const series = [
    ...["active", "suppressed"].map((state) => `alertmanager_alerts,${tags},state=${state} gauge=1`),
    `alertmanager_notifications_failed_total,${tags},integration=email,reason=other counter=0`,
    ...["influxdb", "dead_letters"].map(
      (id) => `fluentd,${tags},plugin_id=${id},plugin_type=http buffer_available_buffer_space_ratios=99`,
    ),
    ...["events", "minutely", "hourly", "daily", "weekly"].map(
      (bucket) => `storage_bucket_series_num,${tags},bucket=${bucket} gauge=900`,
    ),
    ...["success", "failed"].map(
      (status) => `task_executor_total_runs_complete,${tags},task_type=system,status=${status} counter=`,
    ),
    `task_executor_errors_counter,${tags},task_type=system,errorType=internal counter=`,
  ];
  for (let time = benchNow - samplesDays * dayMs, index = 0; time < benchNow; time += 30_000, index += 1) {
    for (const one of series) yield `${one}${one.endsWith("=") ? index : ""} ${time}`;
  }
}

/** What is left of the error budgets of three APIs, and the alerts that fire: as raw events, as long as those are kept. */
function* budgetLines(): Generator<string> {
  for (let time = start; time < benchNow; time += 5 * minuteMs) {
    for (const service of services.slice(0, 3)) {
      for (const slo of ["availability", "latency"])
        yield `slo.error_budget,environment=prod,service=${service},slo=${slo} left=0.7 ${time}`;
    }
  }
}

function* alertLines(): Generator<string> {
  for (let time = benchNow - samplesDays * dayMs; time < benchNow; time += 30_000) {
    for (const alertname of ["Watchdog", "MemoryNearLimit", "DataDriftDetected"])
      yield `alertmanager.alert,environment=prod,service=alertmanager,alertname=${alertname},severity=warning,fingerprint=${alertname} summary="${alertname} of churn-api",app="churn-api" ${time}`;
  }
}

/** Each minute how long a service has been silent. */
function* lagLines(): Generator<string> {
  for (let time = start; time < benchNow; time += minuteMs) {
    for (const service of services) yield `log.lag,environment=prod,service=${service} seconds=12 ${time}`;
  }
}

function* dayLines(): Generator<string> {
  for (let time = start - (start % dayMs); time < benchNow; time += dayMs) {
    yield `http.server.request.unique,environment=prod,model=churn,service=churn-api requests=900,users=5000 ${time}`;
    for (const series of requestSeries)
      yield `${series} count=${fullRequestsPerDay / requestSeries.length} ${time}`;
  }
}

/** A year of daily runs of one training: 3 classes, 20 features. */
function* keptLines(): Generator<string> {
  const classes = ["a", "b", "c"];
  const features = Array.from({ length: 20 }, (_, index) => `feature_${index}`);
  for (let day = 365; day >= 1; day -= 1) {
    let time = benchNow - day * dayMs;
    const run = `cicd.pipeline.run.id="run-${day}"`;
    const common = "environment=prod,service=churn-training,pipeline=churn-training";
    const model = `${common},model=churn,model_version=${366 - day}`;
    const line = (measurement: string, tags: string, fields: string): string =>
      `${measurement},${tags} ${fields},${run} ${(time += 10)}`;
    yield line("pipeline.run.start", common, "expected_max_s=600");
    yield line(
      "pipeline.task.end",
      `${common},task=train,result=success`,
      "duration_s=60,cpu_s=30,mem_peak_bytes=2e8,mem_limit_bytes=4e8",
    );
    for (const split of ["train", "test"]) {
      for (const one of classes)
        yield line("ml.class", `${model},class=${one},split=${split}`, "count=900,share=0.33");
      for (const one of ["_all", ...classes])
        yield line(
          "ml.metric",
          `${model},class=${one},split=${split}`,
          "accuracy=0.9,precision=0.9,recall=0.9,f1=0.9,roc_auc=0.95,log_loss=0.3,brier=0.05",
        );
    }
    for (const feature of features) {
      for (const comparison of ["new_vs_old", "train_vs_val"])
        yield line(
          "ml.drift",
          `${model},feature=${feature},comparison=${comparison},verdict=none`,
          "psi=0.05,js=0.01,ks=0.02,wasserstein_norm=0.05,p_value=0.6,missing_rate=0.01,n_ref=1000,n_cur=1000,bins=10",
        );
      yield line(
        "ml.outliers",
        `${model},feature=${feature},method=iqr`,
        "rows_before=1000,rows_removed=10,removed_ratio=0.01",
      );
    }
    for (const actual of classes)
      for (const predicted of classes)
        yield line(
          "ml.confusion",
          `${model},actual=${actual},predicted=${predicted},split=test`,
          "count=100",
        );
    yield line(
      "ml.run.summary",
      model,
      `rows=2700,features=20,imbalance_ratio=1.1,decision="approve",champion_version="${365 - day}"`,
    );
    yield line("ml.decision", `${model},decision=approve`, 'reason="f1",approver="pipeline"');
    yield line("pipeline.run.end", `${common},result=success`, "duration_s=300");
  }
}

/** All lines; `raw` are those that rollups are compared with. */
export function benchLines(requestsPerDay: number): Record<"raw" | "read", readonly BucketLines[]> {
  return {
    raw: [
      { bucket: "events", lines: requestLines(requestsPerDay) },
      { bucket: "events", lines: logLines(requestsPerDay) },
      { bucket: "events", lines: appSamples(requestsPerDay) },
    ],
    read: [
      { bucket: "events", lines: platformSamples() },
      { bucket: "minutely", lines: rollupLines(benchNow - minutesDays * dayMs, 1) },
      { bucket: "minutely", lines: histogramLines(benchNow - percentileMinutesDays * dayMs, 1) },
      { bucket: "hourly", lines: histogramLines(start, 60) },
      { bucket: "minutely", lines: lagLines() },
      { bucket: "minutely", lines: budgetLines() },
      { bucket: "events", lines: alertLines() },
      { bucket: "hourly", lines: rollupLines(start, 60) },
      { bucket: "daily", lines: dayLines() },
      { bucket: "weekly", lines: keptLines() },
    ],
  };
}
