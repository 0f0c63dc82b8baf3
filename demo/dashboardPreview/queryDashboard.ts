import type { DataFrame } from "@grafana/data";

import type { InfluxSeries, RunQuery } from "../services/influxQuery";
import {
  dataPanels,
  type AnnotationModel,
  type DashboardModel,
  type PanelModel,
  type VariableModel,
} from "./dashboardModel";
import { toFrames, transform } from "./frames";
import {
  expandQuery,
  panelIntervalMs,
  timeRange,
  type QueryContext,
  type TimeRange,
  type VariableValue,
} from "./macros";

/** A panel with what its queries gave. */
export interface PanelData {
  readonly panel: PanelModel;
  /** As InfluxDB was asked. */
  readonly queries: readonly string[];
  readonly frames: readonly DataFrame[];
  readonly range: TimeRange;
  readonly intervalMs: number;
  readonly variables: Readonly<Record<string, VariableValue>>;
}

export interface DashboardData {
  readonly dashboard: DashboardModel;
  readonly range: TimeRange;
  readonly variables: Readonly<Record<string, VariableValue>>;
  /** The values that each query variable offers. */
  readonly offered: Readonly<Record<string, readonly string[]>>;
  readonly panels: readonly PanelData[];
  readonly annotations: readonly {
    readonly annotation: AnnotationModel;
    readonly series: readonly InfluxSeries[];
  }[];
}

export interface QueryDashboardOptions {
  readonly run: RunQuery;
  readonly nowMs: number;
  /** Chosen values; a variable that isn't named takes "All", or the first value it offers, as in Grafana. */
  readonly choose?: Readonly<Record<string, readonly string[]>>;
  /** Start of the time range in place of the dashboard's, for example "now-30d". */
  readonly from?: string;
}

/** Width of a dashboard in pixels: a panel asks for one point a pixel, as Grafana does. */
export const dashboardWidth = 1800;
const columns = 24;

/** Asks InfluxDB for everything that a dashboard shows, as Grafana would on opening it. */
export async function queryDashboard(
  dashboard: DashboardModel,
  options: QueryDashboardOptions,
): Promise<DashboardData> {
  const range = timeRange(options.from ?? dashboard.time.from, dashboard.time.to, options.nowMs);
  const { variables, offered } = await resolveVariables(dashboard, range, options);
  const panels = await Promise.all(
    dataPanels(dashboard).map((panel) => queryPanel(panel, { range, variables }, options)),
  );
  const annotations = [];
  for (const annotation of dashboard.annotations.list ?? []) {
    const query = expandQuery(annotation.target.query, { range, variables, intervalMs: 60_000 });
    annotations.push({ annotation, series: await options.run(query) });
  }
  return { dashboard, range, variables, offered, panels, annotations };
}

async function queryPanel(
  panel: PanelModel,
  { range, variables }: Pick<QueryContext, "range" | "variables">,
  { run, nowMs }: QueryDashboardOptions,
): Promise<PanelData> {
  const panelRange = panel.timeFrom === undefined ? range : timeRange(`now-${panel.timeFrom}`, "now", nowMs);
  const maxDataPoints = panel.maxDataPoints ?? Math.floor((dashboardWidth * panel.gridPos.w) / columns);
  const context = {
    range: panelRange,
    variables,
    intervalMs: panelIntervalMs(panelRange, maxDataPoints, panel.interval),
  };
  const queries: string[] = [];
  const frames: DataFrame[] = [];
  for (const target of panel.targets ?? []) {
    const query = expandQuery(target.query, context);
    queries.push(query);
    frames.push(...toFrames(await run(query), target));
  }
  return { panel, queries, frames: await transform(frames, panel.transformations ?? []), ...context };
}

async function resolveVariables(
  dashboard: DashboardModel,
  range: TimeRange,
  { run, choose = {} }: QueryDashboardOptions,
): Promise<Pick<DashboardData, "variables" | "offered">> {
  const variables: Record<string, VariableValue> = {};
  const offered: Record<string, readonly string[]> = {};
  for (const variable of dashboard.templating.list) {
    if (variable.type === "query") {
      const query = expandQuery(variable.query ?? "", { range, variables, intervalMs: 60_000 });
      offered[variable.name] = sorted(variableValues(await run(query)), variable.sort);
    }
    variables[variable.name] = chosenValue(variable, offered[variable.name] ?? [], choose[variable.name]);
  }
  return { variables, offered };
}

/** Grafana takes the second column: the first of SHOW TAG VALUES is the key, of SELECT the time. */
function variableValues(series: readonly InfluxSeries[]): string[] {
  return [...new Set(series.flatMap((one) => one.values.map((row) => String(row[1]))))];
}

function sorted(values: readonly string[], sort: number | undefined): string[] {
  const natural = new Intl.Collator("en", { numeric: true });
  switch (sort) {
    case undefined:
    case 0:
      return [...values];
    case 7:
      return [...values].sort(natural.compare);
    case 8:
      return [...values].sort(natural.compare).reverse();
    default:
      throw new Error(`variable sort ${sort} is not known here: add it to queryDashboard.ts`);
  }
}

function chosenValue(
  variable: VariableModel,
  offered: readonly string[],
  chosen: readonly string[] | undefined,
): VariableValue {
  if (chosen !== undefined) return { values: chosen };
  if (variable.type !== "query") {
    const current = variable.current?.value ?? variable.query ?? "";
    return { values: typeof current === "string" ? [current] : current };
  }
  if (variable.includeAll === true) return { values: offered, allValue: variable.allValue };
  return { values: offered.slice(0, 1) };
}
