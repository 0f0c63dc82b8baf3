import { thresholds } from "../contract/thresholds";
import { measurements, type Measurement } from "../contract/measurements";
import {
  equals,
  matchesEitherVariable,
  matchesVariable,
  notEquals,
  type Condition,
  type Source,
} from "./influxql";
import { higherIsWorse } from "./fieldOptions";
import { source } from "./sources";

/** The machine-learning events, which are few and compared over years: kept as they are. */
export const kept = (measurement: Measurement): Source => source("weekly", measurement);

export const summaries = kept(measurements.runSummary);
export const metrics = kept(measurements.metric);
export const classes = kept(measurements.mlClass);
export const outliers = kept(measurements.outliers);
export const drift = kept(measurements.drift);
export const confusion = kept(measurements.confusion);
export const decisions = kept(measurements.decision);
export const runs = kept(measurements.runEnd);

/**
 * Every version of the chosen model, of any time: a decision is not gone because somebody looks at a day. Variables have
 * names of their own: links from other dashboards carry theirs, in which "All" may be chosen.
 */
export const model: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("pipeline", "pipeline"),
  matchesVariable("model", "candidateModel"),
];
/** All runs of the candidate's version. */
export const candidateVersion: readonly Condition[] = [
  ...model,
  matchesVariable("model_version", "candidate"),
];
/** The last run of the candidate's version: rows of several runs do not add up. */
export const candidate: readonly Condition[] = [
  ...candidateVersion,
  matchesVariable("cicd.pipeline.run.id", "candidateRun"),
];
export const champion: readonly Condition[] = [...model, matchesVariable("model_version", "champion")];
export const eitherVersion = matchesEitherVariable("model_version", "candidate", "champion");
export const onSplit = matchesVariable("split", "split");
/** Scores, and what else is read in thousandths. */
export const score = { unit: "none", decimals: 3, min: 0 } as const;
/** Colours of a population stability index. */
export const driftThresholds = higherIsWorse(thresholds.driftPsiWarn, thresholds.driftPsiDrift);
export const overall = equals("class", "_all");
export const singleClass = notEquals("class", "_all");
