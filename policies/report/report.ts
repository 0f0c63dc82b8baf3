import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { estimateWith, type EstimateConfig } from "../cost/settings";
import type { EngineRun } from "./engineRun";
import { plannedResources } from "./planned";
import { renderReport } from "./render";

/** Settings of the policy `stack-budget` in a stack's policy config; undefined where the policy is disabled or absent. */
export function budgetSettings(
  policyConfig: Readonly<Record<string, unknown>>,
): (Partial<EstimateConfig> & { maximumMonthly?: number }) | undefined {
  const settings = policyConfig["stack-budget"];
  return typeof settings === "object" && settings !== null ? settings : undefined;
}

/** The policy config of a stack in policies/config; empty where there is none. */
export async function policyConfigOf(stack: string): Promise<Record<string, unknown>> {
  const file = join(__dirname, "..", "config", `${stack}.json`);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  return JSON.parse(text) as Record<string, unknown>;
}

/** The Markdown report of a preview; pure. */
export function reportOf(
  stack: string,
  run: Pick<EngineRun, "steps" | "policyViolations" | "diagnostics">,
  policyConfig: Readonly<Record<string, unknown>>,
): string {
  const budget = budgetSettings(policyConfig);
  const { before, after } = plannedResources(run.steps);
  const settings: EstimateConfig = { region: "eastus", usage: {}, assumedMonthly: {}, ...budget };
  return renderReport({
    stack,
    steps: run.steps,
    findings: run.policyViolations,
    cost:
      budget === undefined
        ? undefined
        : {
            before: estimateWith(before, settings),
            after: estimateWith(after, settings),
            maximumMonthly: budget.maximumMonthly,
          },
    errors: run.diagnostics
      .filter(({ severity, message }) => severity === "error" && message.trim() !== "preview failed")
      .map(({ message }) => message),
  });
}
