import { formattedValueToString, getFieldDisplayName, type DataFrame, type Field } from "@grafana/data";

import type { PanelModel } from "./dashboardModel";
import { theme } from "./frames";
import type { PanelData } from "./queryDashboard";

/** What ECharts draws; plain JSON, as it is put into a page. */
export type ChartOption = Readonly<Record<string, unknown>>;

const axisText = "#8e8e9c";
const text = theme.colors.text.primary;

function commonOption(names: readonly string[]): ChartOption {
  return {
    color: theme.visualization.palette.map((name) => theme.visualization.getColorByName(name)),
    legend: {
      bottom: 0,
      type: "scroll",
      data: names,
      textStyle: { color: text },
      itemHeight: 4,
      itemWidth: 14,
    },
    grid: { left: 12, right: 18, top: 10, bottom: 28, containLabel: true },
  };
}

/** A factor and a label by which an axis shows a unit. */
function axisScale(unit: string): { factor: number; label: string } {
  switch (unit) {
    case "percentunit":
      return { factor: 100, label: "{value} %" };
    case "bytes":
      return { factor: 1 / 1024 ** 2, label: "{value} MiB" };
    case "s":
      return { factor: 1, label: "{value} s" };
    default:
      return { factor: 1, label: "{value}" };
  }
}

/** A value as the axis of its panel shows it. */
function scaled(panel: PanelModel, value: unknown): number | null {
  return typeof value === "number"
    ? value * axisScale(panel.fieldConfig?.defaults.unit ?? "short").factor
    : null;
}

function valueAxis(panel: PanelModel): ChartOption {
  const { min, max, unit = "short" } = panel.fieldConfig?.defaults ?? {};
  const { factor, label } = axisScale(unit);
  return {
    type: "value",
    min: typeof min === "number" ? min * factor : undefined,
    max: typeof max === "number" ? max * factor : undefined,
    splitNumber: 4,
    // With both ends given, even steps: else the last two labels of 0 to 1 are 0.9 and 1.
    interval: typeof min === "number" && typeof max === "number" ? ((max - min) * factor) / 4 : undefined,
    axisLabel: { color: axisText, formatter: label },
    splitLine: { lineStyle: { color: "#2c2f38" } },
  };
}

/** Bridges gaps as the panel says, and marks points between two gaps, which a line would not show. */
function linePoints(frame: DataFrame, panel: PanelModel): { value: unknown[]; symbolSize: number }[] {
  const [times = [], values = []] = frame.fields.map((field) => field.values as (number | null)[]);
  const { spanNulls } = (panel.fieldConfig?.defaults.custom ?? {}) as { spanNulls?: number | boolean };
  const longestGap = typeof spanNulls === "number" ? spanNulls : 0;
  const present = times.filter((_, index) => values[index] !== null);
  const isBridged = (time: number | null): boolean => {
    const after = present.findIndex((one) => Number(one) > Number(time));
    return after > 0 && Number(present[after]) - Number(present[after - 1]) <= longestGap;
  };
  const points = times
    .map((time, index) => ({ time, value: values[index] ?? null }))
    .filter(({ time, value }) => value !== null || !isBridged(time));
  return points.map(({ time, value }, index) => {
    const isAlone =
      (points[index - 1]?.value ?? null) === null && (points[index + 1]?.value ?? null) === null;
    return { value: [time, scaled(panel, value)], symbolSize: isAlone ? 4 : 0 };
  });
}

/** The chart of a `timeseries` panel; each frame is one series. */
export function timeSeriesOption({ panel, range }: PanelData, frames: DataFrame[]): ChartOption {
  const custom = (panel.fieldConfig?.defaults.custom ?? {}) as {
    drawStyle?: string;
    stacking?: { mode?: string };
    fillOpacity?: number;
  };
  const isBars = custom.drawStyle === "bars";
  const series = frames.flatMap((frame, index) => {
    const [, field] = frame.fields;
    return field === undefined
      ? []
      : [{ frame, field, index, name: getFieldDisplayName(field, frame, frames) }];
  });
  return {
    ...commonOption(series.map(({ name }) => name)),
    xAxis: {
      type: "time",
      min: range.fromMs,
      max: range.toMs,
      axisLabel: { color: axisText, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: valueAxis(panel),
    series: series.map(({ frame, field, index, name }) => ({
      name,
      type: isBars ? "bar" : "line",
      stack: custom.stacking?.mode === "normal" ? "all" : undefined,
      data: linePoints(frame, panel),
      itemStyle: fixedColour(field),
      barMaxWidth: 24,
      lineStyle: { width: 2 },
      areaStyle: isBars ? undefined : { opacity: (custom.fillOpacity ?? 0) / 100 },
      markLine: index > 0 ? undefined : thresholdLines(panel),
    })),
  };
}

function fixedColour({ config: { color } }: Field): ChartOption {
  if (color?.mode !== "fixed" || color.fixedColor === undefined) return {};
  return { color: theme.visualization.getColorByName(color.fixedColor) };
}

function thresholdLines(panel: PanelModel): ChartOption | undefined {
  const { custom, thresholds } = panel.fieldConfig?.defaults ?? {};
  const { thresholdsStyle } = (custom ?? {}) as { thresholdsStyle?: { mode?: string } };
  if ((thresholdsStyle?.mode ?? "off") === "off") return undefined;
  // The first step has no value: it is the colour below all limits.
  const limits = (thresholds?.steps ?? []).filter(({ value }) => (value as number | null) !== null);
  return {
    symbol: "none",
    silent: true,
    label: { show: false },
    data: limits.map(({ value, color }) => ({
      yAxis: scaled(panel, value),
      lineStyle: { color: theme.visualization.getColorByName(color), type: "dashed" },
    })),
  };
}

/**
 * The chart of a `barchart` panel.
 *
 * @throws Error naming the columns, when the one for the x-axis is not among them
 */
export function barChartOption(panel: PanelModel, [frame]: readonly DataFrame[]): ChartOption {
  const xField = String(panel.options?.["xField"]);
  const columns = (frame?.fields ?? []).map((field) => ({ field, name: getFieldDisplayName(field, frame) }));
  const x = columns.find(({ name }) => name === xField);
  if (x === undefined) {
    const names = columns.map(({ name }) => name).join(", ");
    throw new Error(`"${panel.title}": no column "${xField}" for the x-axis; it has ${names}`);
  }
  const bars = columns.filter((column) => column !== x);
  const inShares = panel.options?.["stacking"] === "percent";
  const totals = x.field.values.map((_, row) =>
    bars.reduce((total, { field }) => total + Number(field.values[row] ?? 0), 0),
  );
  return {
    ...commonOption(bars.map(({ name }) => name)),
    xAxis: { type: "category", data: x.field.values.map(String), axisLabel: { color: text } },
    yAxis: inShares
      ? { ...valueAxis(panel), max: 100, interval: 25, axisLabel: { formatter: "{value} %" } }
      : valueAxis(panel),
    series: bars.map(({ field, name }) => ({
      name,
      type: "bar",
      stack: inShares ? "all" : undefined,
      barMaxWidth: 46,
      label: {
        show: totals.length * bars.length <= 16,
        position: inShares ? "inside" : "top",
        color: inShares ? "#111" : text,
        fontSize: 11,
      },
      data: field.values.map((value: unknown, row) => ({
        value: inShares ? (100 * Number(value ?? 0)) / (totals[row] ?? NaN) : scaled(panel, value),
        label: { formatter: field.display === undefined ? "" : formattedValueToString(field.display(value)) },
      })),
    })),
  };
}
