import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { repositoryRoot } from "../paths";
import { freePorts, isFree } from "../ports";
import { endProcesses, processesOf, sleep, staysArgument } from "../processes";
import { UserError } from "../userError";
import { findPages, type Route } from "./routes";

/** How a cluster is reached. */
export interface Access {
  /** A kubeconfig: the path of a file, or the contents of one. Default: that of the environment. */
  kubeconfig?: string;
  /** A context of it. Default: its current one. */
  context?: string;
}

/** What the process that forwards ports is told. */
export interface Forwarding extends Access {
  routes: Route[];
}

/** The connection to a cluster. */
export function kubeConfigOf({ kubeconfig, context }: Access): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else if (kubeconfig.includes("\n")) config.loadFromString(kubeconfig);
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

/**
 * Have ports of 127.0.0.1 lead to the pages of the stack, by a process that goes on after this one. What runs already is
 * left as it is; a page keeps its port for as long as the state lives.
 *
 * @param state folder of the run's state
 * @throws UserError when the process does not listen
 */
export async function forwardPorts(state: string, access: Access): Promise<Route[]> {
  const earlier = await forwarded(state);
  const found = await findPages(kubeConfigOf(access));
  const routes: Route[] = [];
  for (const page of found) {
    const known = earlier?.routes.find(({ service }) => service === page.service);
    routes.push({ ...page, port: known?.port ?? ((await freePorts(1))[0] as number) });
  }
  const wanted: Forwarding = { ...access, routes };
  const running = await forwarders(state);
  if (running.length > 0 && JSON.stringify(earlier) === JSON.stringify(wanted)) return routes;
  await endProcesses(running, 1_000);
  await mkdir(state, { recursive: true });
  await writeFile(forwardingFile(state), JSON.stringify(wanted));
  const log = openSync(join(state, "forward.log"), "w");
  const [command, ...args] = commandOf(state) as [string, ...string[]];
  spawn(command, args, { cwd: repositoryRoot, detached: true, stdio: ["ignore", log, log] }).unref();
  closeSync(log);
  for (const { port } of routes) await listening(port, state);
  return routes;
}

/** What leads where at the moment; undefined when nothing does. */
export async function forwarded(state: string): Promise<Forwarding | undefined> {
  const text = await readFile(forwardingFile(state), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Forwarding);
}

/** End the process that forwards ports; how many were ended. */
export async function endForwarding(state: string): Promise<number> {
  const running = await forwarders(state);
  await endProcesses(running, 1_000);
  return running.length;
}

function forwardingFile(state: string): string {
  return join(state, "forward.json");
}

function commandOf(state: string): string[] {
  const program = join(repositoryRoot, "local", "forward", "main.ts");
  return [process.execPath, "--import", "tsx", program, forwardingFile(state), staysArgument];
}

function forwarders(state: string): Promise<number[]> {
  return processesOf(commandOf(state).join(" "));
}

async function listening(port: number, state: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; await isFree(port); await sleep(100)) {
    if (Date.now() > deadline) {
      const log = await readFile(join(state, "forward.log"), "utf8").catch(() => "");
      throw new UserError(`nothing listens on 127.0.0.1:${port}: ${log.trim().split("\n").at(-1)}`);
    }
  }
}
