import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below the range from which systems take the local ports of outgoing connections, so that a port that is
// remembered for the next start is seldom taken in the meantime.
const firstPort = 20_000;
const lastPort = 30_000;

/** That many different TCP ports on 127.0.0.1 which nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempts = 0; found.size < count; attempts++) {
    if (attempts > 100 * count)
      throw new Error(`no ${count} free ports between ${firstPort} and ${lastPort}`);
    const port = randomInt(firstPort, lastPort);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/** Whether nobody listens on this TCP port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
