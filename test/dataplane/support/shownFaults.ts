import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FieldType, formattedValueToString, type Field } from "@grafana/data";

import { dataPanels, type DashboardModel } from "../../../viewer/frames/dashboardModel";
import { themes } from "../../../viewer/frames/panelFrames";
import type { DashboardData, PanelData } from "../../../viewer/frames/queryDashboard";
import { shownPanel, type ShownField, type ShownPanel } from "../../../viewer/frames/shownFields";

/** The panel types that Grafana 13 has, by the folders of its schema. */
const panelTypes = readdirSync(
  join(require.resolve("@grafana/schema/package.json"), "..", "dist", "types", "raw", "composable"),
);

/** Width of a dashboard on a common screen, in pixels, and of a column that says nothing of its own. */
const screenWidth = 1600;
const defaultColumnWidth = 150;
const mostSeries = 20;

/** The unit that a number has by its name; the first that matches. Of a chart the name is its title. */
const unitsByName: readonly (readonly [RegExp, RegExp])[] = [
  [
    /p95 \/ request|^error budget|ratio$|ratio by|(?<!by )share$|in use|^missing|^removed$|outliers removed|by its limit|^highest memory|peak by step|balance/i,
    /^percentunit$/,
  ],
  [/utilisation/i, /^percentunit$/],
  [/^GPU memory|^memory, highest$/i, /^bytes$/],
  [/^GPU power/, /^watt$/],
  [/^energy$/i, /^kwatth$/],
  [/gpu hours$/i, /^short$/],
  [/latency|longest|duration|^log lag|^(mean )?(cpu )?time$/i, /^s$/],
  [/cost/i, /^currencyUSD$/],
  [/^CPU (used by service|request)$/, /^cores$/],
  [/^Memory (used by service|request|peak|limit)$/, /^bytes$/],
  [/^Request rate/, /^reqps$/],
  [/^Task runs by result$/, /^ops$/],
  [
    /score|drift \(psi\)|^F1$|^F1 |^Errors by|precision|recall|accuracy|ROC AUC|calibration|confusion|PSI|noise|KS|^p$|jensen|wasserstein|imbalance/i,
    /^none$/,
  ],
  [
    /^(n|n training|n served|bins|desired|lines.*|requests.*|probes|users.*|ready on average|least ready|series.*|restarts)$|^n |confusion|^unique|alerts|letters|failed|features|predicted|unparsed|log lines|rows/i,
    /^(short|none)$/,
  ],
];

const textOf = ({ display }: Field, value: unknown): string =>
  display === undefined ? "" : formattedValueToString(display(value));
const valuesOf = ({ values }: Field): unknown[] =>
  (values as unknown[]).filter((value) => (value ?? null) !== null);

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Names that the query gives and nobody should read: identifiers that are no heading. */
function rawNames({ panel }: PanelData): string[] {
  const identifiers = (panel.targets ?? []).flatMap(({ query }) =>
    [...query.matchAll(/"([^"]+)"(?!\.)/g)].map(([, name]) => name ?? ""),
  );
  return identifiers.filter((name) => /^[a-z]|_/.test(name) && !/^(n|p|p\d\d)$/.test(name));
}

function nameFaults(data: PanelData, names: readonly string[]): string[] {
  const raw = rawNames(data);
  return [
    ...repeated(names).map((name) => `the name "${name}" repeats`),
    ...names
      .filter((name) => raw.some((one) => name === one || (one.length > 4 && name.startsWith(`${one}.`))))
      .map((name) => `the name "${name}" is of the query`),
    ...names.filter((name) => name.trim() === "").map(() => "a field has no title"),
  ];
}

function valueFaults(type: string, title: string, { name, field }: ShownField): string[] {
  const texts = valuesOf(field).map((value) => textOf(field, value));
  const broken = texts.find((text) => /NaN|Invalid/.test(text));
  const faults = broken === undefined ? [] : [`"${name}" shows ${broken}`];
  if (field.type === FieldType.string && (field.config.mappings ?? []).length === 0) {
    // An empty text is shown as one that is missing.
    const changed = valuesOf(field).find((value) => value !== "" && textOf(field, value) !== value);
    if (changed !== undefined)
      faults.push(`the text "${String(changed)}" of "${name}" is shown as "${textOf(field, changed)}"`);
  }
  if (field.type !== FieldType.number || texts.length === 0) return faults;
  const key = type === "table" ? name : title;
  const dateOr =
    field.config.unit?.startsWith("dateTime") === true || field.config.unit?.startsWith("time:") === true;
  const expected =
    unitsByName.find(([pattern]) => pattern.test(key))?.[1] ?? (type === "table" ? /^none$/ : /^$/);
  if (!dateOr && !expected.test(field.config.unit ?? ""))
    faults.push(`"${key}" has the unit ${field.config.unit ?? "none"}`);
  if (texts.every((text) => /^\d+\.0+$/.test(text))) faults.push(`"${name}" counts ${texts[0] ?? ""}`);
  return faults;
}

