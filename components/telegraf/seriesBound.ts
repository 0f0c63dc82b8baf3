import { measurements } from "../../contract/measurements";

/** Series that are kept of the metrics of one app, where nothing else is said. */
export const defaultSeriesPerApp = 2000;

/** Seconds after which a series that is not seen any more makes room. */
const forgottenSeconds = 3600;

/** Seconds between two samples that say that series were dropped. */
const reportSeconds = 30;

/** Starlark function that makes a metric beside the one that is looked at. */
export const pointFunction = `def point(metric, name, tags, fields):
    made = Metric(name)
    made.time = metric.time
    # Telegraf gives its global tags to what inputs make, and not to this.
    made.tags["environment"] = metric.tags.get("environment", "")
    for key, value in tags.items():
        made.tags[key] = value
    for key, value in fields.items():
        made.fields[key] = value
    return made
`;

/** An app's metric of such a name would be taken for the platform's own. */
export const reservedNames = `reserved_names = ${JSON.stringify(Object.values(measurements))}\n`;

/** Starlark function `bounded`: the app's metric, or none beyond the bound of series. It uses the dict `state`. */
export const boundedFunction = (seriesPerApp: number): string => `def bounded(metric, service):
    metric.tags["service"] = service
    key = metric.name + " " + str(sorted(metric.tags.items()))
    series = state.setdefault(("series", service), {})
    now = metric.time // 1000000000
    if key not in series and len(series) >= ${seriesPerApp} and state.get(("cleaned", service), 0) + 60 <= now:
        state[("cleaned", service)] = now
        for old in [one for one, seen in series.items() if seen + ${forgottenSeconds} < now]:
            series.pop(old)
    if key in series or len(series) < ${seriesPerApp}:
        series[key] = now
        return metric
    dropped = state.get(("dropped", service), 0) + 1
    if state.get(("reported", service), 0) + ${reportSeconds} > now:
        state[("dropped", service)] = dropped
        return None
    state[("dropped", service)] = 0
    state[("reported", service)] = now
    return point(metric, "${measurements.droppedSeries}", {"service": service}, {"samples": float(dropped)})
`;
