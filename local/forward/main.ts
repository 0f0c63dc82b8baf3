/**
 * Leads ports of 127.0.0.1 to Services of the cluster, through the API server, until it is ended: `make up` starts it, and
 * `make down` ends it. Its argument is the file that {@link Forwarding} is in.
 */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { CoreV1Api, PortForward } from "@kubernetes/client-node";
import { type Forwarding, kubeConfigOf } from "./forward";
import { podBehind, type Route } from "./routes";

const { routes, kubeconfig, context } = JSON.parse(
  readFileSync(process.argv[2] as string, "utf8"),
) as Forwarding;
const config = kubeConfigOf({ kubeconfig, context });
const api = config.makeApiClient(CoreV1Api);
const forward = new PortForward(config);

async function connect({ namespace, service: name, servicePort }: Route, socket: Socket): Promise<void> {
  const service = await api.readNamespacedService({ namespace, name });
  const labelSelector = Object.entries(service.spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const { items } = await api.listNamespacedPod({ namespace, labelSelector });
  const target = podBehind(service, servicePort, items);
  if (target === undefined) throw new Error(`no pod of ${namespace}/${name} is ready`);
  const opened = await forward.portForward(namespace, target.pod, [target.port], socket, null, socket);
  const connection = typeof opened === "function" ? opened() : opened;
  connection?.addEventListener("close", () => socket.destroy());
  socket.on("close", () => connection?.close());
}

for (const route of routes) {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    connect(route, socket).catch((error: unknown) => {
      console.error(`${route.service}: ${error instanceof Error ? error.message : String(error)}`);
      socket.destroy();
    });
  });
  server.listen({ port: route.port, host: "127.0.0.1" });
}
// A connection that breaks at the wrong moment ends only itself.
process.on("uncaughtException", (error) => console.error(error));
