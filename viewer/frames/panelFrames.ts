import {
  applyFieldOverrides,
  createTheme,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  getFrameMatchers,
  getFieldDisplayName as nameOf,
  identityOverrideProcessor,
  standardTransformers,
  transformDataFrame,
  type CustomTransformOperator,
  type DataContextScopedVar,
  type DataFrame,
  type DataTransformerConfig,
  type DataTransformerInfo,
  type GrafanaTheme2,
  type InterpolateFunction,
} from "@grafana/data";
import { lastValueFrom, map, mergeMap, of } from "rxjs";

import type { PanelModel } from "./dashboardModel";
import { partitionByValues } from "./partitionByValues";

/** Grafana's own code does the work here: transformations, field configuration, display names, units and colours. */

// It asks for the browser's language, which Node.js has from version 21 on.
(globalThis as { navigator?: unknown }).navigator ??= { language: "en-GB", languages: ["en-GB"] };

const transformers = new Map<string, DataTransformerInfo>(
  [...Object.values(standardTransformers), partitionByValues].map((info) => [info.id, info]),
);

/** Settings of fields that the dashboards use; Grafana's list of them is in its user interface. */
const fieldSettings = new FieldConfigOptionsRegistry(() =>
  [
    "unit",
    "decimals",
    "min",
    "max",
    "displayName",
    "noValue",
    "mappings",
    "thresholds",
    "color",
    "links",
    "custom.cellOptions",
    "custom.hideFrom",
    "custom.minWidth",
    "custom.width",
    "custom.wrapText",
  ].map((id) => ({
    id,
    name: id,
    path: id.replace("custom.", ""),
    isCustom: id.startsWith("custom."),
    process: id === "displayName" ? displayNameOverrideProcessor : identityOverrideProcessor,
    settings: { expandTemplateVars: true },
    shouldApply: () => true,
    editor: () => null,
    override: () => null,
  })),
);

export type ThemeName = "dark" | "light";

/** Grafana's colours. */
export const themes: Readonly<Record<ThemeName, GrafanaTheme2>> = {
  dark: createTheme({ colors: { mode: "dark" } }),
  light: createTheme({ colors: { mode: "light" } }),
};

/** Applies a panel's transformations. @throws Error naming a transformation that Grafana does not have */
export async function transform(
  frames: readonly DataFrame[],
  transformations: readonly DataTransformerConfig[],
): Promise<DataFrame[]> {
  const operators = transformations.map(({ id, options, filter }): CustomTransformOperator => {
    const info = transformers.get(id);
    if (info === undefined) throw new Error(`transformation "${id}" is not known to Grafana`);
    const operator: CustomTransformOperator = (context) =>
      info.operator({ ...info.defaultOptions, ...(options as object) }, context);
    return filter === undefined ? operator : onlyFor(getFrameMatchers(filter), operator);
  });
  return lastValueFrom(transformDataFrame(operators, [...frames]));
}

/** A transformation of some of the frames, in their places, as Grafana applies one with a filter. */
function onlyFor(
  matches: (frame: DataFrame) => boolean,
  operator: CustomTransformOperator,
): CustomTransformOperator {
  return (context) =>
    mergeMap((before: DataFrame[]) => {
      const at = before.findIndex(matches);
      if (at === -1) return of(before);
      return of(before.filter(matches)).pipe(
        operator(context),
        map((after) => before.filter((frame) => !matches(frame)).toSpliced(at, 0, ...after)),
      );
    });
}

/**
 * Frames whose fields have the panel's settings: names, units, thresholds, colours and links.
 *
 * @param expand puts the dashboard's variables into a text
 */
export function withFieldSettings(
  panel: PanelModel,
  frames: readonly DataFrame[],
  expand: (text: string) => string = (text) => text,
  theme = themes.dark,
): DataFrame[] {
  return applyFieldOverrides({
    data: [...frames],
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    fieldConfigRegistry: fieldSettings,
    replaceVariables: withDataMacros(expand),
    theme,
    timeZone: "utc",
  });
}

/**
 * Puts the field's name, and for links the value of its row, into a text, as Grafana does.
 *
 * Source: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-data-links/#value-variables
 */
export function withDataMacros(expand: (text: string) => string): InterpolateFunction {
  return (text = "", scopedVars) => {
    const context = scopedVars?.["__dataContext"] as DataContextScopedVar | undefined;
    if (context === undefined) return expand(text);
    const { field, frame, rowIndex = 0 } = context.value;
    const valueOf = (name: string): string => {
      const column = name.startsWith("__data.fields.") ? name.slice("__data.fields.".length) : undefined;
      const found = column === undefined ? field : frame.fields.find((one) => nameOf(one, frame) === column);
      return String(found?.values[rowIndex] ?? "");
    };
    return expand(
      text
        .replaceAll("${__field.name}", field?.name ?? "")
        .replaceAll("${__field.name:percentencode}", encodeURIComponent(field?.name ?? ""))
        .replace(/\$\{__field\.labels\.(\w+)(:percentencode)?\}/g, (_, label: string, encode?: string) =>
          encode === undefined
            ? (field?.labels?.[label] ?? "")
            : encodeURIComponent(field?.labels?.[label] ?? ""),
        )
        .replace(
          /\$\{(__value\.\w+|__data\.fields\.\w+)(:percentencode)?\}/g,
          (_, name: string, encode?: string) =>
            encode === undefined ? valueOf(name) : encodeURIComponent(valueOf(name)),
        ),
    );
  };
}
