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
 * The nodes of the embedded cluster: simulated ones, which is said, or a real one where `NODES=real` asks for it. What the
 * cluster in `directory` has stays.
 *
 * @param env where `NODES` is looked up: `real` or `simulated`, the default
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
  const reason = (await whyNoNode()) ?? (wanted === "real" ? await whyNoTools() : undefined);
  if (wanted === "real") {
    if (reason !== undefined) throw new UserError(`This machine can't have a real node: ${reason}`);
    return "real";
  }
  say("nodes are simulated: no container runs");
  const other = "set KUBECONFIG to that of another cluster, for example of kind or AKS";
  const own = reason === undefined ? "run `make down` and `make up NODES=real`, or " : "";
  say(`  to see containers run, ${own}${other}`);
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
