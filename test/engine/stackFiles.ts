import { stackConfig } from "../../local/commands/target";
import { repositoryRoot } from "../../local/paths";

/** The config of a stack's file with some of `ds-monitoring:monitoring` changed, for `Fixture.stack` and `setConfig`. */
export async function withMonitoring(stack: string, changes: object): Promise<Record<string, unknown>> {
  const key = "ds-monitoring:monitoring";
  const config = await stackConfig(repositoryRoot, stack);
  return { [key]: { ...(config[key] as object), ...changes } };
}
