import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import type { UpOptions } from "@pulumi/pulumi/automation";
import { Engine } from "../engine/engine";
import { withStartedCreations } from "../engine/interrupted";
import { withPluginInputs } from "../engine/standInState";
import { kubeConfigOf } from "../forward/forward";
import { repositoryRoot } from "../paths";
import { endOrphans } from "../processes";
import { UserError } from "../userError";
import { engineOutput } from "./output";
import { warningsIn } from "./problems";

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

/**
 * Go on after a run that was killed: end what it left running, and bring the state in line with what it had made. The
 * next `up` completes it.
 */
export async function recover(engine: Engine): Promise<void> {
  await endOrphans(repositoryRoot);
  const adopted = await withStartedCreations(await engine.state(), await clusterOf(engine));
  if (adopted !== undefined) await engine.importState(adopted);
  await refresh(engine);
}

/** @throws UserError when it fails */
export async function refresh(engine: Engine): Promise<void> {
  const result = await engine.refresh({ onOutput: engineOutput() });
  if (result.code !== 0) throw new UserError("pulumi refresh failed: the reason is above.");
}

/** The warning Events in the stack's namespaces since a time, a line each. */
export async function warningsOf(engine: Engine, since: Date): Promise<string[]> {
  const { resources = [] } = (await engine.state()).deployment;
  const ids = resources.flatMap(({ type, id }) => (type.startsWith("kubernetes:") && id ? [id] : []));
  const namespaces = new Set(ids.filter((id) => id.includes("/")).map((id) => dirname(id)));
  return namespaces.size === 0 ? [] : warningsIn(await clusterOf(engine), namespaces, since);
}

/** The connection of the stack's Kubernetes provider. */
export async function clusterOf(engine: Engine): Promise<KubeConfig> {
  const { resources = [] } = (await engine.state({ showSecrets: true })).deployment;
  const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
  const inputs = (provider?.inputs ?? {}) as {
    kubeconfig?: string | { plaintext: string };
    context?: string;
  };
  // A path or a file's contents, as for the provider; a secret is JSON.
  const kubeconfig =
    typeof inputs.kubeconfig === "object"
      ? (JSON.parse(inputs.kubeconfig.plaintext) as string)
      : inputs.kubeconfig;
  return kubeConfigOf({ kubeconfig, context: inputs.context });
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
