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
  const { config, routes } = await findRoutes();
  for (const line of describePages(routes)) say(line);
  if (args.includes("--passwords")) {
    for (const { title, password } of await withPasswords(config, routes)) {
      if (password !== undefined) say(`  ${title}: admin, ${password}`);
    }
    return;
  }
  const [first] = routes;
  const hasScreen = process.platform === "darwin" || process.env.DISPLAY !== undefined;
  const opener = hasScreen ? ((await which("xdg-open")) ?? (await which("open"))) : undefined;
  if (opener !== undefined && first !== undefined) await run(opener, [urlOf(first)], { timeoutMs: 10_000 });
}

/** The pages of the stack that is up, with the password of `admin` where one is asked for. */
export async function openPages(): Promise<{ service: string; url: string; password?: string }[]> {
  const { config, routes } = await findRoutes();
  return (await withPasswords(config, routes)).map(({ service, password, ...route }) => ({
    service,
    url: urlOf(route),
    password,
  }));
}

async function findRoutes(): Promise<{ config: KubeConfig; routes: Route[] }> {
  const state = stateDirectory();
  const earlier = await forwarded(state);
  if (earlier === undefined) throw new UserError("nothing is up: run `make up` first");
  const { kubeconfig, context } = earlier;
  const routes = await forwardPorts(state, { kubeconfig, context });
  return { config: kubeConfigOf({ kubeconfig, context }), routes };
}

/** A line for each page, and how the passwords are read. */
export function describePages(routes: readonly Route[]): string[] {
  const width = Math.max(...routes.map(({ title }) => title.length));
  return [
    ...routes.map((route) => `  ${route.title.padEnd(width)}  ${urlOf(route)}`),
    `  ${"Passwords".padEnd(width)}  make open ARGS=--passwords`,
  ];
}

/** The pages with the password that their Secret has, where there is one. */
async function withPasswords(
  config: KubeConfig,
  routes: readonly Route[],
): Promise<(Route & { password?: string })[]> {
  const core = config.makeApiClient(CoreV1Api);
  const keys: Readonly<Record<string, string>> = { grafana: "adminPassword", influxdb: "password" };
  return Promise.all(
    routes.map(async (route) => {
      const { service, namespace } = route;
      const key = keys[service];
      if (key === undefined) return route;
      const labelSelector = `app.kubernetes.io/instance=${service}`;
      const { items } = await core.listNamespacedSecret({ namespace, labelSelector });
      const value = items.map(({ data }) => data?.[key]).find((one) => one !== undefined);
      return value === undefined
        ? route
        : { ...route, password: Buffer.from(value, "base64").toString("utf8") };
    }),
  );
}
