import { every, hour, minute, now, second } from "./ruleEvaluator";

/** Line protocol by the bucket that it belongs to. */
export type Points = Partial<Record<"events" | "minutely" | "hourly", string[]>>;

/** What makes a rule fire, what does not, and what ends it. */
export interface RuleCase {
  /** Points of a service, until now, that the rule reports (`wrong`) or that look alike and it does not. */
  points(service: string, wrong: boolean): Points;
  /** Summary of the alert about the service `wrong`. */
  summary: string;
  /** So many milliseconds later, and with these points, it is over. */
  over: readonly [milliseconds: number, points: (service: string) => Points];
}

const point = (measurement: string, tags: string, fields: string, time: number): string =>
  `${measurement},environment=test,${tags} ${fields} ${time}000000`;
/** Nothing has to come: what was wrong is too long ago. */
const nothing = (): Points => ({});

const deployments = (service: string, available: number, until = now, fields = ""): string[] =>
  every(until - 2 * minute, until, 10 * second).map((time) =>
    point(
      "kubernetes_deployment",
      `service=${service},namespace=n`,
      `replicas_desired=1i,replicas_available=${available}i,created_at="2026-01-01T00:00:00Z"${fields}`,
      time,
    ),
  );

/** A request each two seconds of twelve minutes; each tenth is another. */
const requests = (service: string, other: { status?: string; seconds?: number }, until = now): string[] =>
  every(until - 12 * minute, until, 2 * second).map((time, index) => {
    const { status = "2xx", seconds = 0.1 } = index % 10 === 0 ? other : {};
    return point(
      "http.server.request",
      `service=${service},route=/predict,status_class=${status}`,
      `duration_s=${seconds},http.response.status_code=${status[0]}00`,
      time,
    );
  });

/** A hundred requests in each window, of which some fail. */
const counted = (service: string, from: number, until: number, window: number, failed: number): string[] =>
  every(from, until, window).flatMap((time) =>
    Object.entries({ "2xx": 100 - failed, "5xx": failed }).map(([status, count]) =>
      point(
        "http.server.request",
        `service=${service},route=/predict,status_class=${status}`,
        `count=${count}`,
        time,
      ),
    ),
  );
const objective = (service: string, until = now): string[] =>
  deployments(service, 1, until, ",slo_availability=0.995");

const run = (event: string, service: string, time: number, id: string, result?: string): string =>
  point(
    `pipeline.run.${event}`,
    `service=${service},pipeline=p${result === undefined ? "" : `,result=${result}`}`,
    `cicd.pipeline.run.id="${id}"${event === "start" ? ",expected_max_s=3600" : ""}`,
    time,
  );
const drift = (service: string, comparison: string, time: number, verdict: string): string =>
  point(
    "ml.drift",
    `service=${service},pipeline=p,feature=f,comparison=${comparison},verdict=${verdict}`,
    `psi=0.3,cicd.pipeline.run.id="${time}"`,
    time,
  );
const driftCase = (comparison: string, summary: string): RuleCase => ({
  points: (service, wrong) => ({
    events: [drift(service, comparison, now - minute, wrong ? "drift" : "warn")],
  }),
  summary,
  over: [5 * minute, (service) => ({ events: [drift(service, comparison, now + 4 * minute, "none")] })],
});

const ofPod = (service: string): string => `service=${service},namespace=n,pod_name=${service}-0`;
const container = (service: string, fields: string, time: number): string =>
  point("kubernetes_pod_container", `${ofPod(service)},container_name=api`, fields, time);
const volume = (service: string, used: number, time: number): string =>
  point(
    "kubernetes_pod_volume",
    `${ofPod(service)},volume_name=data`,
    `used_bytes=${Math.round(used)}i,capacity_bytes=1000i`,
    time,
  );
const inodes = (service: string, used: number, time: number): string =>
  point(
    "kubernetes_pod_volume",
    `${ofPod(service)},volume_name=data`,
    `inodes=1000,inodes_used=${used}`,
    time,
  );
