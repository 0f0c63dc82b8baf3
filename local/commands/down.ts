import { access, readdir, rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { clusterStatus, kubeconfigOf, removeCluster } from "../cluster/cluster";
import { endForwarding, kubeConfigOf } from "../forward/forward";
import { lockFolder, withLock } from "../lock";
import { removeMailServer } from "../mail/deploy";
import { repositoryRoot, stateDirectory } from "../paths";
import { endOrphans } from "../processes";
import { UserError } from "../userError";
import { clusterDirectory, localStack, openEngine } from "./localStack";
import { describeChanges, engineOutput, say, seconds } from "./output";
import { describe, recordedTarget } from "./target";

/** Remove all that `up` made: resources, cluster, processes, state. */
export async function down(): Promise<void> {
  const started = Date.now();
  const state = stateDirectory();
  if (!(await exists(state))) {
    say("nothing is up");
    return;
  }
  const lock = join(state, "run.lock");
  await withLock(
    lock,
    async () => {
      await takeDown(state);
      const rest = (await readdir(state)).filter((name) => name !== basename(lockFolder(lock)));
      for (const name of rest) await rm(join(state, name), { recursive: true, force: true });
    },
    () => say("waiting for another run on the same stack"),
  );
  // Where another run has waited for the lock, the folder is that one's.
  await rmdir(state).catch(() => undefined);
  say(`everything is removed, in ${seconds(started)}`);
}

async function takeDown(state: string): Promise<void> {
  const target = await recordedTarget(state);
  const directory = clusterDirectory(state);
  await endForwarding(state);
  if (target?.kind === "own") {
    if (target.access !== undefined) await removeMailServer(kubeConfigOf(target.access));
    await destroy(state, target.kubeconfig, describe(target));
  } else if ((await clusterStatus(directory)) === "running") {
    // What fails to be destroyed one by one goes with the cluster; the user still learns of it.
    await destroy(state, kubeconfigOf(directory), "the embedded cluster").catch((error: Error) => {
      say(`${error.message}\nIt goes with the cluster.`);
    });
  }
  const ended = await removeCluster(directory);
  if (ended > 0) say(`ended the ${ended} processes of the embedded cluster`);
  const orphans = await endOrphans(repositoryRoot);
  if (orphans > 0) say(`ended ${orphans} processes that a killed run had left`);
}

async function destroy(state: string, kubeconfig: string | undefined, where: string): Promise<void> {
  const engine = await openEngine({ stateDirectory: state, stack: localStack, kubeconfig });
  const result = await engine.destroy({ onOutput: engineOutput() });
  if (result.code !== 0) throw new UserError(`pulumi destroy failed on ${where}: the reason is above.`);
  say(describeChanges(result.changes));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
