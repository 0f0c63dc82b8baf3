import { formattedValueToString, type GrafanaTheme2, type ThresholdsConfig } from "@grafana/data";

import type { Mark } from "../frames/influxQlFrames";
import type { PanelData } from "../frames/queryDashboard";
import type { ShownField, ShownPanel } from "../frames/shownFields";
import { readableOn } from "./html";

/** What ECharts draws, as JSON; the page's own script adds the unit of the value axis. */
export interface Chart {
  readonly option: Readonly<Record<string, unknown>>;
  /** Grafana's unit of the values. */
  readonly unit: string;
  readonly decimals?: number;
  readonly isOverTime: boolean;
}

interface GraphSettings {
  readonly drawStyle?: string;
  readonly stacking?: { readonly mode?: string };
  readonly fillOpacity?: number;
  /** Longest gap that a line bridges, in milliseconds. */
  readonly spanNulls?: number | boolean;
  readonly thresholdsStyle?: { readonly mode?: string };
}

/** A mark in the colour of its annotation, by Grafana's name. */
export type ColouredMark = Mark & { readonly colour: string };

type Json = Readonly<Record<string, unknown>>;

/** The chart of a `timeseries` or `barchart` panel. */
export function chartOf(
  data: PanelData,
  shown: ShownPanel,
  marks: readonly ColouredMark[],
  theme: GrafanaTheme2,
): Chart {
  const { fieldConfig } = data.panel;
  const { unit = "short", decimals } = fieldConfig?.defaults ?? {};
  const { axis } = shown;
  const isShares = data.panel.options?.["stacking"] === "percent";
  const text = theme.colors.text.primary;
  const option = {
    animation: false,
    backgroundColor: "transparent",
    legend: {
      bottom: 0,
      left: 0,
      type: "scroll",
      padding: [5, 0, 5, 0],
      data: shown.fields.map(({ name }) => name),
      textStyle: { color: text, fontSize: 12 },
      pageTextStyle: { color: text },
      icon: "roundRect",
      // ECharts cuts the texts of a scrolled legend off where its signs are lower than they.
      itemHeight: 12,
      itemWidth: 12,
    },
    grid: { left: 8, right: 18, top: 12, bottom: 30, containLabel: true },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: theme.colors.background.elevated,
      borderColor: theme.colors.border.medium,
      textStyle: { color: text, fontSize: 12 },
    },
    yAxis: valueAxis(data, shown, theme, isShares),
    ...(axis === undefined
      ? overTime(data, shown, marks, theme)
      : bars(data, axis, shown.fields, { theme, isShares })),
  };
  return {
    option,
    unit: isShares ? "percentunit" : unit,
    decimals: decimals ?? undefined,
    isOverTime: axis === undefined,
  };
}

const settingsOf = ({ panel }: PanelData): GraphSettings =>
  (panel.fieldConfig?.defaults.custom ?? {}) as GraphSettings;
const secondaryText = (theme: GrafanaTheme2) => ({
  color: theme.colors.text.secondary,
  fontSize: 12,
  hideOverlap: true,
});

/** Distances of the marks of a value axis by unit, where decimal ones are no round numbers. */
const roundSteps: Readonly<Record<string, readonly number[]>> = {
  s: [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400],
  bytes: Array.from({ length: 41 }, (_, power) => 2 ** power),
};

function valueAxis(
  { panel }: PanelData,
  { fields }: ShownPanel,
  theme: GrafanaTheme2,
  isShares: boolean,
): Json {
  const { min, max, unit = "" } = panel.fieldConfig?.defaults ?? {};
  const values = fields.flatMap(({ field }) => field.values as (number | null)[]);
  const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  // Seconds below a minute are decimal.
  const steps = unit === "s" && highest < 60 ? undefined : roundSteps[unit];
  const step = steps?.find((one) => one >= highest / 5);
  const bottom = min ?? (values.every((value) => (value ?? 0) >= 0) ? 0 : undefined);
  // Of zeros the axis is one as in Grafana, not 1.2.
  const ownTop = highest === 0 ? 1 : step === undefined ? undefined : Math.ceil(highest / step) * step;
  const top = isShares ? 1 : (max ?? ownTop);
  return {
    type: "value",
    min: min ?? undefined,
    max: top,
    splitNumber: 4,
    // With both ends given, even steps: else the last two labels of 0 to 1 are 0.9 and 1.
    interval: step ?? (bottom === undefined || top === undefined ? undefined : (top - bottom) / 4),
    // Of whole numbers no parts are marked.
    minInterval: unit === "short" && values.every((value) => Number.isInteger(value ?? 0)) ? 1 : undefined,
    axisLabel: secondaryText(theme),
    splitLine: { lineStyle: { color: theme.colors.border.weak } },
  };
}