function tableFaults({ panel }: PanelData, { fields }: ShownPanel): string[] {
  const custom = (field: Field) => (field.config.custom ?? {}) as { width?: number; minWidth?: number };
  const needed = fields.reduce(
    (sum, { field }) => sum + (custom(field).width ?? custom(field).minWidth ?? defaultColumnWidth),
    0,
  );
  const available = (panel.gridPos.w * screenWidth) / 24 - 16;
  const noValue = panel.fieldConfig?.defaults.noValue;
  const empty = fields.find(
    ({ field }) => valuesOf(field).length < field.values.length && textOf(field, null) === noValue,
  );
  return [
    ...(needed > available ? [`its columns need ${needed} of ${Math.floor(available)} pixels`] : []),
    ...(empty === undefined ? [] : [`an empty cell of "${empty.name}" says "${noValue}"`]),
  ];
}

/** Distance of two colours in the cube of red, green and blue, each 0 to 255, that people tell apart in thin lines. */
const leastDistance = 45;

function distance(one: string, other: string): number {
  const parts = (colour: string): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const others = parts(other);
  return Math.hypot(...parts(one).map((part, index) => part - (others[index] ?? NaN)));
}

function chartFaults(data: PanelData, { fields }: ShownPanel): string[] {
  const { panel } = data;
  const { drawStyle, stacking } = (panel.fieldConfig?.defaults.custom ?? {}) as {
    drawStyle?: string;
    stacking?: { mode?: string };
  };
  return [
    ...[fields, shownPanel(data, undefined, themes.light).fields].flatMap((shown) =>
      repeated(shown.map(({ colour }) => colour)).map((colour) => `two series are ${colour}`),
    ),
    ...fields.flatMap((one, index) =>
      fields
        .slice(index + 1)
        .filter(({ colour }) => colour !== one.colour && distance(colour, one.colour) < leastDistance)
        .map((other) => `"${one.name}" and "${other.name}" look alike`),
    ),
    ...(fields.length > mostSeries ? [`${fields.length} series`] : []),
    ...(drawStyle === "bars" && stacking?.mode !== "normal" ? ["bars over time cover each other"] : []),
  ];
}

/** What a person would object to in a panel, as Grafana's code shows it. */
export function panelFaults(data: PanelData): string[] {
  const { panel } = data;
  const faults = panelTypes.includes(panel.type.replace("-", ""))
    ? []
    : [`Grafana has no panel "${panel.type}"`];
  if (panel.timeFrom !== undefined) {
    faults.push("its own time range ends when somebody zooms");
  }
  if (panel.type === "text" || (panel.targets ?? []).length === 0) return faults;
  const shown = shownPanel(data);
  const fields = shown.axis === undefined ? shown.fields : [shown.axis, ...shown.fields];
  faults.push(
    ...nameFaults(data, [
      ...fields.map(({ name }) => name),
      ...shown.tiles.map(({ display }) => display.title ?? ""),
    ]),
    ...fields.flatMap((one) => valueFaults(panel.type, panel.title, one)),
  );
  if (panel.type === "table") faults.push(...tableFaults(data, shown));
  if (panel.type === "timeseries" || panel.type === "barchart") faults.push(...chartFaults(data, shown));
  return faults;
}

/** The same of all panels of a dashboard, each with its title. */
export function dashboardFaults({ panels }: DashboardData): string[] {
  return panels.flatMap((data) => panelFaults(data).map((fault) => `${data.panel.title}: ${fault}`));
}

/** The colours of each name of a series or of bars, and the number of panels that show it. */
export function seriesColours(
  dashboards: readonly DashboardData[],
): Map<string, { readonly colours: Set<string>; panels: number }> {
  const found = new Map<string, { readonly colours: Set<string>; panels: number }>();
  const charts = dashboards
    .flatMap(({ panels }) => panels)
    .filter(({ panel }) => panel.type === "timeseries" || panel.type === "barchart");
  for (const { name, colour } of charts.flatMap((data) => shownPanel(data).fields)) {
    const known = found.get(name) ?? { colours: new Set(), panels: 0 };
    known.colours.add(colour);
    known.panels += 1;
    found.set(name, known);
  }
  return found;
}

/** What a person would object to in the links between dashboards. */
export function linkFaults(models: readonly DashboardModel[]): string[] {
  const variables = models.flatMap(({ title, templating }) =>
    templating.list.map((one) => ({ title, ...one })),
  );
  const clashes = variables
    .filter(({ type, multi }) => type === "query" && multi !== true)
    .flatMap((one) => {
      const other = variables.find(({ name, multi }) => name === one.name && multi === true);
      return other === undefined ? [] : [`${other.title} gives "All" as ${one.name} to ${one.title}`];
    });
  const lost = models.flatMap((model) =>
    dataPanels(model).flatMap(({ title, fieldConfig }) =>
      [...JSON.stringify(fieldConfig ?? {}).matchAll(/"url":"(\/d\/[^"]+)"/g)]
        .filter(([, url]) => url?.includes("${environment:queryparam}") !== true)
        .map(([, url]) => `${model.title}: "${title}" links to ${url ?? ""} without the environment`),
    ),
  );
  const hidden = models
    .filter((model) => JSON.stringify(model).includes("inControlsMenu"))
    .map(({ title }) => `${title}: links and annotations are hidden in a menu`);
  return [...clashes, ...lost, ...hidden];
}
