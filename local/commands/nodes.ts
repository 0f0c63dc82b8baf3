import { nodesOf } from "../cluster/cluster";
import { prepareEngine } from "../engine/engine";
import { whyNoNode } from "../node/available";
import { prepareStackImages, whyNoStackImages } from "../node/images";
import { nodePrograms, resolveNodeTools } from "../node/node";
import { ToolUnavailableError, whyUnavailable } from "../tools/resolve";
import { UserError } from "../userError";
import { say } from "./output";

/** Number of simulated nodes of the embedded cluster: two, so that spreading and rescheduling have somewhere to go. */
const simulatedNodes = 2;

/**
 * The nodes of the embedded cluster: a real one, which runs containers, where this machine can have one, else simulated
 * ones. Which, and why, is said. What the cluster in `directory` has stays.
 *
 * @param env where `NODES` is looked up: `real`, `simulated`, or nothing
 * @param options.build false: the node's tools are not built yet. Default true.
 * @throws UserError when `NODES` can't be had, or the cluster has others
 */
export async function chooseNodes(
  directory: string,
  env: NodeJS.ProcessEnv,
  { build = true } = {},
): Promise<number | "real"> {
  const wanted = env.NODES === "" ? undefined : env.NODES;
  if (wanted !== undefined && wanted !== "real" && wanted !== "simulated") {
    throw new UserError(`NODES is ${wanted}: it can be \`real\` or \`simulated\``);
  }
  const present = await nodesOf(directory);
  if (present !== undefined && wanted !== undefined && wanted !== present) {
    throw new UserError(
      `The embedded cluster has ${present} nodes: run \`make down\` before NODES=${wanted}.`,
    );
  }
  if (present === "simulated") return simulated("the embedded cluster was made so");
  if (wanted === "simulated") return simulated("NODES=simulated asks for it", "run `make up` without it");
  let reason = present === undefined ? await whyNotReal() : undefined;
  if (reason === undefined) {
    say("deploying to the embedded cluster, whose node is real: containers run");
    reason = present === undefined && build ? await whyNotBuilt() : undefined;
  }
  if (reason === undefined) return "real";
  if (wanted === "real") throw new UserError(`This machine can't have a real node: ${reason}`);
  return simulated(`this machine can't have a real node (${reason.replace(/\.$/, "")})`, "mend that");
}

/** @param mend what leads to a real node */
function simulated(because: string, mend = "run `make down` and `make up NODES=real`"): number {
  say(
    `deploying to the embedded cluster, whose nodes are SIMULATED, no container runs: ${because}. To see containers run, ` +
      `${mend}, or set KUBECONFIG to that of another cluster, for example of kind or AKS.`,
  );
  return simulatedNodes;
}

/** Why this machine can't have a real node with the stack's images, as far as that shows without building anything. */
async function whyNotReal(): Promise<string | undefined> {
  const reason = await whyNoNode();
  if (reason !== undefined) return reason;
  return (await whyUnavailable(nodePrograms)) ?? (await whyNoStackImages());
}

async function whyNotBuilt(): Promise<string | undefined> {
  void buildForLater();
  try {
    await resolveNodeTools({ log: say });
    return undefined;
  } catch (error) {
    if (error instanceof ToolUnavailableError) return error.message;
    throw error;
  }
}

/**
 * Build what a first run needs after the node's tools, beside them: downloads and links leave a core idle. One after the
 * other, since builds at the same time compile twice what they share. What can't be had is reported where it is needed.
 */
async function buildForLater(): Promise<void> {
  await prepareStackImages(say).catch(() => undefined);
  await prepareEngine({ log: say }).catch(() => undefined);
}
