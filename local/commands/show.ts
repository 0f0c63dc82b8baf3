import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { type Access, forwardPorts, kubeConfigOf } from "../forward/forward";
import { runSample } from "../sample/sample";
import { describePages } from "./open";
import { say } from "./output";

/** The cluster, where its nodes run containers; undefined where kwok simulates all of them. */
export async function realCluster(access: Access): Promise<KubeConfig | undefined> {
  const config = kubeConfigOf(access);
  // The engine says why a cluster can't be reached.
  const { items } = await config
    .makeApiClient(CoreV1Api)
    .listNode()
    .catch(() => ({ items: [] }));
  const isReal = items.some(({ metadata }) => metadata?.annotations?.["kwok.x-k8s.io/node"] === undefined);
  return isReal ? config : undefined;
}

/** Forward ports to the pages of the stack, let the sample do something, and print where to look. */
export async function show(config: KubeConfig, state: string, access: Access): Promise<void> {
  const routes = await forwardPorts(state, access);
  try {
    await runSample(config, routes, say);
  } finally {
    say("");
    say("Look at:");
    for (const line of describePages(routes)) say(line);
  }
}
