import {
  applyFieldOverrides,
  createTheme,
  FieldConfigOptionsRegistry,
  identityOverrideProcessor,
  standardTransformers,
  toDataFrame,
  transformDataFrame,
  type CustomTransformOperator,
  type DataFrame,
  type DataTransformerConfig,
  type DataTransformerInfo,
} from "@grafana/data";
import { lastValueFrom } from "rxjs";

import type { InfluxSeries } from "../services/influxQuery";
import type { PanelModel, TargetModel } from "./dashboardModel";

/** Grafana's own code does the work here: frames, transformations, units, thresholds and colours. */

// It asks for the browser's language, which Node.js has from version 21 on.
(globalThis as { navigator?: unknown }).navigator ??= { language: "en-GB", languages: ["en-GB"] };

const transformers = new Map<string, DataTransformerInfo>(
  Object.values(standardTransformers).map((info) => [info.id, info]),
);

/** Settings of fields that the dashboards use. */
const fieldSettings = new FieldConfigOptionsRegistry(() =>
  [
    "unit",
    "decimals",
    "min",
    "max",
    "noValue",
    "mappings",
    "thresholds",
    "color",
    "links",
    "custom.cellOptions",
  ].map((id) => ({
    id,
    name: id,
    path: id.replace("custom.", ""),
    isCustom: id.startsWith("custom."),
    process: identityOverrideProcessor,
    shouldApply: () => true,
    editor: () => null,
    override: () => null,
  })),
);

export const theme = createTheme({ colors: { mode: "dark" } });

/** Grafana's frames of a query's answer: one a series and column, or one table of them all. */
export function toFrames(
  series: readonly InfluxSeries[],
  target: Pick<TargetModel, "alias" | "resultFormat">,
): DataFrame[] {
  if (target.resultFormat === "table") return series.length === 0 ? [] : [tableOf(series)];
  return series.flatMap((one) =>
    one.columns.slice(1).map((column, index) =>
      toDataFrame({
        name: seriesName(one, column, target.alias),
        columns: [
          { text: "Time", type: "time" },
          { text: "Value", type: "number" },
        ],
        rows: one.values.map((row) => [row[0], row[index + 1] ?? null]),
      }),
    ),
  );
}

function tableOf(series: readonly InfluxSeries[]): DataFrame {
  const tags = Object.keys(series[0]?.tags ?? {});
  const rows = series.flatMap((one) =>
    one.values.map((row) => [row[0], ...tags.map((tag) => one.tags?.[tag] ?? null), ...row.slice(1)]),
  );
  // With its type given, Grafana does not take a text such as "2" for a number.
  const columns = [...tags, ...(series[0]?.columns.slice(1) ?? [])].map((text, index) => ({
    text,
    type: typeof (rows.find((row) => (row[index + 1] ?? null) !== null)?.[index + 1] ?? ""),
  }));
  return toDataFrame({ columns: [{ text: "Time", type: "time" }, ...columns], rows });
}

function seriesName(series: InfluxSeries, column: string, alias: string | undefined): string {
  if (alias === undefined) {
    const tags = Object.entries(series.tags ?? {}).map(([name, value]) => `${name}: ${value}`);
    return `${series.name}.${column}${tags.length === 0 ? "" : ` {${tags.join(", ")}}`}`;
  }
  return alias
    .replace(/\$tag_(\w+)/g, (_, tag: string) => series.tags?.[tag] ?? "")
    .replaceAll("$col", column)
    .replaceAll("$m", series.name);
}

/** Applies a panel's transformations. @throws Error naming a transformation that Grafana does not have */
export async function transform(
  frames: readonly DataFrame[],
  transformations: readonly DataTransformerConfig[],
): Promise<DataFrame[]> {
  const operators = transformations.map(({ id, options }): CustomTransformOperator => {
    const info = transformers.get(id);
    if (info === undefined) throw new Error(`transformation "${id}" is not known to Grafana`);
    return (context) => info.operator({ ...info.defaultOptions, ...(options as object) }, context);
  });
  return lastValueFrom(transformDataFrame(operators, [...frames]));
}

/** Frames whose fields have the panel's settings and write their values with them. */
export function withFieldSettings(panel: PanelModel, frames: readonly DataFrame[]): DataFrame[] {
  return applyFieldOverrides({
    data: [...frames],
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    fieldConfigRegistry: fieldSettings,
    replaceVariables: (text) => text,
    theme,
    timeZone: "utc",
  });
}
