import type { DataTransformerConfig, FieldConfigSource } from "@grafana/data";

/** The parts of Grafana's classic dashboard model that the preview and the tests read. */
export interface DashboardModel {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly time: { readonly from: string; readonly to: string };
  readonly panels: readonly PanelModel[];
  readonly templating: { readonly list: readonly VariableModel[] };
  readonly timepicker?: { readonly hidden?: boolean };
  readonly annotations: { readonly list?: readonly AnnotationModel[] };
}

export interface PanelModel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly TargetModel[];
  readonly interval?: string;
  /** Its own time range up to now, for example "7d". */
  readonly timeFrom?: string;
  readonly maxDataPoints?: number;
  readonly transformations?: readonly DataTransformerConfig[];
  readonly options?: Record<string, unknown>;
  readonly fieldConfig?: FieldConfigSource;
}

export interface TargetModel {
  readonly refId: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly query: string;
  readonly rawQuery: boolean;
  readonly resultFormat: "time_series" | "table";
  readonly alias?: string;
}

export interface VariableModel {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly description?: string;
  readonly query?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  /** 2: it is not shown. */
  readonly hide?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly sort?: number;
  readonly current?: {
    readonly text: string | readonly string[];
    readonly value: string | readonly string[];
  };
}

export interface AnnotationModel {
  readonly name: string;
  /** Grafana's name of a colour. */
  readonly iconColor?: string;
  readonly target?: { readonly query: string; readonly textColumn: string; readonly tagsColumn: string };
  readonly datasource?: { readonly type: string; readonly uid: string };
}

/** Panels that show data: all but rows. */
export function dataPanels(dashboard: DashboardModel): PanelModel[] {
  return dashboard.panels.filter((panel) => panel.type !== "row");
}
