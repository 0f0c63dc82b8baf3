/**
 * Histograms of a field, from which percentiles over any time and any series are computed: the counts of a bucket are
 * added up.
 *
 * Buckets are log-spaced, as Prometheus' native and OpenTelemetry's exponential histograms have them: each bound is the
 * one before times {@link histogramRatio}. What a bucket holds is taken for its geometric middle, at most √ratio away.
 */

/** Each bound by the one before. */
export const histogramRatio = 1.1;

/** The first bound: what is at or below it is in the first bucket. */
export const firstBound = 0.001;

/** Upper bounds (inclusive) of the buckets: 1 ms to 15 minutes where the field is in seconds. */
export const histogramBounds: readonly number[] = Array.from(
  { length: 145 },
  (_, index) => firstBound * histogramRatio ** index,
);

/** By how much a percentile may be off, as a share of its value, between the first and the last bound: 4.9 %. */
export const percentileError = Math.sqrt(histogramRatio) - 1;

/** Measurement of the histograms of a measurement's fields. */
export function histogramMeasurement(measurement: string): string {
  return `${measurement}.histogram`;
}

/**
 * Tag whose value is what the values of the bucket are taken for, for example `0.104881`: a field with the name of the
 * histogram's own counts them.
 */
export const bucketTag = "bucket";

/** Field that counts all values of a window, in the bucket {@link totalBucket}. */
export function totalField(field: string): string {
  return `${field}.total`;
}

/** The bucket of the totals: sorted by number, it comes after all others. */
export const totalBucket = "1000000000";

/** Field with the same count in the bucket {@link startBucket}. */
export function startField(field: string): string {
  return `${field}.start`;
}

/** A bucket that is no number: sorted as one, it comes before all others. */
export const startBucket = "start";
