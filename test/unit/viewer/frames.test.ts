import assert from "node:assert/strict";
import { test } from "node:test";
import { formattedValueToString, toDataFrame, type FieldConfigSource } from "@grafana/data";

import type { PanelModel } from "../../../viewer/frames/dashboardModel";
import { toFrames } from "../../../viewer/frames/influxQlFrames";
import { transform, withFieldSettings } from "../../../viewer/frames/panelFrames";
import { tableOf } from "../../dataplane/support/tables";

const series = [
  { name: "m", tags: { route: "/a" }, columns: ["time", "n"], values: [[1, 2]] },
  { name: "m", tags: { route: "/b" }, columns: ["time", "n"], values: [[1, null]] },
];

test("series become one frame each, named by their alias", () => {
  const frames = toFrames(series, { resultFormat: "time_series", alias: "$tag_route: $col of $m" });
  assert.deepEqual(frames.map(tableOf), [
    { name: "/a: n of m", columns: ["Time", "/a: n of m"], rows: [[1, 2]] },
    { name: "/b: n of m", columns: ["Time", "/b: n of m"], rows: [[1, null]] },
  ]);
  assert.equal(toFrames(series, { resultFormat: "time_series" })[0]?.name, "m.n { route: /a }");
});

test("a table holds time, tags and columns of all series; no series is no table", () => {
  assert.deepEqual(toFrames(series, { resultFormat: "table" }).map(tableOf), [
    {
      name: undefined,
      columns: ["Time", "route", "n"],
      rows: [
        [1, "/a", 2],
        [1, "/b", null],
      ],
    },
  ]);
  assert.deepEqual(toFrames([], { resultFormat: "table" }), []);
});

test("a version that looks like a number stays text", () => {
  const [frame] = toFrames(
    [{ name: "m", tags: { version: "2" }, columns: ["time", "n"], values: [[1, 5]] }],
    {
      resultFormat: "table",
    },
  );
  assert.deepEqual(
    frame?.fields.map(({ type, values }) => [type, values]),
    [
      ["time", [1]],
      ["string", ["2"]],
      ["number", [5]],
    ],
  );
});

test("a panel's transformations are Grafana's own; one that it does not have is named", async () => {
  const frame = toDataFrame({
    fields: [
      { name: "v", values: ["a", "b", "a"] },
      { name: "c", values: ["x", "x", "y"] },
      { name: "n", values: [5, 6, 7] },
    ],
  });
  const options = { rowField: "v", columnField: "c", valueField: "n" };
  const [matrix] = await transform([frame], [{ id: "groupingToMatrix", options }]);
  assert.deepEqual(matrix === undefined ? [] : tableOf(matrix).columns, ["v\\c", "x", "y"]);
  await assert.rejects(transform([frame], [{ id: "furlong", options: {} }]), /"furlong" is not known/);
});

test("fields write their values with the panel's unit, colour and overrides", () => {
  const fieldConfig: FieldConfigSource = {
    defaults: { unit: "percentunit", decimals: 1, noValue: "none" },
    overrides: [
      { matcher: { id: "byName", options: "b" }, properties: [{ id: "unit", value: "bytes" }] },
      {
        matcher: { id: "byName", options: "c" },
        properties: [
          { id: "mappings", value: [{ type: "value", options: { reject: { color: "red", index: 0 } } }] },
          { id: "custom.cellOptions", value: { type: "color-background" } },
        ],
      },
    ],
  };
  const panel: PanelModel = {
    id: 1,
    type: "table",
    title: "t",
    gridPos: { x: 0, y: 0, w: 1, h: 1 },
    fieldConfig,
  };
  const data = toDataFrame({
    fields: [
      { name: "a", values: [0.0243, null] },
      { name: "b", values: [512 * 1024 ** 2, 0] },
      { name: "c", values: ["reject", "approve"] },
    ],
  });
  const [shown] = withFieldSettings(panel, [data]);
  const texts = shown?.fields.map(({ display, values }) =>
    (values as unknown[]).map((value) =>
      display === undefined ? "" : formattedValueToString(display(value)),
    ),
  );
  assert.deepEqual(texts, [
    ["2.4%", "none"],
    ["512.0 MiB", "0.0 B"],
    ["reject", "approve"],
  ]);
  const coloured = shown?.fields[2];
  assert.deepEqual(coloured?.config.custom, { cellOptions: { type: "color-background" } });
  assert.equal(coloured.display?.("reject").color, "#F2495C");
});
