import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryLimits } from "../../../components/influxdb/memoryLimits";

describe("memoryLimits", () => {
  it("leaves Flux half of the container's memory", () => {
    const { GOMEMLIMIT, INFLUXD_QUERY_MEMORY_BYTES, INFLUXD_QUERY_MAX_MEMORY_BYTES } = memoryLimits("2Gi");
    assert.equal(GOMEMLIMIT, "1932735283");
    assert.equal(INFLUXD_QUERY_MEMORY_BYTES, "1073741824");
    assert.equal(INFLUXD_QUERY_MAX_MEMORY_BYTES, "1073741824");
  });

  it("has what InfluxDB asks for: the first bytes of all queries at once are within the memory of all", () => {
    const limits = memoryLimits("64Mi");
    const first =
      Number(limits["INFLUXD_QUERY_CONCURRENCY"]) * Number(limits["INFLUXD_QUERY_INITIAL_MEMORY_BYTES"]);
    assert.ok(first <= Number(limits["INFLUXD_QUERY_MAX_MEMORY_BYTES"]));
  });

  it("bounds nothing where the container has no limit", () => {
    const { GOMEMLIMIT, INFLUXD_QUERY_MAX_MEMORY_BYTES } = memoryLimits(undefined);
    assert.deepEqual([GOMEMLIMIT, INFLUXD_QUERY_MAX_MEMORY_BYTES], ["off", "0"]);
  });
});
