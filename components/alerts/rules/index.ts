import { defaultProbeIntervalSeconds } from "../../telegraf/telegrafConfig";
import { thresholds } from "../../../contract/thresholds";
import type { AlertRule, AppAlertOptions } from "../rule";
import { apiRules } from "./api";
import { clusterRules } from "./cluster";
import type { RuleDefinition } from "./define";
import { objectiveRules } from "./objectives";
import { pipelineRules } from "./pipeline";
import { platformRules } from "./platform";
import { podMetricsRules } from "./podMetrics";
import { resourceRules } from "./resources";

export type { AppAlertOptions } from "../rule";

/** Options of `alertRules`. */
export interface AlertRulesOptions {
  /**
   * Thresholds of single apps.
   * @default none
   */
  apps?: readonly AppAlertOptions[];
  /**
   * Seconds between two HTTP probes, as Telegraf is configured.
   * @default 10
   */
  probeIntervalSeconds?: number;
  /**
   * Seconds in which a new model API may become ready: its image is pulled, its model loaded.
   * @default 300
   */
  startingSeconds?: number;
  /**
   * Names of rules that are not wanted.
   * @default none
   */
  disabled?: readonly string[];
}

/**
 * The platform's alert rules.
 *
 * @throws RangeError on a threshold that can't be, or a disabled rule that doesn't exist
 */
export function alertRules(options: AlertRulesOptions = {}): AlertRule[] {
  const definitions = [
    ...apiRules(
      options.probeIntervalSeconds ?? defaultProbeIntervalSeconds,
      options.startingSeconds ?? thresholds.startingSeconds,
    ),
    ...objectiveRules,
    ...pipelineRules,
    ...resourceRules,
    ...clusterRules,
    ...podMetricsRules,
    ...platformRules,
  ];
  const rules = definitions.map((definition) => withDefaults(definition, options.apps ?? []));
  const disabled = options.disabled ?? [];
  const unknown = disabled.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown !== undefined) {
    throw new RangeError(
      `disabled: there is no alert rule ${JSON.stringify(unknown)}; rules are ${rules.map((rule) => rule.name).join(", ")}`,
    );
  }
  return rules.filter((rule) => !disabled.includes(rule.name));
}

function withDefaults(definition: RuleDefinition, apps: readonly AppAlertOptions[]): AlertRule {
  const { appThreshold, unit } = definition;
  const overrides = apps.flatMap((app) => {
    const threshold = appThreshold && app[appThreshold];
    if (appThreshold === undefined || threshold === undefined) return [];
    if (unit === "ratio" && !(threshold >= 0 && threshold < 1)) {
      throw new RangeError(
        `${app.service}: ${appThreshold} must be from 0 to below 1 (0.05 is 5 %), got ${threshold}`,
      );
    }
    if (!(Number.isFinite(threshold) && threshold >= 0)) {
      throw new RangeError(`${app.service}: ${appThreshold} must be a number from 0, got ${threshold}`);
    }
    return [{ labels: { service: app.service }, threshold }];
  });
  return {
    inhibitedBy: [],
    everySeconds: 60,
    forSeconds: 0,
    sampleSeconds: 0,
    labels: ["service", "environment"],
    dashboardVariables: { service: "service", environment: "environment" },
    ...definition,
    overrides,
  };
}
