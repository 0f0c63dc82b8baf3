import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageV1Api } from "@kubernetes/client-node";
import { readKubeconfig, removeCluster, startCluster } from "../local/cluster/cluster";
import { Engine } from "../local/engine/engine";
import { repositoryRoot } from "../local/paths";
import { UserError } from "../local/userError";
import { describeTools, say } from "../local/commands/output";
import { stackConfig } from "../local/commands/target";
import { recordedPassphrase, recordedStates, refuseTraces, withoutMachine } from "./recordedState";

/**
 * Records what this version's `up` leaves in the state of each stack, for the upgrade tests of later versions.
 *
 * The stack comes up on an embedded cluster of its own; Azure is made up by the stand-in.
 *
 * @param stacks default: local and dev
 * @throws UserError when a state of this version is there already, or an `up` fails
 */
async function recordStates(stacks: readonly string[]): Promise<void> {
  const manifest = await readFile(join(repositoryRoot, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  await mkdir(recordedStates, { recursive: true });
  for (const stack of stacks.length > 0 ? stacks : ["local", "dev"]) {
    const file = join(recordedStates, `${version}.${stack}.json`);
    if (await exists(file)) {
      throw new UserError(
        `${file} is there already. What a release left must not change: raise the version in package.json, ` +
          `or remove the file when ${version} was never released.`,
      );
    }
    await recordState(stack, file);
    say(`recorded ${file}`);
  }
}

async function recordState(stack: string, file: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-record-"));
  try {
    const { kubeconfig } = await startCluster({ directory: join(directory, "cluster"), log: say });
    await provideStorageClass(stack, kubeconfig);
    const engine = await Engine.open({
      project: repositoryRoot,
      stack,
      stateDirectory: directory,
      passphrase: recordedPassphrase,
      env: {
        KUBECONFIG: kubeconfig,
        PULUMI_HOME: join(directory, "pulumi-home"),
        DS_MONITORING_ECHO_UP: "1",
        DS_MONITORING_ECHO_KUBECONFIG: kubeconfig,
      },
    });
    for (const line of describeTools(engine)) say(line);
    const result = await engine.up();
    if (result.code !== 0) throw new UserError(`pulumi up of ${stack} failed:\n${result.stdout}`);
    const state = withoutMachine(await engine.state({ showSecrets: true }));
    refuseTraces(state, [directory, repositoryRoot, "127.0.0.1:"]);
    // The engine encrypts what is imported in the clear.
    await engine.importState(state);
    await writeFile(file, `${JSON.stringify(await engine.state(), null, 1)}\n`);
  } finally {
    await removeCluster(join(directory, "cluster"));
    await rm(directory, { recursive: true, force: true });
  }
}

/** The class that the stack names, which a cloud would have, as a copy of the embedded cluster's own. */
async function provideStorageClass(stack: string, kubeconfig: string): Promise<void> {
  const text = JSON.stringify(await stackConfig(repositoryRoot, stack));
  const name = /"storageClassName":"([^"]+)"/.exec(text)?.[1];
  if (name === undefined) return;
  const api = readKubeconfig(kubeconfig).makeApiClient(StorageV1Api);
  const own = await api.readStorageClass({ name: "standard" });
  await api.createStorageClass({ body: { ...own, metadata: { name } } });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

recordStates(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof UserError ? `error: ${error.message}` : (error as Error).stack}\n`,
  );
  process.exitCode = 1;
});
