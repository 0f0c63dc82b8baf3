import { join } from "node:path";
import type { UpOptions } from "@pulumi/pulumi/automation";
import { type Cluster, startCluster } from "../cluster/cluster";
import type { Engine, OperationResult } from "../engine/engine";
import { kubeConfigOf } from "../forward/forward";
import { changingSteps } from "../../policies/report/engineRun";
import { withLock } from "../lock";
import { repositoryRoot, stateDirectory } from "../paths";
import { UserError } from "../userError";
import { deployMailServer } from "../mail/deploy";
import { withProgress } from "./progress";
import { realCluster, show } from "./show";
import {
  clusterDirectory,
  localStack,
  openEngine,
  policies,
  warningsOf,
  recover,
  refresh,
} from "./localStack";
import { digestOf, isLastUp, recordUp } from "./lastUp";
import { chooseNodes } from "./nodes";
import {
  countChanges,
  describeChanges,
  describeResources,
  describeTools,
  engineOutput,
  say,
  seconds,
  shellPath,
} from "./output";
import { chooseTarget, describe, recordTarget, stackConfig } from "./target";

/**
 * Bring the stack `local` up: the embedded cluster unless the user chose another, then the real `pulumi up`
 * with the policy pack. Can be repeated at any time, also after a run that was killed.
 */
export async function up(): Promise<void> {
  const started = Date.now();
  const state = stateDirectory();
  await withLock(
    join(state, "run.lock"),
    () => bringUp(state, started),
    () => say("waiting for another run on the same stack"),
  );
}

async function bringUp(state: string, started: number): Promise<void> {
  const target = chooseTarget(await stackConfig(repositoryRoot, localStack), process.env);
  await recordTarget(state, target);
  const directory = clusterDirectory(state);
  let cluster: Cluster | undefined;
  if (target.kind === "embedded") {
    cluster = await startCluster({ directory, nodes: await chooseNodes(directory, process.env), log: say });
  } else say(`deploying to ${describe(target)}`);
  const kubeconfig = cluster?.kubeconfig;
  const access = target.kind === "own" ? target.access : { kubeconfig };
  const real = access && (await realCluster(access));
  if (real !== undefined) await deployMailServer(real);

  const engine = await openEngine({ stateDirectory: state, stack: localStack, kubeconfig });
  for (const line of describeTools(engine)) say(line);
  const before = (await engine.state()).deployment;
  if ((before.pending_operations ?? []).length > 0) {
    say("an earlier run was cut off: going on from what it had made");
    await recover(engine);
  } else if (cluster?.fresh === true && (before.resources ?? []).length > 0) {
    say("the cluster is new: forgetting what the earlier one held");
    await refresh(engine);
  }

  const options = { ...(await policies(localStack)), onOutput: engineOutput() };
  // Policies that look at the whole stack judge the preview, before anything is created. The Automation API's `up` does
  // without one; that of the command line would start the program twice, too.
  const preview = await engine.preview(options);
  const digest = await digestOf(engine.configFile, access);
  const done = preview.code !== 0 || (countChanges(preview.changes) === 0 && (await isLastUp(state, digest)));
  const bring = done ? Promise.resolve(preview) : upWithWarnings(engine, options);
  const result = await (access === undefined ? bring : withProgress(kubeConfigOf(access), say, bring));
  if (result.code !== 0) {
    throw new UserError("pulumi up failed: the reason is above. Run `make up` again when it is mended.");
  }
  await recordUp(state, digest);

  const created = changingSteps(result).filter(({ op }) => op === "create");
  say("");
  if (created.length > 0) {
    say("Created:");
    for (const line of describeResources(created.map(({ type }) => type))) say(line);
    say("");
  }
  say(`${countChanges(result.changes)} changes (${describeChanges(result.changes)}) in ${seconds(started)}`);
  say("");
  say("Outputs:");
  for (const [name, value] of Object.entries(await engine.outputs()))
    say(`  ${name}: ${JSON.stringify(value)}`);
  if (real !== undefined && access !== undefined) {
    say("");
    await show(real, state, access);
  }
  say("");
  say("Next:");
  if (kubeconfig !== undefined) {
    say(`  KUBECONFIG=${shellPath(kubeconfig)} kubectl get all --all-namespaces   look around`);
    if (real === undefined) {
      say("    (the nodes are simulated: objects and controllers are real, containers do not run)");
    }
  }
  say("  make up        again, after changing the program: only what differs is touched");
  say("  make down      remove everything");
}

/** Run `up`, and say what the cluster warns of: each minute what is new, and all of it when the run fails. */
async function upWithWarnings(engine: Engine, options: UpOptions): Promise<OperationResult> {
  const started = new Date();
  const said = new Set<string>();
  const report = async (isNew: (warning: string) => boolean) => {
    const warnings = await warningsOf(engine, started).catch((error: Error) => [
      `The cluster could not be asked: ${error.message}`,
    ]);
    const lines = warnings.filter(isNew);
    if (lines.length > 0) say("What the cluster warns of:");
    for (const line of lines) say(`  ${line}`);
    for (const line of lines) said.add(line);
  };
  const watch = setInterval(() => void report((warning) => !said.has(warning)), 60_000);
  try {
    const result = await engine.up(options);
    if (result.code !== 0) await report(() => true);
    return result;
  } finally {
    clearInterval(watch);
  }
}
