import { wordColours } from "./panels";

/** Colours of the words that events carry, the same on every dashboard. */
export const DRIFT_COLOURS = {
  drift: "red",
  warn: "orange",
  none: "green",
  insufficient_data: "blue",
} as const;

export const DRIFT_VERDICTS = wordColours(DRIFT_COLOURS);

export const DECISION_COLOURS = wordColours({ approve: "green", reject: "red" });

export const RESULT_COLOURS = wordColours({
  success: "green",
  failure: "red",
  error: "red",
  timeout: "orange",
  cancellation: "orange",
  skip: "blue",
});
