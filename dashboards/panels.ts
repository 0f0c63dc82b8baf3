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
  MappingType,
  SpecialValueMatch,
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

import { influxdbDatasource, InfluxQlTargetBuilder, refIdOf, type TargetOptions } from "./influxqlTarget";
import { emptyText } from "./emptyTexts";
import { linkOf } from "./fieldOptions";
import type { FigureLink } from "./links";
import { matrix, rowTotal, utcDays } from "./transformations";

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
export type DataPanelOptions = DataPanelSettings & Targets;

/** Several queries. */
export interface SeveralTargets {
  /** One after another; their answers are shown together. */
  readonly targets: readonly TargetOptions[];
}

/** One query, or several. */
export type Targets = TargetOptions | SeveralTargets;

/** What every panel with data has. */
export interface DataPanelSettings extends PanelOptions {
  /** A unit of Grafana's, of every number that has no override. */
  readonly unit: string;
  /** Digits after the point. @default as many as the value needs */
  readonly decimals?: number;
  /** Lowest value of the axis. @default by the data */
  readonly min?: number;
  /** Highest value of the axis. @default by the data */
  readonly max?: number;
  /** Colours by value; drawn as lines in charts. */
  readonly thresholds?: readonly Threshold[];
  /** Colours and texts of values. */
  readonly mappings?: readonly ValueMapping[];
  /** Shown in place of a figure that isn't there: no data is not zero. @default what is missing, by the measurement */
  readonly noValue?: string;
  /** The most windows, where fewer than of other panels. */
  readonly windows?: number;
  /** Settings of single columns or series, by name. */
  readonly overrides?: Readonly<Record<string, readonly DynamicConfigValue[]>>;
  /** Where a click on a figure, a line or a bar leads: to the detail behind it. */
  readonly link?: FigureLink;
  /** What Grafana does to the answers, in this order. */
  readonly transformations?: readonly DataTransformerConfig[];
  /** Turns the rows into a matrix: a row for each value of one column, a column for each of another. */
  readonly matrix?: Matrix;
}

/** Columns of the query, and the heading of the rows. */
export interface Matrix {
  /** Column whose values become rows. */
  readonly row: string;
  /** Column whose values become columns. */
  readonly column: string;
  /** Column of the cells. */
  readonly value: string;
  /** Heading of the rows. */
  readonly heading: string;
  /** Heading of a last column with the sum of each row. @default none */
  readonly total?: string;
}

/** Name that Grafana gives to the first column of a matrix. */
const matrixRows = ({ row, column }: Matrix): string => `${row}\\${column}`;

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
  displayName(displayName: string): unknown;
  overrideByRegexp(regexp: string, properties: DynamicConfigValue[]): unknown;
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

/** Gives a panel what all have: texts, place, queries, units, thresholds. */
export function describePanel<Builder extends SharedPanelBuilder>(
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
  const source = targets[0]?.query.innermostSource();
  builder.noValue(options.noValue ?? emptyText(source?.measurement, builder instanceof StatPanelBuilder));
  targets.forEach((target, index) => {
    builder.withTarget(new InfluxQlTargetBuilder(refIdOf(index), { format, ...target }));
  });
  const policy = source?.retentionPolicy;
  const interval = policy === undefined ? undefined : minimumIntervals[policy];
  if (interval !== undefined) builder.interval(interval);
  if (policy === "minutely") builder.maxDataPoints(options.windows ?? mostWindows);
  if (options.decimals !== undefined) builder.decimals(options.decimals);
  // As an override: the SDK takes links of fields for links of dashboards, which have more keys.
  if (options.link !== undefined) builder.overrideByRegexp(".*", linkOf(options.link));
  if (options.min !== undefined) builder.min(options.min);
  if (options.max !== undefined) builder.max(options.max);
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
  if (options.matrix !== undefined) {
    builder.withTransformation(matrix(options.matrix));
    if (options.matrix.total !== undefined) builder.withTransformation(rowTotal(options.matrix.total));
    // Else each column has the name that the query gave to the values.
    builder.displayName("${__field.name}");
  }
  return builder;
}

export const legend = new VizLegendOptionsBuilder()
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom)
  .showLegend(true)
  .calcs([]);

export const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi);

/** Options of {@link timeSeries}. */
export type TimeSeriesOptions = DataPanelOptions & {
  /** @default "line" */
  readonly draw?: "line" | "bars";
  /** Series on top of each other. @default false */
  readonly stack?: boolean;
};

/** Counts as bars on top of each other. */
export const stackedCounts = { unit: "short", min: 0, draw: "bars", stack: true } as const;

/**
 * A late or lost sample is bridged; a longer hole in the data stays a hole, as a line drawn over it would claim what
 * nobody measured.
 */
const longestBridgedGapMs = 180_000;

/** A class, a service, a version has the same colour on all panels and dashboards: Grafana takes it from the name. */
const seriesColours = new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName);

