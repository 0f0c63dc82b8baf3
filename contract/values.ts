/** Severities, as OpenTelemetry's short names. Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/ */
export const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

/** How a pipeline run or task ended. Source: OpenTelemetry's `cicd.pipeline.result`. */
export const results = ["success", "failure", "error", "timeout", "cancellation", "skip"] as const;

/**
 * What samples of a feature are compared: training with validation data, new training data with the last, what an API has
 * served with the data of its training.
 */
export const driftComparisons = ["train_vs_val", "new_vs_old", "production_vs_training"] as const;
