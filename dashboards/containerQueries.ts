import { measurements } from "../contract/measurements";
import { minutesField, rollupField } from "../contract/rollups";
import type { ComputePrices } from "./definition";
import {
  field,
  matchesVariable,
  select,
  tag,
  time,
  timeFilter,
  type Condition,
  type Dimension,
  type Expression,
  type Query,
} from "./influxql";
import { lateRollups, whileFresh } from "./rollupQueries";
import { interval, rollups, source, type Rollups } from "./sources";

export const nanocores = 1e9;
export const millicores = 1e3;
export const bytesPerGib = 1024 ** 3;

export const containers = rollups(measurements.container);
export const minutesOfContainers = source("minutely", measurements.container);

export const cpuUsed = "cpu_usage_nanocores";
export const cpuRequested = "resource_requests_millicpu_units";
export const cpuLimit = "resource_limits_millicpu_units";
export const memoryUsed = "memory_working_set_bytes";
export const memoryRequested = "resource_requests_memory_bytes";
export const memoryLimit = "resource_limits_memory_bytes";

export const highest = (name: string): Expression => field(rollupField(name, "max"));

export const chosenContainers: readonly Condition[] = [
  matchesVariable("environment", "environment"),
  matchesVariable("service", "service"),
  timeFilter,
];

export const byContainer: readonly Dimension[] = [tag("service"), tag("container_name")];

/**
 * What all pods, or GPUs, of a service had together: the mean over the minutes, or hours, of a window in which there were
 * any.
 *
 * @param more conditions
 */
export function overPods(
  name: string,
  divisor: number,
  alias: string,
  { of = containers, more = [] }: { of?: Rollups; more?: readonly Condition[] } = {},
): Query {
  return select(field("together").mean().as(alias))
    .from(
      ...of.resolutions.map(({ source: from, when, minutes }) =>
        select(
          field(minutesField(name))
            .sum()
            .over(divisor * minutes)
            .as("together"),
        )
          .from(from)
          .where(...chosenContainers, ...more, when)
          .groupBy(time(`${minutes}m`), tag("service"))
          .fill("none"),
      ),
    )
    .where(timeFilter)
    .groupBy(interval, tag("service"))
    .fill("null");
}

/**
 * The highest of a ratio of two fields: of each minute's, or hour's, highest values. For a tile, `by` nothing, it is
 * nothing where the end of the time range has no sample.
 */
export function highestRatio(
  used: string,
  available: string,
  divisor: number,
  by: readonly Dimension[],
): Query {
  const use = field("use").max();
  const isTile = by.length === 0;
  return select((isTile ? whileFresh(use) : use).as("use"))
    .from(
      ...(isTile ? lateRollups(containers, chosenContainers, "15m") : []),
      ...containers.resolutions.map(({ source: from, when }) =>
        select(highest(used).over(divisor).over(highest(available)).as("use"))
          .from(from)
          .where(...chosenContainers, when),
      ),
    )
    .where(timeFilter)
    .groupBy(...by);
}

/** The part of `amount` above zero; InfluxQL has no maximum of two columns. */
export function positivePart(amount: Expression): Expression {
  return amount.plus(amount.absolute()).over(2);
}

/**
 * Money for what the containers requested, and for the part of it that they did not use, in the time range: idle ratio
 * times capacity times price. Of amounts times minutes, so that a pod of two minutes costs two minutes.
 *
 * The subquery's columns are only summed: arithmetic on its rows, which all have one time, mixes rows of several services.
 */
export function costs(prices: ComputePrices): Query {
  const total = (column: string): Expression => field(column).sum();
  const requested = total("cores").times(prices.vcpuHour).plus(total("gib").times(prices.gibHour));
  const idle = positivePart(total("cores").minus(total("cores_used")))
    .times(prices.vcpuHour)
    .plus(positivePart(total("gib").minus(total("gib_used"))).times(prices.gibHour));
  const hours = (name: string, divisor: number): Expression =>
    field(minutesField(name))
      .sum()
      .over(60 * divisor);
  return select(requested.as("requested"), idle.as("idle"), idle.over(requested).as("idle share"))
    .from(
      ...containers.resolutions.map(({ source: from, when }) =>
        select(
          hours(cpuRequested, millicores).as("cores"),
          hours(cpuUsed, nanocores).as("cores_used"),
          hours(memoryRequested, bytesPerGib).as("gib"),
          hours(memoryUsed, bytesPerGib).as("gib_used"),
        )
          .from(from)
          .where(...chosenContainers, when)
          .groupBy(tag("service")),
      ),
    )
    .where(timeFilter)
    .groupBy(tag("service"));
}