/** A volume of 1,000, of which so much is used for eight minutes: too much, nearly too much, and too much no more. */
const ofVolume = (
  use: (service: string, used: number, time: number) => string,
  [wrongUse, rightUse, laterUse]: readonly [number, number, number],
  summary: string,
): RuleCase => {
  const eightMinutes = (service: string, used: number, from: number): Points => ({
    events: every(from, from + 8 * minute, 30 * second).map((time) => use(service, used, time)),
  });
  return {
    points: (service, wrong) => eightMinutes(service, wrong ? wrongUse : rightUse, now - 8 * minute),
    summary,
    over: [8 * minute, (service) => eightMinutes(service, laterUse, now)],
  };
};
const memory = (service: string, used: number, until: number): string[] =>
  every(until - 6 * minute, until, 30 * second).map((time) =>
    container(service, `memory_working_set_bytes=${used}i,resource_limits_memory_bytes=1000i`, time),
  );

/** What Kubernetes says, with the age (seconds) from which on it is reported, or another reason. */
function problem(kind: string, reason: string, from: number | string, summary: string): RuleCase {
  return {
    points: (service, wrong) => {
      const seconds = typeof from === "number" ? from + (wrong ? 30 : -30) : 30;
      const named = typeof from === "number" || wrong ? reason : from;
      return {
        events: [
          point(
            "kubernetes_problem",
            `service=${service},kind=${kind},namespace=n,name=${service},reason=${named}`,
            `seconds=${seconds},message="why"`,
            now - 10 * second,
          ),
        ],
      };
    },
    summary,
    over: [
      2 * minute,
      () => ({ events: [point("kubernetes_list", `kind=${kind}`, "items=1i", now + 2 * minute - second)] }),
    ],
  };
}

/** A sample of a measurement each minute, of which the last counts. */
const samples = (
  measurement: string,
  tags: string,
  [wrongFields, rightFields]: readonly [string, string],
  summary: string,
): RuleCase => {
  const ofService = (service: string, fields: string, until: number): string[] =>
    every(until - 8 * minute, until, minute).map((time) =>
      point(measurement, `service=${service},${tags}`, fields, time),
    );
  return {
    points: (service, wrong) => ({ events: ofService(service, wrong ? wrongFields : rightFields, now) }),
    summary,
    over: [10 * minute, (service) => ({ events: ofService(service, rightFields, now + 10 * minute) })],
  };
};

