import {
  FieldType,
  getFieldDisplayName,
  getFieldDisplayValues,
  getFieldSeriesColor,
  type DataFrame,
  type Field,
  type FieldDisplay,
  type ReduceDataOptions,
} from "@grafana/data";

import { themes, withDataMacros, withFieldSettings } from "./panelFrames";
import type { PanelData } from "./queryDashboard";

/** A field as a panel shows it: a series, a column, bars, or their axis. */
export interface ShownField {
  /** Display name: what the legend or the column's head says. */
  readonly name: string;
  readonly field: Field;
  readonly frame: DataFrame;
  /** Colour of a series or of bars, as CSS. */
  readonly colour: string;
}

/** Settings that are not Grafana's standard ones. */
type Custom = { readonly hideFrom?: { readonly viz?: boolean } };

/** A panel as it is shown, in Grafana's words. */
export interface ShownPanel {
  /** Frames with the panel's field configuration. */
  readonly frames: readonly DataFrame[];
  /** Series of a chart, columns of a table; of a bar chart the bars. */
  readonly fields: readonly ShownField[];
  /** The category axis of a bar chart. */
  readonly axis?: ShownField;
  /** Tiles of a `stat` panel. */
  readonly tiles: readonly FieldDisplay[];
}

/**
 * What a panel shows, by Grafana's code.
 *
 * @param expand puts the dashboard's variables into a text
 * @throws Error naming the columns, when a bar chart's axis is not among them
 */
export function shownPanel(
  { panel, frames: answered }: Pick<PanelData, "panel" | "frames">,
  expand: (text: string) => string = (text) => text,
  theme = themes.dark,
): ShownPanel {
  const frames = withFieldSettings(panel, answered, expand, theme);
  if (panel.type === "stat") {
    const { reduceOptions } = panel.options as { reduceOptions: ReduceDataOptions };
    const tiles = getFieldDisplayValues({
      data: [...frames],
      reduceOptions,
      fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
      replaceVariables: withDataMacros(expand),
      theme,
      timeZone: "utc",
    });
    return { frames, fields: [], tiles };
  }
  const isOverTime = panel.type === "timeseries" || panel.type === "state-timeline";
  const fields = (isOverTime ? frames : frames.slice(0, 1)).flatMap((frame) =>
    frame.fields
      .filter(({ type }) => !(isOverTime && type === FieldType.time))
      .filter(({ config }) => (config.custom as Custom | undefined)?.hideFrom?.viz !== true)
      .map((field) => ({
        name: getFieldDisplayName(field, frame, frames),
        field,
        frame,
        colour: getFieldSeriesColor(field, theme).color,
      })),
  );
  if (panel.type !== "barchart" || fields.length === 0) return { frames, fields, tiles: [] };
  const xField = String(panel.options?.["xField"]);
  const axis = fields.find(({ name, field }) => name === xField || field.name === xField);
  if (axis === undefined) {
    const names = fields.map(({ name }) => name).join(", ");
    throw new Error(`"${panel.title}": no column "${xField}" for the x-axis; it has ${names}`);
  }
  return {
    frames,
    axis,
    fields: fields.filter(({ field }) => field !== axis.field && field.type === FieldType.number),
    tiles: [],
  };
}
