import { connect, createServer } from "node:net";

/** A stand-in for a Kubernetes Service that runs. */
export interface ServiceBalancer {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** End it with every connection through it. */
  stop(): Promise<void>;
}

/**
 * Stands in for a Kubernetes Service on 127.0.0.1: hands connection after connection to the next pod. One that goes to a
 * pod which listens no more is broken off, as kube-proxy does until the pod counts as not ready.
 *
 * @param targets ports of the pods
 */
export async function startServiceBalancer(targets: readonly number[]): Promise<ServiceBalancer> {
  let next = 0;
  const server = createServer((client) => {
    const pod = connect(targets[next++ % targets.length] as number, "127.0.0.1");
    client.pipe(pod).pipe(client);
    client.on("error", () => pod.destroy());
    pod.on("error", () => client.resetAndDestroy());
    client.on("close", () => pod.destroy());
    pod.on("close", () => client.destroy());
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
  });
  const sockets = new Set<{ destroy(): void }>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
