import { buckets } from "../../../contract/buckets";
import { measurements, type Measurement } from "../../../contract/measurements";
import { fluxDuration, fluxString } from "../../influxdb/flux";
import { asOf } from "../asOf";
import type { AlertRule } from "../rule";

/**
 * A rule; what is left out: evaluated each minute, the last sample decides, labels `service` and `environment`, which
 * are also variables of its dashboard.
 */
export type RuleDefinition = Omit<AlertRule, Defaulted | "overrides"> & Partial<Pick<AlertRule, Defaulted>>;

type Defaulted =
  "inhibitedBy" | "everySeconds" | "forSeconds" | "sampleSeconds" | "labels" | "dashboardVariables";

/** A Flux time that lies a duration, e.g. `10m`, before the evaluation. */
export function ago(duration: string): string {
  return `date.sub(d: ${duration}, from: stop)`;
}

/** `from |> range |> filter` of one or more fields of a measurement. */
export function samplesOf(measurement: Measurement, fields: readonly string[], start: string): string {
  const field = fields.map((name) => `r._field == ${fluxString(name)}`).join(" or ");
  return `from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${start}, stop: stop)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurement)} and (${field}))`;
}

/** A field that each event of a kind of log lines and requests has. */
export const lineFields = {
  [measurements.httpRequest]: "http.response.status_code",
  [measurements.log]: "body",
  [measurements.unparsed]: "body",
};

/** One value of each log line and request of these kinds. */
export function linesOf(kinds: readonly (keyof typeof lineFields)[], start: string): string {
  const filters = kinds.map(
    (kind) => `(r._measurement == ${fluxString(kind)} and r._field == ${fluxString(lineFields[kind])})`,
  );
  return `from(bucket: ${fluxString(buckets.events)})
    |> range(start: ${start}, stop: stop)
    |> filter(fn: (r) => ${filters.join(" or ")})`;
}

/** A sample by which is seen that Telegraf is alive. */
export const ofTelegraf = `r._measurement == "${measurements.telegrafInput}" and r._field == "errors"`;

/** A sample by which is seen that Telegraf has read a list of the Kubernetes API. */
export const ofList = (kind: string): string =>
  `r._measurement == "${measurements.kubernetesList}" and r.kind == "${kind}"`;

/**
 * Statements that define `looks`: whether each API could be reached (0) or not (1), sample by sample. Of a service that is
 * probed over the network, its probes; of others, Deployments of model APIs of which the kubelets found no pod ready. -1:
 * no pod is expected, because it is new, or scaled to zero on purpose; then its probes don't count either. Both for one
 * service would mail each outage twice.
 *
 * @param duration of the last samples that count, e.g. `3m`
 */
export function reachability(duration: string, startingSeconds: number): string {
  const deployments = `from(bucket: ${fluxString(buckets.events)})
    |> range(start: date.sub(d: ${duration}, from: seen), stop: seen)
    |> filter(fn: (r) => r._measurement == ${fluxString(measurements.deployment)})`;
  return `${asOf("seen", ofList("Deployment"))}
deployed = ${deployments}
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({
        _time: r._time, service: r.service, environment: r.environment,
        server: "Deployment " + r.namespace + "/" + r.service,
        rank: 1,
        _value: if r.replicas_available > 0 then 0.0 else if r.replicas_desired > 0 and int(v: r._time) - int(v: time(v: r.created_at)) > int(v: ${fluxDuration(startingSeconds)}) then 1.0 else -1.0,
    }))
unexpected = deployed
    |> group(columns: ["service", "environment", "server"])
    |> sort(columns: ["_time"])
    |> tail(n: 1)
    |> group(columns: ["service", "environment"])
    |> max(column: "_value")
    |> filter(fn: (r) => r._value < 0.0)
    |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, server: r.server, rank: -1, _value: r._value}))
both = union(tables: [
        ${indented(samplesOf(measurements.probe, ["result_code"], ago(duration)))}
            |> map(fn: (r) => ({_time: r._time, service: r.service, environment: r.environment, server: r.server, rank: 0, _value: if int(v: r._value) == 0 then 0.0 else 1.0})),
        deployed,
        unexpected,
    ])
first = both
    |> group(columns: ["service", "environment"])
    |> min(column: "rank")
    |> keep(columns: ["service", "environment", "rank"])
    |> group()
looks = join(tables: {first: first, both: both |> group()}, on: ["service", "environment", "rank"])`;
}

/** A query as an argument: no line of it but the first begins a statement. */
export function indented(query: string): string {
  return query.replaceAll("\n", "\n        ");
}
