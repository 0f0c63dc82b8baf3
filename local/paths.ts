import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";

/** The root folder of the checkout. */
export const repositoryRoot = resolve(__dirname, "..");

/**
 * The folder of everything that can be rebuilt (tools compiled from source, plugin launchers).
 *
 * @param env where XDG_CACHE_HOME is looked up; default: this process's environment
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ds-monitoring");
}

/** Where images are kept that were assembled here, and what they are made of. */
export function imagesDirectory(): string {
  return join(cacheDirectory(), "images");
}

/**
 * The folder of what a checkout's local run must remember: cluster, Pulumi state, passphrase. It lies outside
 * the tree, so that neither git nor an editor meets secrets, and differs for each checkout on a machine.
 *
 * @param env where DS_MONITORING_STATE (the folder itself) and XDG_STATE_HOME are looked up
 * @param root the checkout
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env, root: string = repositoryRoot): string {
  if (env.DS_MONITORING_STATE !== undefined) return resolve(env.DS_MONITORING_STATE);
  const digest = createHash("sha256").update(root).digest("hex").slice(0, 8);
  const base = env.XDG_STATE_HOME ?? join(homedir(), ".local", "state");
  return join(base, "ds-monitoring", `${basename(root)}-${digest}`);
}
