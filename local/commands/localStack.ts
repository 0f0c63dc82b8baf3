import { access } from "node:fs/promises";
import { join } from "node:path";
import { Engine, type OperationOptions } from "../engine/engine";
import { repositoryRoot } from "../paths";

/** The stack that `make up` brings up. */
export const localStack = "local";

/** Folder of the embedded cluster. */
export function clusterDirectory(stateDirectory: string): string {
  return join(stateDirectory, "cluster");
}

/** The engine on a stack of this repository. `kubeconfig` absent: that of the environment. */
export function openEngine(options: {
  stateDirectory: string;
  stack: string;
  kubeconfig?: string;
}): Promise<Engine> {
  return Engine.open({
    project: repositoryRoot,
    stack: options.stack,
    stateDirectory: options.stateDirectory,
    env: options.kubeconfig === undefined ? {} : { KUBECONFIG: options.kubeconfig },
    tools: { log: (line) => process.stdout.write(`${line}\n`) },
  });
}

/** This repository's policy pack, with the stack's settings when there are any. */
export async function policies(
  stack: string,
): Promise<Pick<OperationOptions, "policyPacks" | "policyPackConfigs">> {
  const launcher = join(repositoryRoot, "policies", "launch");
  const config = join(repositoryRoot, "policies", "config", `${stack}.json`);
  return { policyPacks: [launcher], policyPackConfigs: (await exists(config)) ? [config] : [] };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
