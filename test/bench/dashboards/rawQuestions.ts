import { dayMs, days, benchNow, start } from "./data";

const range = `time >= ${start}ms and time <= ${benchNow}ms`;
const requests = `FROM "events"."http.server.request" WHERE ${range}`;
const containers = `FROM "events"."kubernetes_pod_container" WHERE ${range}`;
const byPod = `"service", "pod_name", "container_name"`;
const log = `FROM "events"."log" WHERE ${range}`;
/** The panels' windows over 30 days. */
const window = `time(${(days * 24) / 360}h)`;

/** What all pods of a service have together, from each sample. */
const overPods = (measure: string): string =>
  `SELECT sum("pod") FROM (SELECT mean("${measure}") AS "pod" ${containers} GROUP BY ${window}, ${byPod}) WHERE ${range} GROUP BY ${window}, "service"`;

const highestRatio = (used: string, limit: string, by: string): string =>
  `SELECT max("use") FROM (SELECT max("${used}") / max("${limit}") AS "use" ${containers} GROUP BY ${by}${byPod}) WHERE ${range} GROUP BY ${by}"service", "container_name"`;

const cost = `SELECT integral("cpu_usage_nanocores", 1h), integral("resource_requests_millicpu_units", 1h), integral("memory_working_set_bytes", 1h), integral("resource_requests_memory_bytes", 1h) ${containers} GROUP BY ${byPod}`;

/**
 * The questions of panels that read rollups, asked of the raw events: by the dashboard's uid, then by the panel's title.
 * Only one panel of percentiles: each takes minutes.
 */
export const rawQuestions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "monitoring-home": {
    "Requests by service": [`SELECT count("duration_s") ${requests} GROUP BY "service", "model"`],
    "Error ratio by service": [
      `SELECT count("duration_s") ${requests} GROUP BY "service"`,
      `SELECT count("duration_s") ${requests} AND "status_class" = '5xx' GROUP BY "service"`,
    ],
  },
  "model-api-usage": {
    Requests: [`SELECT count("duration_s") ${requests}`],
    "Error ratio": [
      `SELECT count("duration_s") ${requests}`,
      `SELECT count("duration_s") ${requests} AND "status_class" = '5xx'`,
    ],
    "Request rate by service": [`SELECT count("duration_s") ${requests} GROUP BY ${window}, "service"`],
    "Latency (p95) by route": [`SELECT percentile("duration_s", 95) ${requests} GROUP BY ${window}, "route"`],
    "Requests by status class": [`SELECT count("duration_s") ${requests} GROUP BY ${window}, "status_class"`],
    Routes: [
      `SELECT count("duration_s"), mean("duration_s"), max("duration_s") ${requests} GROUP BY "service", "method", "route", "status_class"`,
    ],
    "Requests by day": [`SELECT count("duration_s") ${requests} GROUP BY time(1d), "service"`],
    "Unique users and requests by day": [
      `SELECT count(distinct("enduser.pseudo.id")) ${requests} GROUP BY time(1d)`,
    ],
  },
  "resources-and-cost": {
    "Highest memory use": [highestRatio("memory_working_set_bytes", "resource_limits_memory_bytes", "")],
    Restarts: [
      `SELECT sum("n") FROM (SELECT non_negative_difference("restarts_total") AS "n" ${containers} GROUP BY ${byPod})`,
    ],
    "Cost of what is requested": [cost],
    "Cost by service": [cost],
    "CPU used by service": [
      overPods("cpu_usage_nanocores"),
      overPods("resource_requests_millicpu_units"),
      overPods("resource_limits_millicpu_units"),
    ],
    "Memory used by service": [
      overPods("memory_working_set_bytes"),
      overPods("resource_requests_memory_bytes"),
      overPods("resource_limits_memory_bytes"),
    ],
    "CPU spikes: highest of any pod by its limit": [
      highestRatio("cpu_usage_nanocores", "resource_limits_millicpu_units", `${window}, `),
    ],
    "Memory spikes: highest of any pod by its limit": [
      highestRatio("memory_working_set_bytes", "resource_limits_memory_bytes", `${window}, `),
    ],
    "Sizing: 95th percentile over 7 days by request": [
      `SELECT percentile("cpu_usage_nanocores", 95), percentile("memory_working_set_bytes", 95) FROM "events"."kubernetes_pod_container" WHERE time >= ${benchNow - 7 * dayMs}ms and time <= ${benchNow}ms GROUP BY "service", "container_name"`,
    ],
  },
  "platform-health": {
    "Log lines by service": [`SELECT count("body") ${log} GROUP BY ${window}, "service"`],
    "Lines by service and severity": [`SELECT count("body") ${log} GROUP BY "service", "severity"`],
    Probes: [
      `SELECT count("result_code"), mean("response_time") FROM "events"."http_response" WHERE ${range} GROUP BY "service", "result"`,
    ],
  },
};
