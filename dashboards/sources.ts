import { buckets, type BucketName } from "../contract/buckets";
import type { Measurement } from "../contract/measurements";
import {
  matchesVariable,
  ofLast,
  time,
  timeFilter,
  windowsBelow,
  windowsFrom,
  type Condition,
  type Source,
} from "./influxql";

/** A measurement at a resolution: each bucket is a retention policy of the database that InfluxQL reads. */
export function source(bucket: BucketName, measurement: Measurement): Source<BucketName> {
  return { retentionPolicy: buckets[bucket], measurement };
}

/** Rollups of a measurement at each resolution, and when a panel reads it. Exactly one of them answers. */
export interface Rollups {
  /** From the finest to the coarsest. */
  readonly resolutions: readonly Resolution[];
}

/** One of the resolutions of {@link Rollups}. */
export interface Resolution {
  /** Where it is kept. */
  readonly source: Source;
  /** The panels' windows that it answers. */
  readonly when: Condition;
  /** Length of its windows, in minutes. */
  readonly minutes: number;
}

const hourMs = 3_600_000;

/** Minutes for windows below an hour, hours from there on: a month of minutes is half a million points. */
export function rollups(measurement: Measurement): Rollups {
  return {
    resolutions: [
      { source: source("minutely", measurement), when: windowsBelow(hourMs), minutes: 1 },
      { source: source("hourly", measurement), when: windowsFrom(hourMs), minutes: 60 },
    ],
  };
}

/** The chosen environments, in the dashboard's time range. */
export const inEnvironment: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  timeFilter,
];

/** Conditions of a figure of now: instead of one that is older than five minutes nothing is shown. */
export const ofNow = (...conditions: readonly Condition[]): Condition[] => [
  ...conditions.filter((condition) => condition !== timeFilter),
  ofLast("5m"),
];

/** The windows of the panel. */
export const interval = time("$__interval");

/** The chosen services, in the dashboard's time range. */
export const ofChosenServices: readonly Condition[] = [
  ...inEnvironment,
  matchesVariable("service", "service"),
];
