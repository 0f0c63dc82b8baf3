import { bytesOf } from "../kubernetes/quantities";

/** Flux queries at once, tasks among them; more wait. */
const concurrency = 8;
const queued = 1024;
/** What a query has from its start, in bytes: InfluxDB asks for the product with the concurrency to be below all memory. */
const initialBytes = 1024 ** 2;

/**
 * InfluxDB's settings of memory for a container's limit: a query that needs too much fails, before the kernel ends the
 * process and with it all others. Flux queries have half of the memory together; the Go runtime collects garbage harder
 * from nine tenths on.
 *
 * @param limit quantity of memory, e.g. `2Gi`; without one nothing is bounded
 * @returns environment variables of influxd
 */
export function memoryLimits(limit: string | undefined): Record<string, string> {
  const bytes = limit === undefined ? 0 : bytesOf(limit);
  const share = (part: number): string => String(Math.floor(bytes * part));
  return {
    GOMEMLIMIT: limit === undefined ? "off" : share(0.9),
    INFLUXD_QUERY_CONCURRENCY: String(concurrency),
    INFLUXD_QUERY_QUEUE_SIZE: String(queued),
    INFLUXD_QUERY_INITIAL_MEMORY_BYTES: String(initialBytes),
    INFLUXD_QUERY_MEMORY_BYTES: limit === undefined ? "0" : share(1 / 2),
    INFLUXD_QUERY_MAX_MEMORY_BYTES: share(1 / 2),
  };
}

/** Names of the variables of {@link memoryLimits}. */
export const memoryVariables: readonly string[] = Object.keys(memoryLimits(undefined));
