import type { DataFrame } from "@grafana/data";

import type { InfluxSeries, RunQuery } from "../../local/services/influxQuery";
import {
  dataPanels,
  type AnnotationModel,
  type DashboardModel,
  type PanelModel,
  type VariableModel,
} from "./dashboardModel";
import { marksOf, toFrames, type Mark } from "./influxQlFrames";
import {
  expandQuery,
  panelIntervalMs,
  timeRange,
  type QueryContext,
  type TimeRange,
  type VariableValue,
} from "./macros";
import { transform } from "./panelFrames";

/** A panel with what its queries gave. */
export interface PanelData {
  readonly panel: PanelModel;
  /** As InfluxDB was asked. */
  readonly queries: readonly string[];
  readonly frames: readonly DataFrame[];
  /** Why there is no data, where {@link QueryDashboardOptions.keepErrors} is set. */
  readonly error?: string;
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
    readonly marks: readonly Mark[];
  }[];
}

export interface QueryDashboardOptions {
  readonly run: RunQuery;
  readonly nowMs: number;
  /** Chosen values; a variable that isn't named takes "All", or the first value it offers, as in Grafana. */
  readonly choose?: Readonly<Record<string, readonly string[]>>;
  /** Start of the time range in place of the dashboard's, for example "now-30d". */
  readonly from?: string;
  /** End of it, for example "now-1d". */
  readonly to?: string;
  /** A query that fails leaves its panel with an error, in place of an exception. @default false */
  readonly keepErrors?: boolean;
}

/** What stands for "All" in a dashboard's address. */
const allValues = "$__all";

/** Rows of the grid that a dashboard takes. */
export function dashboardHeight({ panels }: DashboardModel): number {
  return Math.max(0, ...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
}

/** Width of a dashboard in pixels: a panel asks for one point a pixel, as Grafana does. */
export const dashboardWidth = 1800;
const columns = 24;

/** Asks InfluxDB for everything that a dashboard shows, as Grafana would on opening it. */
export async function queryDashboard(
  dashboard: DashboardModel,
  options: QueryDashboardOptions,
): Promise<DashboardData> {
  const [from, to] = [options.from ?? dashboard.time.from, options.to ?? dashboard.time.to];
  const range = timeRange(from, to, options.nowMs);
  // As in Grafana, a panel's own time range ends when somebody zooms.
  const isRelative = from.includes("now") && to.includes("now");
  const ownRange = ({ timeFrom }: PanelModel): TimeRange =>
    timeFrom === undefined || !isRelative ? range : timeRange(`now-${timeFrom}`, "now", options.nowMs);
  const { variables, offered } = await resolveVariables(dashboard, range, options);
  const panels = await Promise.all(
    dataPanels(dashboard).map((panel) => queryPanel(panel, { range: ownRange(panel), variables }, options)),
  );
  const context = { range, variables, nowMs: options.nowMs, intervalMs: 60_000 };
  const marks = async (annotation: AnnotationModel): Promise<readonly Mark[]> => {
    try {
      return marksOf(await options.run(expandQuery(annotation.target?.query ?? "", context)), annotation);
    } catch (error) {
      if (options.keepErrors !== true) throw error;
      return [];
    }
  };
  const annotations = await Promise.all(
    // Those that Grafana itself keeps have no query.
    (dashboard.annotations.list ?? [])
      .filter(({ target }) => target?.query !== undefined)
      .map(async (annotation) => ({ annotation, marks: await marks(annotation) })),
  );
  return { dashboard, range, variables, offered, panels, annotations };
}

async function queryPanel(
  panel: PanelModel,
  { range, variables }: Pick<QueryContext, "range" | "variables">,
  { run, nowMs, keepErrors = false }: QueryDashboardOptions,
): Promise<PanelData> {
  const maxDataPoints = panel.maxDataPoints ?? Math.floor((dashboardWidth * panel.gridPos.w) / columns);
  const context = {
    range,
    nowMs,
    variables,
    intervalMs: panelIntervalMs(range, maxDataPoints, panel.interval),
  };
  const targets = (panel.targets ?? []).map((target) => ({
    ...target,
    query: expandQuery(target.query, context),
  }));
  const data = { panel, queries: targets.map(({ query }) => query), ...context };
  try {
    const answers = await Promise.all(
      targets.map(async (target) =>
        toFrames(await run(target.query), target).map((frame) => ({ ...frame, refId: target.refId })),
      ),
    );
    return { ...data, frames: await transform(answers.flat(), panel.transformations ?? []) };
  } catch (error) {
    if (!keepErrors) throw error;
    return { ...data, frames: [], error: error instanceof Error ? error.message : String(error) };
  }
}

async function resolveVariables(
  dashboard: DashboardModel,
  range: TimeRange,
  { run, nowMs, choose = {} }: QueryDashboardOptions,
): Promise<Pick<DashboardData, "variables" | "offered">> {
  const variables: Record<string, VariableValue> = {};
  const offered: Record<string, readonly string[]> = {};
  for (const variable of dashboard.templating.list) {
    if (variable.type === "query") {
      const query = expandQuery(variable.query ?? "", { range, variables, nowMs, intervalMs: 60_000 });
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
  if (chosen !== undefined && !(variable.multi === true && chosen.includes(allValues)))
    return { values: chosen };
  if (variable.type !== "query") {
    const current = variable.current?.value ?? variable.query ?? "";
    return { values: typeof current === "string" ? [current] : current };
  }
  if (variable.includeAll === true) return { values: offered, allValue: variable.allValue };
  return { values: offered.slice(0, 1) };
}
