import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { forwarded, forwardPorts, kubeConfigOf } from "../forward/forward";
import { type Route, urlOf } from "../forward/routes";
import { stateDirectory } from "../paths";
import { run } from "../processes";
import { which } from "../tools/resolve";
import { UserError } from "../userError";
import { say } from "./output";

/** Print the pages of the stack, and open the first in a browser where there is one; `--passwords` adds the logins. */
export async function open(args: string[]): Promise<void> {
  const state = stateDirectory();
  const earlier = await forwarded(state);
  if (earlier === undefined) throw new UserError("nothing is up: run `make up` first");
  const { kubeconfig, context } = earlier;
  const routes = await forwardPorts(state, { kubeconfig, context });
  for (const line of describePages(routes)) say(line);
  if (args.includes("--passwords")) {
    for (const line of await logins(kubeConfigOf({ kubeconfig, context }), routes)) say(line);
    return;
  }
  const [first] = routes;
  const hasScreen = process.platform === "darwin" || process.env.DISPLAY !== undefined;
  const opener = hasScreen ? ((await which("xdg-open")) ?? (await which("open"))) : undefined;
  if (opener !== undefined && first !== undefined) await run(opener, [urlOf(first)], { timeoutMs: 10_000 });
}

/** A line for each page, and how the passwords are read. */
export function describePages(routes: readonly Route[]): string[] {
  const width = Math.max(...routes.map(({ title }) => title.length));
  return [
    ...routes.map((route) => `  ${route.title.padEnd(width)}  ${urlOf(route)}`),
    `  ${"Passwords".padEnd(width)}  make open ARGS=--passwords`,
  ];
}

/** User names and passwords of the pages that ask for them, as their Secrets have them. */
async function logins(config: KubeConfig, routes: readonly Route[]): Promise<string[]> {
  const core = config.makeApiClient(CoreV1Api);
  const keys: Readonly<Record<string, string>> = { grafana: "adminPassword", influxdb: "password" };
  const lines: string[] = [];
  for (const { title, service, namespace } of routes) {
    const key = keys[service];
    if (key === undefined) continue;
    const labelSelector = `app.kubernetes.io/instance=${service}`;
    const { items } = await core.listNamespacedSecret({ namespace, labelSelector });
    const value = items.map(({ data }) => data?.[key]).find((one) => one !== undefined);
    if (value !== undefined)
      lines.push(`  ${title}: admin, ${Buffer.from(value, "base64").toString("utf8")}`);
  }
  return lines;
}
