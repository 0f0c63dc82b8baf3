import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Access } from "../forward/forward";
import { UserError } from "../userError";

/** The cluster that a stack is deployed to. */
export type Target =
  | { kind: "embedded" }
  | {
      kind: "own";
      /** The kubeconfig of the environment. */
      kubeconfig?: string;
      /** How it is reached; absent where that is a secret of the stack's config. */
      access?: Access;
      /** Where the user chose it, for messages. */
      because: string;
    };

/**
 * The user's own cluster when KUBECONFIG or the stack's config names one, else the embedded one.
 *
 * @param config the `config` of Pulumi.<stack>.yaml
 * @param env where KUBECONFIG is looked up
 */
export function chooseTarget(config: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Target {
  const cluster = config["ds-monitoring:cluster"] as { existing?: Record<string, unknown> } | undefined;
  const key = ["context", "kubeconfig"].find((name) => cluster?.existing?.[name] !== undefined);
  if (key !== undefined) {
    const because = `config ds-monitoring:cluster.existing.${key}`;
    const { context, kubeconfig = env.KUBECONFIG } = cluster?.existing as Access;
    const access = typeof kubeconfig === "object" ? undefined : { kubeconfig, context };
    return { kind: "own", kubeconfig: env.KUBECONFIG, access, because };
  }
  if (env.KUBECONFIG !== undefined && env.KUBECONFIG !== "") {
    const kubeconfig = env.KUBECONFIG;
    return { kind: "own", kubeconfig, access: { kubeconfig }, because: `KUBECONFIG=${kubeconfig}` };
  }
  return { kind: "embedded" };
}

/** The config of a stack's file, empty when there is none. */
export async function stackConfig(project: string, stack: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(project, `Pulumi.${stack}.yaml`), "utf8").catch(() => "");
  const file = parse(text) as { config?: Record<string, unknown> } | null;
  return file?.config ?? {};
}

/** The target of the last `make up`, or undefined. */
export async function recordedTarget(stateDirectory: string): Promise<Target | undefined> {
  const text = await readFile(targetFile(stateDirectory), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Target);
}

/**
 * Remember where the stack is deployed.
 *
 * @throws UserError when it is deployed somewhere else already
 */
export async function recordTarget(stateDirectory: string, target: Target): Promise<void> {
  const earlier = await recordedTarget(stateDirectory);
  if (earlier !== undefined && describe(earlier) !== describe(target)) {
    throw new UserError(
      `The stack is deployed to ${describe(earlier)}, and would now go to ${describe(target)}. ` +
        "Run `make down` first, or choose the earlier cluster again.",
    );
  }
  await writeFile(targetFile(stateDirectory), JSON.stringify(target));
}

/** In words, for messages. */
export function describe(target: Target): string {
  return target.kind === "embedded" ? "the embedded cluster" : `your own cluster (${target.because})`;
}

function targetFile(stateDirectory: string): string {
  return join(stateDirectory, "target.json");
}
