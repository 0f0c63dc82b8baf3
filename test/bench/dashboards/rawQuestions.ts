import { DAY, DAYS, NOW, START } from "./data";

const RANGE = `time >= ${START}ms and time <= ${NOW}ms`;
const REQUESTS = `FROM "events"."http.server.request" WHERE ${RANGE}`;
const CONTAINERS = `FROM "events"."kubernetes_pod_container" WHERE ${RANGE}`;
const BY_POD = `"service", "pod_name", "container_name"`;
const LOG = `FROM "events"."log" WHERE ${RANGE}`;
/** The panels' windows over 30 days. */
const WINDOW = `time(${(DAYS * 24) / 360}h)`;

/** What all pods of a service have together, from each sample. */
const overPods = (measure: string): string =>
  `SELECT sum("pod") FROM (SELECT mean("${measure}") AS "pod" ${CONTAINERS} GROUP BY ${WINDOW}, ${BY_POD}) WHERE ${RANGE} GROUP BY ${WINDOW}, "service"`;

const highestRatio = (used: string, limit: string, by: string): string =>
  `SELECT max("use") FROM (SELECT max("${used}") / max("${limit}") AS "use" ${CONTAINERS} GROUP BY ${by}${BY_POD}) WHERE ${RANGE} GROUP BY ${by}"service", "container_name"`;

const COST = `SELECT integral("cpu_usage_nanocores", 1h), integral("resource_requests_millicpu_units", 1h), integral("memory_working_set_bytes", 1h), integral("resource_requests_memory_bytes", 1h) ${CONTAINERS} GROUP BY ${BY_POD}`;

/**
 * The questions of panels that read rollups, asked of the raw events: by the dashboard's uid, then by the panel's title.
 * One panel of percentiles stands for all: they take minutes.
 */
export const RAW_QUESTIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "monitoring-home": {
    "Requests by service": [`SELECT count("duration_s") ${REQUESTS} GROUP BY "service", "model"`],
    "Error ratio by service": [
      `SELECT count("duration_s") ${REQUESTS} GROUP BY "service"`,
      `SELECT count("duration_s") ${REQUESTS} AND "status_class" = '5xx' GROUP BY "service"`,
    ],
  },
  "model-api-usage": {
    Requests: [`SELECT count("duration_s") ${REQUESTS}`],
    "Error ratio": [
      `SELECT count("duration_s") ${REQUESTS}`,
      `SELECT count("duration_s") ${REQUESTS} AND "status_class" = '5xx'`,
    ],
    "Request rate by service": [`SELECT count("duration_s") ${REQUESTS} GROUP BY ${WINDOW}, "service"`],
    "Latency (p95) by route": [`SELECT percentile("duration_s", 95) ${REQUESTS} GROUP BY ${WINDOW}, "route"`],
    "Requests by status class": [`SELECT count("duration_s") ${REQUESTS} GROUP BY ${WINDOW}, "status_class"`],
    Routes: [
      `SELECT count("duration_s"), mean("duration_s"), max("duration_s") ${REQUESTS} GROUP BY "service", "method", "route", "status_class"`,
    ],
    "Requests by day": [`SELECT count("duration_s") ${REQUESTS} GROUP BY time(1d), "service"`],
    "Unique users and requests by day": [
      `SELECT count(distinct("enduser.pseudo.id")) ${REQUESTS} GROUP BY time(1d)`,
    ],
  },
  "resources-and-cost": {
    "Highest memory use": [highestRatio("memory_working_set_bytes", "resource_limits_memory_bytes", "")],
    Restarts: [
      `SELECT sum("n") FROM (SELECT non_negative_difference("restarts_total") AS "n" ${CONTAINERS} GROUP BY ${BY_POD})`,
    ],
    "Cost of what is requested": [COST],
    "Cost by service": [COST],
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
      highestRatio("cpu_usage_nanocores", "resource_limits_millicpu_units", `${WINDOW}, `),
    ],
    "Memory spikes: highest of any pod by its limit": [
      highestRatio("memory_working_set_bytes", "resource_limits_memory_bytes", `${WINDOW}, `),
    ],
    "Sizing: 95th percentile over 7 days by request": [
      `SELECT percentile("cpu_usage_nanocores", 95), percentile("memory_working_set_bytes", 95) FROM "events"."kubernetes_pod_container" WHERE time >= ${NOW - 7 * DAY}ms and time <= ${NOW}ms GROUP BY "service", "container_name"`,
    ],
  },
  "platform-health": {
    "Log lines by service": [`SELECT count("body") ${LOG} GROUP BY ${WINDOW}, "service"`],
    "Lines by service and severity": [`SELECT count("body") ${LOG} GROUP BY "service", "severity"`],
    Probes: [
      `SELECT count("result_code"), mean("response_time") FROM "events"."http_response" WHERE ${RANGE} GROUP BY "service", "result"`,
    ],
  },
};
