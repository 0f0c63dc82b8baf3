import { FieldType, getFieldDisplayName, type DataFrame } from "@grafana/data";

import { withFieldSettings } from "../../../viewer/frames/panelFrames";
import type { PanelData } from "../../../viewer/frames/queryDashboard";

export type Cell = string | number | boolean | null;

/** A frame as rows, with the names of its columns that a panel shows. */
export interface Table {
  /** Of a series; undefined for a table of several columns. */
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A panel with its frames as tables. */
export type PanelTables = Omit<PanelData, "frames"> & { readonly frames: readonly Table[] };

export function tableOf(frame: DataFrame): Table {
  const columns = frame.fields.map((field) => getFieldDisplayName(field, frame));
  const isSeries = frame.fields.length === 2 && frame.fields[0]?.type === FieldType.time;
  return {
    name: isSeries ? columns[1] : undefined,
    columns,
    rows: Array.from({ length: frame.length }, (_, row) =>
      frame.fields.map(({ values }) => cellOf((values as Cell[])[row])),
    ),
  };
}

/** Grafana calculates NaN where an operand is missing, and shows none. */
function cellOf(value: Cell | undefined): Cell {
  return value === undefined || Number.isNaN(value) ? null : value;
}

export function withTables(panel: PanelData): PanelTables {
  return { ...panel, frames: withFieldSettings(panel.panel, panel.frames).map(tableOf) };
}
