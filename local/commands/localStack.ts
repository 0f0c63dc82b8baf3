import { access } from "node:fs/promises";
import { join } from "node:path";
import type { UpOptions } from "@pulumi/pulumi/automation";
import { Engine } from "../engine/engine";
import { withPluginInputs } from "../engine/standInState";
import { repositoryRoot } from "../paths";

/** The stack that `make up` brings up. */
export const localStack = "local";

/** Folder of the embedded cluster. */
export function clusterDirectory(stateDirectory: string): string {
  return join(stateDirectory, "cluster");
}

/**
 * The engine on a stack of this repository. `kubeconfig` absent: that of the environment. A state that the Kubernetes
 * stand-in of version 0.1.0 left is made fit for the real plugin first.
 */
export async function openEngine(options: {
  stateDirectory: string;
  stack: string;
  kubeconfig?: string;
}): Promise<Engine> {
  const engine = await Engine.open({
    project: repositoryRoot,
    stack: options.stack,
    stateDirectory: options.stateDirectory,
    env: options.kubeconfig === undefined ? {} : { KUBECONFIG: options.kubeconfig },
    tools: { log: (line) => process.stdout.write(`${line}\n`) },
  });
  if (options.stack === localStack) {
    const adapted = withPluginInputs(await engine.state());
    if (adapted !== undefined) await engine.importState(adapted);
  }
  return engine;
}

/** This repository's policy pack, with the stack's settings when there are any. */
export async function policies(stack: string): Promise<Pick<UpOptions, "policyPacks" | "policyPackConfigs">> {
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
