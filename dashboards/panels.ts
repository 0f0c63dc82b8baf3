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

/** What every panel has. */
export interface PanelOptions {
  /** Which question it answers, and how the figure is made. */
  readonly description: string;
  /** Columns (of 24) and rows that it takes. */
  readonly size: readonly [width: number, height: number];
}

/** A panel of one query, or of several. */
export type DataPanelOptions = DataPanelSettings &
  (TargetOptions | { readonly targets: readonly TargetOptions[] });

interface DataPanelSettings extends PanelOptions {
  /** A unit of Grafana's; the lint refuses a panel without one. */
  readonly unit: string;
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

function describe<Builder extends SharedPanelBuilder>(
  builder: Builder,
  title: string,
  options: DataPanelOptions,
  format?: TargetOptions["format"],
): Builder {
  const targets = "targets" in options ? options.targets : [options];
  builder.title(title);
  builder.description(options.description);
  builder.unit(options.unit);
  builder.datasource(influxdbDatasource);
  builder.span(options.size[0]);
  builder.height(options.size[1]);
  builder.noValue(options.noValue ?? "no data");
  targets.forEach((target, index) => {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    builder.withTarget(new InfluxQlTargetBuilder(refId, { format, ...target }));
  });
  const policy = targets[0]?.query.innermostSource().retentionPolicy;
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

const legend = new VizLegendOptionsBuilder()
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom)
  .showLegend(true)
  .calcs([]);

export type TimeSeriesOptions = DataPanelOptions & {
  /** @default "line" */
  readonly draw?: "line" | "bars";
  readonly stack?: boolean;
};

/** Counts as bars on top of each other. */
export const stackedCounts = { unit: "short", min: 0, draw: "bars", stack: true } as const;

/**
 * A late or lost sample is bridged; a longer hole in the data stays a hole, as a line drawn over it would claim what
 * nobody measured.
 */
const longestBridgedGapMs = 180_000;

/** A figure over time. */
export function timeSeries(title: string, options: TimeSeriesOptions): AnyPanel {
  const { draw = "line", stack = false } = options;
  return describe(new TimeseriesPanelBuilder(), title, options)
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
    .legend(legend)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

export type StatOptions = DataPanelOptions & {
  /** Regular expression of the columns to show, where a table is queried. @default the numbers */
  readonly fields?: string;
  /** How a series becomes one figure. @default "lastNotNull" */
  readonly reduce?: "lastNotNull" | "sum" | "max";
  /** Fill the tile with the threshold's colour: for verdicts. @default false */
  readonly fill?: boolean;
};

/** One figure, or one a series. */
export function stat(title: string, options: StatOptions): AnyPanel {
  const { fields = "", reduce = "lastNotNull", fill = false } = options;
  return describe(new StatPanelBuilder(), title, options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(fill ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .orientation(VizOrientation.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([reduce]).fields(fields).values(false));
}

/** Rows and columns; tables sort by their time column unless told otherwise. */
export function table(
  title: string,
  options: DataPanelOptions & { readonly sortBy?: { column: string; descending: boolean } },
): AnyPanel {
  const builder = describe(new TablePanelBuilder(), title, options, "table")
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
  title: string,
  options: DataPanelOptions & {
    /** Column of the categories. */
    readonly xField: string;
    /** Bars on top of each other, each category 100 %. @default false */
    readonly shares?: boolean;
  },
): AnyPanel {
  return describe(new BarChartPanelBuilder(), title, options, "table")
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .xField(options.xField)
    .orientation(VizOrientation.Vertical)
    .stacking(options.shares === true ? StackingMode.Percent : StackingMode.None)
    .showValue(VisibilityMode.Auto)
    .fillOpacity(75)
    .lineWidth(0)
    .legend(legend);
}

/** Text in Markdown. */
export function markdown(title: string, options: PanelOptions & { readonly content: string }): AnyPanel {
  return new TextPanelBuilder()
    .title(title)
    .description(options.description)
    .span(options.size[0])
    .height(options.size[1])
    .mode(TextMode.Markdown)
    .content(options.content);
}

/**
 * The alerts that Alertmanager holds, grouped as its routes group them. The panel is Grafana's own (`alertGroups`); the
 * SDK has no builder for it, and it asks Alertmanager itself: no query of a data source.
 */
export function alertGroups(
  title: string,
  options: PanelOptions & { readonly alertmanagerName: string },
): AnyPanel {
  return {
    build: () => ({
      type: "alertGroups",
      title,
      description: options.description,
      gridPos: { x: 0, y: 0, w: options.size[0], h: options.size[1] },
      options: { alertmanager: options.alertmanagerName, labels: "", expandAll: true },
    }),
  };
}
