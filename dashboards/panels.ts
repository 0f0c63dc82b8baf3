import { PanelBuilder as BarChartPanelBuilder } from "@grafana/grafana-foundation-sdk/barchart";
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TableCellDisplayMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DataTransformerConfig,
  type DynamicConfigValue,
  type Panel,
  type Threshold,
  type ThresholdsConfig,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as StatPanelBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TablePanelBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TextPanelBuilder, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { PanelBuilder as TimeseriesPanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

import { influxdbDatasource, InfluxQlTargetBuilder, type TargetOptions } from "./influxqlTarget";

/** Anything that builds a panel. */
export type AnyPanel = cog.Builder<Panel>;

/** Columns (of 24) and rows that a panel takes. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** What every data panel says about itself. */
export interface DataPanelOptions extends PanelSize {
  readonly title: string;
  /** Which question it answers, and how the figure is made. */
  readonly description: string;
  /** A unit of Grafana's; the lint refuses a panel without one. */
  readonly unit: string;
  readonly targets: readonly TargetOptions[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: readonly Threshold[];
  readonly mappings?: readonly ValueMapping[];
  /** Shown in place of a figure that isn't there: no data is not zero. @default "no data" */
  readonly noValue?: string;
  /** Settings of single columns or series, by name. */
  readonly overrides?: Readonly<Record<string, readonly DynamicConfigValue[]>>;
  readonly transformations?: readonly DataTransformerConfig[];
  /** Fixed span in place of the dashboard's, for example "7d" or "1h". */
  readonly timeFrom?: string;
}

/** The methods that the SDK's panel builders share. */
interface SharedPanelBuilder extends AnyPanel {
  title(title: string): unknown;
  description(description: string): unknown;
  unit(unit: string): unknown;
  datasource(datasource: { type?: string; uid?: string }): unknown;
  span(width: number): unknown;
  height(height: number): unknown;
  withTarget(target: cog.Builder<cog.Dataquery>): unknown;
  withTransformation(transformation: DataTransformerConfig): unknown;
  decimals(decimals: number): unknown;
  min(min: number): unknown;
  max(max: number): unknown;
  thresholds(thresholds: cog.Builder<ThresholdsConfig>): unknown;
  mappings(mappings: ValueMapping[]): unknown;
  noValue(noValue: string): unknown;
  interval(interval: string): unknown;
  maxDataPoints(maxDataPoints: number): unknown;
  timeFrom(timeFrom: string): unknown;
  overrideByName(name: string, properties: DynamicConfigValue[]): unknown;
}

/** A window of Grafana's shorter than the data's own spacing shows holes: the floor of `$__interval`. */
const minimumIntervals: Readonly<Record<string, string>> = {
  // Telegraf samples each half minute: a minute always holds one.
  events: "1m",
  minutely: "1m",
  daily: "1d",
  weekly: "7d",
};

/**
 * The most windows of a panel that reads rollups, however wide it is drawn: from 10 days on its windows are hours, and
 * with them the rollups that it reads.
 */
const mostWindows = 300;

function describe<Builder extends SharedPanelBuilder>(builder: Builder, options: DataPanelOptions): Builder {
  builder.title(options.title);
  builder.description(options.description);
  builder.unit(options.unit);
  builder.datasource(influxdbDatasource);
  builder.span(options.width);
  builder.height(options.height);
  builder.noValue(options.noValue ?? "no data");
  options.targets.forEach((target, index) => {
    builder.withTarget(new InfluxQlTargetBuilder(String.fromCharCode("A".charCodeAt(0) + index), target));
  });
  const policy = options.targets[0]?.query.innermostSource().retentionPolicy;
  const interval = policy === undefined ? undefined : minimumIntervals[policy];
  if (interval !== undefined) builder.interval(interval);
  if (policy === "minutely") builder.maxDataPoints(mostWindows);
  if (options.decimals !== undefined) builder.decimals(options.decimals);
  if (options.min !== undefined) builder.min(options.min);
  if (options.max !== undefined) builder.max(options.max);
  if (options.timeFrom !== undefined) builder.timeFrom(options.timeFrom);
  if (options.mappings !== undefined) builder.mappings([...options.mappings]);
  builder.thresholds(
    new ThresholdsConfigBuilder()
      .mode(ThresholdsMode.Absolute)
      .steps([...(options.thresholds ?? [{ value: null, color: "text" }])]),
  );
  for (const [name, properties] of Object.entries(options.overrides ?? {})) {
    builder.overrideByName(name, [...properties]);
  }
  for (const transformation of options.transformations ?? []) builder.withTransformation(transformation);
  return builder;
}

export interface TimeSeriesOptions extends DataPanelOptions {
  /** @default "line" */
  readonly draw?: "line" | "bars";
  readonly stack?: boolean;
}

/**
 * A late or lost sample is bridged; a longer hole in the data stays a hole, as a line drawn over it would claim what
 * nobody measured.
 */
const longestBridgedGapMs = 180_000;

/** A figure over time. */
export function timeSeries(options: TimeSeriesOptions): AnyPanel {
  const { draw = "line", stack = false } = options;
  return describe(new TimeseriesPanelBuilder(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(draw === "bars" ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(draw === "bars" ? 70 : stack ? 30 : 8)
    .lineWidth(draw === "bars" ? 0 : 2)
    .spanNulls(longestBridgedGapMs)
    .showPoints(draw === "bars" ? VisibilityMode.Never : VisibilityMode.Auto)
    .stacking(new StackingConfigBuilder().mode(stack ? StackingMode.Normal : StackingMode.None).group("A"))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        options.thresholds !== undefined ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

export interface StatOptions extends DataPanelOptions {
  /** Regular expression of the columns to show, where a table is queried. @default the numbers */
  readonly fields?: string;
  /** How a series becomes one figure. @default "lastNotNull" */
  readonly reduce?: "lastNotNull" | "sum" | "max";
  /** Fill the tile with the threshold's colour: for verdicts. @default false */
  readonly fill?: boolean;
}

/** One figure, or one a series. */
export function stat(options: StatOptions): AnyPanel {
  const { fields = "", reduce = "lastNotNull", fill = false } = options;
  return describe(new StatPanelBuilder(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(fill ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .orientation(VizOrientation.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([reduce]).fields(fields).values(false));
}

/** Rows and columns; tables sort by their time column unless told otherwise. */
export function table(
  options: DataPanelOptions & { readonly sortBy?: { column: string; descending: boolean } },
): AnyPanel {
  const builder = describe(new TablePanelBuilder(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showHeader(true);
  if (options.sortBy !== undefined) {
    builder.sortBy([
      new TableSortByFieldStateBuilder().displayName(options.sortBy.column).desc(options.sortBy.descending),
    ]);
  }
  return builder;
}

/** Bars along a category, for example the versions of a model. */
export function barChart(
  options: DataPanelOptions & {
    /** Column of the categories. */
    readonly xField: string;
    /** Bars on top of each other, each category 100 %. @default false */
    readonly shares?: boolean;
  },
): AnyPanel {
  return describe(new BarChartPanelBuilder(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .xField(options.xField)
    .orientation(VizOrientation.Vertical)
    .stacking(options.shares === true ? StackingMode.Percent : StackingMode.None)
    .showValue(VisibilityMode.Auto)
    .fillOpacity(75)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    );
}

/** Text in Markdown. */
export function markdown(
  options: PanelSize & { title: string; description: string; content: string },
): AnyPanel {
  return new TextPanelBuilder()
    .title(options.title)
    .description(options.description)
    .span(options.width)
    .height(options.height)
    .mode(TextMode.Markdown)
    .content(options.content);
}

/**
 * The alerts that Alertmanager holds, grouped as its routes group them. The panel is Grafana's own (`alertGroups`); the
 * SDK has no builder for it, and it asks Alertmanager itself: no query of a data source.
 */
export function alertGroups(
  options: PanelSize & { title: string; description: string; alertmanagerName: string },
): AnyPanel {
  return {
    build: () => ({
      type: "alertGroups",
      title: options.title,
      description: options.description,
      gridPos: { x: 0, y: 0, w: options.width, h: options.height },
      options: { alertmanager: options.alertmanagerName, labels: "", expandAll: true },
    }),
  };
}

/** Threshold steps: green up to `warning`, orange up to `critical`, red from there. */
export function higherIsWorse(warning: number, critical: number): Threshold[] {
  return [
    { value: null, color: "green" },
    { value: warning, color: "orange" },
    { value: critical, color: "red" },
  ];
}

/** Threshold steps with one limit: green below it, red from it on. */
export function redFrom(limit: number): Threshold[] {
  return [
    { value: null, color: "green" },
    { value: limit, color: "red" },
  ];
}

/** Colours of words: what a verdict looks like. */
export function wordColours(colours: Readonly<Record<string, string>>): ValueMapping[] {
  return [
    {
      type: MappingType.ValueToText,
      options: Object.fromEntries(
        Object.entries(colours).map(([word, color], index) => [word, { text: word, color, index }]),
      ),
    },
  ];
}

/** Properties of an override: words as people say them. */
export const renamed = (words: Readonly<Record<string, string>>): DynamicConfigValue[] => [
  {
    id: "mappings",
    value: [
      {
        type: MappingType.ValueToText,
        options: Object.fromEntries(
          Object.entries(words).map(([word, text], index) => [word, { text, index }]),
        ),
      },
    ],
  },
];

/** Properties of an override: a unit of its own. */
export const unitOf = (unit: string, decimals?: number): DynamicConfigValue[] => [
  { id: "unit", value: unit },
  ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
];

/** Properties of an override: the cell is filled with the colour of its threshold or word. */
export const colouredCell = (
  more: { mappings?: ValueMapping[]; thresholds?: Threshold[] } = {},
): DynamicConfigValue[] => [
  { id: "custom.cellOptions", value: { type: TableCellDisplayMode.ColorBackground } },
  ...(more.mappings === undefined ? [] : [{ id: "mappings", value: more.mappings }]),
  ...(more.thresholds === undefined
    ? []
    : [{ id: "thresholds", value: { mode: ThresholdsMode.Absolute, steps: more.thresholds } }]),
];

/** Properties of an override: a fixed colour. */
export const fixedColour = (color: string): DynamicConfigValue[] => [
  { id: "color", value: { mode: FieldColorModeId.Fixed, fixedColor: color } },
];

/** Properties of an override: the cell links to another page. */
export const linkTo = (title: string, url: string): DynamicConfigValue[] => [
  { id: "links", value: [{ title, url, targetBlank: false }] },
];

/**
 * The columns of a table in their order, by the names that the query gives them, each with its heading; a query's
 * column that isn't named comes last, `Time` is left out unless it is named.
 */
export function columns(headings: Readonly<Record<string, string>>): DataTransformerConfig {
  return {
    id: "organize",
    options: {
      excludeByName: headings["Time"] === undefined ? { Time: true } : {},
      indexByName: Object.fromEntries(Object.keys(headings).map((name, index) => [name, index])),
      renameByName: { ...headings },
    },
  };
}

/** Drops the time column: of an aggregate over the whole range it is only the range's start. */
export function withoutTime(): DataTransformerConfig {
  return columns({});
}

/** One table of several: rows with the same values in the columns that they share become one. */
export function mergeTables(): DataTransformerConfig {
  return { id: "merge", options: {} };
}

/** A column with the sum of others in each row; of all numbers where none are named. */
export function rowTotal(alias: string, include?: readonly string[]): DataTransformerConfig {
  return {
    id: "calculateField",
    options: { mode: "reduceRow", alias, reduce: { reducer: "sum", ...(include && { include }) } },
  };
}

/** A column with one column by another. */
export function quotient(alias: string, left: string, right: string): DataTransformerConfig {
  return { id: "calculateField", options: { mode: "binary", alias, binary: { left, operator: "/", right } } };
}

/** Rows in the order of a column, the highest first. */
export function highestFirst(column: string): DataTransformerConfig {
  return { id: "sortBy", options: { sort: [{ field: column, desc: true }] } };
}

/** Turns rows of (row, column, value) into a matrix. */
export function matrix(options: { row: string; column: string; value: string }): DataTransformerConfig {
  return {
    id: "groupingToMatrix",
    options: {
      rowField: options.row,
      columnField: options.column,
      valueField: options.value,
      emptyValue: "null",
    },
  };
}

/** Rows counted by a column; the count is in the column `<counted> (count)`. */
export function countBy(group: string, counted: string): DataTransformerConfig {
  return {
    id: "groupBy",
    options: {
      fields: {
        [group]: { operation: "groupby", aggregations: [] },
        [counted]: { operation: "aggregate", aggregations: ["count"] },
      },
    },
  };
}
