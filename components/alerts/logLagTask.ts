import { buckets } from "../../contract/buckets";
import { fluxString, type FluxTask, taskOption } from "../influxdb/flux";
import { logSilence } from "./rules";

/** Measurement that {@link logLagTask} writes into `minutely`: field `seconds`, tags `service` and `environment`. */
export const logLagMeasurement = "log.lag";

/**
 * The InfluxDB task that writes each minute for how long each service that answers its probes has logged nothing: the
 * figure that LogsStalled judges, for dashboards.
 */
export function logLagTask(): FluxTask {
  const name = "log lag";
  return {
    name,
    flux: `import "date"

${taskOption(name, { every: "1m", offset: "5s" })}

stop = now()
${logSilence}
    |> map(fn: (r) => ({_time: stop, _measurement: ${fluxString(logLagMeasurement)}, _field: "seconds", _value: r._value, service: r.service, environment: r.environment}))
    |> to(bucket: ${fluxString(buckets.minutely)})
`,
  };
}
