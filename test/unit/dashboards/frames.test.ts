import assert from "node:assert/strict";
import { test } from "node:test";

import { toFrames, transform } from "../../../demo/dashboardPreview/frames";
import { formatValue } from "../../../demo/dashboardPreview/units";

const series = [
  { name: "m", tags: { route: "/a" }, columns: ["time", "n"], values: [[1, 2]] },
  { name: "m", tags: { route: "/b" }, columns: ["time", "n"], values: [[1, null]] },
];

test("series become one frame each, named by their alias", () => {
  assert.deepEqual(toFrames(series, { resultFormat: "time_series", alias: "$tag_route: $col of $m" }), [
    { name: "/a: n of m", columns: ["Time", "Value"], rows: [[1, 2]] },
    { name: "/b: n of m", columns: ["Time", "Value"], rows: [[1, null]] },
  ]);
  assert.equal(toFrames(series, { resultFormat: "time_series" })[0]?.name, "m.n {route: /a}");
});

test("a table holds time, tags and columns of all series; no series is no table", () => {
  assert.deepEqual(toFrames(series, { resultFormat: "table" }), [
    {
      columns: ["Time", "route", "n"],
      rows: [
        [1, "/a", 2],
        [1, "/b", null],
      ],
    },
  ]);
  assert.deepEqual(toFrames([], { resultFormat: "table" }), []);
});

test("transformations hide, order and rename columns, make a matrix, merge and count", () => {
  const frame = {
    columns: ["v", "c", "x"],
    rows: [
      ["1", "a", 5],
      ["1", "b", 6],
      ["2", "a", 7],
    ],
  };
  assert.deepEqual(
    transform(
      [frame],
      [
        {
          id: "organize",
          options: { excludeByName: { c: true }, indexByName: { x: 0, v: 1 }, renameByName: { v: "V" } },
        },
      ],
    )[0],
    {
      columns: ["x", "V"],
      rows: [
        [5, "1"],
        [6, "1"],
        [7, "2"],
      ],
    },
  );
  assert.deepEqual(
    transform(
      [frame],
      [{ id: "groupingToMatrix", options: { rowField: "v", columnField: "c", valueField: "x" } }],
    )[0],
    {
      columns: ["v\\c", "a", "b"],
      rows: [
        ["1", 5, 6],
        ["2", 7, null],
      ],
    },
  );
  const other = { columns: ["v", "n"], rows: [["1", 9]] };
  assert.deepEqual(
    transform([{ columns: ["v", "x"], rows: [["1", 5]] }, other], [{ id: "merge", options: {} }])[0],
    {
      columns: ["v", "x", "n"],
      rows: [["1", 5, 9]],
    },
  );
  assert.deepEqual(
    transform(
      [frame],
      [
        {
          id: "groupBy",
          options: {
            fields: {
              v: { operation: "groupby", aggregations: [] },
              x: { operation: "aggregate", aggregations: ["count"] },
            },
          },
        },
      ],
    )[0]?.rows,
    [
      ["1", 2],
      ["2", 1],
    ],
  );
  assert.throws(() => transform([frame], [{ id: "filter", options: {} }]), /"filter" is not known/);
  assert.throws(
    () =>
      transform(
        [frame],
        [{ id: "groupingToMatrix", options: { rowField: "y", columnField: "c", valueField: "x" } }],
      ),
    /no column "y"; the query gives v, c, x/,
  );
});

test("figures are written with their units", () => {
  assert.deepEqual(
    [
      formatValue(0.0243, "percentunit"),
      formatValue(4824, "short"),
      formatValue(0.1716, "s"),
      formatValue(300, "s"),
      formatValue(512 * 1024 ** 2, "bytes"),
      formatValue(1.0314, "currencyEUR"),
      formatValue("reject", "string"),
      formatValue(null, "short"),
    ],
    ["2.4%", "4.82 K", "172 ms", "5 min", "512 MiB", "€1.03", "reject", ""],
  );
  assert.throws(() => formatValue(1, "furlong"), /does not know the unit "furlong"/);
});
