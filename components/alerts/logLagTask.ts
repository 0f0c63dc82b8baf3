import { buckets } from "../../contract/buckets";
import { measurements } from "../../contract/measurements";
import { fluxString, type FluxTask, taskOption } from "../influxdb/flux";
import { logSilence } from "./rules/logSilence";

/**
 * The InfluxDB task that writes each minute for how long each service that answers its probes has logged nothing: the
 * value that LogsStalled judges, for dashboards. Field `seconds`, tags `service` and `environment`, bucket `minutely`.
 */
export function logLagTask(): FluxTask {
  const name = "log lag";
  return {
    name,
    flux: `import "date"

${taskOption(name, { every: "1m", offset: "5s" })}

stop = now()
${logSilence}
    |> map(fn: (r) => ({_time: stop, _measurement: ${fluxString(measurements.logLag)}, _field: "seconds", _value: r._value, service: r.service, environment: r.environment}))
    |> to(bucket: ${fluxString(buckets.minutely)})
`,
  };
}