function overTime(
  data: PanelData,
  { fields }: ShownPanel,
  marks: readonly ColouredMark[],
  theme: GrafanaTheme2,
): Json {
  const { fromMs, toMs } = data.range;
  const { drawStyle, stacking, fillOpacity = 0 } = settingsOf(data);
  const isBars = drawStyle === "bars";
  const seen = marks.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
  const lines = [...seen.map((mark) => markLine(mark, theme)), ...thresholdLines(data, theme)];
  return {
    xAxis: {
      type: "time",
      min: fromMs,
      max: toMs,
      axisLabel: { ...secondaryText(theme), alignMinLabel: "left", alignMaxLabel: "right" },
      splitLine: { show: false },
    },
    series: fields.map((field, index) => ({
      name: field.name,
      type: isBars ? "bar" : "line",
      stack: stacking?.mode === "normal" ? "all" : undefined,
      data: linePoints(field, settingsOf(data)),
      itemStyle: { color: field.colour },
      barMaxWidth: 24,
      lineStyle: { width: 2 },
      areaStyle: isBars ? undefined : { opacity: fillOpacity / 100 },
      markLine: index > 0 ? undefined : { symbol: "none", data: lines },
    })),
  };
}

/** Bridges gaps as the panel says, and marks points between two gaps, which a line would not show. */
function linePoints({ field, frame }: ShownField, { spanNulls }: GraphSettings): Json[] {
  const times = (frame.fields[0]?.values ?? []) as number[];
  const values = field.values as (number | null)[];
  const longestGap = typeof spanNulls === "number" ? spanNulls : 0;
  const present = times.filter((_, index) => (values[index] ?? null) !== null);
  const isBridged = (time: number): boolean => {
    const after = present.findIndex((one) => one > time);
    return after > 0 && Number(present[after]) - Number(present[after - 1]) <= longestGap;
  };
  const points = times
    .map((time, index) => ({ time, value: values[index] ?? null }))
    .filter(({ time, value }) => value !== null || !isBridged(time));
  return points.map(({ time, value }, index) => {
    const isAlone =
      (points[index - 1]?.value ?? null) === null && (points[index + 1]?.value ?? null) === null;
    return { value: [time, value], symbolSize: isAlone ? 4 : 0 };
  });
}

function markLine({ timeMs, text, tags, colour }: ColouredMark, theme: GrafanaTheme2): Json {
  return {
    xAxis: timeMs,
    // As in Grafana, its text is shown when one points at it.
    label: {
      show: false,
      formatter: [...tags, text].join(" "),
      color: theme.colors.text.primary,
      fontSize: 12,
    },
    emphasis: { label: { show: true } },
    lineStyle: { color: theme.visualization.getColorByName(colour), type: "dashed" },
  };
}

function thresholdLines(data: PanelData, theme: GrafanaTheme2): Json[] {
  if ((settingsOf(data).thresholdsStyle?.mode ?? "off") === "off") return [];
  const { steps } = (data.panel.fieldConfig?.defaults.thresholds ?? { steps: [] }) as Pick<
    ThresholdsConfig,
    "steps"
  >;
  return steps
    .filter(({ value }) => Number.isFinite(value as number | null))
    .map(({ value, color }) => ({
      yAxis: value,
      label: { show: false },
      lineStyle: { color: theme.visualization.getColorByName(color), type: "dashed" },
    }));
}

/** Bars with their values written on them, where there is room. */
const mostLabels = 16;

function bars(
  data: PanelData,
  axis: ShownField,
  fields: readonly ShownField[],
  { theme, isShares }: { theme: GrafanaTheme2; isShares: boolean },
): Json {
  const categories = axis.field.values as unknown[];
  const isStacked = isShares || data.panel.options?.["stacking"] === "normal";
  const total = (row: number): number =>
    fields.reduce((sum, { field }) => sum + Number(field.values[row] ?? 0), 0);
  const hasLabels =
    categories.length * fields.length <= mostLabels && data.panel.options?.["showValue"] !== "never";
  return {
    xAxis: {
      type: "category",
      data: categories.map((value) => fieldText(axis, value)),
      axisLabel: { ...secondaryText(theme), color: theme.colors.text.primary },
    },
    series: fields.map((one, index) => ({
      name: one.name,
      type: "bar",
      stack: isStacked ? "all" : undefined,
      itemStyle: { color: one.colour },
      barMaxWidth: 46,
      labelLayout: { hideOverlap: true },
      label: {
        show: hasLabels,
        position: isStacked ? "inside" : "top",
        color: isStacked ? readableOn(one.colour) : theme.colors.text.primary,
        fontSize: 12,
      },
      data: categories.map((_, row) => {
        const value = (one.field.values[row] ?? null) as number | null;
        const shown = isShares && value !== null ? value / total(row) : value;
        const [link] = one.field.getLinks?.({ valueRowIndex: row }) ?? [];
        // In a thin part of a bar there is no room.
        const show = hasLabels && !(isShares && Number(shown) < 0.06);
        return { value: shown, label: { show, formatter: fieldText(one, value) }, url: link?.href };
      }),
      markLine: index > 0 ? undefined : { symbol: "none", silent: true, data: thresholdLines(data, theme) },
    })),
  };
}

/** A value as its field shows it. */
export function fieldText({ field }: ShownField, value: unknown): string {
  return field.display === undefined ? String(value) : formattedValueToString(field.display(value));
}
