import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stepsBetween } from "../../policies/report/compare";
import { budgetSettings, policyConfigOf, reportOf } from "../../policies/report/report";
import { startCluster } from "../cluster/cluster";
import { repositoryRoot, stateDirectory } from "../paths";
import { UserError } from "../userError";
import { previewBase } from "./basePreview";
import { clusterDirectory, localStack, openEngine, policies } from "./localStack";
import { chooseNodes } from "./nodes";
import { describeChanges, describeTools, engineOutput, say } from "./output";
import { chooseTarget, stackConfig } from "./target";

/**
 * Show what a stack would create or change, with what the policies say of it. Needs no login: the state of
 * stacks other than `local` is empty here, so that all of it shows as new unless there is a base to compare with.
 *
 * @param options.report file for a report in Markdown; undefined: it is printed, for stacks with a budget
 * @param options.base branch, tag or commit that the report compares with
 * @throws UserError when the preview fails or a mandatory policy forbids it
 */
export async function preview(
  stack: string,
  options: { report?: string; base?: string } = {},
): Promise<void> {
  const state = stateDirectory();
  const engine = await openEngine({
    stateDirectory: stack === localStack ? state : join(state, "previews"),
    stack,
    kubeconfig: stack === localStack ? await localKubeconfig(state) : undefined,
  });
  for (const line of describeTools(engine)) say(line);
  const result = await engine.preview({ ...(await policies(stack)), onOutput: engineOutput() });
  const policyConfig = await policyConfigOf(stack);
  const steps =
    options.base === undefined
      ? result.steps
      : stepsBetween(await previewBase(stack, options.base, join(state, "previews")), result.steps);
  const report = reportOf(stack, { ...result, steps }, policyConfig);
  if (options.report !== undefined) {
    await writeFile(options.report, report);
    say(`the report is in ${resolve(options.report)}`);
  } else if (budgetSettings(policyConfig) !== undefined) say(report);
  if (result.code !== 0) throw new UserError(`the preview of ${stack} failed: the reason is above`);
  say(`preview of ${stack}: ${describeChanges(result.changes)}`);
}

/**
 * The embedded cluster's, which is started when it does not run: the API server itself judges what would be created.
 * Undefined where the user chose another cluster.
 */
async function localKubeconfig(state: string): Promise<string | undefined> {
  const target = chooseTarget(await stackConfig(repositoryRoot, localStack), process.env);
  if (target.kind === "own") return undefined;
  const directory = clusterDirectory(state);
  const nodes = await chooseNodes(directory, process.env, { build: false });
  return (await startCluster({ directory, nodes, startNode: false, log: say })).kubeconfig;
}
