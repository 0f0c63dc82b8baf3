import { otlpScript } from "./otlpScript";
import { defaultSeriesPerApp } from "./seriesBound";

/** How OpenTelemetry's protocol is taken. */
export interface OtlpArgs {
  /**
   * Series that are kept of the metrics of one app. Of further ones nothing is stored, and PodMetricsDropped is reported.
   * @default 2000
   */
  seriesPerApp?: number;
}

/** Port of OpenTelemetry's protocol over gRPC. */
export const otlpPort = 4317;

/** Tag of what came in by it, before {@link otlpInputs}' processor. */
const marker = "otlp";

/**
 * The input of OpenTelemetry's protocol, and the processor that makes events of the log contract of it: a request of each
 * span of a server, an event or a line of each log record. Metrics are kept as they are, up to the bound; other spans are not.
 *
 * Source: https://docs.influxdata.com/telegraf/v1/input-plugins/opentelemetry/
 *
 * @param port that it listens on
 */
export function otlpInputs({ seriesPerApp = defaultSeriesPerApp }: OtlpArgs, port = otlpPort): string[] {
  return [
    `[[inputs.opentelemetry]]
  alias = "OpenTelemetry"
  service_address = "0.0.0.0:${port}"
  span_dimensions = ["service.name"]
  log_record_dimensions = ["service.name"]
  metrics_schema = "prometheus-v1"
  [inputs.opentelemetry.tags]
    ${marker} = "true"
`,
    `[[processors.starlark]]
  metricpass = '"${marker}" in tags'
  source = '''
${otlpScript(marker, seriesPerApp)}'''
`,
  ];
}
