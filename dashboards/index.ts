import {
  type DashboardDefinition,
  type DashboardOptions,
  checkDashboardDefinitions,
  resolveDashboardOptions,
} from "./definition";
import { home } from "./home";
import { logs } from "./logs";
import { modelApiUsage } from "./modelApiUsage";
import { modelApproval } from "./modelApproval";
import { platformHealth } from "./platformHealth";
import { resourcesAndCost } from "./resourcesAndCost";
import { run } from "./run";

export { dashboardIdentities, dashboardTag, dataSources } from "./catalogue";
export type { DashboardIdentity, DashboardName, DataSourceIdentity } from "./catalogue";
export { checkDashboardDefinitions, defaultFolder, defaultPrices } from "./definition";
export type { ComputePrices, DashboardDefinition, DashboardOptions } from "./definition";

// For dashboards of your own: docs/dashboards.md has an example.
export { whatHappened } from "./annotations";
export { buildDashboard, row } from "./buildDashboard";
export type { Annotation, DashboardContent, Row } from "./buildDashboard";
export { colouredCell, higherIsWorse, linkTo, redFrom, unitOf, wrapped } from "./fieldOptions";
export { fieldTable } from "./fieldQueries";
export type { QueryOfRows } from "./fieldQueries";
export { equals, field, matchesVariable, notEquals, ofLast, select, tag, timeFilter } from "./influxql";
export type { Condition, Dimension, Expression, Fill, Query, Source } from "./influxql";
export type { TargetOptions } from "./influxqlTarget";
export { dashboardPath, linesOfChosen, linesOfSeries } from "./links";
export type { FigureLink } from "./links";
export { barChart, markdown, stat, table, timeSeries } from "./panels";
export type {
  AnyPanel,
  BarChartOptions,
  DataPanelOptions,
  DataPanelSettings,
  Matrix,
  PanelOptions,
  SeveralTargets,
  SortBy,
  StatOptions,
  TableOptions,
  Targets,
  TimeSeriesOptions,
} from "./panels";
export { countOverTime, meanOf, overRollups, overTime, ratioOfCounts, totalCount } from "./rollupQueries";
export type { QueryOverTime } from "./rollupQueries";
export { inEnvironment, interval, ofChosenServices, rollups, source } from "./sources";
export type { Resolution, Rollups } from "./sources";
export { columns } from "./transformations";
export { chained, textVariable } from "./variables";
export type { AnyVariable, IndexedTags, TagsOfPoints, TagVariable, VariableSource } from "./variables";
export type { Measurement } from "../contract/measurements";

/**
 * The dashboards of the platform, each with one question to answer; the same for a Grafana that is provisioned from
 * ConfigMaps, for an existing one and for plain files.
 *
 * @throws Error naming the option that can't be used
 */
export function dashboards(options: DashboardOptions = {}): DashboardDefinition[] {
  const resolved = resolveDashboardOptions(options);
  const definitions = [home, modelApproval, run, modelApiUsage, resourcesAndCost, logs, platformHealth].map(
    (build) => build(resolved),
  );
  checkDashboardDefinitions(definitions);
  return definitions;
}