/** The three cases of each rule but TaskFailures and Watchdog, which points alone can't make. */
export const ruleCases: Readonly<Record<string, RuleCase>> = {
  ApiUnreachable: {
    points: (service, wrong) => ({ events: deployments(service, wrong ? 0 : 1) }),
    summary: "wrong does not answer",
    over: [2 * minute, (service) => ({ events: deployments(service, 1, now + 2 * minute) })],
  },
  ApiErrorRateHigh: {
    points: (service, wrong) => ({ events: requests(service, { status: wrong ? "5xx" : "4xx" }) }),
    summary: "wrong: 10 % of the requests fail",
    over: [12 * minute, (service) => ({ events: requests(service, {}, now + 12 * minute) })],
  },
  ApiLatencyHigh: {
    points: (service, wrong) => ({ events: requests(service, { seconds: wrong ? 2.5 : 0.5 }) }),
    summary: "wrong is slow: p95 2.5 s",
    over: [12 * minute, (service) => ({ events: requests(service, {}, now + 12 * minute) })],
  },
  ErrorBudgetBurnsFast: {
    points: (service, wrong) => ({
      events: objective(service),
      minutely: counted(service, now - hour, now, minute, wrong ? 10 : 1),
    }),
    summary: "wrong: the error budget (availability) burns 20 times as fast as it lasts",
    over: [
      // Both short windows are clean.
      31 * minute,
      (service) => ({
        events: objective(service, now + 31 * minute),
        minutely: counted(service, now, now + 31 * minute, minute, 0),
      }),
    ],
  },
  ErrorBudgetBurnsSlowly: {
    points: (service, wrong) => ({
      events: objective(service),
      hourly: counted(service, now - 70 * hour, now - hour, hour, wrong ? 2 : 0),
      minutely: counted(service, now - 6 * hour, now, minute, wrong ? 2 : 0),
    }),
    summary: "wrong: the error budget (availability) will not last",
    over: [
      7 * hour,
      (service) => ({
        events: objective(service, now + 7 * hour),
        minutely: counted(service, now, now + 7 * hour, minute, 0),
      }),
    ],
  },
  TrainingRunFailed: {
    points: (service, wrong) => ({
      events: [run("end", service, now - minute, "r", wrong ? "failure" : "cancelled")],
    }),
    summary: "Run r of p failed",
    over: [
      5 * minute,
      (service) => ({ events: [run("end", service, now + 4 * minute, "later", "success")] }),
    ],
  },
  PipelineRunOverdue: {
    points: (service, wrong) => ({ events: [run("start", service, now - (wrong ? 90 : 50) * minute, "r")] }),
    summary: "Run r of p has not ended: 30 min overdue",
    over: [5 * minute, (service) => ({ events: [run("end", service, now + minute, "r", "success")] })],
  },
  DataDriftDetected: driftCase("new_vs_old", "p: the data has drifted in 1 comparisons"),
  ProductionDriftDetected: driftCase(
    "production_vs_training",
    "wrong: 1 of the features that it serves have drifted",
  ),
  MemoryNearLimit: {
    points: (service, wrong) => ({ events: memory(service, wrong ? 950 : 850, now) }),
    summary: "wrong: api uses 95 % of its memory limit",
    over: [6 * minute, (service) => ({ events: memory(service, 500, now + 6 * minute) })],
  },
  ContainerRestarting: {
    points: (service, wrong) => ({
      events: [0, 1, 2, 3].map((index) =>
        container(
          service,
          `restarts_total=${wrong ? index : Math.min(index, 2)}i`,
          now - (9 - index) * minute,
        ),
      ),
    }),
    summary: "wrong: api has restarted 3 times",
    over: [
      hour,
      (service) => ({
        events: every(now, now + hour, minute).map((time) => container(service, "restarts_total=3i", time)),
      }),
    ],
  },
  VolumeFillingUp: ofVolume(volume, [950, 800, 500], "Volume data of wrong-0 is 95 % full"),
  VolumeInodesFillingUp: ofVolume(
    inodes,
    [900, 840, 100],
    "Volume data of wrong-0 has used 90 % of its inodes",
  ),
  VolumeFullSoon: {
    // Full in 80 and in 120 hours.
    points: (service, wrong) => ({
      events: every(now - 6 * hour, now, 5 * minute).map((time) =>
        volume(service, 600 + (400 / (wrong ? 80 : 120)) * ((time - now) / hour), time),
      ),
    }),
    summary: "Volume data of wrong-0 will be full within four days",
    over: [
      6 * hour,
      (service) => ({
        events: [
          ...every(now, now + 6 * hour, 5 * minute).map((time) => volume(service, 600, time)),
          // The kubelets are not silent.
          container(service, "memory_working_set_bytes=1i", now + 6 * hour - minute),
        ],
      }),
    ],
  },
  JobFailed: problem("Job", "JobFailed", "Suspended", "Job wrong of wrong failed"),
  CronJobMissed: problem("CronJob", "Missed", "Unknown", "wrong did not begin: 30 s late"),
  PodNotStarting: problem("Pod", "ImagePullBackOff", 300, "wrong: a pod cannot start: ImagePullBackOff"),
  PodNotReady: problem("Pod", "NotReady", 900, "wrong: a pod is not ready for 15.5 min"),
  ContainerOutOfMemory: problem("Pod", "OOMKilled", "Error", "wrong: a container ran out of memory"),
  PodEvicted: problem("Pod", "Evicted", "Error", "wrong: a pod was taken off its node: Evicted"),
  DeploymentStuck: problem(
    "Deployment",
    "ProgressDeadlineExceeded",
    "ReplicaSetUpdated",
    "The roll-out of wrong does not get on",
  ),
  AutoscalerAtMaximum: problem(
    "HorizontalPodAutoscaler",
    "TooManyReplicas",
    900,
    "wrong has had its largest number of replicas for 15.5 min",
  ),
  ClaimNotBound: problem(
    "PersistentVolumeClaim",
    "ClaimPending",
    300,
    "wrong: the volume wrong is not there",
  ),
  NodeNotReady: problem("Node", "NodeNotReady", 300, "Node wrong is not ready for 5.5 min"),
  NodePressure: problem("Node", "DiskPressure", 120, "Node wrong: DiskPressure"),
  QuotaFull: problem("ResourceQuota", "QuotaFull", "Unknown", "The quota wrong of n is used up"),
  PodMetricsUnreadable: {
    points: (service, wrong) => ({
      events: [
        ...[40 * minute, 30 * second].map((ago) =>
          point("prometheus_request", ofPod(service), "expected=1i", now - ago),
        ),
        point("prometheus_request", ofPod(service), "content_length=10i", now - (wrong ? 10 : 1) * minute),
      ],
    }),
    summary: "wrong: the metrics of wrong-0 were not read for 10 min",
    over: [
      2 * minute,
      (service) => ({
        events: [point("prometheus_request", ofPod(service), "content_length=10i", now + minute)],
      }),
    ],
  },
  PodMetricsDropped: {
    points: (service, wrong) => ({
      events: [point("pod_metrics_dropped", `service=${service}`, `samples=${wrong ? 7 : 0}`, now - minute)],
    }),
    summary: "wrong: 7 samples of its own metrics were not stored",
    over: [12 * minute, nothing],
  },
  LogsStalled: {
    points: (service, wrong) => ({
      events: [
        point("log", `service=${service}`, 'body="x"', now - (wrong ? 45 : 20) * minute),
        ...deployments(service, 1),
      ],
      // It has logged in each hour of its two days.
      hourly: every(Math.floor(now / hour) * hour - 48 * hour, now - 2 * hour, hour).map((time) =>
        point("log", `service=${service}`, "count=9", time),
      ),
    }),
    summary: "wrong has logged nothing for 45 min",
    over: [
      2 * minute,
      (service) => ({
        events: [
          point("log", `service=${service}`, 'body="x"', now + minute),
          ...deployments(service, 1, now + 2 * minute),
        ],
      }),
    ],
  },
  LogBufferBacklog: samples(
    "fluentd",
    "plugin_id=to_influxdb",
    ["buffer_available_buffer_space_ratios=20", "buffer_available_buffer_space_ratios=60"],
    "The log buffer of wrong is 80 % full",
  ),
  UnparsedLogs: {
    points: (service, wrong) => ({
      events: every(now - 10 * minute, now, 10 * second).map((time, index) =>
        point(
          index % (wrong ? 10 : 30) === 0 ? "log.unparsed" : "log",
          `service=${service}`,
          'body="x"',
          time,
        ),
      ),
    }),
    summary: "wrong: 10 % of the log lines match no format",
    over: [16 * minute, nothing],
  },
  DeadLetters: {
    points: (service, wrong) => ({
      events: [
        point(
          "log.dead_letter",
          `service=${service}`,
          'dead_letter.line="x y=1"',
          now - (wrong ? 5 : 12) * minute,
        ),
      ],
    }),
    summary: "1 dead letters of wrong",
    over: [6 * minute, nothing],
  },
  MetricsMissing: {
    points: (service, wrong) => ({
      events: every(now - 20 * minute, now, 30 * second).map((time, index) =>
        point(
          "internal_gather",
          `service=${service},input=http,alias=cluster`,
          // The other fails now and then.
          `errors=${wrong ? Math.max(0, index - 20) : Math.floor(index / 10)}i,gather_timeouts=0i`,
          time,
        ),
      ),
    }),
    summary: "No metrics of cluster for 9.5 min",
    over: [
      2 * minute,
      (service) => ({
        events: every(now, now + 2 * minute, 30 * second).map((time) =>
          point(
            "internal_gather",
            `service=${service},input=http,alias=cluster`,
            "errors=19i,gather_timeouts=0i",
            time,
          ),
        ),
      }),
    ],
  },
  NotificationsFailing: {
    points: (service, wrong) => ({
      events: every(now - 12 * minute, now, minute).map((time, index) =>
        point(
          "alertmanager_notifications_failed_total",
          `service=${service},integration=email,reason=other`,
          `counter=${wrong && index > 9 ? 5 : 3}`,
          time,
        ),
      ),
    }),
    summary: "2 notifications by email failed",
    over: [16 * minute, nothing],
  },
  CertificateExpiring: samples(
    "x509_cert",
    "source=https://x:443",
    [`expiry=${5 * 86_400 + 60}i`, `expiry=${15 * 86_400}i`],
    "wrong: the certificate of https://x:443 expires in 5 days",
  ),
  SeriesCardinalityHigh: samples(
    "storage_bucket_series_num",
    "bucket=events",
    ["gauge=600000", "gauge=400000"],
    "wrong holds 600000 series",
  ),
};
