import { existsSync } from "node:fs";
import { hasRealNode } from "../cluster/cluster";
import { whyNoNode } from "../node/available";
import { resolveNodeTools } from "../node/node";
import { ToolUnavailableError } from "../tools/resolve";
import { UserError } from "../userError";
import { say } from "./output";

/** Number of simulated nodes of the embedded cluster: two, so that spreading and rescheduling have somewhere to go. */
const simulatedNodes = 2;

/**
 * The nodes of the embedded cluster: a real one where this machine can have it, else simulated ones, which is said with
 * the reason. What the cluster in `directory` has stays.
 *
 * @param env where `NODES` is looked up: `real` or `simulated`
 * @throws UserError when `NODES` can't be had, or the cluster has others
 */
export async function chooseNodes(directory: string, env: NodeJS.ProcessEnv): Promise<number | "real"> {
  const wanted = env.NODES === "" ? undefined : env.NODES;
  if (wanted !== undefined && wanted !== "real" && wanted !== "simulated") {
    throw new UserError(`NODES is ${wanted}: it can be \`real\` or \`simulated\``);
  }
  if (existsSync(directory)) {
    const present = (await hasRealNode(directory)) ? "real" : "simulated";
    if (wanted !== undefined && wanted !== present) {
      throw new UserError(
        `The embedded cluster has ${present} nodes: run \`make down\` before NODES=${wanted}.`,
      );
    }
    return present === "real" ? "real" : simulatedNodes;
  }
  if (wanted === "simulated") {
    say("nodes are simulated: no container runs (NODES=simulated)");
    return simulatedNodes;
  }
  const reason = (await whyNoNode()) ?? (await whyNoTools());
  if (reason === undefined) return "real";
  if (wanted === "real") throw new UserError(`This machine can't have a real node: ${reason}`);
  say(`nodes are simulated, no container runs: this machine can't have a real node (${reason})`);
  say("  to see containers run, set KUBECONFIG to that of another cluster, for example of kind or AKS");
  return simulatedNodes;
}

async function whyNoTools(): Promise<string | undefined> {
  try {
    await resolveNodeTools({ log: say });
    return undefined;
  } catch (error) {
    if (error instanceof ToolUnavailableError) return error.message;
    throw error;
  }
}
