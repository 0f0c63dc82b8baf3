import { FieldColorModeId, type DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";

import { wordColours } from "./fieldOptions";

/** Colours of the words that events carry, the same on every dashboard. */
export const driftColours = {
  drift: "red",
  warn: "orange",
  none: "green",
  insufficient_data: "blue",
} as const;

export const driftVerdicts = wordColours(driftColours);

export const decisionColours = wordColours({ approve: "green", reject: "red" });

/** How a run or a step ended. */
export const resultWords = {
  success: "green",
  failure: "red",
  error: "red",
  timeout: "orange",
  cancellation: "orange",
  skip: "blue",
} as const;

export const resultColours = wordColours(resultWords);

/** What came of a probe. Source: Telegraf's http_response input, its tag `result`. */
export const probeColours = wordColours({
  success: "green",
  response_string_mismatch: "red",
  response_status_code_mismatch: "red",
  body_read_error: "red",
  connection_failed: "red",
  timeout: "red",
  dns_error: "red",
});

/** How bad a line is. */
export const severityColours = {
  FATAL: "purple",
  ERROR: "red",
  WARN: "orange",
  INFO: "blue",
  DEBUG: "green",
  TRACE: "yellow",
} as const;

/** Colours of series with known names. */
const knownColours: Readonly<Record<string, string>> = {
  ...driftColours,
  ...resultWords,
  ...severityColours,
  Accuracy: "blue",
  Precision: "purple",
  Recall: "orange",
  F1: "green",
  "ROC AUC": "yellow",
  "R²": "dark-purple",
  Brier: "orange",
  "Log loss": "purple",
  RMSE: "blue",
  MAE: "orange",
  "Memory peak": "blue",
  Duration: "blue",
  Predictions: "blue",
  Series: "blue",
  p50: "green",
  p95: "yellow",
  p99: "orange",
  "This run": "blue",
  "Mean of 90 days": "purple",
  Users: "blue",
  Requests: "green",
  "2xx": "green",
  "3xx": "blue",
  "4xx": "orange",
  "5xx": "red",
  active: "orange",
  suppressed: "blue",
  failed: "red",
};

/** Overrides that give series their colours, the same on every dashboard; others get one by their place in the panel. */
export function coloursOf(...names: string[]): Record<string, DynamicConfigValue[]> {
  return Object.fromEntries(
    names.map((name) => [
      name,
      [{ id: "color", value: { mode: FieldColorModeId.Fixed, fixedColor: knownColours[name] } }],
    ]),
  );
}
