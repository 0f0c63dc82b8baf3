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

export const resultColours = wordColours({
  success: "green",
  failure: "red",
  error: "red",
  timeout: "orange",
  cancellation: "orange",
  skip: "blue",
});