/** A figure over time. */
export function timeSeries(title: string, options: TimeSeriesOptions): AnyPanel {
  const { draw = "line", stack = false } = options;
  return describePanel(new TimeseriesPanelBuilder(), title, options)
    .colorScheme(seriesColours)
    .drawStyle(draw === "bars" ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(draw === "bars" ? 70 : stack ? 30 : 8)
    .lineWidth(draw === "bars" ? 0 : 2)
    .spanNulls(longestBridgedGapMs)
    .showPoints(draw === "bars" ? VisibilityMode.Never : VisibilityMode.Auto)
    .stacking(new StackingConfigBuilder().mode(stack ? StackingMode.Normal : StackingMode.None).group("A"))
    .thresholdsStyle(thresholdsStyle(options))
    .legend(legend)
    .tooltip(tooltip());
}

/** Options of {@link stat}. */
export type StatOptions = DataPanelOptions & {
  /** Regular expression of the columns to show, where a table is queried. @default the numbers */
  readonly fields?: string;
  /** How a series becomes one figure. @default "lastNotNull" */
  readonly reduce?: "lastNotNull" | "sum" | "max";
  /** Fill the tile with the threshold's colour: for verdicts. @default false */
  readonly fill?: boolean;
};

/** Colour of the text in place of a figure: no data is below each limit, and else has the colour of the lowest step. */
export const colourOfUnknown = (color: string): ValueMapping => ({
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { color, index: 0 } },
});
const unknownIsNeutral = colourOfUnknown("text");

/** Of a filled tile without a verdict: the colour of texts would fill it with black or white. */
const unknownColour = "#6e7179";

/** One figure, or one a series. */
export function stat(title: string, options: StatOptions): AnyPanel {
  const { fields = "", reduce = "lastNotNull", fill = false, mappings = [] } = options;
  const builder = describePanel(new StatPanelBuilder(), title, {
    ...options,
    ...(fill && options.thresholds === undefined && { thresholds: [{ value: null, color: unknownColour }] }),
    mappings: options.thresholds === undefined ? mappings : [...mappings, unknownIsNeutral],
  });
  // Else its name is that of the measurement and the field.
  if (!("targets" in options) && options.alias === undefined && fields === "") builder.displayName(title);
  return builder
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(fill ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .orientation(VizOrientation.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([reduce]).fields(fields).values(false));
}

/** Pixels below which no column is squeezed, and what a time takes. */
const columnWidth = 60;
const timeWidth = 160;

/** Settings of a column of text: a version is no number, whatever unit the panel has. */
const text = (heading: string): DynamicConfigValue[] => [
  { id: "displayName", value: heading },
  { id: "unit", value: "string" },
];

/** Order of the rows of a table. */
export interface SortBy {
  /** Heading of the column. */
  readonly column: string;
  /** The highest, or the newest, first. */
  readonly descending: boolean;
}

/** Options of {@link table}. */
export type TableOptions = Omit<DataPanelSettings, "unit" | "link"> &
  Targets & {
    /** Unit of the numbers of a matrix; other columns get theirs by `overrides`. @default "string" */
    readonly unit?: string;
    /** Heading of the column that the rows are sorted by, and the direction. */
    readonly sortBy?: SortBy;
  };

/**
 * Rows and columns; tables sort by their time column unless told otherwise. A unit is never the default of columns of
 * several kinds: it would change their texts.
 */
export function table(title: string, options: TableOptions): AnyPanel {
  const { unit = "string", overrides = {}, ...others } = options;
  const builder = describePanel(new TablePanelBuilder(), title, { ...others, unit }, "table")
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .minWidth(columnWidth)
    .showHeader(true)
    .overrideByRegexp(".*", [{ id: "noValue", value: "–" }])
    .overrideByName("Time", [{ id: "custom.width", value: timeWidth }]);
  if (options.matrix !== undefined)
    builder.overrideByName(matrixRows(options.matrix), text(options.matrix.heading));
  for (const [name, properties] of Object.entries(overrides)) builder.overrideByName(name, [...properties]);
  if (options.sortBy !== undefined) {
    builder.sortBy([
      new TableSortByFieldStateBuilder().displayName(options.sortBy.column).desc(options.sortBy.descending),
    ]);
  }
  return builder;
}

/** Options of {@link barChart}. */
export type BarChartOptions = DataPanelOptions & {
  /** Column of the categories, where there is no matrix. */
  readonly xField?: string;
  /** Bars on top of each other, or on top of each other with each category 100 %. @default neither */
  readonly stack?: "counts" | "shares";
  /** Categories are the starts of days or weeks, in UTC. @default false */
  readonly days?: boolean;
};

/** Bars along a category, for example the versions of a model. */
export function barChart(title: string, options: BarChartOptions): AnyPanel {
  const { matrix, stack, days = false } = options;
  const xField = matrix === undefined ? (options.xField ?? "") : matrixRows(matrix);
  const axis = text(matrix?.heading ?? xField);
  const builder = describePanel(new BarChartPanelBuilder(), title, options, "table")
    .colorScheme(seriesColours)
    .overrideByName(xField, axis)
    .xField(xField)
    .orientation(VizOrientation.Vertical)
    .stacking(
      stack === "shares"
        ? StackingMode.Percent
        : stack === "counts"
          ? StackingMode.Normal
          : StackingMode.None,
    )
    .showValue(days ? VisibilityMode.Never : VisibilityMode.Auto)
    .fillOpacity(75)
    .lineWidth(0)
    .thresholdsStyle(thresholdsStyle(options))
    .legend(legend)
    .tooltip(tooltip());
  // Rollups of days are of UTC: in the time zone of a browser their starts would be of the day before.
  if (days) builder.withTransformation(utcDays(xField));
  return builder;
}

/** Limits are drawn where alerts fire. */
function thresholdsStyle({ thresholds }: DataPanelOptions): GraphThresholdsStyleConfigBuilder {
  return new GraphThresholdsStyleConfigBuilder().mode(
    thresholds === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed,
  );
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
