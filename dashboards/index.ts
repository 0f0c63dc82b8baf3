import {
  type DashboardDefinition,
  type DashboardOptions,
  checkDashboardDefinitions,
  resolveDashboardOptions,
} from "./definition";
import { home } from "./home";
import { modelApiUsage } from "./modelApiUsage";
import { modelApproval } from "./modelApproval";
import { platformHealth } from "./platformHealth";
import { resourcesAndCost } from "./resourcesAndCost";
import { run } from "./run";

export { dashboardIdentities, dashboardTag, dataSources } from "./catalogue";
export type { DashboardIdentity, DashboardName, DataSourceIdentity } from "./catalogue";
export { checkDashboardDefinitions, defaultFolder, defaultPrices } from "./definition";
export type { ComputePrices, DashboardDefinition, DashboardOptions } from "./definition";

/**
 * The dashboards of the platform, each with one question to answer; the same for a Grafana that is provisioned from
 * ConfigMaps, for an existing one and for plain files.
 *
 * @throws Error naming the option that can't be used
 */
export function dashboards(options: DashboardOptions = {}): DashboardDefinition[] {
  const resolved = resolveDashboardOptions(options);
  const definitions = [home, modelApproval, run, modelApiUsage, resourcesAndCost, platformHealth].map(
    (build) => build(resolved),
  );
  checkDashboardDefinitions(definitions);
  return definitions;
}
