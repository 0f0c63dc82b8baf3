import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

// Not the package get-port: it remembers what it gave within one process, and test files run in several at a time.

// Below the range from which systems take the local ports of outgoing connections, so that a port that is
// remembered for the next start is seldom taken in the meantime.
const firstPort = 20_000;
const lastPort = 30_000;
const blockSize = 50;

/** What is left of the blocks of ports that are this process's own. */
const reserved: number[] = [];

/**
 * That many different TCP ports on 127.0.0.1 which nobody listens on at this moment. As long as this process lives no
 * other one is given the same, so that a server can be stopped and started again on its port: a process listens on the
 * first port of each block that it takes its ports from.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    if (reserved.length === 0) reserved.push(...(await reserveBlock()));
    const port = reserved.shift();
    if (port !== undefined && (await isFree(port))) found.push(port);
  }
  return found;
}

/** A TCP port on 127.0.0.1, as {@link freePorts} gives them. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

async function reserveBlock(): Promise<number[]> {
  const blocks = (lastPort - firstPort) / blockSize;
  for (let attempts = 0; attempts < 100 * blocks; attempts++) {
    const first = firstPort + blockSize * randomInt(blocks);
    const guard = await listen(first);
    if (guard === undefined) continue;
    // It ends with the process, and keeps it from ending by no means.
    guard.unref();
    return Array.from({ length: blockSize - 1 }, (_, index) => first + 1 + index);
  }
  throw new Error(`no free ports between ${firstPort} and ${lastPort}`);
}

/** Whether nobody listens on this TCP port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
