import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyOf, fluxDuration, fluxFloat, fluxString, taskOption } from "../../../components/influxdb/flux";

describe("Flux literals", () => {
  it("escapes what would end a string or be interpolated", () => {
    assert.equal(fluxString('a"b\\c\n\t\r${d}'), '"a\\"b\\\\c\\n\\t\\r\\${d}"');
    assert.throws(() => fluxString("a\0b"), /NUL/);
  });

  it("writes floats without exponents and always with a fraction", () => {
    assert.equal(fluxFloat(1), "1.0");
    assert.equal(fluxFloat(0.05), "0.05");
    assert.equal(fluxFloat(500_000), "500000.0");
    assert.equal(fluxFloat(1e-7), "0.0000001");
    assert.throws(() => fluxFloat(Number.NaN), /finite/);
  });

  it("takes whole seconds as durations", () => {
    assert.equal(fluxDuration(90), "90s");
    assert.throws(() => fluxDuration(1.5), /whole seconds/);
    assert.throws(() => fluxDuration(-1), /whole seconds/);
  });

  it("compares a column with any of some values", () => {
    assert.equal(anyOf("_field", ["a", "b"]), '(r["_field"] == "a" or r["_field"] == "b")');
    assert.throws(() => anyOf("_field", []), /no values/);
  });

  it("leaves an offset of nothing out of a task's options", () => {
    assert.equal(taskOption("t", { every: "1m" }), 'option task = {name: "t", every: 1m}');
    assert.equal(taskOption("t", { every: "1m", offset: "0s" }), 'option task = {name: "t", every: 1m}');
    assert.equal(
      taskOption("t", { every: "1m", offset: "15s" }),
      'option task = {name: "t", every: 1m, offset: 15s}',
    );
  });
});
