import { bucketTag, firstBound, histogramRatio } from "../../../contract/histograms";
import { count, hour, minute, random, second, traffic } from "./calendar";
import { type Episode, episodes, firstDeployed, type Situation, versionAt } from "./episodes";

const tags = "environment=prod";
const app = `service=churn,${tags}`;

/** Response times in seconds, and their shares; the second list while the app is slow. */
const durations: readonly [number, number][] = [
  [0.04, 0.6],
  [0.08, 0.3],
  [0.15, 0.097],
  [0.6, 0.003],
];
const slowDurations: readonly [number, number][] = [
  [0.15, 0.6],
  [2.5, 0.4],
];

/** What is the case at a time. */
export function situationAt(time: number): Situation {
  const situation: Situation = { ready: time >= firstDeployed ? 3 : 0, errors: 0.001 };
  for (const { during = [] } of episodes) {
    for (const { from, until, ...change } of during)
      if (time >= from && time < until) Object.assign(situation, change);
  }
  return situation;
}

interface Request {
  time: number;
  status: "2xx" | "5xx";
  duration: number;
}

/** The requests that were answered, and whose lines arrived, in the minute from `start`. */
function requestsIn(start: number): Request[] {
  const { ready, logsLost = false, errors, slow = false } = situationAt(start);
  if (start < firstDeployed || ready === 0 || logsLost) return [];
  const next = random(start / minute);
  return Array.from({ length: count(traffic(start), next) }, () => {
    let share = next();
    const [duration = 0] = (slow ? slowDurations : durations).find(([, part]) => (share -= part) < 0) ?? [];
    return { time: start + Math.floor(next() * 60_000), status: next() < errors ? "5xx" : "2xx", duration };
  });
}

function counted<T extends string | number>(values: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}

/** What a request's duration is taken for in the histograms. */
function bucketOf(duration: number): string {
  const index = Math.ceil(Math.log(duration / firstBound) / Math.log(histogramRatio));
  return (firstBound * histogramRatio ** (index - 0.5)).toFixed(6);
}

/** What the rollups leave of the requests of a time: counts by status and histograms, minute by minute or hour by hour. */
export function rollupsOf(from: number, until: number, window: number): string[] {
  const lines: string[] = [];
  for (let start = from; start < until; start += window) {
    const requests: Request[] = [];
    for (let at = start; at < start + window; at += minute) requests.push(...requestsIn(at));
    const of = `${app},model_version=${versionAt(start)},route=/predict`;
    for (const [status, number] of counted(requests.map((one) => one.status)))
      lines.push(`http.server.request,${of},status_class=${status} count=${number} ${start}000000`);
    for (const [duration, number] of counted(requests.map((one) => one.duration)))
      lines.push(
        `http.server.request.histogram,${of},${bucketTag}=${bucketOf(duration)} duration_s=${number} ${start}000000`,
      );
  }
  return lines;
}

/** Samples that change slowly: restarts and volumes, every ten minutes. InfluxDB's volume grows, and drops a bit each night. */
export function slowSamples(time: number): string[] {
  const { restarts = 0 } = situationAt(time);
  const used = 1e9 + 18e6 * ((time - firstDeployed) / (24 * hour)) + 10e6 * ((time / hour) % 24);
  return [
    ...[0, 1, 2].map(
      (pod) =>
        `kubernetes_pod_container,${app},namespace=churn,pod_name=churn-${versionAt(time)}-${pod},container_name=api restarts_total=${pod === 0 ? restarts : 0}i ${time}000000`,
    ),
    `kubernetes_pod_volume,service=influxdb,${tags},namespace=monitoring,pod_name=influxdb-0,volume_name=data used_bytes=${Math.round(used)}i,capacity_bytes=10000000000i ${time}000000`,
  ];
}

const kinds = [
  ...["Pod", "Job", "CronJob", "Node", "HorizontalPodAutoscaler", "PersistentVolumeClaim", "ResourceQuota"],
];
const inputs = [
  "cluster",
  "deployments",
  "kubelets",
  "alerts",
  "influxdb",
  "alertmanager",
  "fluentd-aggregator-0",
];

/** What Telegraf writes at a time, a multiple of ten seconds. */
function samplesAt(time: number, around: readonly Episode[]): string[] {
  const { ready, silent = false, memory = 0.6 } = situationAt(time);
  if (silent) return [];
  const created = new Date(firstDeployed).toISOString();
  const deployed =
    time < firstDeployed
      ? []
      : [
          `kubernetes_deployment,${app},namespace=churn replicas_desired=3i,replicas_available=${ready}i,created_at="${created}",slo_availability=0.995,slo_latency_p=0.95,slo_latency_seconds=0.3 ${time}000000`,
        ];
  const often = [...deployed, `kubernetes_list,${tags},kind=Deployment items=1i ${time}000000`];
  if (time % (30 * second) !== 0) return often;
  const problems = around.flatMap(({ problems: found = [] }) =>
    found.filter(({ since, until, visibleFrom = since }) => time >= visibleFrom && time < until),
  );
  return [
    ...often,
    ...slowSamples(time),
    ...kinds.map((kind) => `kubernetes_list,${tags},kind=${kind} items=1i ${time}000000`),
    ...inputs.map(
      (alias) =>
        `internal_gather,service=telegraf,${tags},input=http,alias=${alias} errors=0i,gather_timeouts=0i ${time}000000`,
    ),
    ...problems.map(
      ({ kind, name, reason, service, namespace = "churn", message = "why", since }) =>
        `kubernetes_problem,service=${service},${tags},kind=${kind},namespace=${namespace},name=${name},reason=${reason} seconds=${(time - since) / 1000},message="${message}" ${time}000000`,
    ),
    ...[0, 1, 2].flatMap((pod) => {
      const of = `kubernetes_pod_container,${app},namespace=churn,pod_name=churn-${versionAt(time)}-${pod},container_name=api`;
      return [
        `${of},node_name=node-${pod} memory_working_set_bytes=${Math.round(memory * 1e9)}i ${time}000000`,
        `${of} resource_limits_memory_bytes=1000000000i ${time}000000`,
      ];
    }),
    `fluentd,service=fluentd-aggregator-0,${tags},plugin_id=to_influxdb,plugin_category=output,plugin_type=http buffer_available_buffer_space_ratios=99.5 ${time}000000`,
    `alertmanager_notifications_failed_total,service=alertmanager,${tags},integration=email,reason=other counter=0 ${time}000000`,
    `storage_bucket_series_num,service=influxdb,${tags},bucket=events gauge=4000 ${time}000000`,
  ];
}

/** Requests and samples of a time, as they are when they have just arrived. */
export function pointsOf(from: number, until: number): string[] {
  const around = episodes.filter((episode) => episode.from < until && episode.until > from);
  const lines: string[] = [];
  for (let start = Math.floor(from / minute) * minute; start < until; start += minute) {
    for (const { time, status, duration } of requestsIn(start)) {
      lines.push(
        `http.server.request,${app},model_version=${versionAt(start)},route=/predict,status_class=${status} duration_s=${duration},http.response.status_code=${status[0]}00 ${time}000000`,
      );
    }
    for (let time = start; time < start + minute; time += 10 * second) lines.push(...samplesAt(time, around));
  }
  return lines;
}
