import type { FieldSettings, PanelModel } from "./dashboardModel";
import type { Cell } from "./frames";
import { formatValue } from "./units";

/** Grafana's named colours, on a dark background. */
const colours: Readonly<Record<string, string>> = {
  green: "#73bf69",
  orange: "#ff9830",
  red: "#f2495c",
  blue: "#5794f2",
  text: "#ccccdc",
};

/** Settings of a column or series: the panel's, with the overrides of its name. */
export function settingsOf(panel: PanelModel, name: string): FieldSettings & { readonly coloured: boolean } {
  const settings: Record<string, unknown> = { ...panel.fieldConfig?.defaults };
  let coloured = false;
  for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
    if (matcher.id !== "byName" || matcher.options !== name) continue;
    for (const { id, value } of properties) {
      if (id === "custom.cellOptions") coloured = true;
      else settings[id] = value;
    }
  }
  return { ...settings, coloured };
}

/** A value as text, with its unit or the word that it is mapped to. */
export function textOf(value: Cell, settings: FieldSettings): string {
  if (value === null) return settings.noValue ?? "";
  return formatValue(value, settings.unit ?? "short", settings.decimals);
}

/** Colour of a value: of its word, its series, or the threshold that it has reached. */
export function colourOf(value: Cell, settings: FieldSettings): string {
  if (settings.color?.mode === "fixed") return named(settings.color.fixedColor);
  for (const { options } of settings.mappings ?? []) {
    const word = options[String(value)];
    if (word?.color !== undefined) return named(word.color);
  }
  const steps = settings.thresholds?.steps ?? [];
  const reached = steps.filter(
    (step) => step.value === null || (typeof value === "number" && value >= step.value),
  );
  return named(value === null ? "text" : reached.at(-1)?.color);
}

/** A named colour as CSS. */
export function named(colour: string | undefined): string {
  return colours[colour ?? "text"] ?? colour ?? "#ccccdc";
}
