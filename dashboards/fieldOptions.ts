import { TableCellDisplayMode } from "@grafana/grafana-foundation-sdk/common";
import {
  MappingType,
  ThresholdsMode,
  type DynamicConfigValue,
  type Threshold,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { linesPath, type FigureLink } from "./links";

/** Threshold steps: green up to `warning`, orange up to `critical`, red from there. */
export function higherIsWorse(warning: number, critical: number): Threshold[] {
  return [
    { value: null, color: "green" },
    { value: warning, color: "orange" },
    { value: critical, color: "red" },
  ];
}

/**
 * Threshold steps with one limit: red from it on.
 *
 * @param below colour below it: `text` where the figure may be old, which must not look healthy
 */
export function redFrom(limit: number, below: "green" | "text" = "green"): Threshold[] {
  return [
    { value: null, color: below },
    { value: limit, color: "red" },
  ];
}

/** Colours of words: what a verdict looks like. People read them without underscores. */
export function wordColours(colours: Readonly<Record<string, string>>): ValueMapping[] {
  return [
    {
      type: MappingType.ValueToText,
      options: Object.fromEntries(
        Object.entries(colours).map(([word, color], index) => [
          word,
          { text: word.replaceAll("_", " "), color, index },
        ]),
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

/** Overrides of one unit for several columns. */
export const unitsOf = (
  unit: string,
  names: readonly string[],
  decimals?: number,
): Record<string, DynamicConfigValue[]> =>
  Object.fromEntries(names.map((name) => [name, unitOf(unit, decimals)]));

/** Properties of an override: a long text takes several lines. */
export const wrapped: DynamicConfigValue[] = [
  { id: "custom.wrapText", value: true },
  { id: "custom.minWidth", value: 160 },
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

/** Properties of an override: the cell links to another page. */
export const linkTo = (title: string, url: string): DynamicConfigValue[] => [
  { id: "links", value: [{ title, url, targetBlank: false }] },
];

/** The same for a link that figures have too. */
export const linkOf = ({ title, url }: FigureLink): DynamicConfigValue[] => linkTo(title, url);

/** Properties of an override: a service leads to its lines. */
export const toItsLines = linkTo("Its lines", linesPath({ service: "${__value.text:percentencode}" }));

/** Properties of an override: the column is there for links, and not shown. */
export const hidden: DynamicConfigValue[] = [
  { id: "custom.hideFrom", value: { viz: true, legend: false, tooltip: false } },
  ...unitOf("none", 0),
];
